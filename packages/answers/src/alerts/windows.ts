import type { Format } from '@flowferry/core'
import { usualMargins } from '@flowferry/core/internal'
import { isoDate } from '../values.ts'
import { type Alert, lengthOf, type Window } from './alert.ts'

/** Windows that an evaluation makes up for, where those before it were left out. */
const mostMissed = 12
const day = 24 * 3_600_000

/** By which time records are in a window: their own, or that of `event.ingested`, when they came. */
export type WindowTime = 'record' | 'ingested'

/** By how many milliseconds records of these datasets may come late, as their formats have it. */
export function latenessOf(datasets: readonly string[], formats: readonly Format[]): number {
  const known = formats.filter(({ dataset }) => datasets.includes(dataset))
  const archives = known.flatMap(({ archive }) => archive)
  return archives.length === 0 ? usualMargins.late : Math.max(...archives.map(({ late = usualMargins.late }) => late))
}

export interface WindowOptions {
  readonly now: number
  readonly late: number
  readonly threshold: number
  readonly time: WindowTime
  /** Where the last evaluation's window ended, epoch milliseconds. @default there was none */
  readonly before?: number | undefined
}

/** The windows of an evaluation, the newest first, and what of the time since the last one none of them has. */
export interface Windows {
  readonly windows: readonly Window[]
  readonly missed?: { readonly from: string; readonly to: string }
}

/**
 * Where one record fires, one window reaches from as far back as a record may be late up to now: whenever it comes, the
 * next evaluation sees it, and its key tells that it was seen. Where records are counted, windows have all their records:
 * they end as long ago as records are late, or are told by when records came.
 */
export function windowsOf(alert: Alert, { now, late, threshold, time, before }: WindowOptions): Windows {
  const length = lengthOf(alert.window)
  if (threshold <= 1) {
    const least = now - length - late
    const from = Math.max(Math.min(least, (before ?? now) - late), least - day)
    const missed = before !== undefined && before - late < from ? { from: before - late, to: from } : undefined
    return { windows: [recordWindow(from, now)], ...told(missed) }
  }
  const isByArrival = time === 'ingested' && !('steps' in alert)
  const end = isByArrival ? now : now - late
  const count = before === undefined ? 1 : Math.min(Math.max(Math.ceil((end - before) / length), 1), mostMissed)
  const windows = Array.from({ length: count }, (_, n) => {
    const to = end - n * length
    return isByArrival ? arrivalWindow(to - length, to, late) : recordWindow(to - length, to)
  })
  const first = end - count * length
  const missed = before !== undefined && before < first ? { from: before, to: first } : undefined
  return { windows, ...told(missed) }
}

const told = (missed: { from: number; to: number } | undefined) =>
  missed ? { missed: { from: isoDate(missed.from), to: isoDate(missed.to) } } : {}

function recordWindow(begin: number, end: number): Window {
  const [from, to] = [isoDate(begin), isoDate(end)]
  return { span: { from, to }, now: { field: '@timestamp', range: { gte: from, lt: to } }, readsFrom: from }
}

/** Older records than of a day, or of what may be late, are of a backfill: it raises no alarm. */
function arrivalWindow(begin: number, end: number, late: number): Window {
  const [from, to] = [isoDate(begin), isoDate(end)]
  return {
    span: { from, to },
    now: { field: 'event.ingested', range: { gte: from, lt: to } },
    readsFrom: isoDate(begin - Math.max(late, day)),
  }
}
