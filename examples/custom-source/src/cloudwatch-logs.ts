import { createHash } from 'node:crypto'
import {
  type CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { type ByteRange, FlowferryError, type OpenObject, type SourceMessage, type SourceObject } from '@flowferry/core'

export interface LogGroupOptions {
  /** A client of CloudWatch Logs. Needs logs:FilterLogEvents on the group. */
  readonly logs: Pick<CloudWatchLogsClient, 'send'>
  readonly group: string
  /** The group's account, twelve digits. */
  readonly owner: string
  readonly since: Date
  /** @default half an hour ago: flow logs come up to a quarter of an hour late, and an event that comes later is not seen */
  readonly until?: Date
  /** Minutes of an object, a whole number from 1. Its events are held in memory. @default 5 */
  readonly minutes?: number
  /** Bytes of an object's events at most. @default 128 MiB */
  readonly mostBytes?: number
}

/**
 * A past span of a log group, for `ingest` with a parser of `cloudWatchLogs()`. An object is a whole window of time, and a
 * message of its own: from the one that holds `since` to the last one that ends by `until`. Windows begin at multiples of
 * `minutes`, the same ones in every run: what two runs have in common is a duplicate.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 *
 * @throws FlowferryError INVALID_OPTION
 *
 * @example
 * const source = logGroup({ logs, group: 'vpc-flow-logs', owner: '123456789012', since: new Date('2026-12-01') })
 * await ingest({ source, parser: cloudWatchLogs(detect([vpcFlow, cloudTrail])), sink })
 */
export function logGroup(options: LogGroupOptions): Iterable<SourceMessage> {
  const { since, until = new Date(Date.now() - 30 * 60_000), minutes = 5 } = options
  const [start, end] = [since.getTime(), until.getTime()]
  if (!(start < end)) throw new FlowferryError('INVALID_OPTION', '`since` must be a date before `until`')
  if (!(Number.isInteger(minutes) && minutes > 0))
    throw new FlowferryError('INVALID_OPTION', `\`minutes\` is ${minutes}: it must be a whole number from 1`)
  return windows(options, start, end, minutes * 60_000)
}

function* windows(options: LogGroupOptions, from: number, end: number, length: number): Generator<SourceMessage> {
  // From the window that holds `from`: a run that goes on where the last one ended leaves no gap between two windows.
  for (let start = Math.floor(from / length) * length; start + length <= end; start += length) {
    const messageId = `${options.group}/${new Date(start).toISOString()}`
    yield { messageId, objects: [windowObject(options, start, length)] }
  }
}

function windowObject(options: LogGroupOptions, start: number, length: number): SourceObject {
  const { group, owner } = options
  const [from, to] = [start, start + length].map((time) => new Date(time).toISOString())
  return {
    bucket: `cloudwatch-logs.${owner}`,
    key: `${group}/${from}--${to}`,
    open: async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
      const text = envelopes(options, await eventsOf(options, start, start + length, signal))
      // Part of every document's id. An event that came late makes other bytes, and other ids: see `until`.
      const etag = createHash('sha256').update(text).digest('hex').slice(0, 32)
      const part = slice(text, range)
      return { etag, size: part.length, lastModified: new Date(start + length), body: single(part) }
    },
  }
}

/** The events of a window. Pages have any length, and may be empty before the last. */
async function eventsOf(options: LogGroupOptions, start: number, end: number, signal?: AbortSignal) {
  const { logs, group, mostBytes = 128 * 1024 * 1024 } = options
  const request = signal ? { abortSignal: signal } : {}
  const all: FilteredLogEvent[] = []
  let bytes = 0
  // An event at `endTime` would come, too.
  const span = { logGroupName: group, startTime: start, endTime: end - 1 }
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken; isFirst = false) {
    const page = await logs.send(new FilterLogEventsCommand({ ...span, nextToken }), request)
    for (const event of page.events ?? []) {
      all.push(event)
      bytes += Buffer.byteLength(event.message ?? '')
    }
    if (bytes > mostBytes)
      throw new FlowferryError(
        'LIMIT_EXCEEDED',
        `The events from ${new Date(start).toISOString()} are above ${mostBytes} bytes: take fewer \`minutes\``,
      )
    nextToken = page.nextToken
  }
  return all
}

/** The events as a subscription filter sends them, an envelope for each log stream, in one order for every run. */
function envelopes({ group, owner }: LogGroupOptions, events: FilteredLogEvent[]): Buffer {
  const streams = new Map<string, object[]>()
  for (const { logStreamName = '', eventId, timestamp, message } of events.sort(inOrder)) {
    const logEvents = streams.get(logStreamName)
    const event = { id: eventId, timestamp, message }
    if (logEvents) logEvents.push(event)
    else streams.set(logStreamName, [event])
  }
  const around = { messageType: 'DATA_MESSAGE', owner, logGroup: group }
  return Buffer.from(
    [...streams].map(([logStream, logEvents]) => `${JSON.stringify({ ...around, logStream, logEvents })}\n`).join(''),
  )
}

/** By stream, time and id: AWS's own order holds within a page of one stream alone. */
function inOrder(a: FilteredLogEvent, b: FilteredLogEvent): number {
  const [one, other] = [a, b].map(({ logStreamName = '', eventId = '' }) => `${logStreamName}\n${eventId}`)
  const isSameStream = a.logStreamName === b.logStreamName
  return (isSameStream && a.timestamp! - b.timestamp!) || (one! < other! ? -1 : one! > other! ? 1 : 0)
}

function slice(text: Buffer, range: ByteRange | undefined): Buffer {
  if (!range) return text
  return 'last' in range
    ? text.subarray(Math.max(0, text.length - range.last))
    : text.subarray(range.start, (range.end ?? text.length - 1) + 1)
}

async function* single(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}
