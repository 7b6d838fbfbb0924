import { type ErrorPlace, FlowferryError } from './errors.ts'
import { type Mark, openMark } from './mark.ts'
import { placeOf, type TrackedObject, track } from './object.ts'
import { emptyCounts } from './report.ts'
import type { Batch, Malformed, ObjectReport, ObjectStatus, Slice, SliceOutcome, SourceObject } from './types.ts'

/** How many malformed and rejected records a report shows. */
const shown = 5
/** Unknown fields that a report names; what a hostile file has beyond is counted as one. */
const mostNames = 1000
const otherNames = '…'
/** Records that must be read before a high share of malformed ones stops an object in its middle. */
const shareFloor = 1000

/** The books of one object, from its first byte to the fate of its last record. */
export interface Books {
  readonly object: TrackedObject
  readonly place: ErrorPlace
  /**
   * Counts a batch and makes its slice of the records at and behind the ordinal `from`; none where all were stored
   * before, or filtered. Where a step throws, its records are unfinished.
   */
  readonly countBatch: <T>(batch: Batch<T>, slice: (from: number) => Slice<T>) => Slice<T> | undefined
  readonly countUntimed: () => void
  /** Fails the object when too much of what was read is not of its format. */
  readonly checkMalformed: (end: boolean) => void
  /** A slice is on its way to the sink; `closeSlice` tells its fate. */
  readonly openSlice: () => void
  readonly closeSlice: (slice: Slice<unknown>, outcome: SliceOutcome, error: FlowferryError | undefined) => void
  /** Nothing more will be read. */
  readonly endReading: (error?: FlowferryError) => void
  /** Resolves when reading has ended and every slice has its fate. */
  readonly settled: Promise<ObjectReport>
}

export function openBooks(source: SourceObject, malformedShare: number): Books {
  const object = track(source)
  const counts = emptyCounts()
  const kinds = new Set<string>()
  const malformed: Malformed[] = []
  const rejected: ObjectReport['rejected'][number][] = []
  const unknownFields = new Map<string, number>()
  let untimed = 0
  let mark: Mark | undefined
  let from = 0
  let error: FlowferryError | undefined
  let open = 1
  let resolve!: (report: ObjectReport) => void
  const settled = new Promise<ObjectReport>((done) => {
    resolve = done
  })

  /** Known only once the object is open: the position may be one in other bytes. */
  const begin = (): Mark => {
    if (source.from?.etag === object.openedEtag()) from = source.from?.records ?? 0
    return openMark(from)
  }

  const statusNow = (): ObjectStatus => {
    if (!error) return 'done'
    if (!source.skip?.includes(error.code)) return 'failed'
    return error.code === 'OBJECT_SUPERSEDED' ? 'superseded' : 'skipped'
  }

  const close = () => {
    if (--open > 0) return
    // A refusal counts for more than what ended the reading and is none: no success and no next try mends it.
    if (counts.rejected > 0 && (statusNow() !== 'failed' || error?.code === 'DEADLINE'))
      error = new FlowferryError(
        'RECORDS_REJECTED',
        `${counts.rejected} documents were refused, first ${rejected[0]!.type}: ${rejected[0]!.reason}`,
        {
          place: { ...placeOf(source), ordinal: rejected[0]!.ordinal },
        },
      )
    const etag = object.openedEtag()
    const status = statusNow()
    const records = mark?.reached() ?? 0
    resolve({
      ...placeOf(source),
      bucket: source.bucket,
      key: source.key,
      ...(etag !== undefined && { etag }),
      kinds: [...kinds],
      status,
      ...(from > 0 && { from }),
      ...(status === 'failed' && etag !== undefined && records > 0 && { position: { etag, records } }),
      counts,
      bytes: object.storedBytes(),
      untimed,
      unknownFields: Object.fromEntries(unknownFields),
      malformed,
      rejected,
      ...(error && { error }),
    })
  }

  return {
    object,
    place: placeOf(source),
    settled,
    countBatch: (batch, makeSlice) => {
      mark ??= begin()
      const before = countBefore(batch.ordinals, batch.length, from)
      const bad = (batch.malformed ?? []).filter(({ ordinal }) => ordinal >= from)
      const length = batch.length - before
      if (length + bad.length === 0) return undefined
      const end = 1 + Math.max(length > 0 ? batch.ordinals[batch.length - 1]! : 0, bad.at(-1)?.ordinal ?? 0)
      counts.read += length + bad.length
      counts.malformed += bad.length
      malformed.push(...bad.slice(0, shown - malformed.length))
      if (length > 0) kinds.add(batch.format.kind)
      for (const [field, records] of Object.entries(batch.unknownFields ?? {})) {
        const name = unknownFields.has(field) || unknownFields.size < mostNames ? field : otherNames
        unknownFields.set(name, (unknownFields.get(name) ?? 0) + records)
      }
      try {
        const slice = makeSlice(from)
        counts.filtered += length - slice.length
        if (slice.length > 0) mark.open(end, slice)
        else mark.open(end)
        return slice.length > 0 ? slice : undefined
      } catch (error) {
        counts.unfinished += length
        throw error
      }
    },
    countUntimed: () => {
      untimed++
    },
    checkMalformed: (end) => {
      if (counts.malformed <= counts.read * malformedShare || !(end || counts.read >= shareFloor)) return
      const { ordinal, offset, reason } = malformed[0]!
      throw new FlowferryError(
        'TOO_MANY_MALFORMED',
        `${counts.malformed} of ${counts.read} records are malformed, the first: ${reason}`,
        { place: { ...placeOf(source), ordinal, offset } },
      )
    },
    openSlice: () => {
      open++
    },
    closeSlice: (slice, outcome, cause) => {
      counts.written += outcome.written
      counts.duplicate += outcome.duplicate
      counts.rejected += outcome.rejected.length
      counts.unfinished += outcome.unfinished
      mark?.close(slice, outcome.unfinished + outcome.rejected.length === 0)
      for (const rejection of outcome.rejected.slice(0, shown - rejected.length))
        rejected.push({ ...rejection, id: slice.id(rejection.index), ordinal: slice.ordinals[rejection.index]! })
      if (outcome.unfinished > 0)
        error ??=
          cause ??
          new FlowferryError('TARGET_FAILED', `${outcome.unfinished} documents were not stored`, {
            place: placeOf(source),
          })
      close()
    },
    endReading: (cause) => {
      error ??= cause
      close()
    },
  }
}

/** How many of ascending ordinals are below `from`. */
function countBefore(ordinals: ArrayLike<number>, length: number, from: number): number {
  let count = 0
  while (count < length && ordinals[count]! < from) count++
  return count
}
