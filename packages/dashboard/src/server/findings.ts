import {
  type Answer,
  askDaily,
  type Column,
  type DailyOptions,
  type DailyQuestion,
  dailyQuestions,
  type Filter,
  type Row,
  type Span,
  type Store,
  type Value,
} from '@flowferry/answers'
import { count, figureOf, plural, privateBlocks } from '@flowferry/core/internal'
import type { Severity } from '../api.ts'
import { wrong } from './input.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** What a finding found; without rows, nothing. */
interface Found {
  readonly rows: readonly Row[]
  readonly sentence: string
  /** @default those of the question */
  readonly columns?: Readonly<Record<string, Column>>
  readonly notes?: readonly string[]
  readonly partial?: Answer['partial']
  /** @default the finding's */
  readonly severity?: Severity
}

/** What the first page looks for without being asked. */
interface Finding {
  readonly name: string
  readonly title: string
  /** What was looked at. */
  readonly looked: string
  readonly severity: Severity
  /** The question of every day behind it. */
  readonly question: string
  readonly span: (span: Span) => Span
  readonly find: (ask: Store['ask'], span: Span, options: DailyOptions) => Promise<Found>
}

const asIs = (span: Span): Span => span
/** At least a day: changes are rare, and what they break may break later. */
const lastDay = ({ from, to }: Span): Span => {
  const begin = Math.min(Date.parse(from), Date.parse(to) - day)
  return { from: new Date(begin).toISOString(), to }
}

const named = (name: string): DailyQuestion => dailyQuestions.find((question) => question.name === name)!
const picked = (question: string, names: readonly string[]): Readonly<Record<string, Column>> =>
  Object.fromEntries(names.map((name) => [name, named(question).columns[name]!]))
const told = (value: Value | undefined): string => (value === null || value === undefined ? 'unknown' : String(value))

const mostRows = 1000
const orMore = (rows: readonly Row[]): string => (rows.length >= mostRows ? ' or more' : '')

/** Asks the finding's question of every day. */
const daily = (name: string, ask: Store['ask'], span: Span, options: DailyOptions, limit = mostRows): Promise<Answer> =>
  askDaily({ ask }, named(name), span, { ...options, limit })

const partialOf = ({ partial }: Answer) => (partial ? { partial } : {})

const unanswered: Finding = {
  name: 'unanswered',
  title: 'Services that do not answer',
  looked: 'TCP connections to your own addresses that were let through: whether an answer came back, or a reset.',
  severity: 'fault',
  question: 'unanswered',
  span: asIs,
  find: async (ask, span, options) => {
    const answer = await daily('unanswered', ask, span, options)
    const failing = answer.rows.filter((row) => Number(row.unanswered) + Number(row.refused) > 0)
    const rows = await withCallers(ask, span, failing.slice(0, 20))
    const [first] = rows
    const tries = (row: Row) => Number(row.unanswered) + Number(row.refused)
    return {
      rows: [...rows, ...failing.slice(20)],
      columns: {
        ...picked('unanswered', ['destination.ip', 'destination.port', 'unanswered', 'refused', 'answered']),
        callers: { heading: 'clients' },
        ...picked('unanswered', ['first', 'last']),
      },
      sentence:
        first === undefined
          ? ''
          : `${plural(failing.length, 'service')} of yours ${failing.length === 1 ? 'does' : 'do'} not answer every call; ${told(first['destination.ip'])} port ${told(first['destination.port'])} left ${count(Number(first.unanswered))} of ${count(tries(first) + Number(first.answered))} without an answer${Number(first.refused) > 0 ? ` and refused ${count(Number(first.refused))}` : ''}.`,
      ...partialOf(answer),
    }
  },
}

/** Who called these services in vain: SYNs alone, which an answered connection may have, too, where a window began. */
async function withCallers(ask: Store['ask'], span: Span, services: readonly Row[]): Promise<Row[]> {
  if (services.length === 0) return []
  const { rows } = await ask({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span,
    filters: [
      { field: 'network.packets', range: { lte: 7 } },
      {
        any: [
          { field: 'aws.vpcflow.tcp_flags', equals: '2' },
          { not: { field: 'aws.vpcflow.tcp_flags', exists: true } },
        ],
      },
    ],
    groups: ['destination.ip', 'destination.port', 'source.ip'],
    only: services.map((row) => [row['destination.ip'] as string, row['destination.port'] as number]),
    measures: { tries: { count: true } },
    order: [{ by: 'tries', direction: 'desc' }],
    limit: 1000,
  })
  const keyOf = (row: Row) => `${row['destination.ip']} ${row['destination.port']}`
  return services.map((service) => ({
    ...service,
    callers: rows.filter((row) => keyOf(row) === keyOf(service)).map((row) => row['source.ip']!),
  }))
}

