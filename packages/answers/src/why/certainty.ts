/** How sure a row's verdict is, and which causes look the same in the present records. */
import { isIPv6 } from 'node:net'
import { arePrivate, isPrivate } from '../addresses.ts'
import { type Case, isComplete, logsAccepts, logsRejects, losesRecords } from './case.ts'
import { bringsAbout, changesBefore } from './changes.ts'
import type { Cause, Certainty } from './diagnosis.ts'
import type { Flow } from './flow.ts'
import { hasField } from './kept.ts'
import { accepted, clockSkew, flowsOfTry, isNew, rejected as rejectedOf, requestsOf, type Try } from './tries.ts'

export interface Verdict {
  readonly certainty: Certainty
  readonly alternatives: readonly Cause[]
}

export type Judge = (tries: readonly Try[], all: Case) => Verdict

const same = (alternatives: readonly Cause[]): Verdict => ({
  certainty: 'consistent-with',
  alternatives: [...new Set(alternatives)],
})

const unless = (certainty: Certainty, alternatives: readonly Cause[]): Verdict =>
  alternatives.length > 0 ? same(alternatives) : { certainty, alternatives }

/** AWS writes it in the record. */
export const written: Judge = () => ({ certainty: 'certain', alternatives: [] })

export const consistent: Judge = () => same([])

/** SYN rejected: certain where the log has reject-reason, and names none. */
export const rejectedSyn =
  (at: 'atA' | 'atB'): Judge =>
  (tries, all) => {
    const rejects = tries.flatMap((one) => rejectedOf(one[at].request))
    const late = all.isUdp ? [] : withoutFlags(rejects)
    const cause = at === 'atB' ? 'blocked-at-target' : 'blocked-at-source'
    return unless(hasReasons(rejects, all) ? 'certain' : 'high', [...otherReasons(tries, rejects, cause, all), ...late])
  }

/**
 * A security group never blocks a reply that it tracks: a SYN-ACK is rejected by a network ACL alone. It tracks what passed
 * its own interface: where the request went by another one, it may be the group that rejects.
 */
export const rejectedReply =
  (at: 'atA' | 'atB'): Judge =>
  (tries) => {
    const isTracked = tries.some((one) => accepted(one[at].request).length > 0)
    const rejects = tries.flatMap((one) => rejectedOf(one[at].reply))
    return unless('high', [...(isTracked ? [] : (['asymmetric'] as const)), ...withoutFlags(rejects)])
  }

/** Rejected at an interface of which nothing tells whose it is. */
export const rejectedSomewhere =
  (leg: 'request' | 'reply', other: Cause): Judge =>
  (tries, all) => {
    const rejects = tries.flatMap(({ between }) => rejectedOf(between[leg]))
    return same([other, ...otherReasons(tries, rejects, 'blocked-at-target', all), ...withoutFlags(rejects)])
  }

/** A record without flags may be of any packet. */
const withoutFlags = (rejects: readonly Flow[]): Cause[] =>
  rejects.some(({ flags }) => flags?.syn) ? [] : ['late-packets']

/**
 * Whether the log that rejects has reject-reason: `-` leaves no trace in a document. It is known of the header, of another
 * record of the interface, of the snapshot, and of version 8: a record's version is the highest of its fields', and
 * reject-reason is the only one of 8. Of newer versions it is not: a log may have newer fields without it.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */
function hasReasons(rejects: readonly Flow[], { a, b, evidence }: Case): boolean {
  const isOfLog = (at: string | undefined) => evidence.interfaces.some(({ id, reasons }) => id === at && reasons)
  const isInFormat = (at: string | undefined) =>
    [a, b].some(({ known, kept }) => known?.id === at && kept?.isProven && hasField(kept, 'reject-reason'))
  return (
    evidence.fields?.includes('reject-reason') === true ||
    rejects.every(({ at, version }) => version === 8 || isOfLog(at) || isInFormat(at))
  )
}

/** A log that has a field of a version above that of reject-reason likely has that, too. */
const mayHaveReason = ({ encrypted, version = 0 }: Flow) => encrypted === undefined && version > 8

function otherReasons(tries: readonly Try[], rejects: readonly Flow[], cause: Cause, all: Case): Cause[] {
  if (hasReasons(rejects, all)) return []
  const isEncrypted =
    areEncrypted(rejects) ||
    passesPlain(rejects, all) ||
    (rejects.every(mayHaveReason) && (encryptsOthers(tries, all) || groupChanged(rejects, cause, all)))
  return reasons(tries, all, isEncrypted)
}

/** What may reject A's packets at B without a record of it. */
export const unseenAtTarget = (tries: readonly Try[], all: Case): Cause[] => [
  'blocked-at-target',
  ...reasons(tries, all, areEncrypted(tries.flatMap(requestsOf))),
]

