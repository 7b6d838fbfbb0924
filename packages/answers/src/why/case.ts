import { isIPv6 } from 'node:net'
import type { LogDocument } from '@flowferry/core'
import { isPrivate } from '../addresses.ts'
import { withoutCopies } from './copies.ts'
import type { Evidence, InterfaceLog, Pair } from './evidence.ts'
import { type Flow, flowsOf } from './flow.ts'
import { asOne, inTurn, showsRejects } from './in-turn.ts'
import { type Kept, keptBy } from './kept.ts'
import type { KnownInterface } from './known.ts'
import { delivery } from './spans.ts'
import { throughNat } from './through-nat.ts'
import {
  areUnansweredSyns,
  byPort,
  clockSkew,
  flowsOfTry,
  looksLikeSyn,
  type Seen,
  type Try,
  triesOf,
} from './tries.ts'

/** The evidence in order: whose interface is whose, and each connection with all that was seen of it. */
export interface Case {
  readonly pair: Pair
  /** Port of B that is asked about; none where no record tells. */
  readonly port?: number
  readonly a: Side
  readonly b: Side
  readonly tries: readonly Try[]
  /** Whether records have TCP flags. */
  readonly hasFlags: boolean
  /** Whether records have the addresses that packets had before any gateway changed them. */
  readonly hasPacketAddresses: boolean
  readonly isUdp: boolean
  /** A's flows to other addresses on the port. */
  readonly elsewhere: readonly Flow[]
  /** Of gateways that translate, to B and back: A's address is not in them. */
  readonly outer: {
    readonly request: readonly Flow[]
    readonly reply: readonly Flow[]
    /** Requests of which nothing tells whose they are. */
    readonly unknown: readonly Flow[]
    /** Interfaces that sent such as their own. */
    readonly gateways: ReadonlySet<string>
  }
  /** Connections of others to B's port, gateways among them, as B's interface shows them. */
  readonly othersAtB: readonly Try[]
  /** Ids of interfaces on the way: they get B's replies, or carry A's requests. */
  readonly passing: ReadonlySet<string>
  /** Epoch milliseconds: silence until here is silence. */
  readonly completeUntil: number
  readonly evidence: Evidence
}

export interface Side {
  readonly address: string
  /** As a snapshot has it. */
  readonly known?: KnownInterface
  /** None where no flow log shows it; of several interfaces what all of them have, and the id of the last. */
  readonly log?: InterfaceLog
  /** The interfaces that had the address one after the other. */
  readonly ids: readonly string[]
  /** What its flow logs keep; none where no snapshot has them as of the span. */
  readonly kept?: Kept
}

