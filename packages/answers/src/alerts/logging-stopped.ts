import { partialBy, type Row, type Store } from '../answer.ts'
import type { Span } from '../question.ts'
import { isoDate } from '../values.ts'
import { defineAlert } from './alert.ts'
import { countedBy, succeeded } from './audit.ts'

/** A replacement is made within so many milliseconds, before or after. */
const replaced = 10 * 60_000
const most = 10_000

/** What begins a log, and what it takes the place of. Whoever stops a trail and starts it again replaces nothing. */
const replacements: Readonly<Record<string, readonly string[]>> = {
  CreateTrail: ['DeleteTrail', 'UpdateTrail', 'PutEventSelectors'],
  CreateFlowLogs: ['DeleteFlowLogs'],
}
const stopping = ['StopLogging', ...Object.values(replacements).flat()]
const groups = ['cloud.account.id', 'cloud.region', 'aws.cloudtrail.user_identity.arn', 'event.action'] as const

export const loggingStopped = defineAlert({
  name: 'logging-stopped',
  title: 'A trail or a flow log was stopped, deleted or changed',
  severity: 'high',
  formats: ['aws.cloudtrail'],
  window: '5m',
  every: '5m',
  by: {
    'cloud.account.id': { heading: 'account' },
    'cloud.region': { heading: 'region' },
    'aws.cloudtrail.user_identity.arn': { heading: 'principal' },
    'event.action': { heading: 'action' },
  },
  numbers: { calls: { heading: 'calls' } },
  counts: ['calls'],
  threshold: 1,
  ask: 'network-changes',
  because: 'whether another log was begun in its place is told by other events, and a query joins none',
  know: 'Terraform replaces a log by deleting it and making another: where the same principal makes one in the same account and region within ten minutes, what it deleted or changed is silent. StopLogging never is.',
  steps: async (ask, { span }, { threshold }) => {
    const around = {
      from: isoDate(Date.parse(span.from) - replaced),
      to: isoDate(Date.parse(span.to) + replaced),
    }
    const stops = await callsOf(ask, span, stopping)
    const starts = stops.rows.length === 0 ? undefined : await callsOf(ask, around, Object.keys(replacements))
    const left = unreplaced(stops.rows, starts?.rows ?? [])
    const counted = countedBy(
      'calls',
      left.map((row) => [Object.fromEntries(groups.map((name) => [name, row[name] ?? null])), row['@timestamp']!]),
    )
    const reasons = [stops, starts].flatMap((one) => [
      ...(one?.partial ? [one.partial.why] : []),
      ...(one?.rows.length === most ? [`there are more than ${most} such calls`] : []),
    ])
    return {
      rows: counted.filter(({ calls }) => Number(calls) >= threshold),
      approximate: [],
      ...partialBy(reasons, stops.partial?.absent),
    }
  },
})

const callsOf = (ask: Store['ask'], span: Span, actions: readonly string[]) =>
  ask({
    kind: 'documents',
    formats: ['aws.cloudtrail'],
    span,
    filters: [succeeded, { field: 'event.action', oneOf: actions }],
    fields: ['@timestamp', ...groups],
    order: [{ by: '@timestamp' }],
    limit: most,
  })

/** Each start takes the place of one stop of each kind, the nearest that is left. */
function unreplaced(stops: readonly Row[], starts: readonly Row[]): Row[] {
  const left = new Set(stops)
  for (const start of starts)
    for (const action of replacements[String(start['event.action'])] ?? []) {
      const near = [...left].filter(
        (stop) =>
          stop['event.action'] === action &&
          groups.slice(0, 3).every((name) => stop[name] === start[name]) &&
          distance(stop, start) <= replaced,
      )
      const [first] = near.sort((one, other) => distance(one, start) - distance(other, start))
      if (first) left.delete(first)
    }
  return [...left]
}

const distance = (one: Row, other: Row) =>
  Math.abs(Date.parse(String(one['@timestamp'])) - Date.parse(String(other['@timestamp'])))
