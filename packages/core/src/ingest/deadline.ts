import { setMaxListeners } from 'node:events'
import { requireOption } from '../check-options.ts'
import { FlowferryError } from '../errors.ts'

/** The part of a Lambda context that tells how much time is left. */
export interface Deadline {
  /** Milliseconds until the invocation is ended. */
  readonly getRemainingTimeInMillis: () => number
}

/** Share of the time left at the start that is kept for writing the records that were read. */
const writingShare = 0.2
/** Milliseconds. A bulk request seldom takes longer, so more of a long time-out need not be kept. */
const writingMost = 15_000
/** Share of the same time that is kept for the end: messages go back to their queue, and the function answers. */
const answeringShare = 0.05
const answeringMost = 2000

/** Milliseconds. A timer of more fires at once. */
export const longestTimer = 2 ** 31 - 1

/** Why and when the pipeline stops before its work is done. */
export interface Stop {
  /** Aborted when nothing more is to be read. */
  readonly reading: AbortSignal
  /** Aborted when nothing more is to be written. */
  readonly writing: AbortSignal
  /** Stops reading, for an error of the sink. */
  readonly now: (error: FlowferryError) => void
  /** The first error that stopped reading. */
  readonly reason: () => FlowferryError | undefined
  /** Ends the timers and listeners. */
  readonly clear: () => void
}

/** @throws FlowferryError INVALID_OPTION where the deadline tells no number */
export function startDeadline(deadline: Deadline | undefined, signal: AbortSignal | undefined): Stop {
  const reading = new AbortController()
  const writing = new AbortController()
  // Every object that is read listens, and every write that waits: as many as `concurrency` and the budget allow.
  setMaxListeners(0, reading.signal, writing.signal)
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
    timers.push(setTimeout(() => now(late), Math.max(1, left - forWriting)))
    timers.push(
      setTimeout(() => writing.abort(late), Math.max(1, left - Math.min(left * answeringShare, answeringMost))),
    )
  }
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)

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
