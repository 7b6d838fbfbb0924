import {
  hasMethods,
  requireDatasets,
  requireNamespace,
  requireOneOf,
  requireOption,
  requirePositive,
} from '../check-options.ts'
import type { DeadRecords } from '../dead-records/stream.ts'
import type { Limits, LogDocument, ObjectIdentity, ObjectReport, Parser, Sink, Source } from '../types.ts'
import { type ByteBudget, sharedBudget } from './budget.ts'
import type { Deadline } from './deadline.ts'
import type { KeepReports } from './report.ts'

export interface IngestOptions<T> {
  /** The messages and their objects: `s3Objects(event, { s3 })`. */
  readonly source: Source
  /** `vpcFlow`, `detect([vpcFlow, cloudTrail])`, or a parser of your own. */
  readonly parser: Parser<T>
  /** The store: `elasticsearch({ client })`, or a sink of your own. It has to take the parser's records. */
  readonly sink: Sink<NoInfer<T>>
  /**
   * Keeps a record by returning true. Synchronous, since nothing is awaited per record. A dropped record is counted as
   * `filtered`, and no document of it is made. The record is read-only; `{ ...record }` is a copy.
   *
   * @default every record is kept
   */
  readonly filter?: (record: NoInfer<T>, object: ObjectIdentity) => boolean
  /**
   * Gives fields to add to a record's document, dotted or nested: `{ 'labels.team': 'payments' }`. Synchronous, since
   * nothing is awaited per record.
   *
   * @default nothing is added
   */
  readonly enrich?: (record: NoInfer<T>, object: ObjectIdentity) => LogDocument | undefined
  /** Keeps the record's own text in `event.original`. @default false: it doubles the index */
  readonly eventOriginal?: boolean
  /**
   * Last part of the data stream's name, `logs-aws.vpcflow-<namespace>`: 1 to 100 characters of a-z, 0-9, `_` and `.`.
   *
   * @default 'default', as Elastic's own integrations have it
   */
  readonly namespace?: string
  /** Bounds of the cost of a hostile or broken file. @default each limit has its own, above every file that AWS writes */
  readonly limits?: Partial<Limits>
  /**
   * Share of malformed records, 0 to 1. Above it an object fails: it is of another format.
   *
   * @default 0.1: a damaged file still loads, a file of another format fails within its first 1,000 records
   */
  readonly malformedShare?: number
  /**
   * Keeps malformed records, and documents that the store refused for good: `deadIndex(sink)`, or `s3DeadRecords` and
   * `sqsDeadRecords` of source-s3. Such a record no longer fails its object; it still counts as malformed or rejected.
   *
   * @default nothing is kept: a rejected document fails its object, and the report shows the first malformed records
   */
  readonly deadRecords?: DeadRecords
  /**
   * Objects read at the same time, a whole number from 1.
   *
   * @default 4: reading waits for the network, and `budget` bounds the memory
   */
  readonly concurrency?: number
  /**
   * Decompressed bytes of records handed to the sink at once, a whole number from 1.
   *
   * @default 1 MiB: one or two bulk requests
   */
  readonly batchBytes?: number
  /**
   * Seconds after which a batch is sent though it is not full, a whole number from 1.
   *
   * @default 1: records wait no longer than that for an object that is slow to come
   */
  readonly batchSeconds?: number
  /** Bytes of records in flight: `byteBudget(bytes)`. @default one of 4 MiB, shared by every `ingest` of the process */
  readonly budget?: ByteBudget
  /**
   * Lambda's context. Reading stops while there is time to write what was read. An object that was not begun fails, and
   * its message comes again.
   *
   * @default none: the work takes as long as it takes
   */
  readonly deadline?: Deadline
  /** Stops the work. Records that are not stored by then count as unfinished. @default nothing stops it */
  readonly signal?: AbortSignal
  /**
   * Called with the report of each object, for metrics and logs. Where it throws, the object counts as failed with
   * STEP_FAILED, and its message comes again; its records are stored, and then count as duplicates. A promise is awaited
   * before the message has its report: a rejection counts as a throw, and so does one that is not done when the signal
   * aborts or the deadline comes.
   *
   * @default nobody is called
   */
  readonly onObject?: (report: ObjectReport) => unknown
  /**
   * The messages that `Report.messages` keeps: `all`, or the `failed` ones. A run over millions of objects keeps the
   * failed ones, or its memory grows with them. Counts are of all messages.
   *
   * @default 'all': a queue is told of each message
   */
  readonly keepReports?: KeepReports
}

/**
 * The options with their defaults.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function checkIngestOptions<T>(options: IngestOptions<T>) {
  requireOption(typeof options === 'object' && options !== null, 'options', options, '{ source, parser, sink }')
  const { source, parser, sink, filter, enrich, onObject, deadRecords, deadline, signal } = options
  const { concurrency = 4, batchBytes = 1024 * 1024, batchSeconds = 1, budget = sharedBudget } = options
  const { malformedShare = 0.1, namespace = 'default', keepReports = 'all', eventOriginal = false } = options
  const isSource = hasMethods(source, Symbol.iterator) || hasMethods(source, Symbol.asyncIterator)
  requireOption(isSource && typeof source !== 'string', 'source', source, 'messages: s3Objects(event, { s3 })')
  requireOption(hasMethods(parser, 'parse'), 'parser', parser, 'a parser, or detect([…]) of several')
  requireOption(hasMethods(sink, 'write'), 'sink', sink, 'a sink, an object with `write`')
  for (const [name, step] of Object.entries({ filter, enrich, onObject }))
    requireOption(step === undefined || typeof step === 'function', name, step, 'a function')
  requireOption(
    deadRecords === undefined || hasMethods(deadRecords, 'write'),
    'deadRecords',
    deadRecords,
    'what deadIndex or another function gives: a `write`',
  )
  requireOption(hasMethods(budget, 'tryTake', 'take', 'give'), 'budget', budget, 'what byteBudget gives')
  requireOption(
    deadline === undefined || hasMethods(deadline, 'getRemainingTimeInMillis'),
    'deadline',
    deadline,
    "Lambda's context: a getRemainingTimeInMillis",
  )
  requireOption(signal === undefined || hasMethods(signal, 'addEventListener'), 'signal', signal, 'an AbortSignal')
  requirePositive('concurrency', concurrency)
  requirePositive('batchBytes', batchBytes)
  requirePositive('batchSeconds', batchSeconds)
  const isShare = typeof malformedShare === 'number' && malformedShare >= 0 && malformedShare <= 1
  requireOption(isShare, 'malformedShare', malformedShare, 'a number from 0 to 1')
  requireOneOf('keepReports', keepReports, ['all', 'failed'])
  requireOption(typeof eventOriginal === 'boolean', 'eventOriginal', eventOriginal, 'true or false')
  requireNamespace(namespace)
  requireDatasets(parser.formats ?? [])
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
