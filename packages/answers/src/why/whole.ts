/** The rows of the decision table that no single connection shows: what all of them, or their absence, say. */
import { neverLogged } from '../addresses.ts'
import { type Case, hears, isComplete, logsAccepts, logsRejects, portOf } from './case.ts'
import { unseenAtTarget, type Verdict } from './certainty.ts'
import type { Cause } from './diagnosis.ts'
import { type Flow, flowsOf } from './flow.ts'
import { fromAToB, nameOf, target } from './sentences.ts'
import * as next from './steps.ts'
import { accepted, isNew, looksLikeSyn, type Try } from './tries.ts'

export interface WholeRow {
  readonly row: string
  readonly cause: Cause
  readonly shows: (all: Case) => boolean
  readonly sure: (all: Case) => Verdict
  readonly say: (all: Case) => string
  readonly next: (all: Case) => string[]
}

/** Networks lose a packet now and then, and servers reset a connection: below this share of all tries it is no fault. */
export const leastFault = 0.02
/** As many unanswered connections are no accident, whatever their share. */
export const leastTries = 3

const unknown = (): Verdict => ({ certainty: 'cannot-tell', alternatives: [] })
const same =
  (...alternatives: readonly Cause[]) =>
  (): Verdict => ({ certainty: 'consistent-with', alternatives })

const isLogged = ({ a, b }: Case) => a.log !== undefined || b.log !== undefined

/** Files that could not be read may hold what is seen nowhere else. */
const isUnread = ({ a, b }: Case) => (a.log ?? b.log)?.skipped.some(({ unread }) => unread) ?? false

/** A flow log says of its own windows that records are missing; A's own log is the one that tells of its calls. */
const isSkipped = ({ a, b, pair, tries }: Case) => {
  const skipped = ((a.log ?? b.log)?.skipped ?? []).filter(({ absent }) => !absent)
  const lost = skipped.reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0)
  return tries.length === 0 && lost > (Date.parse(pair.until) - Date.parse(pair.since)) / 2
}

const sawNone = (all: Case) => all.tries.length === 0 && isUnread(all)

const areRejectsAlone = ({ a, b, tries }: Case) => tries.length === 0 && ![a, b].some(logsAccepts)

/**
 * Whether B's answers reached A, or where A is not logged, left B; where neither is, whether A had them. A RST to A's end
 * is none, but who ends a connection has had one, whether it is recorded or not.
 */
export function isAnswered(one: Try, all: Case): boolean {
  if (!isLogged(all)) return hadAnswer(one)
  const { request, reply } = all.a.log ? one.atA : { ...one.atB, reply: [...one.atB.reply, ...one.between.reply] }
  const replies = accepted(reply)
  return replies.some(isAnswer) || (replies.length > 0 && accepted(request).some(({ flags }) => flags?.fin))
}

/** Whoever ends a connection behind the answer to its SYN had that answer, whosever interface saw it. */
const hadAnswer = ({ between: { request, reply } }: Try): boolean =>
  accepted(request).some(({ flags }) => flags?.fin) && accepted(reply).some(({ flags }) => flags?.synAck)

/** Seen by an interface on the way alone: one that had no answer may have failed anywhere. */
const allHadAnswers = ({ tries }: Case) => tries.length > 0 && tries.every(hadAnswer)

/** A RST alone is none. */
const isAnswer = ({ flags }: Flow) => !flags?.rst || flags.synAck || flags.fin

const answered = (all: Case) => all.tries.filter((one) => isAnswered(one, all))

/** Records of the newest connections may be still to come: of several in a row, all without an answer, that is unlikely. */
export function failsAtTheEnd(all: Case): boolean {
  const last = all.tries.findLastIndex((one) => isAnswered(one, all))
  return last < 0 || all.tries.length - 1 - last >= leastTries
}

