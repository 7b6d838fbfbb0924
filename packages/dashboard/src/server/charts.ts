import { type Filter, type Row, type Span, type Store, stepOf } from '@flowferry/answers'
import type { WhyAnswer } from '@flowferry/answers/why'
import { isObject } from '@flowferry/core/internal'
import type { Leg, PairCharts, Step } from '../api.ts'

interface Pair {
  readonly a: string
  readonly b: string
  readonly port?: number
  /** Where it began to fail, ISO 8601: what was seen where is of the time since. @default of the whole span */
  readonly onset?: string
}

/** Linux takes the ports of clients from 32768 on. */
const ofServers = { gt: 0, lt: 32_768 }

/** By the addresses of the record or, behind a NAT or transit gateway, of the packet. */
const way = (from: string, to: string): Filter[] =>
  [
    [['source.ip', 'aws.vpcflow.pkt_srcaddr'], from] as const,
    [['destination.ip', 'aws.vpcflow.pkt_dstaddr'], to] as const,
  ].map(([fields, equals]) => ({ any: fields.map((field) => ({ field, equals })) }))

const port = (field: 'source.port' | 'destination.port', asked: number | undefined): Filter =>
  asked === undefined ? { field, range: ofServers } : { field, equals: asked }

const accepted: Filter = { field: 'event.action', equals: 'accept' }
const rejected: Filter = { field: 'event.action', equals: 'reject' }
const direction = (equals: string): Filter => ({ field: 'network.direction', equals })
const flag = (equals: string): Filter => ({ field: 'aws.vpcflow.tcp_flags_array', equals })

/** Where a pair's packets were seen, and its connections by step of time. */
export async function chartsOf(ask: Store['ask'], pair: Pair, span: Span): Promise<PairCharts> {
  const { a, b, onset } = pair
  const request: Filter = { all: [...way(a, b), port('destination.port', pair.port)] }
  const reply: Filter = { all: [...way(b, a), port('source.port', pair.port)] }
  const common = { kind: 'groups', formats: ['aws.vpcflow'], filters: [{ any: [request, reply] }] } as const
  const every = stepOf(span)
  const since = onset !== undefined && onset > span.from && onset < span.to ? onset : span.from
  const legs = await ask({
    ...common,
    span: { ...span, from: since },
    groups: ['aws.vpcflow.interface_id', 'network.direction'],
    measures: legMeasures(request, reply),
    limit: 50,
  })
  // Where A's interface is logged, an answer is one that reached it.
  const isSeenAtA = legs.rows.some((row) => row['network.direction'] === 'egress' && Number(row['request.all']) > 0)
  const steps = await ask({
    ...common,
    span,
    groups: [{ field: '@timestamp', every }],
    measures: {
      tried: { cardinality: 'source.port', where: [request] },
      answered: {
        cardinality: 'destination.port',
        where: [reply, accepted, ...(isSeenAtA ? [direction('ingress')] : [])],
      },
      rejectedRequests: { cardinality: 'source.port', where: [request, rejected] },
      rejectedReplies: { cardinality: 'destination.port', where: [reply, rejected] },
    },
    limit: 1000,
  })
  const partial = legs.partial ?? steps.partial
  return {
    every,
    legs: legs.rows.flatMap(legsIn),
    steps: steps.rows.map(stepIn),
    ...(partial && { partial: { why: partial.why } }),
  }
}

const ways = ['request', 'reply'] as const

function legMeasures(request: Filter, reply: Filter) {
  const of = { request, reply }
  return Object.fromEntries(
    ways.flatMap((name) => [
      [`${name}.all`, { count: true, where: [of[name]] }],
      [`${name}.rejected`, { count: true, where: [of[name], rejected] }],
      [`${name}.syns`, { count: true, where: [of[name], flag('syn')] }],
      [`${name}.resets`, { count: true, where: [of[name], flag('rst')] }],
      [`${name}.last`, { max: '@timestamp', where: [of[name]] }],
    ]),
  )
}

function legsIn(row: Row): Leg[] {
  const textOr = (name: string) => (typeof row[name] === 'string' ? row[name] : null)
  return ways.flatMap((name) => {
    const all = Number(row[`${name}.all`])
    if (all === 0) return []
    const isRejected = Number(row[`${name}.rejected`])
    return [
      {
        interface: textOr('aws.vpcflow.interface_id'),
        direction: textOr('network.direction') as Leg['direction'],
        way: name,
        accepted: all - isRejected,
        rejected: isRejected,
        syns: Number(row[`${name}.syns`]),
        resets: Number(row[`${name}.resets`]),
        last: textOr(`${name}.last`),
      },
    ]
  })
}

/** A connection counts in each step in which it has a record. A rejected one may have been tried without an accepted record. */
function stepIn(row: Row): Step {
  const number = (name: string) => Number(row[name] ?? 0)
  const isRejected = Math.max(number('rejectedRequests'), number('rejectedReplies'))
  const tried = Math.max(number('tried'), number('answered'), isRejected)
  const answered = Math.min(number('answered'), tried - isRejected)
  return {
    at: String(row['@timestamp']),
    answered,
    rejected: isRejected,
    unanswered: Math.max(0, tried - answered - isRejected),
  }
}

/** B's port by the first record of the evidence in which A calls B. */
export function portIn({ pairs, evidence }: WhyAnswer): number | undefined {
  const [pair] = pairs
  for (const document of evidence) {
    const { source, destination } = document
    if (!isObject(source) || !isObject(destination)) continue
    if (source.ip === pair?.a && destination.ip === pair?.b && Number(destination.port) > 0)
      return Number(destination.port)
    if (source.ip === pair?.b && destination.ip === pair?.a && Number(source.port) > 0) return Number(source.port)
  }
  return undefined
}