export function caseOf(evidence: Evidence): Case {
  const { pair } = evidence
  const asTold = withoutCopies(flowsOf(evidence.flows))
  const a = sideOf(pair.a, evidence)
  const b = sideOf(pair.b, evidence)
  const transit = flowsOf(evidence.transit ?? [])
  const port = pair.port ?? portOf([...asTold, ...transit], pair)
  const nat = throughNat(asTold, pair, port)
  const flows = asTold.map(nat.ofA)
  // A gateway's address stands in the records of what it passes on; whose it is, the packets' own addresses tell.
  const to = (flow: Flow) => flow.packetDestination === pair.b
  const from = (flow: Flow) => flow.packetSource === pair.b
  const ofA = (flow: Flow) => flow.packetSource === pair.a || flow.packetDestination === pair.a
  const isRequest = (flow: Flow) => to(flow) && flow.destinationPort === port
  const isReply = (flow: Flow) => from(flow) && flow.sourcePort === port
  const seen = (all: readonly Flow[], place: (flow: Flow) => Seen['place']): Seen[] =>
    all
      .filter((flow) => ofA(flow) && (isRequest(flow) || isReply(flow)))
      .map((flow) => ({ place: place(flow), isReply: !isRequest(flow), flow }))
  const tries = triesOf([
    ...seen(flows, ({ at }) => (at === undefined ? 'between' : placeOf(at, a, b))),
    ...seen(transit, () => 'transit'),
  ]).filter(({ start, end }) => end >= Date.parse(pair.since) - clockSkew && start < Date.parse(pair.until) + clockSkew)
  const ofOthers = flows.filter((flow) => flow.at !== undefined && b.ids.includes(flow.at) && !ofA(flow))
  const passing = tries.flatMap(({ between: { request, reply } }) => [
    ...request,
    ...reply.filter(({ direction }) => direction === 'ingress'),
  ])
  const outside = asTold.filter((flow) => !ofA(flow))
  const newest = [a.log, b.log].flatMap((log) => (log ? [Date.parse(log.newest)] : []))
  return {
    pair,
    ...(port !== undefined && { port }),
    a,
    b,
    tries,
    hasFlags: flows.some(({ flags }) => flags !== undefined),
    hasPacketAddresses: evidence.flows.some(hasPacketAddress),
    isUdp: tries.length > 0 && flows.filter((flow) => isRequest(flow)).every(({ protocol }) => protocol === '17'),
    elsewhere: flowsOf(evidence.elsewhere ?? []).filter(
      ({ destination, destinationPort }) => destination !== pair.b && destinationPort === port,
    ),
    outer: {
      request: outside.filter((flow) => isRequest(flow) && flow.destination === pair.b),
      reply: outside.filter((flow) => isReply(flow) && flow.source === pair.b),
      unknown: nat.unknown,
      gateways: nat.gateways,
    },
    othersAtB: triesOf(
      ofOthers
        .filter((flow) => isRequest(flow) || isReply(flow))
        .map((flow) => ({ place: 'atB', isReply: !isRequest(flow), flow })),
    ),
    passing: new Set(passing.flatMap(({ at }) => at ?? [])),
    completeUntil: newest.length > 0 ? Math.min(...newest) - delivery : Number.NEGATIVE_INFINITY,
    evidence,
  }
}

const gateways = ['transit_gateway', 'nat_gateway', 'regional_nat_gateway']

/** A gateway's interface may show an address that it only passes on. */
function sideOf(address: string, evidence: Evidence): Side {
  const { interfaces, known = [], pair } = evidence
  const holding = interfaces.filter(({ holds, type = '' }) => holds.includes(address) && !gateways.includes(type))
  const logs = inTurn(holding, pair)
  const log = asOne(logs)
  // The address may have been another interface's at the time of the records.
  const ofSnapshot = known.find(({ id, addresses }) => addresses.includes(address) && (!log || log.id === id))
  // Of an interface that was made anew, the snapshot has the last one alone.
  const kept = logs.length > 1 ? undefined : keptBy(ofSnapshot, log, evidence)
  const ids = logs.map(({ id }) => id)
  return { address, ids, ...(log && { log }), ...(ofSnapshot && { known: ofSnapshot }), ...(kept && { kept }) }
}

function placeOf(at: string, a: Side, b: Side): Seen['place'] {
  if (a.ids.includes(at)) return 'atA'
  return b.ids.includes(at) ? 'atB' : 'between'
}

function hasPacketAddress({ aws }: LogDocument): boolean {
  const { vpcflow = {} } = (aws ?? {}) as { vpcflow?: object }
  return 'pkt_srcaddr' in vpcflow
}

/** The port to which A opens most connections. */
export function portOf(flows: readonly Flow[], { a, b }: Pair): number | undefined {
  const counts = new Map<number, number>()
  for (const flow of flows) {
    const isAsked =
      (flow.packetSource === a || flow.source === a) && [flow.destination, flow.packetDestination].includes(b)
    if (isAsked && (looksLikeSyn(flow) || flow.destinationPort <= flow.sourcePort))
      counts.set(flow.destinationPort, (counts.get(flow.destinationPort) ?? 0) + 1)
  }
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0]
}

/** Its interfaces, as a text names them. */
export const idsOf = ({ ids }: Side): string => ids.join(' and ')

/** Whether its address may be an interface's: those of IPv6 are the same inside a VPC and outside. */
export const mayBeOwn = ({ address, known }: Side): boolean =>
  known !== undefined || isPrivate(address) || isIPv6(address)

/** A flow log of rejected traffic alone is silent about all that is accepted. */
const logsRejectsAlone = ({ log, kept }: Side): boolean =>
  log !== undefined && !log.accepts && (kept?.accepts === undefined || !kept.isProven ? log.rejects : !kept.accepts)

