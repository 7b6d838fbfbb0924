/** What one connection shows: a small function for each predicate of the decision table. */
import { isPrivate } from '../addresses.ts'
import { type Case, hears } from './case.ts'
import { type Flow, isTcp } from './flow.ts'
import {
  accepted,
  areUnansweredSyns,
  clockSkew,
  flowsOfTry,
  hasAcks,
  isNew,
  isRightBehind,
  isSmall,
  looksLikeSyn,
  rejected,
  requestsOf,
  type Try,
  within,
} from './tries.ts'

export type Predicate = (one: Try, all: Case) => boolean

/** Of a log without flags, whatever is rejected may be it; where other records have flags, what has the size of it. */
const mayOpen = (flow: Flow, { hasFlags }: Case) => !isTcp(flow) || !hasFlags || isSmall(flow)
type Legs = Try['atA']
const opens = (flow: Flow, there: Legs, all: Case) =>
  flow.flags ? looksLikeSyn(flow) : mayOpen(flow, all) && !isBehindData(flow, there)
const answersSyn = (flow: Flow, there: Legs, all: Case) =>
  flow.flags ? flow.flags.synAck : mayOpen(flow, all) && !isBehindData(flow, there)

/** Whether a connection had data there just before: what is rejected behind it opens nothing. */
const isBehindData = (flow: Flow, { request, reply }: Legs) =>
  isTcp(flow) && accepted([...request, ...reply]).some((one) => !isSmall(one) && isRightBehind(flow, one))
const resets = ({ flags }: Flow) => flags?.rst === true
const rejectedFor = (reason: string) => (flow: Flow) => flow.rejected && flow.reason === reason
const noReason = ({ reason }: Flow) => reason === undefined

/** 5 */
export const publicAccessBlocked: Predicate = (one) => flowsOfTry(one).some(rejectedFor('BPA'))
/** 6 */
export const encryptionControl: Predicate = (one) => flowsOfTry(one).some(rejectedFor('EC'))
/** 8a */
export const droppedByTransitGateway: Predicate = ({ transit }) =>
  [...transit.request, ...transit.reply].some(({ lost }) => lost.length > 0)
/** 1 */
export const blockedAtTarget: Predicate = ({ atB }, all) =>
  rejected(atB.request).some((flow) => noReason(flow) && opens(flow, atB, all))
/** 2 */
export const blockedAtSource: Predicate = ({ atA }, all) =>
  rejected(atA.request).some((flow) => noReason(flow) && opens(flow, atA, all))
/** 3 */
export const replyBlockedAtTarget: Predicate = ({ atB }, all) =>
  rejected(atB.reply).some((flow) => answersSyn(flow, atB, all))
/** 4 */
export const replyBlockedAtSource: Predicate = ({ atA }, all) =>
  rejected(atA.reply).some((flow) => answersSyn(flow, atA, all))
/** 1 or 2, at an interface of which nothing tells whose it is. */
export const blockedSomewhere: Predicate = ({ between }, all) =>
  rejected(between.request).some((flow) => noReason(flow) && opens(flow, between, all))
/** 3 or 4, likewise. */
export const replyBlockedSomewhere: Predicate = ({ between }, all) =>
  rejected(between.reply).some((flow) => answersSyn(flow, between, all))
/** 7 */
export const latePackets: Predicate = ({ atA, atB, between }, all) =>
  [atA, atB, between].some((there) =>
    rejected([...there.request, ...there.reply]).some((flow) =>
      flow.flags ? !flow.flags.syn : !mayOpen(flow, all) || isBehindData(flow, there),
    ),
  )

/** Whether A got a packet of B. */
const reachedA: Predicate = ({ atA }) => accepted(atA.reply).length > 0
const leftA: Predicate = ({ atA }) => areUnansweredSyns(accepted(atA.request))
const reachedB: Predicate = ({ atB }) => areUnansweredSyns(accepted(atB.request))
const leftB: Predicate = ({ atB }) => accepted(atB.reply).length > 0
/**
 * An answer to a SYN proves that the connection was there, and so do packets of A behind its SYN: the answer's record may
 * be missing. A SYN alone may have data (TCP Fast Open).
 */
