import { type Content, type Digest, digestName } from './digest.ts'
import type { OnFinding } from './findings.ts'

/**
 * What is known of a digest's own signature. `signed`: it holds. `forged`: it does not, and whether the content or the
 * signature was changed the next digest tells. `open`: a copy has none, and the next digest may have it. `told`: what is
 * wrong with it was told.
 */
export type Verdict = 'signed' | 'forged' | 'open' | 'told'

/** A digest as the next one of its chain meets it. It is kept between two runs, as JSON. */
export interface Link {
  readonly key: string
  readonly end: number
  readonly verdict: Verdict
  /** None where the content is no digest, or one of another place. */
  readonly digest?: Omit<Digest, 'files'>
  readonly signature?: string
  /** Of its log files, until it is known to be signed. */
  readonly content?: Content
}

interface Around {
  /** Where the span begins: what is before it is not looked at. */
  readonly from: number
  /** Whether the chain is one of backfill digests, which cover no time of their own. */
  readonly isBackfill: boolean
  /** Whether a signature, which another digest states, is of this one. */
  readonly isOf: (digest: Omit<Digest, 'files'>, signature: string) => boolean
  readonly tell: OnFinding
}

const iso = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z')

/** Holds a digest against the one before in its chain, and tells what that is worth now that the next is known. */
export function join(before: Link | undefined, next: Link, { from, isBackfill, isOf, tell }: Around): void {
  // What a digest says counts where its signature does.
  const told = next.verdict === 'signed' || next.verdict === 'open' ? next.digest : undefined
  const isNamed = before !== undefined && told?.previous?.key === before.key
  if (before) settle(before, isNamed ? told : undefined, next.key, { isOf, tell })
  if (!told) return
  const { previous, start } = told
  if (!previous) {
    if (before && !isBackfill)
      tell('digest-gap', next.key, `the chain begins anew: no digest covers the time since ${iso(before.end)}`)
    return
  }
  if (previous.bucket !== told.bucket) {
    tell('digest-gap', next.key, `the digest before lies in the bucket ${previous.bucket}, which is not looked at`)
    return
  }
  if (isNamed) {
    if (!isBackfill && start - before.end > 1000)
      tell('digest-gap', next.key, `no digest covers the time from ${iso(before.end)} to ${iso(start)}`)
    return
  }
  const named = digestName(previous.key)
  // A chain that goes on from another one is signed to do so.
  if (named && named.chain !== digestName(next.key)?.chain) return
  const end = named?.end ?? start
  if (!before) {
    if (!isBackfill && start > from) tell('digest-missing', previous.key, `${next.key} names it as the one before`)
  } else if (end > before.end) {
    tell(
      'digest-missing',
      previous.key,
      `${next.key} names it as the one before; the last that is there ends ${iso(before.end)}`,
    )
  } else tell('chain-broken', before.key, `${next.key} goes on from ${previous.key}, and does not know it`)
}

/** What a digest's signature comes to once the next digest is known, or that there is none. */
export function settle(
  { key, verdict, digest, signature }: Link,
  next: Omit<Digest, 'files'> | undefined,
  nextKey: string | undefined,
  { isOf, tell }: Pick<Around, 'isOf' | 'tell'>,
): void {
  if (!digest || verdict === 'told') return
  const { previous, previousSignature } = next ?? {}
  const isSame = previous?.hash === digest.hash
  if (verdict === 'forged') {
    if (!next) tell('digest-changed', key, 'its signature does not hold: it was changed, or signed by another key')
    else if (isSame)
      tell('digest-resigned', key, `its content is what ${nextKey} says, and its signature is of another key`)
    else tell('digest-changed', key, `its content is neither what was signed nor what ${nextKey} says`)
    return
  }
  if (verdict === 'open') {
    if (!next || previousSignature === undefined)
      tell('digest-unproven', key, 'the copy has no metadata, and no later digest has its signature')
    else if (!isOf(digest, previousSignature))
      tell('digest-changed', key, `the signature that ${nextKey} has of it does not hold`)
    else if (!isSame) tell('chain-broken', nextKey!, `it says another hash of ${key} than that has`)
    return
  }
  if (!next) return
  if (!isSame) tell('chain-broken', nextKey!, `it says another hash of ${key} than that has`)
  else if (signature !== undefined && previousSignature?.toLowerCase() !== signature.toLowerCase())
    tell('chain-broken', nextKey!, `it says another signature of ${key} than that has`)
}
