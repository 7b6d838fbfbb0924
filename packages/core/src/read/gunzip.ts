import { constants, createGunzip, type Gunzip, gunzipSync, type Zlib } from 'node:zlib'
import type { SourceObject } from '../types.ts'
import { chunkSize, corrupt, inflated, write } from './compression.ts'

/** Decompressed bytes up to which a whole object stays in memory. A larger one is streamed, where the limits bound it. */
const mostInflated = 1024 * 1024

/** The decompressed bytes in chunks, as a stream gives them. Undefined for damage and bombs: the stream tells the error. */
export function gunzipWhole(stored: Buffer, most: number): Buffer[] | undefined {
  // RFC 1952, 2.3.1: the size of the last member, unless padding follows it.
  const size = stored.length < 18 ? 0 : stored.readUInt32LE(stored.length - 4)
  const options = {
    chunkSize: Math.min(Math.max(size + 1, 1024), chunkSize),
    maxOutputLength: Math.min(mostInflated, most),
    info: true,
  }
  try {
    const { buffer, engine } = gunzipSync(stored, options) as unknown as { buffer: Buffer; engine: Zlib }
    if (stored.subarray(engine.bytesWritten).some((byte) => byte !== 0)) return undefined
    const chunks: Buffer[] = []
    for (let start = 0; start < buffer.length; start += chunkSize)
      chunks.push(buffer.subarray(start, start + chunkSize))
    return chunks
  } catch {
    return undefined
  }
}

/** Every gzip member (RFC 1952, 2.2), without the zero padding behind the last. */
export function gunzip(stored: AsyncIterable<Buffer>, object: SourceObject): AsyncGenerator<Buffer> {
  const inflate = createGunzip({ chunkSize })
  return inflated(
    inflate,
    () => feed(inflate, stored, object),
    (error) => corrupt(object, `gzip: ${error.message}`, inflate.bytesWritten, error),
  )
}

/** zlib stops at zero padding behind a member, and would drop data behind the padding without a word. */
async function feed(inflate: Gunzip, stored: AsyncIterable<Buffer>, object: SourceObject): Promise<void> {
  let fed = 0
  let padding = false
  for await (const bytes of stored) {
    fed += bytes.length
    let rest = bytes
    if (!padding) {
      await write(inflate, bytes)
      rest = bytes.subarray(bytes.length - (fed - inflate.bytesWritten))
      padding = rest.length > 0
    }
    if (rest.some((byte) => byte !== 0))
      throw corrupt(object, 'gzip: data follows the zero padding behind a gzip member', fed - rest.length)
  }
  inflate.end()
}

/** The beginning of what the members hold, as far as the stored bytes go. */
export function beginningOfGzip(stored: Uint8Array, most: number): Buffer {
  return gunzipSync(stored, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most })
}