/** Far longer than A had been silent before, within the span: what comes behind it is not asked about. */
function stopped(all: Case): boolean {
  const { tries, pair } = all
  if (isUnread(all)) return false
  // A port that is used again and again may be one try: its SYNs tell how often A calls, where the log has flags.
  const opened = tries.flatMap((one) => {
    const { request } = all.a.log ? one.atA : one.atB
    return all.hasFlags ? request.filter(looksLikeSyn) : request.slice(0, 1)
  })
  const starts = opened.map(({ start }) => start).sort((one, other) => one - other)
  if (starts.length < 4) return false
  const gaps = starts.slice(1).map((start, n) => start - starts[n]!)
  const usual = gaps.sort((one, other) => one - other)[gaps.length >> 1]!
  const end = Math.min(all.completeUntil, Date.parse(pair.until))
  // A connection may go on long after it has begun; where rejects are not logged, new ones may fail meanwhile, and leave no
  // record: then what counts is when the last one was opened, at any time of the record that has its SYN.
  const last = Math.max(...(logsRejects(all, all.a) === 'yes' ? tries : opened).map((one) => one.end))
  return end - last > Math.max(300_000, 5 * usual)
}

/** Addresses that A began to call after its last call of B. */
export function newTargets({ elsewhere, tries }: Case): string[] {
  const last = tries.at(-1)?.start ?? Number.NEGATIVE_INFINITY
  const first = new Map<string, number>()
  for (const { destination, start } of elsewhere)
    first.set(destination, Math.min(start, first.get(destination) ?? Number.POSITIVE_INFINITY))
  return [...first].filter(([, start]) => start > last).map(([address]) => address)
}

const callsOthers = (all: Case) =>
  logsAccepts(all.a) && !isUnread(all) && (all.tries.length === 0 || stopped(all)) && newTargets(all).length > 0

/** Where rejects of A are not logged, it may call B as well. */
const elsewhere = (all: Case): Verdict =>
  logsRejects(all, all.a) === 'yes' ? { certainty: 'medium', alternatives: [] } : same('blocked-at-source')()

const callsNobody = (all: Case) => logsAccepts(all.a) && all.tries.length === 0

/** The port of A that B calls, where it is A that is called: of SYNs alone, since a reply may look like a call. */
const calledPort = ({ evidence, pair }: Case) =>
  portOf(
    flowsOf(evidence.flows).filter(({ flags }) => flags?.syn && !flags.synAck),
    { ...pair, a: pair.b, b: pair.a },
  )

const otherWay = (all: Case) => {
  const port = calledPort(all)
  return port === undefined ? '' : `; it is B that calls A, on port ${port}`
}

const otherQuestion = (all: Case) => {
  const port = calledPort(all)
  return port === undefined ? [] : next.otherWayRound(all, port)
}

const nobodyCalled = (all: Case) => (calledPort(all) === undefined ? next.names(all) : otherQuestion(all))

/** Where rejects of B are not logged, what its side rejects leaves no record either. */
const unseenAtB = (all: Case): Verdict => {
  const atB = logsRejects(all, all.b) === 'yes' ? [] : unseenAtTarget(all.tries, all)
  return same('blocked-at-source', 'lost-on-the-way', ...atB)()
}

const noneAtB = (all: Case) => !all.a.log && logsAccepts(all.b) && (all.tries.length === 0 || stopped(all))

/** Where rejects are not logged, a connection that A's side rejects leaves no record at all. */
const noneAtA = (all: Case) =>
  logsAccepts(all.a) && logsRejects(all, all.a) !== 'yes' && (all.tries.length === 0 || stopped(all))

/** What B answers in one connection. */
interface Answers {
  readonly bytes: number
  /** Bytes a second. */
  readonly rate: number
  /** How many connections it may be. */
  readonly times: number
  /** Bytes of a packet, on average. */
  readonly size: number
}