/** Whose reject-reason would tell them from a security group and a network ACL. */
const reasons = (tries: readonly Try[], all: Case, isEncrypted: boolean): Cause[] => [
  // VPC Block Public Access is of internet gateways alone: within a VPC, and by peering, addresses of IPv6 need none either.
  ...(arePrivate(all.pair) || isDirect(tries, all) ? [] : (['public-access-blocked'] as const)),
  // What is encrypted in transit, encryption controls let pass; and where they are on, nothing else.
  ...(isEncrypted ? [] : (['encryption-control'] as const)),
]

const areEncrypted = (flows: readonly Flow[]): boolean => flows.length > 0 && flows.every(({ encrypted }) => encrypted)

/** Whether the interfaces that reject accept meanwhile what is not encrypted. */
const passesPlain = (rejects: readonly Flow[], { evidence }: Case): boolean =>
  rejects.every(({ at }) => evidence.interfaces.some(({ id, plain }) => id === at && plain))

/**
 * AWS encrypts between two hosts where the hardware of both does, within a VPC or by peering. Were controls on, what each of
 * the two exchanges with others meanwhile would be encrypted, and so what they send each other.
 * https://docs.aws.amazon.com/vpc/latest/userguide/vpc-encryption-controls.html
 */
const encryptsOthers = (tries: readonly Try[], all: Case): boolean =>
  isDirect(tries, all) && [all.a, all.b].every(({ log }) => log?.passes)

/** Whether it was let pass before, a group or network ACL of its own was changed then, and no encryption control. */
function groupChanged(rejects: readonly Flow[], cause: Cause, all: Case): boolean {
  const first = Math.min(...rejects.map(({ start }) => start))
  const passed = all.tries.some((one) => one.start < first - clockSkew && isAnswered(one, all))
  const isChanged = (of: Cause) => changesBefore(first, of, [], all).some(({ event }) => bringsAbout(event, of))
  return passed && isChanged(cause) && !isChanged('encryption-control')
}

/** Packets behind a closed connection; also what a network ACL does to those that are there, but then it stops new ones, too. */
export const afterTheEnd: Judge = (tries, all) =>
  connectsBehind(tries, all) ? { certainty: 'medium', alternatives: [] } : same(blockedWhere(tries))

/** Whether A opens a connection behind the first of the rejects, and gets an answer. */
export function connectsBehind(tries: readonly Try[], all: Case): boolean {
  const first = Math.min(...tries.flatMap((one) => rejectedOf(flowsOfTry(one)).map(({ start }) => start)))
  return all.tries.some((one) => one.start > first && isNew(one) && isAnswered(one, all))
}

const isAnswered = ({ atA, atB }: Try, { a }: Case) =>
  (a.log ? atA : atB).reply.some(({ rejected, flags }) => !rejected && !flags?.rst)

function blockedWhere(tries: readonly Try[]): Cause[] {
  const any = (of: (one: Try) => readonly Flow[]) => tries.some((one) => rejectedOf(of(one)).length > 0)
  return [
    ...(any(({ atB }) => atB.request) ? (['blocked-at-target'] as const) : []),
    ...(any(({ atA }) => atA.request) ? (['blocked-at-source'] as const) : []),
    ...(any(({ atB }) => atB.reply) ? (['reply-blocked-at-target'] as const) : []),
    ...(any(({ atA }) => atA.reply) ? (['reply-blocked-at-source'] as const) : []),
  ]
}

/**
 * A record is not there; where its REJECT would not be logged either, it may be blocked. A log that has accepted nothing at
 * all may be of rejected traffic alone: then what it does not have may have passed.
 */
const absent =
  (side: 'a' | 'b', blocked: (tries: readonly Try[], all: Case) => readonly Cause[]): Judge =>
  (tries, all) => {
    const keepsRejects = logsRejects(all, all[side])
    const unseen = blocked(tries, all)
    if (!logsAccepts(all[side])) return same(keepsRejects === 'yes' ? passed[side] : [...unseen, ...passed[side]])
    if (keepsRejects === 'unknown' || keepsRejects === 'no') return same(unseen)
    if (!tries.some((one) => isComplete(all, one)) || losesRecords(all)) return same([])
    if (keepsRejects === 'likely') return { certainty: 'medium', alternatives: unseen }
    return { certainty: all.hasFlags ? 'high' : 'medium', alternatives: [] }
  }

/** What may have become of it where it passed. */
const passed: Readonly<Record<'a' | 'b', readonly Cause[]>> = {
  a: ['reset-by-middlebox', 'slow', 'no-fault'],
  b: ['no-answer', 'reply-blocked-at-target', 'reply-lost'],
}

