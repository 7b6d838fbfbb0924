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

export function triesOf(seen: readonly Seen[]): Try[] {
  const byPort = new Map<number, Seen[]>()
  for (const one of seen) {
    const port = one.isReply ? one.flow.destinationPort : one.flow.sourcePort
    const same = byPort.get(port)
    if (same) same.push(one)
    else byPort.set(port, [one])
  }
  const tries = [...byPort].flatMap(([port, all]) => connections(all).map((one) => tryOf(port, one)))
  return tries.sort((one, other) => one.start - other.start)
}

function connections(seen: readonly Seen[]): Seen[][] {
  const all: Seen[][] = []
  let end = Number.NEGATIVE_INFINITY
  let isOver = false
  for (const one of [...seen].sort((x, y) => x.flow.start - y.flow.start)) {
    const begins = opens(one) && one.flow.start > end + (isOver ? clockSkew : longestSilence)
    if (all.length === 0 || begins) {
      all.push([])
      isOver = false
    }
    all.at(-1)!.push(one)
    end = Math.max(end, one.flow.end)
    isOver ||= one.flow.flags?.fin === true || one.flow.flags?.rst === true
  }
  return all
}

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

/** Without flags: up to the seven SYNs of a client that gives up, 40 to 64 bytes each. */
export function looksLikeSyn({ flags, packets, bytes }: Flow): boolean {
  if (flags) return flags.syn && !flags.synAck
  return isSmall({ packets, ...(bytes !== undefined && { bytes }) })
}

export function isSmall({ packets, bytes }: { packets: number; bytes?: number }): boolean {
  if (bytes === undefined) return true
  return packets <= 7 && bytes >= 40 * packets && bytes <= 64 * packets
}

export const accepted = (flows: readonly Flow[]): Flow[] => flows.filter(({ rejected }) => !rejected)

export const rejected = (flows: readonly Flow[]): Flow[] => flows.filter((flow) => flow.rejected)

export const requestsOf = ({ atA, atB, between, transit }: Try): Flow[] =>
  [atA, atB, between, transit].flatMap(({ request }) => request)

const repliesOf = ({ atA, atB, between, transit }: Try): Flow[] =>
  [atA, atB, between, transit].flatMap(({ reply }) => reply)

export const flowsOfTry = ({ atA, atB, between, transit }: Try): Flow[] =>
  [atA, atB, between, transit].flatMap(({ request, reply }) => [...request, ...reply])

/** Whoever sends data or an end has had an answer, whether it is recorded or not. */
export const areUnansweredSyns = (flows: readonly Flow[]): boolean =>
  flows.some(looksLikeSyn) && flows.every((flow) => isSmall(flow) && !flow.flags?.fin && !flow.flags?.rst)

/** Both sides have ended it in order: what comes behind that is missed by nobody. */
export const isEnded = (one: Try): boolean =>
  [requestsOf(one), repliesOf(one)].every((flows) => accepted(flows).some(({ flags }) => flags?.fin))

/** Whether the connection begins within the records. */
export const isNew = (one: Try): boolean => requestsOf(one).some(looksLikeSyn)