/** Of connections long enough to tell. */
function answersOf(all: Case): Answers[] {
  return all.tries.filter(isNew).flatMap(({ atA, atB }) => {
    const flows = atA.reply.length > 0 ? atA.reply : atB.reply
    const bytes = flows.reduce((sum, flow) => sum + (flow.bytes ?? 0), 0)
    const seconds = (Math.max(...flows.map(({ end }) => end)) - Math.min(...flows.map(({ start }) => start))) / 1000
    // A port that is used again and again may be one try.
    const times = Math.max(1, flows.filter(({ flags }) => flags?.synAck).length)
    const packets = flows.reduce((sum, flow) => sum + flow.packets, 0)
    return bytes < 50_000
      ? []
      : [{ bytes, rate: bytes / Math.max(1, seconds), times, size: bytes / Math.max(1, packets) }]
  })
}

const ranked = (values: readonly number[]) => [...values].sort((one, other) => one - other)
const median = (values: readonly number[]) => ranked(values)[values.length >> 1]!
/** How many times the smallest the largest is, without the outermost tenths. */
function spread(values: readonly number[]): number {
  const all = ranked(values)
  const tenth = Math.floor(all.length / 10)
  return all[all.length - 1 - tenth]! / all[tenth]!
}

const leastAnswers = 6
const modem = 64_000
/** Bytes: of what a link is full of, most packets are as large as it takes them. */
const fullPacket = 1000

/**
 * A fifth of the rate before; or less than a modem's, the same for small and for large answers, as where a link is full. A
 * server that thinks gives few bytes a second, too, but thinks as long for few as for many; and a connection that is kept
 * open between small answers has more the longer it lives, but of packets that are not full.
 */
function isSlow(all: Case): boolean {
  const seen = answersOf(all)
  if (seen.length < leastAnswers) return false
  const third = Math.floor(seen.length / 3)
  const late = seen.slice(-third)
  const of = (name: keyof Answers, all: readonly Answers[]) => all.map((one) => one[name])
  const rates = of('rate', late)
  if (median(rates) < median(of('rate', seen.slice(0, third))) / 5) return true
  const areFull = median(of('size', late)) > fullPacket
  return areFull && median(rates) < modem && spread(rates) < 1.5 && spread(of('bytes', late)) > 2
}

const bothLogAccepts = ({ a, b }: Case) => logsAccepts(a) && logsAccepts(b)
const bothLogRejects = (all: Case) => [all.a, all.b].every((side) => logsRejects(all, side) === 'yes')

const isWhole = (all: Case) => all.hasFlags && bothLogAccepts(all) && bothLogRejects(all)

const knowsRates = (all: Case) => answersOf(all).reduce((sum, { times }) => sum + times, 0) >= leastAnswers

/** Flow logs hold no latency: where no rates are known, slow looks as if nothing were wrong. Without flags, nor do resets show. */
const wellAsFarAsSeen = (all: Case): Verdict =>
  isWhole(all) && !isUnread(all) && knowsRates(all) && !leavesMany(all)
    ? { certainty: 'medium', alternatives: ['slow'] }
    : {
        certainty: 'consistent-with',
        alternatives: ['slow', ...unseenFaults(all)],
      }

/** What else happens to connections that were answered, without a record of it. */
function unseenFaults(all: Case): Cause[] {
  const { a, hasFlags, isUdp } = all
  const ofTcp: readonly Cause[] = [
    ...(hasFlags ? [] : (['refused', 'reset-by-target'] as const)),
    ...(hasFlags && logsAccepts(a) ? [] : (['reset-by-middlebox'] as const)),
    ...(bothLogRejects(all) ? [] : (['late-packets'] as const)),
  ]
  return [...(isUdp ? [] : ofTcp), ...(bothLogAccepts(all) ? [] : (['mtu'] as const))]
}

/**
 * What became of more of them than networks lose is not told: their records may be the ones that are missing, or still to
 * come. Of an answer that one side alone saw, nothing tells whether the other got all of it.
 */
function leavesMany(all: Case): boolean {
  const isSeen = (one: Try) =>
    isComplete(all, one) &&
    hears(all.a, one) &&
    hears(all.b, one) &&
    one.atA.reply.length > 0 &&
    one.atB.reply.length > 0
  const rest = all.tries.length - answered(all).filter(isSeen).length
  return rest >= leastTries && rest >= leastFault * all.tries.length
}

