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
  done: boolean
}

export function openMark(from: number): Mark {
  const waiting: Step[] = []
  const steps = new Map<Slice<unknown>, Step>()
  let reached = from
  let stuck = false
  const advance = () => {
    while (waiting[0]?.done) reached = waiting.shift()!.end
  }
  return {
    reached: () => reached,
    open: (end, slice) => {
      if (stuck) return
      const step = { end, done: slice === undefined }
      waiting.push(step)
      if (slice) steps.set(slice, step)
      advance()
    },
    close: (slice, stored) => {
      const step = steps.get(slice)
      steps.delete(slice)
      const place = step ? waiting.indexOf(step) : -1
      if (place === -1) return
      step!.done = stored
      if (!stored) {
        waiting.length = place
        stuck = true
      }
      advance()
    },
  }
}
