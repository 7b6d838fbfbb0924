import { type Derived, isIngested } from './derive.ts'
import type { Enrichment } from './enrichment.ts'
import { keywordMapping, useOf } from './targets.ts'

/**
 * `event.ingested`: when a document set out for the store, which is what an alert has to look back from, since logs come
 * minutes behind their `@timestamp`. All documents of a batch have one time, taken when it was read: a request follows
 * within `batchSeconds` and the store's own time. An object that comes again gives the same ids and later times, and a
 * store that has the documents already keeps its first ones.
 *
 * @example
 * const parser = vpcFlow.with(ingested)
 */
export const ingested: Enrichment = {
  name: 'ingested',
  derived: () => [
    {
      targets: [useOf('event.ingested', keywordMapping)],
      inputs: [],
      // Known of a batch, and of no record: encodings put it there.
      compute: () => undefined,
      enrichment: 'ingested',
      operation: { is: 'ingested', operands: [] },
    },
  ],
}

/** The time of a batch that is read now; none where its documents do not tell it. */
export function ingestedNow({ derived }: { readonly derived: readonly Derived[] }): string | undefined {
  return derived.some(isIngested) ? new Date().toISOString() : undefined
}

/** The member as engines write it. */
export function ingestedMember(time: string): string {
  return `"ingested":"${time}"`
}
