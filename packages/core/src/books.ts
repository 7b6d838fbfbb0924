import { checkBatch } from './batch.ts'
import { type DeadRecords, type DeadStream, deadStream, malformedRecords, rejectedRecords } from './dead-records.ts'
import { asFlowferryError, type ErrorPlace, FlowferryError } from './errors.ts'
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
   * Checks and counts a batch, and makes its slice of the records at and behind the ordinal `from`; none where all were
   * stored before, or filtered. Where a step throws, its records are unfinished.
   */
  readonly countBatch: <T>(batch: Batch<T>, slice: (from: number) => Slice<T>) => Slice<T> | undefined
  readonly countUntimed: () => void
  /** Fails the object when too much of what was read is not of its format. */
  readonly checkMalformed: (end: boolean) => void
  /** Takes a batch's malformed records to the place for dead ones. Rejects when it refuses. */
  readonly buryMalformed: (batch: Batch<unknown>) => Promise<void> | undefined
  /** The same with those that are still held. */
  readonly buryRest: () => Promise<void>
  /** A slice is on its way to the sink; `closeSlice` tells its fate, in any order. */
  readonly openSlice: (slice: Slice<unknown>) => void
  /** What it gives resolves when the slice's rejected documents are taken, and its bytes are free. */
  readonly closeSlice: (
    slice: Slice<unknown>,
    outcome: SliceOutcome,
    error: FlowferryError | undefined,
  ) => Promise<void> | undefined
  /** Nothing was read, and nothing will be. */
  readonly neverBegin: (error: FlowferryError) => void
  /** Nothing more will be read. */
  readonly endReading: (error?: FlowferryError) => void
  /** Resolves when reading has ended and every slice has its fate. */
  readonly settled: Promise<ObjectReport>
}

