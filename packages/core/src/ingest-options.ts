import { type ByteBudget, sharedBudget } from './budget.ts'
import type { DeadRecords } from './dead-records.ts'
import type { Deadline } from './deadline.ts'
import { requireNamespace, requirePositive } from './limits.ts'
import { has, requireOneOf, requireOption } from './options.ts'
import type { KeepReports } from './report.ts'
import type { Limits, LogDocument, ObjectIdentity, ObjectReport, Parser, Sink, Source } from './types.ts'

export interface IngestOptions<T> {
  /** The messages and their objects: `s3Objects(event, { s3 })`. */
  readonly source: Source
  /** `vpcFlow`, `detect([vpcFlow, cloudTrail])`, or your own. */
  readonly parser: Parser<T>
  readonly sink: Sink<NoInfer<T>>
  /** Keeps a record by returning true. Synchronous. What it drops is counted, and costs no document. */
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

/** The options with their defaults; throws INVALID_OPTION. */
export function checkIngestOptions<T>(options: IngestOptions<T>) {
  requireOption(typeof options === 'object' && options !== null, 'ingest', options, '{ source, parser, sink }')
  const { source, parser, sink, filter, enrich, onObject, deadRecords, deadline, signal } = options
  const { concurrency = 4, batchBytes = 1024 * 1024, batchSeconds = 1, budget = sharedBudget } = options
  const { malformedShare = 0.1, namespace = 'default', keepReports = 'all', eventOriginal = false } = options
  const isSource = has(source, Symbol.iterator) || has(source, Symbol.asyncIterator)
  requireOption(isSource && typeof source !== 'string', 'source', source, 'messages: s3Objects(event, { s3 })')
  requireOption(has(parser, 'parse'), 'parser', parser, 'a parser, or detect([…]) of several')
  requireOption(has(sink, 'write'), 'sink', sink, 'a sink, an object with `write`')
  for (const [name, step] of Object.entries({ filter, enrich, onObject }))
    requireOption(step === undefined || typeof step === 'function', name, step, 'a function')
  requireOption(
    deadRecords === undefined || has(deadRecords, 'write'),
    'deadRecords',
    deadRecords,
    'what deadIndex or another function gives: a `write`',
  )
  requireOption(has(budget, 'tryTake', 'take', 'give'), 'budget', budget, 'what byteBudget gives')
  requireOption(
    deadline === undefined || has(deadline, 'getRemainingTimeInMillis'),
    'deadline',
    deadline,
    "Lambda's context: a getRemainingTimeInMillis",
  )
  requireOption(signal === undefined || has(signal, 'addEventListener'), 'signal', signal, 'an AbortSignal')
  requirePositive('concurrency', concurrency)
  requirePositive('batchBytes', batchBytes)
  requirePositive('batchSeconds', batchSeconds)
  const isShare = typeof malformedShare === 'number' && malformedShare >= 0 && malformedShare <= 1
  requireOption(isShare, 'malformedShare', malformedShare, 'a number from 0 to 1')
  requireOneOf('keepReports', keepReports, ['all', 'failed'])
  requireOption(typeof eventOriginal === 'boolean', 'eventOriginal', eventOriginal, 'true or false')
  requireNamespace(namespace)
  return {
    ...options,
    concurrency,
    batchBytes,
    batchSeconds,
    budget,
    malformedShare,
    namespace,
    keepReports,
    eventOriginal,
  }
}