/** Whether a side's flow log has accepted traffic: without any record of it, or a snapshot, it may be of rejected traffic alone. */
export const logsAccepts = ({ log, kept }: Side): boolean =>
  log !== undefined && (log.accepts || (kept?.isProven === true && kept.accepts === true))

/** Whether a side's silence over a connection is silence: its log has the time, and no records were skipped. */
export function hears(side: Side, { start, end }: Try): boolean {
  const { log } = side
  if (!log || logsRejectsAlone(side)) return false
  const skips = log.skipped.some(
    (window) => Date.parse(window.start) <= end + clockSkew && Date.parse(window.end) >= start - clockSkew,
  )
  return !skips && Date.parse(log.oldest) <= start + clockSkew && Date.parse(log.newest) >= end
}

/**
 * How surely a side's flow log keeps REJECT records: it has one, of this interface or of another, or a snapshot tells. Where
 * nothing says which flow log a record is of, another interface of its subnet that has one is a hint: as a rule, one flow log
 * covers both. Those of its VPC say nothing: flow logs may be of single subnets.
 */
export function logsRejects({ evidence }: Case, { log, kept }: Side): 'yes' | 'likely' | 'unknown' | 'no' {
  if (!log) return 'unknown'
  if (showsRejects(log) || (kept?.rejects && kept.isProven)) return 'yes'
  if (kept?.rejects === false) return 'no'
  if (kept?.rejects || log.rejects) return 'likely'
  if (log.flowLogs) return 'unknown'
  return evidence.interfaces.some(({ rejects, subnet }) => rejects && subnet !== undefined && subnet === log.subnet)
    ? 'likely'
    : 'unknown'
}

/** A share of records that are missing although no window says so: below it, a silence is taken for silence. */
const mostLost = 0.02

/**
 * Whether records of both ends of connections are missing where their counterpart is there: then silence says little. Of
 * those that a gateway sent on as its own, nothing tells any more whose they are where records of the gateway are missing.
 */
export function losesRecords(all: Case): boolean {
  const legsOf = (tries: readonly Try[], side: Side, place: 'atA' | 'atB') => {
    const legs = tries
      .filter((one) => isComplete(all, one) && hears(side, one))
      .map((one) => ({ clientPort: one.clientPort, ...one[place] }))
    // Of a port that is used again, one record may be of two connections.
    return [...byPort(legs).values()].map((same) => ({
      request: same.flatMap(({ request }) => request),
      reply: same.flatMap(({ reply }) => reply),
    }))
  }
  const seen = [
    ...legsOf(all.tries, all.a, 'atA'),
    ...legsOf(all.tries, all.b, 'atB'),
    ...legsOf(all.othersAtB, all.b, 'atB'),
  ]
  const some = seen.filter(({ request, reply }) => request.length + reply.length > 0)
  return some.filter((legs) => isTorn(legs, all.pair)).length > mostLost * some.length
}

/**
 * Whether what one side sent is there and not what the other must have: all of it, or of a port that is used again, what
 * goes with the record in which a connection was opened. Without flags, it may be any. Beyond the span, records are cut off.
 */
function isTorn({ request, reply }: Try['atA'], { since, until }: Pair): boolean {
  if (request.length === 0 || (reply.length === 0 && !areUnansweredSyns(request))) return true
  const isAlone = (flow: Flow, others: readonly Flow[]) =>
    flow.start >= Date.parse(since) &&
    flow.end <= Date.parse(until) &&
    others.every(({ start, end }) => end < flow.start - clockSkew || start > flow.end + clockSkew)
  return (
    request.some((flow) => (flow.flags?.syn ?? true) && !areUnansweredSyns([flow]) && isAlone(flow, reply)) ||
    reply.some((flow) => (flow.flags?.synAck ?? true) && isAlone(flow, request))
  )
}

/** Of a connection that began so early, its first packets and what answers them are recorded, however long it tries. */
export const isComplete = ({ completeUntil }: Case, one: Try): boolean =>
  Math.min(...flowsOfTry(one).map(({ end }) => end)) <= completeUntil
