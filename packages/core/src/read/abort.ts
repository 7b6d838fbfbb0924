/** Ends what is iterated. Not awaited: while a read hangs, ending it hangs too. */
export function close(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().catch(() => undefined)
}

/**
 * Resolves or rejects as `run` does, and rejects with the signal's reason as soon as the signal aborts: a source or a
 * callback of the user's may not heed the signal. An aborted signal keeps `run` from being called.
 */
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
