import { crc32 } from 'node:zlib'
import { type ErrorPlace, FlowferryError } from '@flowferry/core'
import { backoff, sleep } from '../queue/time.ts'
import { abortError } from './abort.ts'

export type Body = AsyncIterable<Uint8Array> & { readonly destroy?: (error?: Error) => unknown }

/** `ReadOptions.stallSeconds` and `retries`, checked and with defaults. */
export interface RetryOptions {
  /** Milliseconds without a response or a byte, after which a connection is closed. */
  readonly stallMilliseconds: number
  /** New connections in a row without a byte, after which the read fails. */
  readonly retries: number
}

export interface BodyOptions extends RetryOptions {
  readonly place: ErrorPlace
  readonly signal: AbortSignal | undefined
  /** Bytes of the whole body, from Content-Length. Where it is unknown, only an error tells of an early end. */
  readonly size: number | undefined
  /** Opens another connection for the bytes behind the first `received`. */
  readonly resume: (received: number) => Promise<Body>
  /** CRC-32 of the whole object in base64, where S3 keeps one. */
  readonly crc32: string | undefined
}

/**
 * The body of a GetObject, over as many connections as it takes. After a reset, a stall or an early end a new
 * connection brings the rest, with pauses that grow from 0.1 to 5 s while no byte comes. An abort ends the body at
 * once, and a reader that stops early closes the connection. All bytes from S3 pass through here.
 *
 * The SDK compares the checksum of a body from one connection. A body from several is compared here, where S3 keeps a
 * CRC-32 of the whole object: Node has no other of the algorithms that S3 uses by default. Else gzip's own CRC decides.
 *
 * @throws FlowferryError OBJECT_STALLED, OBJECT_UNREADABLE, BODY_LENGTH, BODY_CHECKSUM, the error of `resume`, ABORTED
 *   or the signal's reason
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
      // The SDK's own text. A resume would bring only the last chunk again, though an earlier one may be damaged.
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
    const message = error instanceof Error ? error.message : String(error)
    const tries = failures > 1 ? `, in ${failures} tries` : ''
    return new FlowferryError(
      'OBJECT_UNREADABLE',
      `Reading the body failed after ${received} of ${size ?? 'unknown'} bytes${tries}: ${message}`,
      { place, cause: error },
    )
  }
}

/** The chunks of one connection, until it ends, breaks, or stalls while the reader waits for a chunk. */
async function* chunksOf(
  body: Body,
  stallMilliseconds: number,
  place: ErrorPlace,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const stop = () => body.destroy?.(new Error('aborted'))
  signal?.addEventListener('abort', stop)
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
    // Not awaited, since a stalled body may never answer.
    chunks.return?.().catch(() => undefined)
  }
}

/** The promise's result, or `OBJECT_STALLED` when it takes too long. */
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

/**
 * A CRC-32 in S3's spelling: four bytes, the highest first.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
function base64(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes.toString('base64')
}
