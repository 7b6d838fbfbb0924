import { errorCodes } from '@flowferry/core'
import { isIt } from '@flowferry/core/internal'
import type { DeadLetter } from '@flowferry/source-s3'
import { sqsClient } from '../aws.ts'
import { type Globs, matcherOf } from '../globs.ts'
import { type ExitCode, type Io, line, queueUrl, UsageError } from '../io.ts'
import { asJson, causesTable, endOf } from '../report.ts'
import { plural } from '../text.ts'
import { parseDuration } from '../times.ts'

export interface RedriveCommandOptions extends Globs {
  readonly dlq: string
  readonly to: string
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly cause?: readonly string[]
  readonly bucket?: string
  readonly prefix?: string
  readonly olderThan?: string
  readonly newerThan?: string
  readonly limit?: number
  readonly rate?: number
}

/** Of what SQS itself moved. */
const unknownCause = 'UNKNOWN'

/** `flowferry redrive`: dead letters back to their queue, or only what they are, grouped by cause. */
export async function redriveCommand(options: RedriveCommandOptions, io: Io): Promise<ExitCode> {
  const { dlq, to, dryRun = false, json = false, limit, rate } = options
  queueUrl('--dlq', dlq)
  queueUrl('--to', to)
  if (dlq === to) throw new UsageError('--dlq and --to are the same queue')
  const filter = filterOf(options, Date.now())
  const { redrive } = await import('@flowferry/source-s3')
  const sqs = await sqsClient(io, dlq)
  const { seen, redriven, skipped, byCause, failures } = await redrive({
    sqs,
    from: dlq,
    to,
    dryRun,
    filter,
    ...(limit !== undefined && { limit }),
    ...(rate !== undefined && { messagesPerSecond: rate }),
    ...(io.signal && { signal: io.signal }),
  })
  if (json)
    line(io.stdout, JSON.stringify({ dryRun, seen, redriven, skipped, byCause, failures: failures.map(asJson) }))
  else if (seen === 0) line(io.stdout, 'The dead-letter queue is empty.')
  else {
    for (const text of causesTable(byCause)) line(io.stdout, text)
    line(io.stdout)
    line(io.stdout, `${dryRun ? 'would redrive' : 'redriven'}: ${plural(redriven, 'message')} to ${to}`)
    if (skipped > 0) line(io.stdout, `left where they are: ${plural(skipped, 'message')}`)
    if (unknownCause in byCause)
      line(io.stdout, 'UNKNOWN: moved by SQS itself, after a crash or a timeout of the consumer')
  }
  return endOf(failures, io)
}

/** All of what is asked for must hold; of a message's objects one is enough. */
function filterOf(options: RedriveCommandOptions, now: number): (letter: DeadLetter) => boolean {
  const { cause, bucket, prefix, include, exclude, olderThan, newerThan } = options
  const least = olderThan === undefined ? 0 : parseDuration('--older-than', olderThan)
  const most = newerThan === undefined ? Number.POSITIVE_INFINITY : parseDuration('--newer-than', newerThan)
  const causes = cause && causesOf(cause)
  const isMeant = matcherOf({ ...(include && { include }), ...(exclude && { exclude }) })
  return (letter) => {
    if (causes && !causes.has(letter.cause?.code ?? unknownCause)) return false
    const named = letter.objects.some(
      ({ bucket: of, key }) => (bucket === undefined || of === bucket) && key.startsWith(prefix ?? '') && isMeant(key),
    )
    const isNamed = [bucket, prefix, include, exclude].some((option) => option !== undefined)
    if (isNamed && !named) return false
    const age = now - (letter.sentAt?.getTime() ?? now)
    return age >= least && age <= most
  }
}

/** @throws UsageError for one that no dead letter of ours has: nothing would be redriven, and it would look well */
function causesOf(given: readonly string[]): ReadonlySet<string> {
  const known = [...Object.keys(errorCodes), unknownCause]
  for (const cause of given)
    if (!known.includes(cause))
      throw new UsageError(
        `--cause takes a code of docs/errors.md, or ${unknownCause}, not "${cause}"${isIt(cause, known)} (flowferry dlq group shows those of a queue)`,
      )
  return new Set(given)
}
