/**
 * What is wrong with an archive. `true`: the archive is not what CloudTrail delivered. `false`: nothing shows that it was
 * changed, and nothing proves that it was not.
 */
export const findingKinds = {
  /** A digest names it, and it is not there. */
  'log-missing': true,
  /** Its content is not what the digest says. */
  'log-changed': true,
  /** It holds what the same digest says of another file. */
  'log-reordered': true,
  /** A digest covers its time and none names it. */
  'log-inserted': true,
  /** No digest covers its time: validation was off. Or one that may name it cannot be read. */
  'log-unsigned': false,
  /** It cannot be read: in an archive tier, or forbidden. */
  'log-unreadable': false,
  /** Another digest names it as the one before, and it is not there. */
  'digest-missing': true,
  /** Its content is not what was signed. */
  'digest-changed': true,
  /** It has no signature. */
  'digest-unsigned': true,
  /** Its signature is of a key that is not among those given, or of another one than it says. */
  'digest-resigned': true,
  /** It is the digest of another place. */
  'digest-reordered': true,
  /** What a signed digest says of the one before does not hold, and that one is signed as well. */
  'chain-broken': true,
  /** The chain begins anew, or leaves time out: validation was off in between. */
  'digest-gap': false,
  /** A copy without metadata, and no later digest has its signature. */
  'digest-unproven': false,
  /** It cannot be read: in an archive tier, or forbidden. */
  'digest-unreadable': false,
  /** The last digest ends long before the span does: later ones were removed, or the trail was stopped. */
  'digests-end': false,
  /** Log files, and no digest of the span. */
  'no-digests': false,
} as const satisfies Readonly<Record<string, boolean>>

/** What may be wrong with an archive. */
export type FindingKind = keyof typeof findingKinds

/** One thing that is wrong with an archive, as `verifyCloudTrail` tells it. */
export interface Finding {
  readonly kind: FindingKind
  /** Whether the archive is then not what CloudTrail delivered; else it is not known. */
  readonly fault: boolean
  /** The object, or the folder, that it is about. */
  readonly key: string
  /** In words, without the key. */
  readonly what: string
}

export type OnFinding = (kind: FindingKind, key: string, what: string) => void
