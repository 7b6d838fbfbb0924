import { isIP, isIPv6 } from 'node:net'
import type { Snapshot } from '@flowferry/enrich/interfaces'
import { loggedForm } from '../addresses.ts'
import type { Store } from '../answer.ts'
import type { Span } from '../question.ts'
import { refused } from '../refuse.ts'
import { isoDate } from '../values.ts'
import { inLogs, isInLogs } from './in-logs.ts'
import { type End, endsOf, type Meanings, meaningsOf, meant, unknown } from './named.ts'
import { lookback } from './spans.ts'

/** What is asked: A and, but for the question which of its targets fail, B. */
export interface Asked {
  /** An address, `eni-…`, `i-…`, or a name of the snapshot. */
  readonly a: string
  readonly b?: string
  /** ISO 8601. */
  readonly since: string
  readonly until: string
}

/** The addresses of A and of B; of B none where it is not asked about. */
export interface Ends {
  readonly a: readonly End[]
  readonly b: readonly End[]
}

/** @throws FlowferryError INVALID_OPTION where the texts name nothing, or more than one thing */
export async function endsFor(ask: Store['ask'], asked: Asked, snapshot: Snapshot | undefined): Promise<Ends> {
  const { a, b, since, until } = asked
  const span = { from: isoDate(Date.parse(since) - lookback), to: until }
  const meanings = (whose: string, text: string): Meanings =>
    snapshot ? meaningsOf(whose, text, snapshot) : { whose, text, things: [] }
  const ofA = meanings('A', a)
  const ofB = b === undefined ? undefined : meanings('B', b)
  return {
    a: await endsIn(ask, ofA, ofB, span, snapshot),
    b: ofB ? await endsIn(ask, ofB, ofA, span, snapshot) : [],
  }
}

async function endsIn(
  ask: Store['ask'],
  meanings: Meanings,
  other: Meanings | undefined,
  span: Span,
  snapshot: Snapshot | undefined,
): Promise<End[]> {
  const { whose, text } = meanings
  if (meanings.things.length > 0) {
    const ends = endsOf(meanings, meant(meanings, other))
    if (ends.length === 0) throw refused(whose, `is "${text}", whose interface has no address`)
    return ends
  }
  if (isIP(text) !== 0 && !text.includes('%')) return [{ address: loggedForm(text.toLowerCase()) }]
  if (isInLogs(text)) return inLogs(ask, whose, text, span)
  throw unknown(whose, text, snapshot)
}

/**
 * Each end of A with each of B that is another one, of one family of addresses.
 *
 * @throws FlowferryError INVALID_OPTION where there is none
 */
export function pairsOf({ a, b }: Ends): { readonly a: End; readonly b: End }[] {
  const others = b.filter((to) => a.every((from) => !isSame(from, to)))
  if (others.length === 0)
    throw refused('B', 'is A: what a host sends to itself never leaves it, so that no flow log has it')
  const pairs = a.flatMap((from) =>
    others.flatMap((to) => {
      if (isIPv6(from.address) === isIPv6(to.address)) return [{ a: from, b: to }]
      const other = of(from, isIPv6(to.address)) ?? of(to, isIPv6(from.address))
      if (!other) return []
      return isIPv6(other.address) === isIPv6(to.address) ? [{ a: other, b: to }] : [{ a: from, b: other }]
    }),
  )
  if (pairs.length === 0) throw refused('B', 'has no address of the family (IPv4, IPv6) that A has')
  return pairs
}

const isSame = (one: End, other: End) =>
  one.address === other.address || (one.known !== undefined && one.known.id === other.known?.id)

/** The end with an address of the family, where its interface has one. */
function of({ known }: End, isSix: boolean): End | undefined {
  const address = known?.addresses.find((one) => isIPv6(one) === isSix)
  return address === undefined ? undefined : { address, ...(known && { known }) }
}
