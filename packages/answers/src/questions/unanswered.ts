import { privateBlocks } from '@flowferry/core/internal'
import { type Answer, partialBy, type Row, type Store } from '../answer.ts'
import { compareLists } from '../order.ts'
import type { Filter, GroupsQuestion, Span } from '../question.ts'
import { flag, noFlags } from '../tcp-flags.ts'
import { groupedBy, isoDate } from '../values.ts'
import { delivery, margin } from '../why/spans.ts'
import { accepted, portOfServers, rejected, type SteppedQuestion } from './daily.ts'

/** A window's greatest length, so a reply is in the step of its request or in one beside it. */
const step = margin
const mostTries = 100_000
/** Values of one filter. */
const mostValues = 10_000

const leaving: Filter = { field: 'network.direction', equals: 'egress' }
const tcp: Filter = { field: 'network.iana_number', equals: '6' }

/**
 * Records that may be of a SYN and its repetitions alone: Linux sends seven. An answered connection has such a record,
 * too, where it began at the end of a window. Version 2 has no flags: then 7 packets of up to 64 bytes.
 */
const mayBeUnanswered: readonly Filter[] = [
  tcp,
  { field: 'network.packets', range: { lte: 7 } },
  {
    any: [
      { field: 'aws.vpcflow.tcp_flags', equals: '2' },
      { all: [noFlags, portOfServers('destination.port'), { field: 'network.bytes', range: { lte: 7 * 64 } }] },
    ],
  },
]

export const unanswered: SteppedQuestion = {
  name: 'unanswered',
  title: 'Own services that do not answer, refuse, or reset',
  formats: ['aws.vpcflow'],
  columns: {
    'destination.ip': { heading: 'service' },
    'destination.port': { heading: 'port', unit: 'code' },
    unanswered: { heading: 'unanswered' },
    refused: { heading: 'refused' },
    reset: { heading: 'reset later' },
    answered: { heading: 'answered' },
    clients: { heading: 'clients' },
    first: { heading: 'first', unit: 'time' },
    last: { heading: 'last', unit: 'time' },
  },
  know: 'TCP connections to your addresses that were accepted: unanswered where no packet came back within a window (nor does a reply that a network ACL rejects), refused where a RST did. Reset later are RSTs of the service in connections that it had answered, which some servers and load balancers use to close. Rejected ones are in rejected-now; the last 15 minutes before the newest record are left out, since replies may still come; a reply in a skipped window is missed. Without TCP flags (version 2) small records without a reply count, and answers are not counted.',
  reads: ({ from, to }) => ({ from: isoDate(Date.parse(from) - step), to: isoDate(Date.parse(to) + delivery + step) }),
  steps: async (ask, span, options = {}) => {
    const { own = privateBlocks, limit = 100 } = options
    const asked = counting(ask)
    const until = await completeUntil(asked.ask, span)
    if (until <= span.from) return { rows: [], ...asked.state() }
    const complete = { from: span.from, to: until }
    const found = await triesOf(asked.ask, complete, own)
    if (found.length === mostTries) asked.reasons.push(`there are more than ${mostTries} tries: a shorter span has all`)
    const tries = await answersTo(asked.ask, complete, found)
    const services = servicesOf(tries, await servedBy(asked.ask, complete, own))
    return { rows: services.slice(0, limit), ...asked.state() }
  },
}

/** One connection's SYNs in steps that follow each other, and what came back. */
interface Try {
  readonly client: string
  readonly clientPort: number
  readonly service: string
  readonly port: number
  /** Beginnings of the first and the last step, epoch milliseconds. */
  readonly from: number
  to: number
  readonly first: string
  last: string
  isRejected: boolean
  /** Records of replies, with a SYN-ACK or no flags that tell, and with a RST. */
  replies: number
  opened: number
  /** RSTs as they leave an interface, and elsewhere. */
  resetsOut: number
  resetsIn: number
}

/** An `ask` that keeps why an answer is partial. */
function counting(ask: Store['ask']) {
  const reasons: string[] = []
  let absent = true
  const counted = async (question: GroupsQuestion): Promise<readonly Row[]> => {
    const { rows, partial } = await ask(question)
    if (partial) reasons.push(partial.why)
    absent &&= partial?.absent === true
    return rows
  }
  const state = (): Omit<Answer, 'rows'> => ({ approximate: [], ...partialBy(reasons, absent) })
  return { ask: counted, reasons, state }
}

type Ask = ReturnType<typeof counting>['ask']