const isEstablished: Predicate = (one) => {
  const requests = accepted(requestsOf(one))
  return (
    flowsOfTry(one).some(({ flags }) => flags?.synAck) ||
    (requests.length > 0 && !isNew(one)) ||
    requests.some((flow) => flow.flags?.fin || (flow.packets > 1 && (!isSmall(flow) || hasAcks(flow))))
  )
}

/** Both sides had ended it in order: a reset behind that hurts nobody. */
const isClosed: Predicate = ({ atA, atB, between, transit }) => [atA, atB, between, transit].some(endsIn)
const endsIn = ({ request, reply }: Try['atA']) => accepted([...request, ...reply]).some(({ flags }) => flags?.fin)

const silentToA: Predicate = (one, all) => hears(all.a, one) && one.atA.reply.length === 0
const silentAtB: Predicate = (one, all) => hears(all.b, one) && one.atB.reply.length === 0

/** 8 */
export const lostOnTheWay: Predicate = (one, all) =>
  leftA(one, all) && silentToA(one, all) && silentAtB(one, all) && one.atB.request.length === 0
/** 9 */
export const noAnswer: Predicate = (one, all) => reachedB(one, all) && silentAtB(one, all) && !reachedA(one, all)
/** 12 */
export const replyLost: Predicate = (one, all) => reachedB(one, all) && leftB(one, all) && silentToA(one, all)
/** 13: B's packets leave by an interface that is neither its own nor a gateway's. */
export const asymmetric: Predicate = (one, all) =>
  silentAtB(one, all) && !reachedA(one, all) && one.between.reply.some((flow) => isSecondOf(flow, all))

function isSecondOf(flow: Flow, { pair, evidence, passing }: Case): boolean {
  const { direction, at, source, packetSource, interfaceType } = flow
  const type = interfaceType ?? evidence.interfaces.find(({ id }) => id === at)?.type ?? 'interface'
  const isGateway = type.endsWith('gateway') || (at !== undefined && passing.has(at))
  // The primary address stands in the others' place as they leave alone.
  const leaves = direction === undefined ? source !== packetSource : direction === 'egress'
  return leaves && !isGateway && [source, packetSource].includes(pair.b)
}

/** 10, where B's own interface shows it. */
export const refused: Predicate = (one, all) =>
  resetIn(one, 'atB').some((own) => isNew(own) && !isEstablished(own, all))
/** 11: also where B's windows are longer than A's, and hold the end of another connection as well. */
export const resetByTarget: Predicate = (one, all) =>
  resetIn(one, 'atB').some((own) => isEstablished(own, all) && !isClosed(own, all)) ||
  resetIn(one, 'atA').some((own) => isEstablished(own, all) && !endsIn(own.atA) && own.atB.reply.some(resets))
/** 11a: also where the gateway's other side shows no reset. */
export const resetByMiddlebox: Predicate = (one, all) =>
  resetIn(one, 'atA').some((own) => !isClosed(own, all) && (isSilentOfResets(own, all) || isNatReset(own, all)))

/**
 * What a reset ends, for each that was seen at the place. Where a port is used again, and windows are long, one try may be
 * of several connections: what was over a while before the last SYN is of another, and so is what begins a while behind.
 */
function resetIn(one: Try, place: 'atA' | 'atB'): Try[] {
  return accepted(one[place].reply)
    .filter(resets)
    .map((reset) => {
      const syns = one[place].request.filter((flow) => looksLikeSyn(flow) && flow.start <= reset.end)
      return within(one, Math.max(...syns.map(({ start }) => start)) - clockSkew, reset.end + clockSkew)
    })
}

const isSilentOfResets: Predicate = (one, all) => hears(all.b, one) && !one.atB.reply.some(resets)

const isNatReset: Predicate = (one, all) =>
  !all.b.log &&
  hears(all.a, one) &&
  natRequests(one, all).length > 0 &&
  all.outer.request.length > 0 &&
  !all.outer.reply.some((flow) => resets(flow) && isNear(flow, one))

