import { requirePositive } from '../check-options.ts'

/**
 * Decompressed bytes whose records are held at the same time. One budget is shared by every `ingest` of a process, so
 * ten objects in flight cost as much memory as one.
 */
export interface ByteBudget {
  /** Size of the budget. */
  readonly bytes: number
  /** Takes the bytes if they are free now. A slice larger than the budget is granted when nothing else is held. */
  readonly tryTake: (bytes: number) => boolean
  /** Takes the bytes when they are free, first come first served. Rejects, with nothing taken, when the signal aborts. */
  readonly take: (bytes: number, signal?: AbortSignal) => Promise<void>
  /** Gives bytes back that were taken. */
  readonly give: (bytes: number) => void
}

/**
 * A budget of one's own: for a process that has more memory than the shared one of 4 MiB uses, or less.
 *
 * @param bytes Whole number from 1; the records of flow logs take about ten times their bytes in memory
 * @throws FlowferryError INVALID_OPTION
 *
 * @example
 * const budget = byteBudget(16 * 1024 * 1024)
 * await ingest({ source, parser, sink, budget })
 */
export function byteBudget(bytes: number): ByteBudget {
  requirePositive('bytes', bytes)
  let held = 0
  const waiting: { bytes: number; enter: () => void }[] = []
  const fits = (wanted: number) => held === 0 || held + wanted <= bytes
  const admit = () => {
    while (waiting.length > 0 && fits(waiting[0]!.bytes)) {
      const next = waiting.shift()!
      held += next.bytes
      next.enter()
    }
  }

  return {
    bytes,
    tryTake: (wanted) => {
      if (waiting.length > 0 || !fits(wanted)) return false
      held += wanted
      return true
    },
    take: (wanted, signal) => {
      if (waiting.length === 0 && fits(wanted)) {
        held += wanted
        return Promise.resolve()
      }
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const leave = () => {
          waiting.splice(waiting.indexOf(one), 1)
          reject(signal!.reason)
          admit()
        }
        const enter = () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        const one = { bytes: wanted, enter }
        waiting.push(one)
        signal?.addEventListener('abort', leave)
      })
    },
    give: (back) => {
      held -= back
      admit()
    },
  }
}

/** 4 MiB: some 40,000 flow records or 2,000 CloudTrail events. */
export const sharedBudget: ByteBudget = byteBudget(4 * 1024 * 1024)
