import type { Batch, Malformed, ObjectReport, Rejection, Slice, SliceOutcome } from '../types.ts'
import { eventTimes } from './event-time.ts'
import { emptyCounts } from './report.ts'

/** How many malformed and rejected records a report shows. */
const shown = 5
/** How many unknown fields a report names. The others of a hostile file are counted as one, under another name. */
const mostNames = 1000
const otherNames = '…'

type Counts = Readonly<Record<string, number>>

/** The members of a report that tell of an object's records. */
export type RecordSummary = Pick<
  ObjectReport,
  'kinds' | 'counts' | 'eventTime' | 'untimed' | 'unknownFields' | 'malformed' | 'rejected' | 'filtered'
>

/** Counts the records of one object. */
export interface RecordCounts extends Pick<RecordSummary, 'counts' | 'malformed' | 'rejected'> {
  /**
   * Counts the records from the ordinal `from` on. Gives how many of them are not malformed, or undefined where the batch
   * ends before `from`.
   */
  readonly addBatch: (batch: Batch<unknown>, from: number) => number | undefined
  /** Counts what becomes known of the last batch's fields until its slice is stored. */
  readonly follow: (slice: Slice<unknown>, batch: Batch<unknown>) => void
  readonly addFiltered: (records: number) => void
  readonly addUnfinished: (records: number) => void
  readonly addUntimed: () => void
  readonly addOutcome: (slice: Slice<unknown>, outcome: SliceOutcome) => void
  /** Nothing more is read. */
  readonly endReading: () => void
  readonly summary: () => RecordSummary
}

export function countRecords(): RecordCounts {
  const counts = emptyCounts()
  const times = eventTimes()
  const kinds = new Set<string>()
  const malformed: Malformed[] = []
  const rejected: ObjectReport['rejected'][number][] = []
  const filtered: ObjectReport['rejected'][number][] = []
  const unknownFields = new Map<string, number>()
  let untimed = 0
  /** What was counted of the last batch. */
  let counted: Counts = {}
  /** Slices on their way. Not a Map: V8 keeps what was deleted of one that lives long until a full collection. */
  const followed: { readonly slice: Slice<unknown>; readonly fields: Counts; readonly before: Counts }[] = []
  const addFields = (fields: Counts, before: Counts = {}) => {
    for (const [field, records] of Object.entries(fields)) {
      const more = records - (Object.hasOwn(before, field) ? before[field]! : 0)
      if (more === 0) continue
      const name = unknownFields.has(field) || unknownFields.size < mostNames ? field : otherNames
      unknownFields.set(name, (unknownFields.get(name) ?? 0) + more)
    }
  }

  return {
    counts,
    malformed,
    rejected,
    addBatch: (batch, from) => {
      const length = batch.length - countBefore(batch.ordinals, batch.length, from)
      const bad = (batch.malformed ?? []).filter(({ ordinal }) => ordinal >= from)
      if (length + bad.length === 0) return undefined
      counts.read += length + bad.length
      counts.malformed += bad.length
      malformed.push(...bad.slice(0, shown - malformed.length))
      if (length > 0) kinds.add(batch.format.kind)
      times.add(batch)
      counted = { ...batch.unknownFields }
      addFields(counted)
      return length
    },
    follow: (slice, batch) => {
      if (batch.unknownFields && slice.length > 0)
        followed.push({ slice, fields: batch.unknownFields, before: counted })
    },
    addFiltered: (records) => {
      counts.filtered += records
    },
    addUnfinished: (records) => {
      counts.unfinished += records
    },
    addUntimed: () => {
      untimed++
    },
    addOutcome: (slice, outcome) => {
      const index = followed.findIndex((one) => one.slice === slice)
      if (index !== -1) for (const { fields, before } of followed.splice(index, 1)) addFields(fields, before)
      counts.written += outcome.written
      counts.duplicate += outcome.duplicate
      counts.rejected += outcome.rejected.length
      counts.filtered += outcome.filtered?.length ?? 0
      counts.unfinished += outcome.unfinished
      showFirst(rejected, outcome.rejected, slice)
      showFirst(filtered, outcome.filtered ?? [], slice)
    },
    endReading: times.end,
    summary: () => {
      const eventTime = times.range()
      return {
        kinds: [...kinds],
        counts,
        ...(eventTime && { eventTime }),
        untimed,
        unknownFields: Object.fromEntries(unknownFields),
        malformed,
        rejected,
        ...(filtered.length > 0 && { filtered }),
      }
    },
  }
}

/** Adds documents with their ids and ordinals, as long as there are few. */
function showFirst(list: ObjectReport['rejected'][number][], more: readonly Rejection[], slice: Slice<unknown>): void {
  for (const rejection of more.slice(0, shown - list.length))
    list.push({ ...rejection, id: slice.id(rejection.index), ordinal: slice.ordinals[rejection.index]! })
}

/** How many of ascending ordinals are below `from`. */
function countBefore(ordinals: ArrayLike<number>, length: number, from: number): number {
  let count = 0
  while (count < length && ordinals[count]! < from) count++
  return count
}
