import type { Slice } from '../types.ts'

/** Follows how many leading records of an object are done with, while its slices are written in any order. */
export interface PositionTracker {
  /** The records before this ordinal are stored, filtered or malformed. */
  readonly position: () => number
  /** Adds the next records, up to but not including the ordinal `end`. Without a slice there is nothing to store. */
  readonly add: (end: number, slice?: Slice<unknown>) => void
  /** Notes that the slice was written. A position never passes a slice of which some records are not stored. */
  readonly complete: (slice: Slice<unknown>, stored: boolean) => void
}

/** Consecutive records: a slice, or what a filter dropped. */
interface Range {
  readonly end: number
  readonly slice: Slice<unknown> | undefined
  done: boolean
}

export function trackPosition(from: number): PositionTracker {
  // Few at a time. In a Map that adds and deletes, tables left behind would keep slices alive until a full collection.
  const waiting: Range[] = []
  let position = from
  let stuck = false
  const advance = () => {
    while (waiting[0]?.done) position = waiting.shift()!.end
  }
  return {
    position: () => position,
    add: (end, slice) => {
      if (stuck) return
      waiting.push({ end, slice, done: slice === undefined })
      advance()
    },
    complete: (slice, stored) => {
      const index = waiting.findIndex((range) => range.slice === slice)
      if (index === -1) return
      waiting[index]!.done = stored
      if (!stored) {
        waiting.length = index
        stuck = true
      }
      advance()
    },
  }
}
