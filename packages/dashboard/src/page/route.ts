import type { FilterValue, Span } from '@flowferry/answers'
import type { Narrowing } from '../api.ts'

/** What the address says, all of it: whoever opens the same address sees the same. */
export interface Route {
  /** `now`, `pair`, `flows`, `service`, `questions`, `alerts`, or a dashboard's name. */
  readonly page: string
  /** What the page is of: a question's name, an alert's. */
  readonly name?: string
  /** Before the end: `-1h`; or ISO 8601. */
  readonly since: string
  /** ISO 8601. @default the newest record, or now */
  readonly until?: string
  /** Times are shown in the zone of the browser. @default UTC */
  readonly local: boolean
  readonly is: readonly Narrowing[]
  /** `a`, `b`, `port`, and what else a page takes. */
  readonly with: Readonly<Record<string, string>>
}

const usualSince = '-1h'

/** Lengths that the picker offers, in minutes. */
export const lengths: readonly (readonly [since: string, label: string, minutes: number])[] = [
  ['-15m', '15 min', 15],
  ['-1h', '1 hour', 60],
  ['-6h', '6 hours', 360],
  ['-24h', '1 day', 1440],
  ['-7d', '7 days', 10_080],
]

const own = new Set(['since', 'until', 'tz', 'is'])
const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `#/pair?a=10.0.3.7&b=10.0.9.12&port=5432&since=-1h` */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  const [page, name] = path.split('/').map(decoded)
  const params = new URLSearchParams(query)
  const since = params.get('since') ?? ''
  const until = params.get('until') ?? ''
  return {
    page: page || 'now',
    ...(name && { name }),
    since: lengthOf(since) !== undefined || isTime(since) ? since : usualSince,
    ...(isTime(until) && { until }),
    local: params.get('tz') === 'local',
    is: params.getAll('is').flatMap(narrowingOf),
    with: Object.fromEntries([...params].filter(([key]) => !own.has(key))),
  }
}

export function hashOf({ page, name, since, until, local, is, with: rest }: Route): string {
  const params = new URLSearchParams(Object.entries(rest).filter(([, value]) => value !== ''))
  if (since !== usualSince) params.set('since', since)
  if (until !== undefined) params.set('until', until)
  if (local) params.set('tz', 'local')
  for (const { field, value } of is) params.append('is', `${field}:${JSON.stringify(value)}`)
  const query = params.toString()
  const path = [page, ...(name === undefined ? [] : [name])].map(encodeURIComponent).join('/')
  return `#/${path}${query === '' ? '' : `?${query}`}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const isTime = (text: string): boolean => text !== '' && !/^-/.test(text) && !Number.isNaN(Date.parse(text))

/** A field has no colon in its name. */
function narrowingOf(text: string): Narrowing[] {
  const colon = text.indexOf(':')
  if (colon < 1) return []
  try {
    const value: unknown = JSON.parse(text.slice(colon + 1))
    const isValue = value === null || ['string', 'number', 'boolean'].includes(typeof value)
    return isValue ? [{ field: text.slice(0, colon), value: value as FilterValue | null }] : []
  } catch {
    return []
  }
}

/** Milliseconds of `-90m`; undefined for what is no such length. */
function lengthOf(since: string): number | undefined {
  const [, digits, unit] = /^-(\d{1,5})([mhd])$/.exec(since) ?? []
  const length = Number(digits) * units[unit as keyof typeof units]
  return length > 0 ? length : undefined
}

/** Where spans without an end of their own end. */
export interface Anchor {
  /** ISO 8601. */
  readonly at: string
  /** The logs ended so long ago that a span before now would be empty: it is their newest record. */
  readonly isOld: boolean
}

const old = 2 * units.h

/** Logs that end within the last two hours are counted back from now, others from their newest record. */
export function anchorOf(now: string, newest: readonly (string | null)[]): Anchor {
  const times = newest.flatMap((one) => (one === null ? [] : [Date.parse(one)]))
  const last = Math.max(...times)
  // A span ends before its end: the next whole minute has the newest record in it.
  const end = (Math.floor(last / units.m) + 1) * units.m
  const isOld = times.length > 0 && Date.parse(now) - last > old
  return { at: isOld ? new Date(end).toISOString() : now, isOld }
}

/** The span that a route and an anchor mean; an hour before the end where the beginning is not before it. */
export function spanOf({ since, until }: Pick<Route, 'since' | 'until'>, anchor: Anchor): Span {
  const end = Date.parse(until ?? anchor.at)
  const length = lengthOf(since)
  const begin = length === undefined ? Date.parse(since) : end - length
  const from = begin < end ? begin : end - units.h
  return { from: new Date(from).toISOString(), to: new Date(end).toISOString() }
}