export function openBooks(
  source: SourceObject,
  options: {
    readonly malformedShare: number
    readonly dead?: { readonly to: DeadRecords; readonly signal: AbortSignal } | undefined
    readonly sentAt?: Date | undefined
  },
): Books {
  const { malformedShare, dead, sentAt } = options
  const began = performance.now()
  const times = new EventTimes()
  const graveyard = dead && openGraveyard(deadStream(dead.to, placeOf(source), dead.signal))
  const malformedStream = dead && deadStream(dead.to, placeOf(source), dead.signal)
  const object = track(source)
  const counts = emptyCounts()
  const kinds = new Set<string>()
  const malformed: Malformed[] = []
  const rejected: ObjectReport['rejected'][number][] = []
  const unknownFields = new Map<string, number>()
  let untimed = 0
  let mark: Mark | undefined
  let from = 0
  let next = 0
  let error: FlowferryError | undefined
  let notBegun = false
  let lost = false
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
    if (graveyard) void graveyard.end().then(settle)
    else settle()
  }

  /** Dead records that were not kept: a later reading must find them again. */
  const lose = (cause: unknown): never => {
    lost = true
    throw cause
  }

  const settle = (unburied?: FlowferryError) => {
    lost ||= unburied !== undefined
    // What is lost or refused counts for more than what ended the reading: no success and no next try mends it.
    const mild = statusNow() !== 'failed' || error?.code === 'DEADLINE'
    if (unburied && mild) error = unburied
    else if (counts.rejected > 0 && !dead && mild)
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
    const eventTime = times.range()
    resolve({
      ...placeOf(source),
      bucket: source.bucket,
      key: source.key,
      ...(etag !== undefined && { etag }),
      kinds: [...kinds],
      status,
      ...(notBegun && { notBegun }),
      ...(from > 0 && { from }),
      ...(status === 'failed' && !lost && etag !== undefined && records > 0 && { position: { etag, records } }),
      counts,
      bytes: object.storedBytes(),
      milliseconds: Math.round(performance.now() - began),
      finishedAt: new Date().toISOString(),
      ...(eventTime && { eventTime }),
      ...(sentAt && { sentAt: sentAt.toISOString() }),
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
      next = checkBatch(batch, next, placeOf(source))
      mark ??= begin()
      const before = countBefore(batch.ordinals, batch.length, from)
      const bad = (batch.malformed ?? []).filter(({ ordinal }) => ordinal >= from)
      const length = batch.length - before
      if (length + bad.length === 0) return undefined
      counts.read += length + bad.length
      counts.malformed += bad.length
      malformed.push(...bad.slice(0, shown - malformed.length))
      if (length > 0) kinds.add(batch.format.kind)
      times.note(batch)
      for (const [field, records] of Object.entries(batch.unknownFields ?? {})) {
        const name = unknownFields.has(field) || unknownFields.size < mostNames ? field : otherNames
        unknownFields.set(name, (unknownFields.get(name) ?? 0) + records)
      }
      try {
        const slice = makeSlice(from)
        counts.filtered += length - slice.length
        if (slice.length > 0) mark.open(next, slice)
        else mark.open(next)
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
    buryMalformed: (batch) =>
      batch.malformed?.length
        ? malformedStream?.add(malformedRecords(batch, object.identity(), from)).catch(lose)
        : undefined,
    buryRest: async () => malformedStream?.end().catch(lose),
    openSlice: (slice) => {
      open++
      graveyard?.queue(slice)
    },
    closeSlice: (slice, outcome, cause) => {
      counts.written += outcome.written
      counts.duplicate += outcome.duplicate
      counts.rejected += outcome.rejected.length
      counts.unfinished += outcome.unfinished
      mark?.close(slice, outcome.unfinished === 0 && (dead !== undefined || outcome.rejected.length === 0))
      for (const rejection of outcome.rejected.slice(0, shown - rejected.length))
        rejected.push({ ...rejection, id: slice.id(rejection.index), ordinal: slice.ordinals[rejection.index]! })
      if (outcome.unfinished > 0)
        error ??=
          cause ??
          new FlowferryError('TARGET_FAILED', `${outcome.unfinished} documents were not stored`, {
            place: placeOf(source),
          })
      const buried = graveyard?.bury(slice, outcome)
      if (!buried) close()
      return buried?.then(close)
    },
    neverBegin: (cause) => {
      notBegun = true
      error = cause
      close()
    },
    endReading: (cause) => {
      error ??= cause
      times.end()
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

/** The times of an object's first and last record: two documents an object, and not two a batch, which CloudTrail would feel. */
class EventTimes {
  readonly #times: number[] = []
  #last: Batch<unknown> | undefined
  note(batch: Batch<unknown>): void {
    if (batch.length === 0) return
    if (!this.#last) this.#times.push(timeOf(batch, 0))
    this.#last = batch
  }
  /** Nothing more comes: the last batch is let go. */
  end(): void {
    if (this.#last) this.#times.push(timeOf(this.#last, this.#last.length - 1))
    this.#last = undefined
  }
  range(): ObjectReport['eventTime'] {
    const known = this.#times.filter((time) => !Number.isNaN(time)).sort((a, b) => a - b)
    if (known.length === 0) return undefined
    return { oldest: new Date(known[0]!).toISOString(), newest: new Date(known.at(-1)!).toISOString() }
  }
}

/** NaN for a record without a time. One that cannot be made a document is told of when it is written. */
function timeOf(batch: Batch<unknown>, index: number): number {
  try {
    return Date.parse(String(batch.document(index)['@timestamp']))
  } catch {
    return Number.NaN
  }
}

/** The rejected documents of an object, brought back into the order in which their slices were read. */
interface Graveyard {
  readonly queue: (slice: Slice<unknown>) => void
  /** Resolves when the slice's rejected documents are taken; gives nothing where there are none. */
  readonly bury: (slice: Slice<unknown>, outcome: SliceOutcome) => Promise<void> | undefined
  /** Resolves when all of them are kept, or with the reason why not. */
  readonly end: () => Promise<FlowferryError | undefined>
}

function openGraveyard(stream: DeadStream): Graveyard {
  /** Of each slice: resolves when all before it are buried; called when it is. */
  const turns = new Map<Slice<unknown>, { readonly before: Promise<void>; readonly pass: () => void }>()
  let last = Promise.resolve()
  let failure: FlowferryError | undefined
  const attempt = async (run: () => Promise<void>) => {
    if (failure) return
    try {
      await run()
    } catch (error) {
      failure = asFlowferryError(error, 'STEP_FAILED', 'A dead record could not be made')
    }
  }
  return {
    queue: (slice) => {
      const before = last
      let pass!: () => void
      last = new Promise((resolve) => {
        pass = resolve
      })
      turns.set(slice, { before, pass })
    },
    bury: (slice, { rejected }) => {
      const { before, pass } = turns.get(slice)!
      turns.delete(slice)
      if (rejected.length === 0) {
        void before.then(pass)
        return undefined
      }
      return before.then(() => attempt(() => stream.add(rejectedRecords(slice, rejected)))).then(pass)
    },
    end: async () => {
      await attempt(stream.end)
      return failure
    },
  }
}
