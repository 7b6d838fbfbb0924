import { asFlowferryError, type FlowferryError } from '../errors.ts'
import { unlessAborted } from '../read/abort.ts'
import { parseContext } from '../read/limits.ts'
import { nextTurn } from '../turn.ts'
import type { MessageReport, ObjectReport, Report, Source, SourceMessage, SourceObject } from '../types.ts'
import { startDeadline } from './deadline.ts'
import { checkIngestOptions, type IngestOptions } from './options.ts'
import { type ObjectProgress, trackProgress } from './progress.ts'
import { collectReports } from './report.ts'
import { sliceOf } from './slice.ts'
import { createWriter } from './writer.ts'

/**
 * Reads every object of every message, and stores their records.
 *
 * Resolves with a report of each message and object, also when some or all of them failed. A bad object fails its own
 * message and no other. Nothing is awaited per record.
 *
 * @throws FlowferryError INVALID_OPTION, and nothing else: every other error is in the report
 *
 * @example
 * const report = await ingest({ source: s3Objects(event, { s3 }), parser: vpcFlow, sink: elasticsearch({ client }) })
 * if (!report.ok) console.error(report.messages.filter(({ status }) => status === 'failed'))
 */
export async function ingest<T>(options: IngestOptions<T>): Promise<Report> {
  const started = performance.now()
  const { source, parser, sink, namespace, filter, enrich, onObject, ...checked } = checkIngestOptions(options)
  const { budget, batchBytes, batchSeconds, concurrency, malformedShare, deadRecords, keepReports } = checked
  const { limits, originals } = parseContext({
    ...(checked.limits && { limits: checked.limits }),
    originals: checked.eventOriginal,
  })
  const stop = startDeadline(checked.deadline, checked.signal)
  const context = { limits, originals, signal: stop.reading }
  const writer = createWriter(sink, { budget, batchBytes, batchSeconds, signal: stop.writing, onStop: stop.now })
  const slots = createSlots(concurrency)

  const read = async (progress: ObjectProgress): Promise<void> => {
    const early = stop.reason()
    if (early) return progress.endUnread(early)
    const { object } = progress
    const options = { namespace, filter, enrich, now: new Date(), untimed: progress.addUntimed }
    const buffer = writer.bufferFor(progress)
    try {
      for await (const batch of parser.parse(object, context)) {
        const slice = progress.addBatch(batch, (from) => sliceOf(batch, object.identity(), { ...options, from }))
        if (slice) await buffer.add(slice)
        progress.checkMalformed(false)
        await progress.writeMalformed(batch)
        await nextTurn()
        stop.reading.throwIfAborted()
      }
      // A parser may end quietly when it is aborted.
      stop.reading.throwIfAborted()
      progress.checkMalformed(true)
      await progress.flushMalformed()
      buffer.flush()
      progress.endReading()
    } catch (error) {
      // A later reading begins behind the malformed records that were read before a stop, so they are written now.
      const notKept = stop.reason() && (await progress.flushMalformed().catch((error: FlowferryError) => error))
      progress.endReading(
        notKept ??
          stop.reason() ??
          asFlowferryError(error, 'OBJECT_UNREADABLE', 'The object could not be read', progress.place),
      )
      if (stop.reason()) buffer.flush()
      else buffer.discard()
    }
  }

  const begin = (object: SourceObject, sentAt: Date | undefined): Promise<ObjectReport> => {
    const dead = deadRecords && { to: deadRecords, signal: stop.writing }
    const progress = trackProgress(object, { malformedShare, dead, sentAt })
    void read(progress).finally(() => {
      // While no object is read, nothing more comes to fill the batch.
      if (slots.give() === 0) writer.flush()
    })
    return progress.report.then(async (report) => {
      try {
        const observed = Promise.resolve(onObject?.(report))
        await Promise.race([observed, unlessAborted(() => observed, stop.writing)])
        return report
      } catch (thrown) {
        const error = asFlowferryError(thrown, 'STEP_FAILED', 'onObject threw', progress.place)
        return { ...report, status: 'failed', error: report.error ?? error }
      }
    })
  }

  const reports = collectReports(keepReports)
  const running = new Set<Promise<void>>()
  let broken: FlowferryError | undefined
  /** None for messages without a group. */
  const lastOfGroup = new Map<string | undefined, Promise<void>>()
  let waiting = 0

  /** Begins a message's objects as slots are free. `finished` resolves when all of them are done. */
  const beginObjects = async (message: SourceMessage, add: (report: MessageReport) => void) => {
    const objects: Promise<ObjectReport>[] = []
    for (const object of message.objects) {
      await slots.take()
      objects.push(begin(object, message.sentAt))
    }
    return { finished: Promise.all(objects).then((all) => add(messageReport(message, all))) }
  }
  /** Follows a message to its end, which the run waits for. */
  const follow = (finished: Promise<void>, group: string | undefined) => {
    const followed: Promise<void> = finished
      .catch((error: unknown) => {
        broken ??= asFlowferryError(error, 'SOURCE_FAILED', 'The source broke')
      })
      .finally(() => {
        running.delete(followed)
        if (lastOfGroup.get(group) === followed) lastOfGroup.delete(group)
      })
    running.add(followed)
    if (group !== undefined) lastOfGroup.set(group, followed)
  }
  /** Resolves when the next message may come. A message waits for the one before it in its group, and no other does. */
  const beginMessage = async (message: SourceMessage): Promise<void> => {
    const { group } = message
    const add = reports.begin()
    const before = lastOfGroup.get(group)
    if (!before) return follow((await beginObjects(message, add)).finished, group)
    waiting++
    const begun = before.then(() => {
      waiting--
      return beginObjects(message, add)
    })
    follow(
      begun.then(({ finished }) => finished),
      group,
    )
    while (waiting >= mostWaiting) await Promise.race(running)
  }
  try {
    await eachMessage(source, stop.reading, beginMessage).catch((error: unknown) => {
      broken ??= stop.reason() ?? asFlowferryError(error, 'SOURCE_FAILED', 'The source broke')
    })
    await Promise.all(running)
    const milliseconds = Math.round(performance.now() - started)
    return reports.report(milliseconds, stop.reason() ?? broken, broken !== undefined)
  } finally {
    stop.clear()
  }
}