const groupsOf = (question: Omit<GroupsQuestion, 'kind' | 'formats'>): GroupsQuestion => ({
  kind: 'groups',
  formats: ['aws.vpcflow'],
  ...question,
})

/** The end of the span, or of what can have been delivered whole by the newest record. */
async function completeUntil(ask: Ask, { from, to }: Span): Promise<string> {
  const span = { from, to: isoDate(Date.parse(to) + delivery + step) }
  const [row] = await ask(groupsOf({ span, measures: { newest: { max: '@timestamp' } } }))
  const newest = typeof row?.newest === 'string' ? Date.parse(row.newest) : Number.NEGATIVE_INFINITY
  const until = Math.min(Date.parse(to), newest - delivery)
  return Number.isFinite(until) ? isoDate(until) : from
}

const stepped = { field: '@timestamp', every: '10m' } as const
const fields = ['source.ip', 'source.port', 'destination.ip', 'destination.port'] as const

async function triesOf(ask: Ask, span: Span, own: readonly string[]): Promise<Try[]> {
  const rows = await ask(
    groupsOf({
      span,
      filters: [
        accepted,
        ...mayBeUnanswered,
        { field: 'destination.ip', cidr: own },
        // What comes to a NAT gateway goes on to another.
        { not: { field: 'aws.vpcflow.interface_type', oneOf: ['nat_gateway', 'regional_nat_gateway'] } },
      ],
      groups: [...fields, stepped],
      measures: { first: { min: 'event.start' }, last: { max: '@timestamp' } },
      limit: mostTries,
    }),
  )
  const tries = new Map<string, Try[]>()
  const sorted = [...rows].sort((a, b) => timeOf(a) - timeOf(b))
  for (const row of sorted) {
    const [client, clientPort, service, port] = fields.map((field) => row[field]) as [string, number, string, number]
    const key = keyOf(client, clientPort, service, port)
    const own = tries.get(key) ?? []
    tries.set(key, own)
    const at = timeOf(row)
    const before = own.at(-1)
    if (before && at - before.to <= step) {
      before.to = at
      before.last = String(row.last)
      continue
    }
    const times = { from: at, to: at, first: String(row.first), last: String(row.last) }
    const nothing = { isRejected: false, replies: 0, opened: 0, resetsOut: 0, resetsIn: 0 }
    own.push({ client, clientPort, service, port, ...times, ...nothing })
  }
  return [...tries.values()].flat()
}

const timeOf = (row: Row): number => Date.parse(String(row['@timestamp']))
const keyOf = (...parts: readonly unknown[]): string => parts.join(' ')

/** Looks for the mirrored records of each try, and for rejects of its own. */
async function answersTo(ask: Ask, { from, to }: Span, tries: readonly Try[]): Promise<readonly Try[]> {
  const [least, most] = [Date.parse(from) - step, Date.parse(to) + step]
  for (const some of batchesOf(tries)) {
    // A step beside a try's last one ends two steps behind its beginning.
    const ends = some.map((one) => [one.from - step, one.to + 2 * step] as const)
    const begin = ends.reduce((first, [one]) => Math.min(first, one), most)
    const end = ends.reduce((last, [, one]) => Math.max(last, one), least)
    const span = { from: isoDate(Math.max(begin, least)), to: isoDate(Math.min(end, most)) }
    const known = groupedBy(some, (one) => keyOf(one.client, one.clientPort, one.service, one.port))
    const client = (one: Try) => [one.client, one.clientPort] as const
    const service = (one: Try) => [one.service, one.port] as const
    const common = { span, groups: [...fields, stepped], limit: mostTries }
    const replies = await ask(
      groupsOf({
        ...common,
        only: some.map((one) => [...service(one), ...client(one)]),
        filters: [tcp, accepted],
        measures: {
          replies: { count: true },
          opened: { count: true, where: [{ any: [flag('syn'), { not: flag('rst') }] }] },
          resetsOut: { count: true, where: [flag('rst'), leaving] },
          resetsIn: { count: true, where: [flag('rst'), { not: leaving }] },
        },
      }),
    )
    for (const row of replies) {
      const key = keyOf(row['destination.ip'], row['destination.port'], row['source.ip'], row['source.port'])
      for (const one of near(known.get(key), row))
        for (const name of ['replies', 'opened', 'resetsOut', 'resetsIn'] as const) one[name] += Number(row[name])
    }
    const rejects = await ask(
      groupsOf({
        ...common,
        only: some.map((one) => [...client(one), ...service(one)]),
        filters: [tcp, rejected],
        measures: { rejects: { count: true } },
      }),
    )
    for (const row of rejects)
      for (const one of near(known.get(keyOf(...fields.map((field) => row[field]))), row)) one.isRejected = true
  }
  return tries
}

