import { rejectedStream } from '../dead-records/rejected-stream.ts'
import { type DeadRecords, deadStream, malformedRecords } from '../dead-records/stream.ts'
import { type ErrorPlace, FlowferryError } from '../errors.ts'
import { placeOf, type TrackedObject, track } from '../read/object.ts'
import type { Batch, ObjectReport, Slice, SliceOutcome, SourceObject } from '../types.ts'
import { checkBatch } from './batch.ts'
import { countRecords } from './counts.ts'
import { type PositionTracker, trackPosition } from './position.ts'
import { finalError, malformedError, rejectedError, statusOf } from './status.ts'

/** The progress of one object, from its first byte to the outcome of its last record. */
export interface ObjectProgress {
  readonly object: TrackedObject
  readonly place: ErrorPlace
  /**
   * Checks and counts a batch, and makes its slice of the records from ordinal `from` on. Gives none where all records
   * were stored by an earlier reading, or are filtered. Where a step throws, the records count as unfinished.
   *
   * @throws FlowferryError STEP_FAILED for a batch that breaks the contract, and what `makeSlice` throws
   */
  readonly addBatch: <T>(batch: Batch<T>, makeSlice: (from: number) => Slice<T>) => Slice<T> | undefined
  readonly addUntimed: () => void
  /** @throws FlowferryError TOO_MANY_MALFORMED */
  readonly checkMalformed: (atEnd: boolean) => void
  /** Hands a batch's malformed records to `deadRecords`. Rejects when they are refused. */
  readonly writeMalformed: (batch: Batch<unknown>) => Promise<void> | undefined
  /** Writes the malformed records that are still held. */
  readonly flushMalformed: () => Promise<void>
  /** A slice is on its way to the sink. */
  readonly sendSlice: (slice: Slice<unknown>) => void
  /** Adds what the sink tells of a slice. Resolves when its rejected documents are taken, and its bytes are free. */
  readonly addOutcome: (
    slice: Slice<unknown>,
    outcome: SliceOutcome,
    error: FlowferryError | undefined,
  ) => Promise<void> | undefined
  /** Nothing was read, and nothing will be. */
  readonly endUnread: (error: FlowferryError) => void
  /** Nothing more will be read. */
  readonly endReading: (error?: FlowferryError) => void
  /** Resolves when reading has ended and every slice has its outcome. */
  readonly report: Promise<ObjectReport>
}

export function trackProgress(
  source: SourceObject,
  options: {
    readonly malformedShare: number
    readonly dead?: { readonly to: DeadRecords; readonly signal: AbortSignal } | undefined
    readonly sentAt?: Date | undefined
  },
): ObjectProgress {
  const { malformedShare, dead, sentAt } = options
  const began = performance.now()
  const place = placeOf(source)
  const rejectedDocuments = dead && rejectedStream(deadStream(dead.to, place, dead.signal))
  const malformedStream = dead && deadStream(dead.to, place, dead.signal)
  const object = track(source)
  const records = countRecords()
  let tracker: PositionTracker | undefined
  let from = 0
  let next = 0
  let error: FlowferryError | undefined
  let notBegun = false
  /** Whether dead records were not kept: a later reading must find them again. */
  let lost = false
  /** Reading is one open end, each slice on its way another. */
  let openEnds = 1
  let resolve!: (report: ObjectReport) => void
  const report = new Promise<ObjectReport>((done) => {
    resolve = done
  })

  /** Called once the object is open: an earlier position may be one in other bytes. */
  const beginPosition = (): PositionTracker => {
    if (source.from?.etag === object.openedEtag()) from = source.from?.records ?? 0
    return trackPosition(from)
  }

  const close = () => {
    if (--openEnds > 0) return
    if (rejectedDocuments) void rejectedDocuments.end().then(finish)
    else finish()
  }

  const notKept = (cause: unknown): never => {
    lost = true
    throw cause
  }

  const finish = (unkept?: FlowferryError) => {
    lost ||= unkept !== undefined
    const { kinds, counts, eventTime, ...rest } = records.summary()
    error = finalError(error, unkept ?? (dead ? undefined : rejectedError(records, place)), source.skip)
    const etag = object.openedEtag()
    const status = statusOf(error, source.skip)
    const position = tracker?.position() ?? 0
    resolve({
      ...place,
      bucket: source.bucket,
      key: source.key,
      ...(etag !== undefined && { etag }),
      kinds,
      status,
      ...(notBegun && { notBegun }),
      ...(from > 0 && { from }),
      ...(status === 'failed' &&
        !lost &&
        etag !== undefined &&
        position > 0 && { position: { etag, records: position } }),
      counts,
      bytes: object.storedBytes(),
      milliseconds: Math.round(performance.now() - began),
      finishedAt: new Date().toISOString(),
      ...(eventTime && { eventTime }),
      ...(sentAt && { sentAt: sentAt.toISOString() }),
      ...rest,
      ...(error && { error }),
    })
  }

  return {
    object,
    place,
    report,
    addBatch: (batch, makeSlice) => {
      next = checkBatch(batch, next, place)
      tracker ??= beginPosition()
      const length = records.addBatch(batch, from)
      if (length === undefined) return undefined
      try {
        const slice = makeSlice(from)
        records.addFiltered(length - slice.length)
        records.follow(slice, batch)
        if (slice.length > 0) tracker.add(next, slice)
        else tracker.add(next)
        return slice.length > 0 ? slice : undefined
      } catch (error) {
        records.addUnfinished(length)
        throw error
      }
    },
    addUntimed: records.addUntimed,
    checkMalformed: (atEnd) => {
      const error = malformedError(records, { share: malformedShare, atEnd, place })
      if (error) throw error
    },
    writeMalformed: (batch) =>
      batch.malformed?.length
        ? malformedStream?.add(malformedRecords(batch, object.identity(), from)).catch(notKept)
        : undefined,
    flushMalformed: async () => malformedStream?.end().catch(notKept),
    sendSlice: (slice) => {
      openEnds++
      rejectedDocuments?.announce(slice)
    },
    addOutcome: (slice, outcome, cause) => {
      records.addOutcome(slice, outcome)
      tracker?.complete(slice, outcome.unfinished === 0 && (dead !== undefined || outcome.rejected.length === 0))
      if (outcome.unfinished > 0)
        error ??=
          cause ?? new FlowferryError('TARGET_FAILED', `${outcome.unfinished} documents were not stored`, { place })
      const kept = rejectedDocuments?.add(slice, outcome)
      if (!kept) close()
      return kept?.then(close)
    },
    endUnread: (cause) => {
      notBegun = true
      error = cause
      close()
    },
    endReading: (cause) => {
      error ??= cause
      records.endReading()
      close()
    },
  }
}