/** Messages that wait for the one before them in their group: a bound for a source that never ends. SQS gives ten at once. */
const mostWaiting = 1000

/** Runs for one message after another, in the order of the source. Rejects where the source breaks, or on an abort. */
async function eachMessage(
  source: Source,
  signal: AbortSignal,
  run: (message: SourceMessage) => Promise<void>,
): Promise<void> {
  if (!(Symbol.asyncIterator in source)) {
    // All messages, also after an abort: an object that was not begun is in the report as failed, so that it comes again.
    for (const message of source) await run(message)
    return
  }
  const messages = source[Symbol.asyncIterator]()
  const nextMessage = () => unlessAborted(() => messages.next(), signal)
  try {
    for (let next = await nextMessage(); !next.done; next = await nextMessage()) await run(next.value)
  } catch (error) {
    // Not awaited: a source that hangs would hang here too.
    messages.return?.().catch(() => undefined)
    throw error
  }
}

function messageReport(
  { messageId, group, ignored = [], error }: SourceMessage,
  objects: readonly ObjectReport[],
): MessageReport {
  return {
    ...(messageId !== undefined && { messageId }),
    ...(group !== undefined && { group }),
    status: error || objects.some(({ status }) => status === 'failed') ? 'failed' : 'done',
    objects,
    ignored,
    ...(error && { error }),
  }
}

/** At most `count` are taken at a time. `give` returns how many are still taken. */
function createSlots(count: number): { take: () => Promise<void>; give: () => number } {
  let taken = 0
  const waiting: (() => void)[] = []
  return {
    take: async () => {
      if (taken < count) taken++
      else await new Promise<void>((resolve) => waiting.push(resolve))
    },
    give: () => {
      const next = waiting.shift()
      if (next) next()
      else taken--
      return taken
    },
  }
}
