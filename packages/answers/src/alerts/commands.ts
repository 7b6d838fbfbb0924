import { isIP } from 'node:net'
import { hostPort } from '@flowferry/core/internal'
import type { Row, Store, Value } from '../answer.ts'
import type { Filter, FilterValue, Span } from '../question.ts'
import { isoDate } from '../values.ts'
import type { Alert } from './alert.ts'

interface Ends {
  readonly a: string
  readonly b: string
  readonly port: number
}

/** Somebody pastes these commands: what has not the form of an address or a port is no part of one. */
function endsOf(a: Value, b: Value, port: Value): Ends | undefined {
  const isAddress = (value: Value): value is string =>
    typeof value === 'string' && isIP(value) > 0 && !value.includes('%')
  const isPort = (value: Value): value is number =>
    Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536
  return isAddress(a) && isAddress(b) && isPort(port) ? { a, b, port } : undefined
}

/** No question takes a NUL, which ends SQL: a record that holds one is told, and not looked up. */
export const isAskable = (value: Value): boolean => !(typeof value === 'string' && value.includes('\0'))

/** The two ends that most of a finding's records have; undefined where the alert looks for none, or there are none. */
export async function pairOf(ask: Store['ask'], { pair, by }: Alert, who: Row, span: Span): Promise<Ends | undefined> {
  if (!pair || !Object.values(who).every(isAskable)) return undefined
  const named = Object.keys(by).map((field): Filter => {
    const value = who[field] ?? null
    return value === null ? { not: { field, exists: true } } : { field, equals: value as FilterValue }
  })
  const [service, client] = pair.areReplies
    ? (['source', 'destination'] as const)
    : (['destination', 'source'] as const)
  const fields = [`${client}.ip`, `${service}.ip`, `${service}.port`] as const
  const { rows } = await ask({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span,
    filters: [...pair.filters, ...named, ...fields.map((field): Filter => ({ field, exists: true }))],
    groups: fields,
    measures: { records: { count: true } },
    order: [{ by: 'records', direction: 'desc' }],
    limit: 1,
  })
  const [a, b, port] = fields.map((field) => rows[0]?.[field] ?? null) as [Value, Value, Value]
  return endsOf(a, b, port)
}

const minute = 60_000
/** To the minute, as `--since` takes it: the one in which it began, and the one after its end. */
function spanWords({ from, to }: Span): string {
  const floor = Math.floor(Date.parse(from) / minute) * minute
  const ceiling = Math.ceil(Date.parse(to) / minute) * minute
  return `--since ${isoDate(floor).slice(0, 16)}Z --until ${isoDate(ceiling).slice(0, 16)}Z`
}

/** What to run next: `why`, where two ends are known, and the question that shows the records. */
export function commandsOf(alert: Alert, span: Span, ends: Ends | undefined): string[] {
  const where = `--from <store> ${spanWords(span)}`
  return [
    ...(ends ? [`flowferry why ${ends.a} ${hostPort(ends.b, ends.port)} ${where}`] : []),
    ...(alert.ask === undefined ? [] : [`flowferry ask ${alert.ask} ${where}`]),
  ]
}

/** The page of an alert in the dashboard at this address, without a token that stands in it. */
export function linkOf(dashboard: string, { name }: Alert, { from, to }: Span): string {
  const query = new URLSearchParams({ since: from, until: to })
  return `${dashboard.replace(/[?#].*$/s, '')}#/alerts/${name}?${query}`
}
