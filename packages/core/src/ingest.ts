import { type Books, openBooks } from './books.ts'
import type { ByteBudget } from './budget.ts'
import type { DeadRecords } from './dead-records.ts'
import { type Deadline, startDeadline, unlessAborted } from './deadline.ts'
import { sliceOf } from './document.ts'
import { asFlowferryError, type FlowferryError } from './errors.ts'
import { checkIngestOptions } from './ingest-options.ts'
import { parseContext } from './limits.ts'
import { collectReports, type KeepReports } from './report.ts'
import type {
  Limits,
  LogDocument,
  MessageReport,
  ObjectIdentity,
  ObjectReport,
  Parser,
  Report,
  Sink,
  Source,
  SourceMessage,
  SourceObject,
} from './types.ts'
import { createWriter } from './writer.ts'

export interface IngestOptions<T> {
  /** The messages and their objects: `s3Objects(event, { s3 })`. */
  readonly source: Source
  /** `vpcFlow`, `detect([vpcFlow, cloudTrail])`, or your own. */
  readonly parser: Parser<T>
  readonly sink: Sink<NoInfer<T>>
  /**
   * Keeps a record by returning true. Synchronous. What it drops is counted, and costs no document. The record is to read
   * only; `{ ...record }` is one of your own.
   */
  readonly filter?: (record: NoInfer<T>, object: ObjectIdentity) => boolean
  /** Fields to add to a record's document, dotted or nested: `{ 'labels.team': 'payments' }`. Synchronous. */
  readonly enrich?: (record: NoInfer<T>, object: ObjectIdentity) => LogDocument | undefined
  /** Keeps the record's own text in `event.original`. Default false: it doubles the index. */
  readonly eventOriginal?: boolean
  /** Last part of the data stream's name, `logs-aws.vpcflow-<namespace>`. Default `default`. */
  readonly namespace?: string
  /** What a hostile or broken file may cost; each limit has its default. */
  readonly limits?: Partial<Limits>
  /** Share of malformed records, 0 to 1, above which an object fails: it is of another format. Default 0.1. */
  readonly malformedShare?: number
  /**
   * Where documents go that the store refused for good, and malformed records: `deadIndex(sink)`, `s3DeadRecords` or
   * `sqsDeadRecords` of source-s3. What is kept there no longer fails its object; it still counts as rejected or
   * malformed. Default: nowhere. A rejected document then fails its object, and of malformed records the report shows
   * the first.
   */
  readonly deadRecords?: DeadRecords
  /** Objects read at the same time, from 1. Default 4: reading waits for the network, and memory is bounded by bytes. */
  readonly concurrency?: number
  /** Decompressed bytes handed to the sink at once. Default 1 MiB: one or two bulk requests. */
  readonly batchBytes?: number
  /**
   * Seconds after which a batch is sent though it is not full, a whole number from 1. Default 1: no longer do records
   * wait for an object that is slow to come.
   */
  readonly batchSeconds?: number
  /** Memory for records in flight. Default: one of 4 MiB for the whole process. */
  readonly budget?: ByteBudget
  /** Lambda's context: reading stops in time to write what was read. What was not begun fails and comes again. */
  readonly deadline?: Deadline
  /** Stops the work. What is not stored by then is reported as unfinished. */
  readonly signal?: AbortSignal
  /**
   * Called when an object has its report: for progress and logs. When it throws, the object counts as failed, with
   * STEP_FAILED, though its records are stored: its message comes again, and they are duplicates. A promise of its is
   * waited for, until the signal aborts or the deadline comes, before its message has its report: a rejection counts as
   * a throw, an end of the time as a failure for that.
   */
  readonly onObject?: (report: ObjectReport) => unknown
  /**
   * Which messages `Report.messages` keeps: `all`, or the `failed` ones, for a run over millions of objects, whose memory
   * then does not grow with them; counts are of all. Default `all`, which queues need: they ask what is done.
   */
  readonly keepReports?: KeepReports
}

