import { setMaxListeners } from 'node:events'
import { FlowferryError } from './errors.ts'
import { requireOption } from './options.ts'

/** What a Lambda context has: the milliseconds left to this invocation. */
export interface Deadline {
  readonly getRemainingTimeInMillis: () => number
}

/** Of the time that is left at the start, this share is kept for writing what was read. */
const writingShare = 0.2
/** A bulk request seldom takes longer, so more of a long time-out need not be kept. */
const writingMost = 15_000
/** Of all the time, this share is left behind the writing: for the queues, to which messages go on, and the answer. */
const answeringShare = 0.05
const answeringMost = 2000

/** A timer of more fires at once. */
export const longestTimer = 2 ** 31 - 1

/** Why and when the pipeline stops before its work is done. */
export interface Stop {
  /** Aborted when nothing more is to be read. */
  readonly reading: AbortSignal
  /** Aborted when nothing more is to be written. */
  readonly writing: AbortSignal
  /** Stops reading, for a reason of the sink's. */
  readonly now: (error: FlowferryError) => void
  readonly reason: () => FlowferryError | undefined
  /** Ends the timers and listeners. */
  readonly clear: () => void
}

export function startDeadline(deadline: Deadline | undefined, signal: AbortSignal | undefined): Stop {
  const reading = new AbortController()
  const writing = new AbortController()
  // Every write that waits listens, and as many wait as the budget holds.
  setMaxListeners(0, writing.signal)
  let reason: FlowferryError | undefined
  const now = (error: FlowferryError) => {
    reason ??= error
    reading.abort(reason)
  }
  const onAbort = () => {
    now(
      FlowferryError.isInstance(signal!.reason)
        ? signal!.reason
        : new FlowferryError('ABORTED', 'The signal was aborted'),
    )
    writing.abort(reason)
  }
  const timers: NodeJS.Timeout[] = []
  if (deadline) {
    const remaining = deadline.getRemainingTimeInMillis()
    const isTime = typeof remaining === 'number' && !Number.isNaN(remaining)
    requireOption(isTime, 'deadline.getRemainingTimeInMillis()', remaining, 'a number')
    const left = Math.min(remaining, longestTimer)
    const forWriting = Math.min(left * writingShare, writingMost)
    const late = new FlowferryError(
      'DEADLINE',
      `Of ${Math.round(left)} ms for this invocation, ${Math.round(forWriting)} are kept for writing`,
    )
    timers.push(setTimeout(() => now(late), Math.max(0, left - forWriting)))
    timers.push(
      setTimeout(() => writing.abort(late), Math.max(0, left - Math.min(left * answeringShare, answeringMost))),
    )
  }
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })

  return {
    reading: reading.signal,
    writing: writing.signal,
    now,
    reason: () => reason,
    clear: () => {
      for (const timer of timers) clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

/** What `run` gives, or the abort's reason at once, also where `run` does not heed the signal. */
export function unlessAborted<T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return run()
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) return onAbort()
    run()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
