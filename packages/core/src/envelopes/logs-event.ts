import { createHash } from 'node:crypto'
import { requireOption } from '../check-options.ts'
import { beginningOfGzip } from '../read/gunzip.ts'
import type { SourceMessage } from '../types.ts'

/** The event of a Lambda function that a subscription filter of CloudWatch Logs invokes. */
export interface LogsEvent {
  /** An envelope of log events: JSON in gzip in base64. */
  readonly awslogs: { readonly data: string }
}

/**
 * The envelope of an event as one message with one object, for `ingest` with a parser of `cloudWatchLogs()`. No object on S3
 * stands behind it: its bucket is named after the owner, its key after log group and stream, and its ETag is a hash of the
 * data, so that what Lambda tries again gives the same ids. It has no `messageId`: a handler throws where the report is not ok,
 * as `requireDone` of source-s3 does.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample
 *
 * @throws FlowferryError INVALID_OPTION where the event has no `awslogs.data`
 *
 * @example
 * const parser = cloudWatchLogs(detect([vpcFlow, cloudTrail]))
 * export const handler = async (event: LogsEvent, context: Context) =>
 *   requireDone(await ingest({ source: logsEvent(event), parser, sink, deadline: context }))
 */
export function logsEvent(event: LogsEvent): SourceMessage[] {
  const data: unknown = event?.awslogs?.data
  const isText = typeof data === 'string' && data !== ''
  requireOption(isText, 'awslogs.data', data, "the text that CloudWatch Logs' subscription filter sends")
  const body = Buffer.from(data as string, 'base64')
  const etag = createHash('sha256').update(body).digest('hex').slice(0, 32)
  const { owner, group, stream } = namesIn(body)
  return [
    {
      objects: [
        {
          bucket: `cloudwatch-logs.${owner}`,
          key: `${group}/${stream}`,
          size: body.length,
          open: async () => ({ etag, size: body.length, body: single(body) }),
        },
      ],
    },
  ]
}

async function* single(body: Buffer): AsyncGenerator<Uint8Array> {
  yield body
}

/** What stands before an envelope's events. The parser tells what is wrong with one that has none of it. */
function namesIn(body: Buffer): { owner: string; group: string; stream: string } {
  try {
    const text = beginningOfGzip(body.subarray(0, 16 * 1024), 4 * 1024 * 1024).toString('utf8')
    const before = JSON.parse(`${text.slice(0, text.indexOf('"logEvents"'))}"":0}`) as Record<string, unknown>
    const named = (name: string) => (typeof before[name] === 'string' ? before[name] : 'unknown')
    return { owner: named('owner'), group: named('logGroup'), stream: named('logStream') }
  } catch {
    return { owner: 'unknown', group: 'unknown', stream: 'unknown' }
  }
}