/**
 * As many as a filter takes values. A store reads a question's span anew for each, so that many are of one hour at a time,
 * and within it of a few ports.
 */
function batchesOf(tries: readonly Try[]): Try[][] {
  const hours = groupedBy(tries, ({ from }) => (tries.length > mostValues ? Math.floor(from / hourLong) : 0))
  return [...hours.values()].flatMap((own) => {
    const byPort = own.sort((a, b) => a.clientPort - b.clientPort)
    const count = Math.ceil(byPort.length / mostValues)
    return Array.from({ length: count }, (_, index) => byPort.slice(index * mostValues, (index + 1) * mostValues))
  })
}
const hourLong = 6 * step

/** Those whose steps are the row's, or beside it: another use of the same ports is hours away. */
const near = (tries: readonly Try[] = [], row: Row): Try[] =>
  tries.filter(({ from, to }) => timeOf(row) >= from - step && timeOf(row) <= to + step)

interface Served {
  /** Records with a SYN-ACK and with a RST, as they leave an interface and elsewhere: both where both ends are logged. */
  readonly openedOut: number
  readonly openedIn: number
  readonly resetsOut: number
  readonly resetsIn: number
}

/** What each service answered and reset, all in all. */
async function servedBy(ask: Ask, span: Span, own: readonly string[]): Promise<ReadonlyMap<string, Served>> {
  const rows = await ask(
    groupsOf({
      span,
      filters: [
        accepted,
        tcp,
        { field: 'source.ip', cidr: own },
        portOfServers('source.port'),
        { any: [{ all: [flag('syn'), flag('ack')] }, flag('rst')] },
      ],
      groups: ['source.ip', 'source.port'],
      measures: {
        openedOut: { count: true, where: [flag('syn'), flag('ack'), leaving] },
        openedIn: { count: true, where: [flag('syn'), flag('ack'), { not: leaving }] },
        resetsOut: { count: true, where: [flag('rst'), leaving] },
        resetsIn: { count: true, where: [flag('rst'), { not: leaving }] },
      },
      limit: mostTries,
    }),
  )
  return new Map(
    rows.map(({ openedOut, openedIn, resetsOut, resetsIn, ...row }) => [
      keyOf(row['source.ip'], row['source.port']),
      { openedOut, openedIn, resetsOut, resetsIn } as unknown as Served,
    ]),
  )
}

function servicesOf(tries: readonly Try[], served: ReadonlyMap<string, Served>): Row[] {
  const byService = new Map<string, Try[]>()
  for (const [key] of served) byService.set(key, [])
  for (const one of tries) {
    if (one.isRejected || one.opened > 0) continue
    const key = keyOf(one.service, one.port)
    byService.set(key, [...(byService.get(key) ?? []), one])
  }
  const none: Served = { openedOut: 0, openedIn: 0, resetsOut: 0, resetsIn: 0 }
  const rows = [...byService].flatMap(([key, own]): Row[] => {
    const [service, port] = key.split(' ') as [string, string]
    const { openedOut, openedIn, resetsOut, resetsIn } = served.get(key) ?? none
    const refusals = own.filter(({ replies }) => replies > 0)
    const sum = (name: 'resetsOut' | 'resetsIn') => refusals.reduce((total, one) => total + one[name], 0)
    // Where both ends are logged, each reset is there twice: once as it leaves.
    const reset = Math.max(resetsOut - sum('resetsOut'), resetsIn - sum('resetsIn'), 0)
    if (own.length === 0 && reset === 0) return []
    return [
      {
        'destination.ip': service,
        'destination.port': Number(port),
        unanswered: own.length - refusals.length,
        refused: refusals.length,
        reset,
        answered: Math.max(openedOut, openedIn),
        clients: new Set(own.map(({ client }) => client)).size,
        first: own.map(({ first }) => first).sort()[0] ?? null,
        last:
          own
            .map(({ last }) => last)
            .sort()
            .at(-1) ?? null,
      },
    ]
  })
  const keys = ({ unanswered, refused, ...row }: Row) => [
    Number(unanswered) + Number(refused),
    row.reset!,
    row['destination.ip']!,
    row['destination.port']!,
  ]
  const order = [{ isDescending: true }, { isDescending: true }, { isDescending: false }, { isDescending: false }]
  return rows.sort((a, b) => compareLists(keys(a), keys(b), order))
}
