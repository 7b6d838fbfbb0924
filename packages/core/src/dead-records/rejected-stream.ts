import { asFlowferryError, type FlowferryError } from '../errors.ts'
import type { Slice, SliceOutcome } from '../types.ts'
import { type DeadStream, rejectedRecords } from './stream.ts'

/** The rejected documents of an object. Slices are written in any order; their rejected documents go in reading order. */
export interface RejectedStream {
  /** Announces a slice, in the order of reading. */
  readonly announce: (slice: Slice<unknown>) => void
  /** Resolves when the slice's rejected documents are taken. Gives nothing where there are none. */
  readonly add: (slice: Slice<unknown>, outcome: SliceOutcome) => Promise<void> | undefined
  /** Resolves when all of them are kept, or with the reason why they are not. */
  readonly end: () => Promise<FlowferryError | undefined>
}

export function rejectedStream(stream: DeadStream): RejectedStream {
  const turns = new Map<Slice<unknown>, { readonly before: Promise<void>; readonly pass: () => void }>()
  let last = Promise.resolve()
  let failure: FlowferryError | undefined
  const attempt = async (run: () => Promise<void>) => {
    if (failure) return
    try {
      await run()
    } catch (error) {
      failure = asFlowferryError(error, 'STEP_FAILED', 'A dead record could not be made')
    }
  }
  return {
    announce: (slice) => {
      const before = last
      let pass!: () => void
      last = new Promise((resolve) => {
        pass = resolve
      })
      turns.set(slice, { before, pass })
    },
    add: (slice, { rejected }) => {
      const { before, pass } = turns.get(slice)!
      turns.delete(slice)
      if (rejected.length === 0) {
        void before.then(pass)
        return undefined
      }
      return before.then(() => attempt(() => stream.add(rejectedRecords(slice, rejected)))).then(pass)
    },
    end: async () => {
      await attempt(stream.end)
      return failure
    },
  }
}