/** A reset that A saw, where nothing shows whose: B's side is not logged, or not whole. */
export const resetSeenAtA: Predicate = (one, all) =>
  !hears(all.b, one) && resetIn(one, 'atA').some((own) => !isClosed(own, all))

/** The same before an answer to any SYN. */
export const refusalSeenAtA: Predicate = (one, all) =>
  !hears(all.b, one) && resetIn(one, 'atA').some((own) => !isClosed(own, all) && !isEstablished(own, all))

/** 16: what A sent came to a NAT gateway, and did not leave it. */
export const natPorts: Predicate = (one, all) =>
  leftA(one, all) &&
  silentToA(one, all) &&
  natRequests(one, all).length > 0 &&
  !one.between.request.some(({ translated }) => translated) &&
  // Of what the gateway sends on, nothing is there that it did not get: of SYNs alone, neither data nor an end.
  !all.outer.unknown.some((flow) => areUnansweredSyns([flow]) && isNear(flow, one))

/** Where the log does not tell the type of an interface, a transit gateway's look the same until packets leave it. */
const natRequests = ({ between }: Try, { outer }: Case) =>
  between.request.filter(
    ({ at, interfaceType, direction, destination, packetDestination }) =>
      interfaceType?.endsWith('nat_gateway') ||
      (interfaceType === undefined &&
        direction === 'ingress' &&
        destination !== packetDestination &&
        (!isPrivate(packetDestination) || (at !== undefined && outer.gateways.has(at)))),
  )

const isNear = (flow: Flow, { start, end }: Try) => flow.start <= end + clockSkew && flow.end >= start - clockSkew

/** A's SYN has no answer, and B's side is not logged, or not whole. */
export const unansweredAtA: Predicate = (one, all) => !hears(all.b, one) && leftA(one, all) && silentToA(one, all)

/** B answers again and again, as to a client that does not hear it; A's side is not logged. */
export const halfOpenAtB: Predicate = (one, all) => {
  const { request, reply } = one.atB
  return (
    !all.a.log &&
    hears(all.b, one) &&
    isNew(one) &&
    reply.some(({ flags }) => flags?.synAck) &&
    [...request, ...reply].every((flow) => isSmall(flow) && !flow.flags?.fin && !flow.flags?.rst) &&
    reply.reduce((sum, { packets }) => sum + packets, 0) > 1
  )
}

/** 14: the packets that did not arrive are large ones. */
export const largePacketsLost: Predicate = (one, all) =>
  isEstablished(one, all) && lostLarge([one], all) && lostLarge(samePort(one, all), all)

/** One record may be of two connections, where the port is used again. */
const samePort = ({ clientPort }: Try, { tries }: Case) => tries.filter((other) => other.clientPort === clientPort)

function lostLarge(tries: readonly Try[], all: Case): boolean {
  const [from, to] = [Date.parse(all.pair.since), Math.min(Date.parse(all.pair.until), all.completeUntil)]
  const areWhole = tries.every((one) => hears(all.a, one) && hears(all.b, one) && one.start >= from && one.end <= to)
  const of = (leg: (one: Try) => readonly Flow[]) => tries.flatMap(leg)
  return (
    areWhole &&
    (areLarge(
      of(({ atA }) => atA.request),
      of(({ atB }) => atB.request),
    ) ||
      areLarge(
        of(({ atB }) => atB.reply),
        of(({ atA }) => atA.reply),
      ))
  )
}

function areLarge(sent: readonly Flow[], got: readonly Flow[]): boolean {
  const packets = total(sent, 'packets') - total(got, 'packets')
  const bytes = total(sent, 'bytes') - total(got, 'bytes')
  return sent.length > 0 && got.length > 0 && packets > 0 && bytes / packets > 1400
}

const total = (flows: readonly Flow[], what: 'packets' | 'bytes') =>
  flows.reduce((sum, flow) => sum + (flow[what] ?? 0), 0)
