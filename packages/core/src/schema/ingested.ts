import { type BatchValues, type Derived, ofBatch } from './derive.ts'
import type { Enrichment } from './enrichment.ts'

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
      ...ofBatch('event.ingested', () => new Date().toISOString()),
      enrichment: 'ingested',
      operation: { is: 'ingested', operands: [] },
    },
  ],
}

export function isIngested({ operation }: Derived): boolean {
  return operation?.is === 'ingested'
}

/** The time among the values of a batch. */
export function ingestedOf(values: BatchValues): string | undefined {
  for (const [derived, value] of values) if (isIngested(derived)) return value
  return undefined
}

/** The member as JSON's engine writes it. */
export function ingestedMember(time: string): string {
  return `"ingested":"${time}"`
}
