import type { Span } from '../question.ts'
import { isoDate } from '../values.ts'
import type { Pair } from './evidence.ts'

export const minutes = 60_000
/** Windows last up to ten minutes. */
export const margin = 10 * minutes
/** AWS delivers flow records some ten minutes late, by best effort. https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html */
export const delivery = 15 * minutes
/** How long before the span an interface is looked for: one that only loses traffic has no record in it. */
export const lookback = 24 * 60 * minutes
/** How long after it: what comes then shows that its log went on. */
export const lookahead = 3 * margin

export function around({ since, until }: Pick<Pair, 'since' | 'until'>, before: number, after: number): Span {
  return { from: isoDate(Date.parse(since) - before), to: isoDate(Date.parse(until) + after) }
}

/** Changes from an hour before; CloudTrail's times may be a minute or two off those of flow records. */
export const changesSpan = (asked: Pick<Pair, 'since' | 'until'>): Span => around(asked, 60 * minutes, 2 * minutes)