const rejectedNow: Finding = {
  name: 'rejected-now',
  title: 'New rejects',
  looked: 'Connections that security groups or network ACLs reject in this span, and not in the 24 hours before it.',
  severity: 'fault',
  question: 'rejected-now',
  span: asIs,
  find: async (ask, span, { own = privateBlocks }) => {
    const question = named('rejected-now')
    if (!('over' in question)) throw new Error('rejected-now is a question of several')
    const asked = question.over(span)
    if (asked.kind !== 'groups') throw new Error('rejected-now is a question of documents')
    const now: Filter = { field: '@timestamp', range: { gte: span.from } }
    const answer = await ask({
      ...asked,
      measures: { ...asked.measures, inside: { count: true, where: [now, { field: 'source.ip', cidr: own }] } },
      order: [
        { by: 'inside', direction: 'desc' },
        { by: 'rejected', direction: 'desc' },
      ],
      limit: 10_000,
    })
    const folded = foldClientPorts(answer.rows)
    const inside = folded.filter((row) => Number(row.inside) > 0)
    const outside = folded.length - inside.length
    const before = folded.length > 0 ? await hasRecordsBefore(ask, span) : true
    const rows = inside.length > 0 ? inside : folded
    const [first] = rows
    const where = (row: Row) =>
      row.replies === true
        ? `replies to clients at ${told(row['aws.vpcflow.interface_id'])}`
        : `port ${told(row['destination.port'])} at ${told(row['aws.vpcflow.interface_id'])}`
    return {
      rows,
      severity: inside.length > 0 ? 'fault' : 'notice',
      columns: {
        'aws.vpcflow.interface_id': { heading: 'interface' },
        'network.direction': { heading: 'direction' },
        'destination.port': { heading: 'port', unit: 'code' },
        rejected: { heading: 'rejected' },
        sources: { heading: 'sources' },
        first: { heading: 'first', unit: 'time' },
      },
      sentence:
        first === undefined
          ? ''
          : inside.length > 0
            ? `${plural(inside.length, 'place')} where your own addresses are rejected, and were not before: ${where(first)}, ${count(Number(first.rejected))} times.`
            : `${plural(outside, 'port of an interface', 'ports of interfaces')} reject what comes from outside alone, as scans of the internet do.`,
      notes: [
        ...(before ? [] : ['The store has no flow records of the 24 hours before: every reject looks new.']),
        ...(inside.length > 0 && outside > 0
          ? [`${plural(outside, 'more place')} reject what comes from outside alone, as scans of the internet do.`]
          : []),
      ],
      ...partialOf(answer),
    }
  },
}

/** Ports from 32768 on are those of clients: what is rejected there are replies, each to another port. */
export function foldClientPorts(rows: readonly Row[]): Row[] {
  const folded = new Map<string, Row>()
  const others: Row[] = []
  for (const row of rows) {
    if (!(Number(row['destination.port']) >= 32_768)) {
      others.push(row)
      continue
    }
    const key = `${row['aws.vpcflow.interface_id']} ${row['network.direction']}`
    const known = folded.get(key)
    const sum = (name: string) => Number(known?.[name] ?? 0) + Number(row[name] ?? 0)
    const firsts = [known?.first, row.first].filter((one) => typeof one === 'string').sort()
    folded.set(key, {
      ...row,
      'destination.port': "clients'",
      replies: true,
      rejected: sum('rejected'),
      inside: sum('inside'),
      sources: Math.max(Number(known?.sources ?? 0), Number(row.sources ?? 0)),
      first: firsts[0] ?? null,
    })
  }
  const all = [...folded.values(), ...others]
  return all.sort(
    (one, other) => Number(other.inside) - Number(one.inside) || Number(other.rejected) - Number(one.rejected),
  )
}

