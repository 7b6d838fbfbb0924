import { type ErrorPlace, FlowferryError } from '@flowferry/core'

/** The reason that the signal was given, if it is an error of ours (a deadline), else `ABORTED`. */
export function abortError(signal: AbortSignal, place: ErrorPlace): FlowferryError {
  if (FlowferryError.isInstance(signal.reason)) return signal.reason
  return new FlowferryError('ABORTED', 'Reading was stopped', { place, cause: signal.reason })
}
