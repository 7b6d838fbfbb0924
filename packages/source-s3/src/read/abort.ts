import { type ErrorPlace, FlowferryError } from '@flowferry/core'

/** The signal's reason where it is a FlowferryError, as a deadline's is; else `ABORTED`. */
export function abortError(signal: AbortSignal, place: ErrorPlace): FlowferryError {
  if (FlowferryError.isInstance(signal.reason)) return signal.reason
  return new FlowferryError('ABORTED', 'Reading was stopped', { place, cause: signal.reason })
}
