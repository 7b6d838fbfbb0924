/**
 * Aborts a request of OpenSearch's client with the signal, since that client takes none.
 *
 * @returns Removes the listener, once the request has ended
 * @example
 * const sent = client.transport.request(params)
 * const unlisten = abortOn(signal, sent)
 */
export function abortOn(signal: AbortSignal | undefined, sent: { readonly abort: () => unknown }): () => void {
  const abort = () => {
    // Not returned: `abort()` may give a promise, and its rejection in a listener would end the process.
    sent.abort()
  }
  signal?.addEventListener('abort', abort, { once: true })
  return () => signal?.removeEventListener('abort', abort)
}
