import type { Row } from '../answer.ts'
import type { Filter, GroupsQuestion, Measure } from '../question.ts'
import { isoDate } from '../values.ts'
import { lengthOf, type PlainAlert, type Window } from './alert.ts'

export interface Asked {
  readonly own: readonly string[]
  readonly threshold: number
  readonly limit: number
  /** Which of several `counts` has to reach the threshold. @default any: who asks compares */
  readonly count?: string
}

const filtersOf = ({ filters }: PlainAlert, own: readonly string[]): readonly Filter[] =>
  typeof filters === 'function' ? filters(own) : filters

/** The question of an alert over a window: the groups whose numbers are at the threshold, largest first. */
export function questionOf(
  alert: PlainAlert,
  window: Window,
  { own, threshold, limit, ...rest }: Asked,
): GroupsQuestion {
  const { before, counts, having = [] } = alert
  const [first] = counts as [string]
  const { count = counts.length === 1 ? first : undefined } = rest
  const isLonger = before !== undefined || window.readsFrom !== window.span.from
  const during = (measure: Measure): Measure =>
    before ? { ...measure, where: [...(measure.where ?? []), window.now] } : measure
  const counted = alert.measures[first]!.of
  return {
    kind: 'groups',
    formats: alert.formats,
    span: { from: readFrom(alert, window), to: window.span.to },
    filters: [...(isLonger && !before ? [window.now] : []), ...filtersOf(alert, own)],
    groups: Object.keys(alert.by),
    measures: {
      ...Object.fromEntries(Object.entries(alert.measures).map(([name, { of }]) => [name, during(of)])),
      ...(before && { before: { ...counted, where: [...(counted.where ?? []), { not: window.now }] } }),
      first: during({ min: '@timestamp' }),
      last: during({ max: '@timestamp' }),
    },
    having: [...(count === undefined ? [] : [{ measure: count, range: { gte: threshold } }]), ...having],
    order: [{ by: count ?? first, direction: 'desc' }],
    limit,
  }
}

function readFrom({ before }: PlainAlert, { readsFrom }: Window): string {
  return before ? isoDate(Date.parse(readsFrom) - lengthOf(before.length)) : readsFrom
}

/** How many windows the time has that an alert compares with, each as long as the one that is counted. */
export function windowsBefore(alert: PlainAlert, window: Window): number {
  const [from, to] = [window.span.from, window.span.to].map(Date.parse) as [number, number]
  return (from - Date.parse(readFrom(alert, window))) / (to - from)
}

/**
 * The rows that fire, of those that a store gave. `before` becomes what a window has on average.
 *
 * @param usualOf What was usual where a group fired before, if it did: what goes on is not usual by that, until it went on
 *   for as long as the time is that it is compared with
 */
export function firing(
  alert: PlainAlert,
  window: Window,
  threshold: number,
  rows: readonly Row[],
  usualOf: (row: Row) => number | undefined = () => undefined,
): Row[] {
  const { before, counts, differ } = alert
  const windows = windowsBefore(alert, window)
  return rows.flatMap((row) => {
    if (!counts.some((name) => Number(row[name]) >= threshold)) return []
    if (differ && (row[differ[1]] ?? null) === null) return []
    if (differ && row[differ[0]] === row[differ[1]]) return []
    if (!before) return [row]
    const usual = Math.min(Number(row.before) / windows, usualOf(row) ?? Number.POSITIVE_INFINITY)
    return Number(row[counts[0]!]) > before.times * usual ? [{ ...row, before: Math.round(usual * 10) / 10 }] : []
  })
}