const restOf = (all: Case) =>
  answered(all).length < all.tries.length
    ? '; the others are too few, or too little is recorded of them, to show one'
    : ''

const hiddenBy = ({ pair, port }: Case) => neverLogged(pair.b, port) ?? neverLogged(pair.a, port)

const untold = { row: '18', cause: 'cannot-tell', sure: unknown } as const

// biome-ignore format: a table is read in columns
export const wholeTable: readonly WholeRow[] = [
  { ...untold, shows: (all) => hiddenBy(all) !== undefined, next: next.atTheHost,
    say: (all) => `Flow logs never show traffic of ${hiddenBy(all)}: what happens to ${target(all)} is not told.` },
  { ...untold, shows: (all) => !isLogged(all) && !allHadAnswers(all), next: next.anotherSpan,
    say: (all) => `No flow log shows the interface of ${nameOf(all.a)} or that of ${target(all)} from ${all.pair.since} to ${all.pair.until}.` },
  { ...untold, shows: sawNone, next: next.logBoth,
    say: (all) => `No record of ${fromAToB(all)} was found, and some files could not be read.` },
  { ...untold, shows: areRejectsAlone, next: next.logBoth,
    say: (all) => `No connection of ${fromAToB(all)} was rejected, and of what is accepted their flow logs have no record: they may be of rejected traffic alone.` },
  { ...untold, shows: isSkipped, next: next.logBoth,
    say: ({ a, b }) => `Records of ${nameOf(a.log ? a : b)} are missing in most of the span: AWS skipped them (SKIPDATA), or their files are not there.` },
  { ...untold, shows: (all) => all.isUdp && answered(all).length === 0, next: next.hostOfB,
    say: (all) => `${target(all)} gets UDP and sends none back, which may be as it is meant: UDP needs no answer.` },
  { row: '17', cause: 'calls-elsewhere', shows: callsOthers, sure: elsewhere, next: next.names,
    say: (all) => `A does not call B: ${nameOf(all.a)} sends nothing to ${target(all)}, but to ${newTargets(all).join(', ')} on that port (DNS or configuration?).` },
  { row: '17', cause: 'calls-elsewhere', shows: noneAtB, sure: unseenAtB, next: next.logUnseen,
    say: (all) => `${target(all)} sees nothing of ${nameOf(all.a)}${all.tries.length > 0 ? ' any more' : ''}: A calls elsewhere, or is blocked; A's side is not logged.` },
  { row: '2', cause: 'blocked-at-source', shows: noneAtA, sure: same('calls-elsewhere'), next: (all) => [...otherQuestion(all), ...next.outboundOfA(all)],
    say: (all) => `Nothing of ${fromAToB(all)} was accepted${all.tries.length > 0 ? ' any more' : ''}; rejects of A's interface are not logged${otherWay(all)}.` },
  { row: '17', cause: 'calls-elsewhere', shows: callsNobody, sure: same(), next: nobodyCalled,
    say: (all) => `A does not call B: ${nameOf(all.a)} sends nothing to ${target(all)} in this span${all.port === undefined ? '' : ', and is seen to call nobody else on that port'}${otherWay(all)}.` },
  { row: '15', cause: 'slow', shows: isSlow, sure: same('no-fault'), next: next.latency,
    say: (all) => `The network carries it, and answers of ${target(all)} come slowly: few bytes a second, of which flow logs do not tell why.` },
  { row: '', cause: 'no-fault', shows: (all) => answered(all).length > 0 && !failsAtTheEnd(all), sure: wellAsFarAsSeen, next: next.latency,
    say: (all) => `No fault is seen: ${answered(all).length} of ${all.tries.length} connections of ${fromAToB(all)} were answered${restOf(all)}.` },
  { ...untold, shows: () => true, next: next.logBoth,
    say: (all) => `The records of ${nameOf(all.a)} and ${target(all)} do not show what becomes of their connections.` },
]
