import { sqsClient } from '../aws.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { causesTable } from '../report.ts'
import { plural } from '../text.ts'

export interface RedriveCommandOptions {
  readonly dlq: string
  readonly to: string
  readonly dryRun?: boolean
}

/** `flowferry redrive`: dead letters back to their queue, or only what they are, grouped by cause. */
export async function redriveCommand({ dlq, to, dryRun = false }: RedriveCommandOptions, io: Io): Promise<ExitCode> {
  for (const [option, url] of [
    ['--dlq', dlq],
    ['--to', to],
  ] as const)
    if (!/^https?:\/\//.test(url))
      throw new UsageError(`${option} takes the queue's URL (https://sqs.…), not its name or ARN: "${url}"`)
  if (dlq === to) throw new UsageError('--dlq and --to are the same queue')
  const { redrive } = await import('@flowferry/source-s3')
  const sqs = await sqsClient(io, dlq)
  const { seen, redriven, byCause, failures } = await redrive({
    sqs,
    from: dlq,
    to,
    dryRun,
    ...(io.signal && { signal: io.signal }),
  })
  if (seen === 0) line(io.stdout, 'The dead-letter queue is empty.')
  else {
    for (const text of causesTable(byCause)) line(io.stdout, text)
    line(io.stdout)
    line(io.stdout, `${dryRun ? 'would redrive' : 'redriven'}: ${plural(redriven, 'message')} to ${to}`)
    if ('UNKNOWN' in byCause)
      line(io.stdout, 'UNKNOWN: moved by SQS itself, after a crash or a timeout of the consumer')
  }
  for (const { message } of failures) line(io.stderr, message)
  return failures.length > 0 ? exitCodes.failed : exitCodes.ok
}
