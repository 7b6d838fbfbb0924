/** How many of A's tries of each target fail, as counts: no connection is looked at, and nothing is joined. */
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Row, Store } from '../answer.ts'
import type { Filter, GroupsQuestion, Measure, Span } from '../question.ts'
import { flag, hasFlags } from '../tcp-flags.ts'

/** One port of one target of A, and what became of A's tries of it. */
export interface Target {
  readonly a: string
  readonly b: string
  readonly port: number
  /** Records of A's requests. */
  readonly requests: number
  /** SYNs without an answer; without flags, requests of which there is no answer at all. */
  readonly unanswered: number
  /** Answers that are a reset, and no SYN-ACK. */
  readonly refused: number
  /** Requests that a security group, a network ACL or AWS rejects. */
  readonly rejected: number
}

export interface Targets {
  readonly targets: readonly Target[]
  /** Whether records have TCP flags. */
  readonly hasFlags: boolean
  /** ISO 8601 of the newest record of A's requests. */
  readonly newest?: string
  /** What the store left out. */
  readonly partial: readonly string[]
}

/** Targets that are counted: the engines page through them. */
const mostTargets = 5000
/** Linux takes the ports of clients from here on: what goes there is an answer. */
const firstClientPort = 32_768

const accepted: Filter = { field: 'event.action', equals: 'accept' }
const no = (filter: Filter): Filter => ({ not: filter })
/** Seen at A's interface: at B's, it is the same packet again. A log without directions does not tell. */
const seen = (direction: 'egress' | 'ingress'): Filter => ({
  any: [{ field: 'network.direction', equals: direction }, no({ field: 'network.direction', exists: true })],
})
const count = (...where: Filter[]): Measure => ({ count: true, where })

const isUdp: Filter = { field: 'network.iana_number', equals: '17' }
/** SYN-ACK has both flags: ACK is logged with SYN alone. */
const isNewTry: Filter = { all: [flag('syn'), no(flag('ack'))] }
const isSyn = [accepted, isNewTry]
/** Of TCP without SYN it is a late packet of a connection that has ended. */
const isRejected: Filter[] = [{ field: 'event.action', equals: 'reject' }, { any: [isNewTry, no(hasFlags), isUdp] }]
const isReset = [flag('rst'), no(flag('ack')), no(flag('fin'))]

export async function targetsOf(ask: Store['ask'], a: string, span: Span): Promise<Targets> {
  const question = (own: string, ends: readonly [string, string], measures: GroupsQuestion['measures']) =>
    ({
      kind: 'groups',
      formats: vpcFlow.formats,
      span,
      filters: [
        { field: own, equals: a },
        { field: ends[1], range: { gt: 0, lt: firstClientPort } },
        { field: 'network.iana_number', oneOf: ['6', '17'] },
      ],
      groups: [...ends, 'network.iana_number'],
      measures,
      limit: mostTargets,
    }) satisfies GroupsQuestion
  const requests = await ask(
    question('source.ip', ['destination.ip', 'destination.port'], {
      records: { count: true },
      newest: { max: '@timestamp' },
      flagged: count(hasFlags),
      sent: count(seen('egress')),
      sentSyns: count(seen('egress'), ...isSyn),
      arrivedSyns: count(seen('ingress'), ...isSyn),
      rejected: count(...isRejected),
      rejectedThere: count({ field: 'network.direction', equals: 'ingress' }, ...isRejected),
    }),
  )
  const replies = await ask(
    question('destination.ip', ['source.ip', 'source.port'], {
      records: count(accepted),
      gotAnswers: count(seen('ingress'), accepted, flag('ack')),
      leftAnswers: count(seen('egress'), accepted, flag('ack')),
      gotResets: count(seen('ingress'), accepted, ...isReset),
      leftResets: count(seen('egress'), accepted, ...isReset),
    }),
  )
  const key = (...of: unknown[]) => of.join(' ')
  const byTarget = new Map(
    replies.rows.map((row) => [key(row['source.ip'], row['source.port'], row['network.iana_number']), row]),
  )
  const isAtA = requests.rows.some(({ sent }) => Number(sent) > 0)
  const targets = requests.rows.map((row) => {
    const { 'destination.ip': b, 'destination.port': port, 'network.iana_number': protocol } = row
    return targetOf(a, row, byTarget.get(key(b, port, protocol)) ?? {}, isAtA)
  })
  const newest = requests.rows
    .map((row) => String(row.newest))
    .sort()
    .at(-1)
  const isCut = [requests, replies].some(({ rows }) => rows.length === mostTargets)
  return {
    targets,
    hasFlags: requests.rows.some(({ flagged }) => Number(flagged) > 0),
    ...(newest !== undefined && { newest }),
    partial: [
      ...[requests, replies].flatMap(({ partial }) => partial?.why ?? []),
      ...(isCut ? [`A has more than ${mostTargets} targets in the span: a shorter one has all`] : []),
    ],
  }
}

function targetOf(a: string, request: Row, reply: Row, isAtA: boolean): Target {
  const of = (row: Row, name: string) => Number(row[name] ?? 0)
  const requests = of(request, 'records')
  const rejected = of(request, 'rejected')
  const refused = of(reply, isAtA ? 'gotResets' : 'leftResets')
  const answers = of(reply, isAtA ? 'gotAnswers' : 'leftAnswers')
  const syns = of(request, isAtA ? 'sentSyns' : 'arrivedSyns')
  // UDP needs no answer.
  const isTcp = request['network.iana_number'] === '6'
  const silent = of(reply, 'records') === 0 ? requests - rejected : 0
  // What left A and is rejected at B has its reject.
  const others = answers + refused + (isAtA ? of(request, 'rejectedThere') : 0)
  const unanswered = of(request, 'flagged') > 0 ? Math.max(0, syns - others) : silent
  return {
    a,
    b: String(request['destination.ip']),
    port: of(request, 'destination.port'),
    requests,
    unanswered: isTcp ? unanswered : 0,
    refused: isTcp ? refused : 0,
    rejected,
  }
}