/**
 * Reads every object of every message, and stores their records.
 *
 * Resolves with a report of what became of each message and object, also when some or all of them failed; rejects only
 * for an invalid option. One bad object fails its own message and no other. Nothing is awaited per record.
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

  const read = async (books: Books): Promise<void> => {
    const early = stop.reason()
    if (early) return books.neverBegin(early)
    const { object } = books
    const steps = { namespace, filter, enrich, now: new Date(), untimed: books.countUntimed }
    const stage = writer.stage(books)
    try {
      for await (const batch of parser.parse(object, context)) {
        const slice = books.countBatch(batch, (from) => sliceOf(batch, object.identity(), { ...steps, from }))
        if (slice) await stage.add(slice)
        books.checkMalformed(false)
        await books.buryMalformed(batch)
        stop.reading.throwIfAborted()
      }
      // A parser may end quietly when it is aborted.
      stop.reading.throwIfAborted()
      books.checkMalformed(true)
      await books.buryRest()
      stage.release()
      books.endReading()
    } catch (error) {
      // What was read before a stop may not be read again.
      const unburied = stop.reason() && (await books.buryRest().catch((error: FlowferryError) => error))
      books.endReading(
        unburied ??
          stop.reason() ??
          asFlowferryError(error, 'OBJECT_UNREADABLE', 'The object could not be read', books.place),
      )
      if (stop.reason()) stage.release()
      else stage.drop()
    }
  }

  const begin = (object: SourceObject, sentAt: Date | undefined): Promise<ObjectReport> => {
    const dead = deadRecords && { to: deadRecords, signal: stop.writing }
    const books = openBooks(object, { malformedShare, dead, sentAt })
    void read(books).finally(() => {
      // With nobody reading, nothing would fill the batch.
      if (slots.give() === 0) writer.flush()
    })
    return books.settled.then(async (report) => {
      try {
        const told = Promise.resolve(onObject?.(report))
        await Promise.race([told, unlessAborted(() => told, stop.writing)])
        return report
      } catch (thrown) {
        const error = asFlowferryError(thrown, 'STEP_FAILED', 'onObject threw', books.place)
        return { ...report, status: 'failed', error: report.error ?? error }
      }
    })
  }

  const reports = collectReports(keepReports)
  const running = new Set<Promise<void>>()
  const lastOfGroup = new Map<string, Promise<void>>()
  const beginAll = async (message: SourceMessage): Promise<void> => {
    const { group } = message
    if (group !== undefined) await lastOfGroup.get(group)
    const add = reports.next()
    const objects: Promise<ObjectReport>[] = []
    for (const object of message.objects) {
      await slots.take()
      objects.push(begin(object, message.sentAt))
    }
    const settled = Promise.all(objects).then((all) => {
      add(messageReport(message, all))
      running.delete(settled)
      if (group !== undefined && lastOfGroup.get(group) === settled) lastOfGroup.delete(group)
    })
    running.add(settled)
    if (group !== undefined) lastOfGroup.set(group, settled)
  }
  const beginEvery = async (): Promise<void> => {
    if (!(Symbol.asyncIterator in source)) {
      // All of them, also after a stop: what was not begun is told as failed, so that it comes again.
      for (const message of source) await beginAll(message)
      return
    }
    const given = source[Symbol.asyncIterator]()
    const nextMessage = () => unlessAborted(() => given.next(), stop.reading)
    try {
      for (let next = await nextMessage(); !next.done; next = await nextMessage()) await beginAll(next.value)
    } catch (error) {
      // Not awaited: a source that hangs would hang here too.
      given.return?.().catch(() => undefined)
      throw error
    }
  }
  try {
    const broken = await beginEvery().then(
      () => undefined,
      (error: unknown) => stop.reason() ?? asFlowferryError(error, 'SOURCE_FAILED', 'The source broke'),
    )
    await Promise.all(running)
    const milliseconds = Math.round(performance.now() - started)
    return reports.report(milliseconds, stop.reason() ?? broken, broken !== undefined)
  } finally {
    stop.clear()
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

/** So many at a time; `give` tells how many are still taken. */
function createSlots(count: number): { take: () => Promise<void>; give: () => number } {
  let taken = 0
  const waiting: (() => void)[] = []
  return {
    take: () => {
      if (taken < count) {
        taken++
        return Promise.resolve()
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    give: () => {
      const next = waiting.shift()
      if (next) next()
      else taken--
      return taken
    },
  }
}
