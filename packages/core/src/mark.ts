import type { Slice } from './types.ts'

/** Follows how many leading records of an object have their fate, while its slices are written in any order. */
export interface Mark {
  /** Records before this ordinal are done with. */
  readonly reached: () => number
  /** The next records, up to but not including `end`; without a slice they have their fate already. */
  readonly open: (end: number, slice?: Slice<unknown>) => void
  /** The slice is written; where some of it is not stored, the mark never passes it. */
  readonly close: (slice: Slice<unknown>, stored: boolean) => void
}

interface Step {
  readonly end: number
  readonly slice: Slice<unknown> | undefined
  done: boolean
}

export function openMark(from: number): Mark {
  // Few at a time. In a Map that adds and deletes, tables left behind would keep slices alive until a full collection.
  const waiting: Step[] = []
  let reached = from
  let stuck = false
  const advance = () => {
    while (waiting[0]?.done) reached = waiting.shift()!.end
  }
  return {
    reached: () => reached,
    open: (end, slice) => {
      if (stuck) return
      waiting.push({ end, slice, done: slice === undefined })
      advance()
    },
    close: (slice, stored) => {
      const place = waiting.findIndex((step) => step.slice === slice)
      if (place === -1) return
      waiting[place]!.done = stored
      if (!stored) {
        waiting.length = place
        stuck = true
      }
      advance()
    },
  }
}