async function hasRecordsBefore(ask: Store['ask'], { from }: Span): Promise<boolean> {
  const before = new Date(Date.parse(from) - day).toISOString()
  const { rows } = await ask({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span: { from: before, to: from },
    measures: { records: { count: true } },
  })
  return Number(rows[0]?.records ?? 0) > 0
}

/** A finding whose question's rows are all worth a look. */
const rowsOf = (
  about: Pick<Finding, 'name' | 'title' | 'looked' | 'severity' | 'span'>,
  columns: readonly string[],
  sentence: (rows: readonly Row[], first: Row) => string,
): Finding => ({
  ...about,
  question: about.name,
  find: async (ask, span, options) => {
    const answer = await daily(about.name, ask, span, options)
    const [first] = answer.rows
    return {
      rows: answer.rows,
      columns: picked(about.name, columns),
      sentence: first === undefined ? '' : sentence(answer.rows, first),
      ...partialOf(answer),
    }
  },
})

const changeColumns: Readonly<Record<string, Column>> = {
  'event.action': { heading: 'action' },
  'user.name': { heading: 'by' },
  'source.address': { heading: 'from' },
  times: { heading: 'times' },
  '@timestamp': { heading: 'last', unit: 'time' },
  'aws.cloudtrail.request_parameters': { heading: 'request' },
}

/** What the same one did again and again is one row, the rarest first: scaling goes on all day, an ACL changes once. */
export function foldChanges(rows: readonly Row[]): Row[] {
  const folded = new Map<string, Row>()
  for (const row of rows) {
    const by = row['user.name'] ?? row['source.address']!
    const key = JSON.stringify([row['event.action'], by])
    const known = folded.get(key)
    // Rows come newest first.
    folded.set(key, { ...(known ?? { ...row, 'user.name': by }), times: Number(known?.times ?? 0) + 1 })
  }
  return [...folded.values()].sort((one, other) => Number(one.times) - Number(other.times))
}

/** Changes of the last day by what they are and by whom. */
const changes = (about: Pick<Finding, 'name' | 'title' | 'looked'>): Finding => ({
  ...about,
  severity: 'change',
  question: about.name,
  span: lastDay,
  find: async (ask, span, options) => {
    const answer = await daily(about.name, ask, span, options)
    const rows = foldChanges(answer.rows)
    const [first] = rows
    const more = orMore(answer.rows)
    return {
      rows,
      columns: changeColumns,
      sentence:
        first === undefined
          ? ''
          : `${plural(answer.rows.length, `change${more}`, `changes${more}`)} ${within(span)}, of ${plural(rows.length, 'kind')}; the rarest is ${told(first['event.action'])} by ${told(first['user.name'])}.`,
      ...partialOf(answer),
    }
  },
})

/** The span that was looked at, in words: at least a day, as `lastDay` makes it. */
const within = ({ from, to }: Span): string => {
  const days = Math.round((Date.parse(to) - Date.parse(from)) / day)
  return days > 1 ? `in ${days} days` : 'in a day'
}

const lastOf = (first: Row): string => `the last is ${told(first['event.action'])} by ${told(first['user.name'])}`

const logGaps: Finding = {
  name: 'log-gaps',
  title: 'Gaps in the flow logs',
  looked:
    'Every interface of the span: whether its log ended half an hour before the newest one, or AWS skipped records.',
  severity: 'notice',
  question: 'log-gaps',
  span: asIs,
  find: async (ask, span, options) => {
    const answer = await daily('log-gaps', ask, span, options, 10_000)
    const newest = Math.max(...answer.rows.map((row) => Date.parse(String(row.last))))
    const ended = answer.rows.filter((row) => newest - Date.parse(String(row.last)) > 30 * minute)
    const skipped = answer.rows.filter((row) => Number(row.skipped) > 0 && !ended.includes(row))
    return {
      rows: [...ended, ...skipped],
      columns: picked('log-gaps', ['aws.vpcflow.interface_id', 'cloud.account.id', 'last', 'records', 'skipped']),
      sentence: [
        ...(ended.length > 0 ? [`${plural(ended.length, 'interface')} ended half an hour before the newest log`] : []),
        ...(skipped.length > 0 ? [`of ${plural(skipped.length, 'interface')} AWS skipped records`] : []),
      ]
        .join('; ')
        .concat('.'),
      ...partialOf(answer),
    }
  },
}

