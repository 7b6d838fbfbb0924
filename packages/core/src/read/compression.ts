import type { Transform } from 'node:stream'
import { FlowferryError } from '../errors.ts'
import type { SourceObject } from '../types.ts'
import { placeOf } from './object.ts'

/** Bytes. Node's default of 16 KiB costs twice the CPU for the same data. */
export const chunkSize = 256 * 1024

/** Bytes of a beginning that tell how it is compressed. */
export const magicBytes = 4

/** How the bytes are compressed, whatever the key's ending says. */
export function compressionOf(bytes: Uint8Array): 'gzip' | 'zstd' | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  // https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) return 'zstd'
  return undefined
}

export function corrupt(object: SourceObject, what: string, storedOffset: number, cause?: unknown): FlowferryError {
  return new FlowferryError('COMPRESSION_CORRUPT', `${what}, near stored byte ${storedOffset}`, {
    place: placeOf(object),
    cause,
  })
}

/** Resolves when the stream takes more. */
export function write(inflate: Transform, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    inflate.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}

/**
 * What comes out of a stream while `feed` writes into it.
 *
 * @param asCorrupt The error of damaged data
 */
export async function* inflated(
  inflate: Transform,
  feed: () => Promise<void>,
  asCorrupt: (error: Error) => FlowferryError,
): AsyncGenerator<Buffer> {
  const feeding = feed().catch((error: Error) => {
    inflate.destroy(error)
  })
  try {
    for await (const chunk of inflate) yield chunk as Buffer
    await feeding
    if (inflate.errored) throw inflate.errored
  } catch (error) {
    throw isZlibError(error) ? asCorrupt(error) : error
  } finally {
    inflate.destroy()
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && /^(Z|ZSTD)_/.test(String((error as { code?: unknown }).code))
}