/**
 * What goes into a transit gateway of which there is no log may be dropped there, and a private NAT gateway behind it may
 * have brought it to B as another client's.
 */
export const neverArrived: Judge = (tries, all) => {
  const verdict = absent('b', unseenAtTarget)(tries, all)
  if (showsPrimaryAlone(all)) return same([...verdict.alternatives, ...unanswered])
  const direct = isDirect(tries, all)
  const isInGateway = tries.some(
    ({ between, transit }) => (between.request.length > 0 || !direct) && transit.request.length === 0,
  )
  if (!isInGateway) return verdict
  const isFollowed = tries.every(({ between }) => between.request.some(({ translated }) => translated))
  const behindNat = direct || isFollowed || !all.evidence.others?.clients.length ? [] : unanswered
  return same([...verdict.alternatives, 'dropped-by-transit-gateway', ...behindNat])
}

/** Without the packets' own addresses, traffic to a further address of an interface shows its primary one. */
const showsPrimaryAlone = ({ b, hasPacketAddresses }: Case) =>
  !hasPacketAddresses && b.known !== undefined && !isIPv6(b.address) && b.known.addresses[0] !== b.address

const unanswered = ['no-answer', 'blocked-at-target', 'reply-blocked-at-target'] as const

/** Within a VPC, or by peering, of which the numbers are 4 and 5. */
const isDirect = (tries: readonly Try[], { a, b }: Case) =>
  (a.log?.vpc !== undefined && a.log.vpc === b.log?.vpc) ||
  (tries.length > 0 && tries.every(({ atA }) => atA.request.some(({ path = '' }) => path === '4' || path === '5')))

/**
 * A reply by another interface is not seen without the packets' own addresses, or where that interface has no flow log, as
 * where B's own has one for itself; one that some interface saw has left B.
 */
export const neverAnswered: Judge = (tries, all) => {
  const verdict = absent('b', () => ['reply-blocked-at-target'])(tries, all)
  const isSeen = tries.some(({ between, transit }) => accepted([...between.reply, ...transit.reply]).length > 0)
  const isAlone = all.b.log?.flowLogs?.every(({ isShared }) => !isShared)
  return all.hasPacketAddresses && !isSeen && !isAlone ? verdict : same([...verdict.alternatives, 'asymmetric'])
}

export const neverReturned: Judge = absent('a', () => ['reply-blocked-at-source'])

export const proven: Judge = () => ({ certainty: 'high', alternatives: [] })

/** Where B saw nothing of A, a NAT gateway on the way may have brought it there as another client's. */
export const resetBetween: Judge = (tries, all) => {
  const isUnseen = tries.every(({ atB }) => atB.request.length + atB.reply.length === 0)
  const isHidden = all.b.log !== undefined && isUnseen && !isDirect(tries, all)
  const ofB = tries.every((one) => one.atA.reply.every(({ flags }) => !flags?.synAck)) ? 'refused' : 'reset-by-target'
  return unless('medium', isHidden && all.evidence.others?.clients.length ? [ofB] : [])
}

/** Where records are missing, those of what the gateway sent on may be among them; without directions, nothing tells which do. */
export const neverSentOn: Judge = (tries, all) => {
  const areDirected = tries.every(({ between }) => between.request.every(({ direction }) => direction !== undefined))
  return losesRecords(all) || !areDirected
    ? same(['lost-on-the-way', 'no-answer'])
    : { certainty: 'medium', alternatives: [] }
}

/** Where records are missing, a gateway may look like an interface that only sends B's replies. */
export const leavesElsewhere: Judge = (_, all) => (losesRecords(all) ? same(['no-answer']) : proven(_, all))

/** A's SYNs without an answer, seen at A alone. */
export const seenAtAAlone: Judge = (tries, all) =>
  same([
    ...unseenAtTarget(tries, all),
    'lost-on-the-way',
    'reply-blocked-at-target',
    'reply-lost',
    'asymmetric',
    ...(mayPassNat(tries, all) ? (['nat-ports'] as const) : []),
  ])

/** Whether a NAT gateway that nothing shows may be on the way: out of A's private network, to a public address. */
const mayPassNat = (tries: readonly Try[], { pair }: Case): boolean =>
  isPrivate(pair.a) &&
  !isPrivate(pair.b) &&
  !isIPv6(pair.b) &&
  tries.every(({ between }) => between.request.length === 0)

export const seenAtBAlone: Judge = () => same(['reply-blocked-at-source'])

/** A gateway's own records can tell whose reset it is; those of A cannot. */
export const resetAtA =
  (...others: readonly Cause[]): Judge =>
  () =>
    same(others)
