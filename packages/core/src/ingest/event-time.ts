import type { Batch, ObjectReport } from '../types.ts'

/**
 * The times of an object's first and last record. They cost two documents an object: two a batch would slow CloudTrail,
 * whose documents are large.
 */
export interface EventTimes {
  readonly add: (batch: Batch<unknown>) => void
  /** Nothing more is read: the last batch is let go. */
  readonly end: () => void
  readonly range: () => ObjectReport['eventTime']
}

export function eventTimes(): EventTimes {
  const times: number[] = []
  let last: Batch<unknown> | undefined
  return {
    add: (batch) => {
      if (batch.length === 0) return
      if (!last) times.push(timeOf(batch, 0))
      last = batch
    },
    end: () => {
      if (last) times.push(timeOf(last, last.length - 1))
      last = undefined
    },
    range: () => {
      const known = times.filter((time) => !Number.isNaN(time)).sort((a, b) => a - b)
      if (known.length === 0) return undefined
      return { oldest: new Date(known[0]!).toISOString(), newest: new Date(known.at(-1)!).toISOString() }
    },
  }
}

/** NaN for a record without a time. A document that cannot be made is an error where it is written, not here. */
function timeOf(batch: Batch<unknown>, index: number): number {
  try {
    return Date.parse(String(batch.document(index)['@timestamp']))
  } catch {
    return Number.NaN
  }
}
