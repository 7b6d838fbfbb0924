/** The decision table: which connections show a cause, how sure that is, what to say and to do. Its order is that of proof. */
import type { Case } from './case.ts'
import * as sure from './certainty.ts'
import type { Cause } from './diagnosis.ts'
import * as shows from './predicates.ts'
import * as say from './sentences.ts'
import * as next from './steps.ts'
import type { Try } from './tries.ts'

export interface Row {
  /** Its number in `docs/why.md`. */
  readonly row: string
  readonly cause: Cause
  readonly shows: shows.Predicate
  /** Whether it rests on a record that is not there: then on connections only of which all records have to be there. */
  readonly byAbsence?: true
  /** A reset that A alone saw: whose it is, other connections may tell. */
  readonly ofAnyReset?: true
  readonly sure: sure.Judge
  readonly say: (tries: readonly Try[], all: Case) => string
  readonly next: (all: Case) => string[]
}

// biome-ignore format: a table is read in columns
export const table: readonly Row[] = [
  { row: '5', cause: 'public-access-blocked', shows: shows.publicAccessBlocked, sure: sure.written, say: say.publicAccessBlocked, next: next.publicAccess },
  { row: '6', cause: 'encryption-control', shows: shows.encryptionControl, sure: sure.written, say: say.encryptionControl, next: next.encryption },
  { row: '8a', cause: 'dropped-by-transit-gateway', shows: shows.droppedByTransitGateway, sure: sure.written, say: say.droppedByTransitGateway, next: next.transitGateway },
  { row: '1', cause: 'blocked-at-target', shows: shows.blockedAtTarget, sure: sure.rejectedSyn('atB'), say: say.blockedAtTarget, next: next.inboundOfB },
  { row: '2', cause: 'blocked-at-source', shows: shows.blockedAtSource, sure: sure.rejectedSyn('atA'), say: say.blockedAtSource, next: next.outboundOfA },
  { row: '13', cause: 'asymmetric', shows: shows.asymmetric, byAbsence: true, sure: sure.leavesElsewhere, say: say.asymmetric, next: next.secondInterface },
  { row: '3', cause: 'reply-blocked-at-target', shows: shows.replyBlockedAtTarget, sure: sure.rejectedReply('atB'), say: say.replyBlockedAtTarget, next: next.repliesOfB },
  { row: '4', cause: 'reply-blocked-at-source', shows: shows.replyBlockedAtSource, sure: sure.rejectedReply('atA'), say: say.replyBlockedAtSource, next: next.repliesToA },
  { row: '1', cause: 'blocked-at-target', shows: shows.blockedSomewhere, sure: sure.rejectedSomewhere('request', 'blocked-at-source'), say: say.blockedSomewhere, next: next.inboundOfB },
  { row: '3', cause: 'reply-blocked-at-target', shows: shows.replyBlockedSomewhere, sure: sure.rejectedSomewhere('reply', 'reply-blocked-at-source'), say: say.replyBlockedSomewhere, next: next.repliesOfB },
  { row: '10', cause: 'refused', shows: shows.refused, sure: sure.proven, say: say.refused, next: next.listener },
  { row: '11', cause: 'reset-by-target', shows: shows.resetByTarget, sure: sure.proven, say: say.resetByTarget, next: next.serverLog },
  { row: '11a', cause: 'reset-by-middlebox', shows: shows.resetByMiddlebox, sure: sure.resetBetween, say: say.resetByMiddlebox, next: next.keepalive },
  { row: '10', cause: 'refused', shows: shows.refusalSeenAtA, ofAnyReset: true, sure: sure.resetAtA('reset-by-target', 'reset-by-middlebox'), say: say.refusalSeenAtA, next: next.listener },
  { row: '11', cause: 'reset-by-target', shows: shows.resetSeenAtA, ofAnyReset: true, sure: sure.resetAtA('reset-by-middlebox'), say: say.resetSeenAtA, next: next.keepalive },
  { row: '12', cause: 'reply-lost', shows: shows.replyLost, byAbsence: true, sure: sure.neverReturned, say: say.replyLost, next: next.wayBack },
  { row: '9', cause: 'no-answer', shows: shows.noAnswer, byAbsence: true, sure: sure.neverAnswered, say: say.noAnswer, next: next.hostOfB },
  { row: '16', cause: 'nat-ports', shows: shows.natPorts, byAbsence: true, sure: sure.neverSentOn, say: say.natPorts, next: next.natGateway },
  { row: '8', cause: 'lost-on-the-way', shows: shows.lostOnTheWay, byAbsence: true, sure: sure.neverArrived, say: say.lostOnTheWay, next: next.wayThere },
  { row: '18', cause: 'no-answer', shows: shows.unansweredAtA, byAbsence: true, sure: sure.seenAtAAlone, say: say.unansweredAtA, next: next.logTarget },
  { row: '18', cause: 'reply-lost', shows: shows.halfOpenAtB, byAbsence: true, sure: sure.seenAtBAlone, say: say.halfOpenAtB, next: next.logSource },
  { row: '14', cause: 'mtu', shows: shows.largePacketsLost, byAbsence: true, sure: sure.consistent, say: say.largePacketsLost, next: next.mtu },
  { row: '7', cause: 'late-packets', shows: shows.latePackets, sure: sure.afterTheEnd, say: say.latePackets, next: next.keepalive },
]
