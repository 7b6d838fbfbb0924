import { type ErrorPlace, FlowferryError } from '@flowferry/core'
import { abortError } from './abort.ts'

type Body = AsyncIterable<Uint8Array> & { readonly destroy?: (error?: Error) => unknown }

/**
 * The body of a GetObject: it ends with an error of ours, also at once when the signal aborts, and gives its socket
 * back when the reader leaves early. This is the one place where bytes of S3 pass.
 */
export async function* readBody(body: Body, place: ErrorPlace, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = () => body.destroy?.(new Error('aborted'))
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) stop()
    for await (const chunk of body) {
      if (signal?.aborted) throw abortError(signal, place)
      yield chunk
    }
  } catch (error) {
    if (signal?.aborted) throw abortError(signal, place)
    if (FlowferryError.isInstance(error)) throw error
    const what = error instanceof Error ? error.message : String(error)
    throw new FlowferryError('OBJECT_UNREADABLE', `Reading the body failed: ${what}`, { place, cause: error })
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
