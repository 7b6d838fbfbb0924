import { isIPv6 } from 'node:net'
import { groupedBy } from '../values.ts'
import type { Flow } from './flow.ts'

/** Records of one connection at one place, those that A sent and those that B sent. */
interface Legs {
  readonly request: readonly Flow[]
  readonly reply: readonly Flow[]
}

/** One connection of A to B's port, wherever it was seen; times in epoch milliseconds. */
export interface Try {
  readonly clientPort: number
  readonly start: number
  readonly end: number
  readonly atA: Legs
  readonly atB: Legs
  /** At gateways, and at other interfaces. */
  readonly between: Legs
  readonly transit: Legs
}

/** Where a flow was seen. */
type Place = 'atA' | 'atB' | 'between' | 'transit'

export interface Seen {
  readonly place: Place
  readonly isReply: boolean
  readonly flow: Flow
}

/** By how much a record's times may be off. https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html */
export const clockSkew = 60_000

/**
 * Longest silence between two SYNs of one connection, with the 60 s by which AWS's times may be off twice: behind it, the
 * client uses the same port again.
 */
const longestSilence = 240_000
/** What a client waits for its first answer, at most: Windows has 3 s, and everybody doubles it from try to try. */
const firstWait = 3000

export function triesOf(seen: readonly Seen[]): Try[] {
  const ports = byPort(
    seen.map((one) => ({ ...one, clientPort: one.isReply ? one.flow.destinationPort : one.flow.sourcePort })),
  )
  const tries = [...ports].flatMap(([port, all]) => connections(all).map((one) => tryOf(port, one)))
  return tries.sort((one, other) => one.start - other.start)
}

export const byPort = <T extends { readonly clientPort: number }>(all: readonly T[]): Map<number, T[]> =>
  groupedBy(all, ({ clientPort }) => clientPort)

function connections(seen: readonly Seen[]): Seen[][] {
  const all: Seen[][] = []
  let first = Number.NEGATIVE_INFINITY
  let end = Number.NEGATIVE_INFINITY
  let isOver = false
  for (const one of [...seen].sort((x, y) => x.flow.start - y.flow.start)) {
    const silence = isOver ? clockSkew : one.flow.flags ? silenceBehind(end - first) : longestSilence
    if (all.length === 0 || (opens(one) && one.flow.start > end + silence)) {
      all.push([])
      first = one.flow.start
      isOver = false
    }
    all.at(-1)!.push(one)
    end = Math.max(end, one.flow.end)
    isOver ||= one.flow.flags?.fin === true || one.flow.flags?.rst === true
  }
  return all
}

/**
 * A client that waits 1, 2, 4, … s between its SYNs is never silent for longer than it has tried already: a SYN behind a
 * longer silence is of a new connection from the same port.
 */
const silenceBehind = (tried: number) => Math.min(longestSilence, clockSkew + firstWait + tried)

/** By the clock of B's interface, the answer may come before the SYN. */
const opens = ({ isReply, flow }: Seen) => (isReply ? flow.flags?.synAck === true : looksLikeSyn(flow))

function tryOf(clientPort: number, seen: readonly Seen[]): Try {
  const legs = (place: Place): Legs => {
    const here = seen.filter((one) => one.place === place)
    return {
      request: here.filter(({ isReply }) => !isReply).map(({ flow }) => flow),
      reply: here.filter(({ isReply }) => isReply).map(({ flow }) => flow),
    }
  }
  return {
    clientPort,
    start: Math.min(...seen.map(({ flow }) => flow.start)),
    end: Math.max(...seen.map(({ flow }) => flow.end)),
    atA: legs('atA'),
    atB: legs('atB'),
    between: legs('between'),
    transit: legs('transit'),
  }
}

/** Without flags: up to the seven SYNs of a client that gives up. */
export const looksLikeSyn = (flow: Flow): boolean => (flow.flags ? flow.flags.syn && !flow.flags.synAck : isSmall(flow))

/**
 * As small as what opens a connection: 40 to 64 bytes a packet, 20 more of IPv6. Where the port is used again in one window
 * they are more than the seven of one client, and all of one length, which the SYN and the ACKs of a client that got an
 * answer are not; what is rejected has no answer.
 */
export function isSmall({ packets, bytes, flags, source, rejected }: Flow): boolean {
  if (bytes === undefined) return true
  const header = isIPv6(source) ? 20 : 0
  const isOfSyns = packets <= 7 || ((flags?.syn || rejected) && bytes % packets === 0)
  return isOfSyns && bytes >= (40 + header) * packets && bytes <= (64 + header) * packets
}

export const accepted = (flows: readonly Flow[]): Flow[] => flows.filter(({ rejected }) => !rejected)

export const rejected = (flows: readonly Flow[]): Flow[] => flows.filter((flow) => flow.rejected)

export const requestsOf = ({ atA, atB, between, transit }: Try): Flow[] =>
  [atA, atB, between, transit].flatMap(({ request }) => request)

const repliesOf = ({ atA, atB, between, transit }: Try): Flow[] =>
  [atA, atB, between, transit].flatMap(({ reply }) => reply)

export const flowsOfTry = ({ atA, atB, between, transit }: Try): Flow[] =>
  [atA, atB, between, transit].flatMap(({ request, reply }) => [...request, ...reply])

/** Whether a record begins while another one lasts, or within a minute behind it. */
export const isRightBehind = ({ start }: Flow, before: Flow): boolean =>
  before.start <= start && start <= before.end + clockSkew

/** What of it was recorded in a time, in epoch milliseconds. */
export function within(one: Try, from: number, to: number): Try {
  const isWithin = ({ start, end }: Flow) => end >= from && start <= to
  const cut = ({ request, reply }: Legs): Legs => ({
    request: request.filter(isWithin),
    reply: reply.filter(isWithin),
  })
  return { ...one, atA: cut(one.atA), atB: cut(one.atB), between: cut(one.between), transit: cut(one.transit) }
}

/** Whoever sends data, an end or an ACK has had an answer, whether it is recorded or not. */
export const areUnansweredSyns = (flows: readonly Flow[]): boolean =>
  flows.some(looksLikeSyn) &&
  flows.every((flow) => isSmall(flow) && !hasAcks(flow) && !flow.flags?.fin && !flow.flags?.rst)

/**
 * Bytes of a SYN and the ACKs behind it, as Linux and Windows send them: SYNs of a connection are all of one size, which
 * these are not, or not of a size that SYNs have. Three packets of Windows may be as many SYNs of 44 bytes.
 */
export function hasAcks({ packets, bytes, source }: Flow): boolean {
  const header = isIPv6(source) ? 20 : 0
  const sum = (syn: number, ack: number) => syn + header + (ack + header) * (packets - 1)
  return packets > 1 && (bytes === sum(60, 52) || (bytes === sum(52, 40) && packets !== 3))
}

/** Both sides have ended it in order: what comes behind that is missed by nobody. */
export const isEnded = (one: Try): boolean =>
  [requestsOf(one), repliesOf(one)].every((flows) => accepted(flows).some(({ flags }) => flags?.fin))

/** Whether the connection begins within the records. */
export const isNew = (one: Try): boolean => requestsOf(one).some(looksLikeSyn)
