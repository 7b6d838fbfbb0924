import type { DeadLetter } from '@flowferry/source-s3'
import { sqsClient } from '../aws.ts'
import { type ExitCode, exitCodes, type Io, line, queueUrl, UsageError } from '../io.ts'
import { causesTable } from '../report.ts'
import { plural } from '../text.ts'
import { parseDuration } from '../times.ts'

export interface RedriveCommandOptions {
  readonly dlq: string
  readonly to: string
  readonly dryRun?: boolean
  readonly cause?: readonly string[]
  readonly bucket?: string
  readonly prefix?: string
  readonly olderThan?: string
  readonly newerThan?: string
  readonly limit?: number
  readonly rate?: number
}

/** `flowferry redrive`: dead letters back to their queue, or only what they are, grouped by cause. */
export async function redriveCommand(options: RedriveCommandOptions, io: Io): Promise<ExitCode> {
  const { dlq, to, dryRun = false, limit, rate } = options
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
  if (seen === 0) line(io.stdout, 'The dead-letter queue is empty.')
  else {
    for (const text of causesTable(byCause)) line(io.stdout, text)
    line(io.stdout)
    line(io.stdout, `${dryRun ? 'would redrive' : 'redriven'}: ${plural(redriven, 'message')} to ${to}`)
    if (skipped > 0) line(io.stdout, `left where they are: ${plural(skipped, 'message')}`)
    if ('UNKNOWN' in byCause)
      line(io.stdout, 'UNKNOWN: moved by SQS itself, after a crash or a timeout of the consumer')
  }
  for (const { message } of failures) line(io.stderr, message)
  return failures.length > 0 ? exitCodes.failed : exitCodes.ok
}

/** All of what is asked for must hold; of a message's objects one is enough. */
function filterOf(options: RedriveCommandOptions, now: number): (letter: DeadLetter) => boolean {
  const { cause, bucket, prefix, olderThan, newerThan } = options
  const least = olderThan === undefined ? 0 : parseDuration('--older-than', olderThan)
  const most = newerThan === undefined ? Number.POSITIVE_INFINITY : parseDuration('--newer-than', newerThan)
  const causes = cause && new Set(cause)
  return (letter) => {
    if (causes && !causes.has(letter.cause?.code ?? 'UNKNOWN')) return false
    const named = letter.objects.some(
      (object) => (bucket === undefined || object.bucket === bucket) && object.key.startsWith(prefix ?? ''),
    )
    if ((bucket !== undefined || prefix !== undefined) && !named) return false
    const age = now - (letter.sentAt?.getTime() ?? now)
    return age >= least && age <= most
  }
}
