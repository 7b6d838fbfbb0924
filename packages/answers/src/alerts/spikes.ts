import { type Answer, partialBy, type Row, type Store, type Value } from '../answer.ts'
import type { Filter, FilterValue } from '../question.ts'
import { accepted, onceByFlow, portOfServers } from '../questions/daily.ts'
import { leaves, nobodys } from '../questions/new-external.ts'
import { isoDate } from '../values.ts'
import { defineAlert, type SteppedOptions, type Window } from './alert.ts'

const hour = 3_600_000
const day = 24 * hour

interface Spike {
  readonly filters: readonly Filter[]
  readonly groups: readonly string[]
  /** Days before the window that it is compared with. */
  readonly days: number
  readonly times: number
  /** A number beside the bytes. */
  readonly measures?: Readonly<Record<string, { readonly cardinality: string }>>
}

/** Groups whose bytes are above the threshold, and many times what an hour of theirs has. */
async function spikes(
  ask: Store['ask'],
  { span }: Window,
  { threshold, limit }: SteppedOptions,
  { filters, groups, days, times, measures = {} }: Spike,
): Promise<Answer> {
  const common = { kind: 'groups', formats: ['aws.vpcflow'], filters } as const
  const now = await ask({
    ...common,
    span,
    groups,
    measures: {
      bytes: { sum: 'network.bytes' },
      ...measures,
      first: { min: '@timestamp' },
      last: { max: '@timestamp' },
    },
    having: [{ measure: 'bytes', range: { gte: threshold } }],
    order: [{ by: 'bytes', direction: 'desc' }],
    limit,
  })
  // A group without an address cannot be looked up.
  const rows = now.rows.filter((row) => groups.every((group) => row[group] !== null))
  if (rows.length === 0) return { ...now, rows }
  const begin = Date.parse(span.from)
  const length = Date.parse(span.to) - begin
  const before = await ask({
    ...common,
    span: { from: isoDate(begin - days * day), to: span.from },
    groups: [...groups, { field: '@timestamp', every: '1h' }],
    only: rows.map((row) => groups.map((group) => row[group] as FilterValue)),
    measures: { bytes: { sum: 'network.bytes' } },
    limit: 100_000,
  })
  const keyOf = (row: Row) => JSON.stringify(groups.map((group) => row[group]))
  const hours = new Map<string, { at: number; bytes: number }[]>()
  for (const row of before.rows) {
    const own = hours.get(keyOf(row)) ?? []
    hours.set(keyOf(row), own)
    own.push({ at: Date.parse(String(row['@timestamp'])), bytes: Number(row.bytes) })
  }
  const found = rows.flatMap((row): Row[] => {
    const usual = (usualOf(hours.get(keyOf(row)) ?? [], begin, days) * length) / hour
    return Number(row.bytes) > times * usual ? [{ ...row, usual: Math.round(usual) as Value }] : []
  })
  const reasons = [
    ...[now, before].flatMap(({ partial }) => partial?.why ?? []),
    ...(before.rows.length === 100_000 ? ['what was usual is not known of all that sent most'] : []),
  ]
  const approximate = now.approximate
  return { rows: found, approximate, ...partialBy(reasons, now.partial?.absent) }
}

/**
 * Bytes of a usual hour: the median of all, or where it is more that of the same hour of each day, so that what runs once a
 * day is usual at its time. An hour without records counts as none.
 */
export function usualOf(
  hours: readonly { readonly at: number; readonly bytes: number }[],
  begin: number,
  days: number,
): number {
  const sameTime = Array.from({ length: days }, (_, n) => {
    // Half an hour earlier or later is the same time.
    const from = begin - (n + 1) * day
    const near = hours.filter(({ at }) => at > from - 1.5 * hour && at < from + 1.5 * hour)
    return Math.max(0, ...near.map(({ bytes }) => bytes))
  })
  const all = Array.from({ length: days * 24 }, (_, n) => hours[n]?.bytes ?? 0)
  return Math.max(median(all), median(sameTime))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  return ((low ?? 0) + (high ?? 0)) / 2
}

const numbers = { bytes: { heading: 'bytes', unit: 'bytes' }, usual: { heading: 'usual', unit: 'bytes' } } as const
const because = 'a median over the hours of days is no aggregation that a rule may compare with'

export const egressSpike = defineAlert({
  name: 'egress-spike',
  title: 'An own address sends far more to outside than usual',
  severity: 'high',
  formats: ['aws.vpcflow'],
  window: '1h',
  every: '15m',
  by: { 'source.ip': { heading: 'source' } },
  numbers: { ...numbers, targets: { heading: 'addresses' } },
  counts: ['bytes'],
  threshold: 1_000_000_000,
  ask: 'new-external',
  because,
  know: 'More than ten times the median hour of the seven days before, or of the same time of these days, so that a backup of each night is silent once it ran on four of them; leave others out by their address or target: { field: "destination.ip", cidr: "203.0.113.0/24" }. Replies of own services do not count: ports below 32,768 do.',
  steps: (ask, window, options) =>
    spikes(ask, window, options, {
      filters: [
        accepted,
        portOfServers('destination.port'),
        { not: { field: 'destination.ip', cidr: [...options.own, ...nobodys] } },
        { field: 'source.ip', cidr: options.own },
        leaves(options.own),
      ],
      groups: ['source.ip'],
      days: 7,
      times: 10,
      measures: { targets: { cardinality: 'destination.ip' } },
    }),
})

export const talkerJump = defineAlert({
  name: 'talker-jump',
  title: 'A pair of addresses moves far more than usual',
  severity: 'low',
  formats: ['aws.vpcflow'],
  window: '1h',
  every: '15m',
  by: { 'source.ip': { heading: 'source' }, 'destination.ip': { heading: 'destination' } },
  numbers,
  counts: ['bytes'],
  threshold: 1_000_000_000,
  ask: 'talkers',
  because,
  know: 'More than five times the median hour of the day before, and than the same time of that day: a batch of each day is silent. One of each week is not; leave its address out: { field: "source.ip", cidr: "10.0.40.0/24" }.',
  steps: (ask, window, options) =>
    spikes(ask, window, options, {
      filters: [accepted, onceByFlow(options.own)],
      groups: ['source.ip', 'destination.ip'],
      days: 1,
      times: 5,
    }),
})