const health: Finding = {
  name: 'health',
  title: 'The pipeline',
  looked: 'The newest record of each kind of log against the end of the span, and records that could not be stored.',
  severity: 'notice',
  question: 'health',
  span: asIs,
  find: async (ask, span, options) => {
    const answer = await daily('health', ask, span, options)
    const behind = (row: Row) => Number(row.behind ?? 0) > 30 * 60
    const dead = (row: Row) => Number(row.dead ?? 0) > 0
    const rows = answer.rows.filter((row) => behind(row) || dead(row))
    return {
      rows,
      columns: picked('health', ['dataset', 'newest', 'behind', 'records', 'dead']),
      sentence: [
        ...(rows.some(behind)
          ? [`${plural(rows.filter(behind).length, 'kind')} of logs ended half an hour before the span`]
          : []),
        ...(rows.some(dead) ? ['records could not be stored'] : []),
      ]
        .join('; ')
        .concat('.'),
      // Logs that nobody delivers are no fault: those that are there are looked at.
      ...(answer.partial && !answer.partial.absent
        ? { partial: answer.partial }
        : answer.rows.every((row) => !(Number(row.records) > 0)) && {
            partial: { why: 'no log has a record in this span, and what is looked for is looked for in nothing' },
          }),
    }
  },
}

const cdnErrors: Finding = {
  name: 'cdn-errors',
  title: 'Errors of the CDN',
  looked: 'Answers of CloudFront of 500 and above, by distribution and path.',
  severity: 'notice',
  question: 'cdn-errors',
  span: asIs,
  find: async (ask, span, options) => {
    const answer = await daily('cdn-errors', ask, span, options)
    const [first] = answer.rows
    const sum = answer.rows.reduce((total, row) => total + Number(row.errors), 0)
    return {
      rows: answer.rows,
      columns: picked('cdn-errors', ['url.path', 'errors', 'requests', 'share', 'last']),
      sentence:
        first === undefined
          ? ''
          : `${plural(sum, 'answer')} of 500 and above on ${plural(answer.rows.length, `path${orMore(answer.rows)}`, `paths${orMore(answer.rows)}`)}; of ${told(first['url.path'])} ${figureOf(Number(first.share), 'share')} fail.`,
      ...partialOf(answer),
    }
  },
}

/** In the order of the page: what is broken, what may be, what changed. */
export const findings: readonly Finding[] = [
  unanswered,
  rejectedNow,
  cdnErrors,
  rowsOf(
    {
      name: 'sign-ins',
      title: 'Root, and sign-ins without a second factor',
      looked: 'What root did in a day or the longer span, and console sign-ins of users without a second factor.',
      severity: 'notice',
      span: lastDay,
    },
    ['@timestamp', 'user.name', 'event.action', 'event.outcome', 'source.address'],
    (rows, first) =>
      `${plural(rows.length, `event${orMore(rows)}`, `events${orMore(rows)}`)} of root or without a second factor; ${lastOf(first)}.`,
  ),
  rowsOf(
    {
      name: 'iam-errors',
      title: 'Denied calls',
      looked: 'Calls of AWS that a policy did not allow, by principal and action.',
      severity: 'notice',
      span: asIs,
    },
    ['user.name', 'event.provider', 'event.action', 'calls', 'last'],
    (rows, first) =>
      `${plural(
        rows.reduce((total, row) => total + Number(row.calls), 0),
        'call',
      )} denied; most of ${told(first['user.name'])}: ${told(first['event.action'])}.`,
  ),
  logGaps,
  health,
  changes({
    name: 'network-changes',
    title: 'Changes of the network',
    looked:
      'Successful calls of a day or the longer span that change what reaches what: groups, ACLs, routes, gateways, DNS.',
  }),
  changes({
    name: 'iam-changes',
    title: 'Changes of users, roles and policies',
    looked:
      'Successful calls of a day or the longer span to IAM, Organizations and Identity Center that do not only read.',
  }),
]

export function findFinding(name: string): Finding {
  const found = findings.find((one) => one.name === name)
  if (!found) throw wrong('name is that of no finding')
  return found
}
