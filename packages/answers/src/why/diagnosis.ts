import type { LogDocument } from '@flowferry/core'

/** What may keep A from B, by the rows of the decision table. */
export const causes = [
  'blocked-at-target',
  'blocked-at-source',
  'reply-blocked-at-target',
  'reply-blocked-at-source',
  'public-access-blocked',
  'encryption-control',
  'late-packets',
  'lost-on-the-way',
  'dropped-by-transit-gateway',
  'no-answer',
  'refused',
  'reset-by-target',
  'reset-by-middlebox',
  'reply-lost',
  'asymmetric',
  'mtu',
  'slow',
  'nat-ports',
  'calls-elsewhere',
  'cannot-tell',
  'no-fault',
] as const

/** Why A does not reach B, or that it does: one of `causes`. */
export type Cause = (typeof causes)[number]

/**
 * From most to least. `certain`: AWS wrote it. `high`: the records leave no other cause. `medium`: a pattern that has few
 * other explanations. `consistent-with`: other causes look the same, or much is missing.
 */
export const certainties = ['certain', 'high', 'medium', 'consistent-with', 'cannot-tell'] as const

/** How sure a cause is: one of `certainties`. */
export type Certainty = (typeof certainties)[number]

/** Why A does not reach B. */
export interface Diagnosis {
  readonly cause: Cause
  /** Causes that the present records cannot tell from it. */
  readonly alternatives: readonly Cause[]
  readonly certainty: Certainty
  readonly sentence: string
  readonly assumptions: readonly string[]
  /** What to do: words, or a command. */
  readonly next: readonly string[]
  /** What shows afterwards that it is mended. */
  readonly verify: readonly string[]
  /** The records that show it, whole, by time; at most 24. */
  readonly evidence: readonly LogDocument[]
  readonly ruledOut: readonly { readonly cause: Cause; readonly by: string }[]
  /** What these records do not show, and the log or field that would. */
  readonly cannotTell: readonly { readonly what: string; readonly missing: string }[]
  /** Changes of the network before it began; none is said to have caused it. Nearest in relation first, then in time. */
  readonly changes: readonly Change[]
  /** ISO 8601. Silence after this time may be of records that are still to come. None where no record tells. */
  readonly completeUntil?: string
  /** ISO 8601: start of the first failed try after the last that succeeded, or of the first. */
  readonly onset?: string
  /** How many tries there were, and how many of them failed. */
  readonly tries: { readonly all: number; readonly failed: number }
  /**
   * Who else calls B:P, and what else A calls, from the onset on; without one, in the span. The cheapest test: if all
   * clients fail it is B, if A fails everywhere it is A. Where the log has `tcp-flags`, connections that were opened count.
   */
  readonly others: { readonly clients: Others; readonly targets: Others }
}

/** Of those seen, how many got an answer; with `tcp-flags`, a refusal is none. */
export interface Others {
  readonly seen: number
  readonly answered: number
}

/** A change of the network before the first failure, as CloudTrail has it. */
export interface Change {
  /** ISO 8601. */
  readonly time: string
  /** `RevokeSecurityGroupIngress` */
  readonly event: string
  readonly eventId: string
  readonly by: string
  readonly resource: string
  /** Seconds from the change to the onset; negative where it came after. */
  readonly secondsBefore: number
}
