import { crc32 } from 'node:zlib'
import { type ErrorPlace, FlowferryError } from '@flowferry/core'
import { abortError } from './abort.ts'
import { backoff, sleep } from './time.ts'

export type Body = AsyncIterable<Uint8Array> & { readonly destroy?: (error?: Error) => unknown }

/** How patiently S3 is read. */
export interface Patience {
  /** Milliseconds without an answer or a byte, after which a connection is given up. */
  readonly stallMilliseconds: number
  /** New connections that are tried in a row until one brings a byte. */
  readonly retries: number
}

export interface BodyOptions extends Patience {
  readonly place: ErrorPlace
  readonly signal: AbortSignal | undefined
  /** Bytes that were promised; unknown, only an error tells of an early end. */
  readonly size: number | undefined
  /** The body's rest, behind so many bytes of it, on a connection of its own. */
  readonly resume: (received: number) => Promise<Body>
  /** The CRC-32 of the whole, in base64, where S3 keeps one. */
  readonly crc32: string | undefined
}

/**
 * The body of a GetObject, over as many connections as it takes: after a reset, a stall or an early end the rest is asked
 * for, with pauses that grow from 0.1 to 5 s while no byte comes. It ends with an error of ours, also at once when the
 * signal aborts, and gives its socket back when the reader leaves early. This is the one place where bytes of S3 pass.
 *
 * The SDK compares a checksum at the end of what came in one piece. What came in pieces is compared here, where S3 keeps
 * a CRC-32 of the whole object: Node computes no other that S3 keeps by default. Else gzip's own CRC has the last word.
 */
export async function* readBody(first: Body, options: BodyOptions): AsyncGenerator<Uint8Array> {
  const { place, signal, size, resume, retries, stallMilliseconds } = options
  const pauses = backoff(100, 5000)
  let body: Body | undefined = first
  let resumed = false
  let received = 0
  let failures = 0
  let crc = 0
  for (;;) {
    try {
      body ??= await resume(received)
      for await (const chunk of chunksOf(body, stallMilliseconds, place, signal)) {
        received += chunk.length
        failures = 0
        pauses.reset()
        if (options.crc32 !== undefined) crc = crc32(chunk, crc)
        yield chunk
      }
      if (size === undefined || received >= size) break
      throw new FlowferryError('BODY_LENGTH', `${received} bytes came, ${size} were promised`, { place })
    } catch (error) {
      if (signal?.aborted) throw abortError(signal, place)
      if (FlowferryError.isInstance(error) && !error.retryable) throw error
      // The SDK's words. What it withholds then would match; what came before may not.
      if (error instanceof Error && error.message.startsWith('Checksum mismatch'))
        throw new FlowferryError('BODY_CHECKSUM', error.message, { place, cause: error })
      if (received === size || ++failures > retries) throw unreadable(error)
    }
    body = undefined
    resumed = true
    await sleep(pauses.next(), signal)
    if (signal?.aborted) throw abortError(signal, place)
  }
  if (resumed && options.crc32 !== undefined && base64(crc) !== options.crc32)
    throw new FlowferryError('BODY_CHECKSUM', `The CRC-32 is ${base64(crc)}, and S3 states ${options.crc32}`, { place })

  function unreadable(error: unknown): FlowferryError {
    if (FlowferryError.isInstance(error)) return error
    const what = error instanceof Error ? error.message : String(error)
    const tries = failures > 1 ? `, in ${failures} tries` : ''
    return new FlowferryError(
      'OBJECT_UNREADABLE',
      `Reading the body failed after ${received} of ${size ?? 'unknown'} bytes${tries}: ${what}`,
      { place, cause: error },
    )
  }
}

/** What one connection gives, until it ends, breaks, or is silent for too long while somebody waits for its bytes. */
async function* chunksOf(
  body: Body,
  stallMilliseconds: number,
  place: ErrorPlace,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const stop = () => body.destroy?.(new Error('aborted'))
  signal?.addEventListener('abort', stop, { once: true })
  const chunks = body[Symbol.asyncIterator]()
  try {
    if (signal?.aborted) stop()
    for (;;) {
      const next = await unlessStalled(chunks.next(), 'No byte of the body came', stallMilliseconds, place)
      if (next.done) return
      if (signal?.aborted) throw abortError(signal, place)
      yield next.value
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    body.destroy?.()
    // Not awaited: a body that hangs would hang here too.
    chunks.return?.().catch(() => undefined)
  }
}

/** What the promise gives, or `OBJECT_STALLED` when that takes too long. */
export function unlessStalled<T>(
  promise: Promise<T>,
  what: string,
  milliseconds: number,
  place: ErrorPlace,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new FlowferryError('OBJECT_STALLED', `${what} for ${milliseconds / 1000} s`, { place })),
      milliseconds,
    )
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** As S3 writes it: four bytes, the highest first. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
function base64(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes.toString('base64')
}
