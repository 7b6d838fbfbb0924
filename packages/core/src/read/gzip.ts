import { createGunzip, type Gunzip, gunzipSync, type Zlib } from 'node:zlib'
import { FlowferryError } from '../errors.ts'
import type { ParseContext, SourceObject } from '../types.ts'

/** Bytes. Node's default of 16 KiB costs twice the CPU for the same data. */
const chunkSize = 256 * 1024
/** Stored bytes up to which an object is read whole first: a stream would cost more than its records. */
const mostWhole = 64 * 1024
/** Decompressed bytes up to which a whole object stays in memory. A larger one is streamed, where the limits bound it. */
const mostInflated = 1024 * 1024
/** Decompressed bytes from which the ratio is checked: a header of zeros alone compresses a thousandfold. */
const ratioFloor = 16 * 1024 * 1024

/**
 * The object's bytes, decompressed where they begin with gzip's magic number, whatever the key's ending says.
 * Reads every gzip member (RFC 1952, 2.2) and ignores zero padding behind the last.
 *
 * @throws FlowferryError GZIP_CORRUPT, LIMIT_EXCEEDED, and the errors of `open` and of the body
 *
 * @example
 * for await (const bytes of readBytes(object, context)) hash.update(bytes)
 */
export async function* readBytes(object: SourceObject, context: ParseContext): AsyncGenerator<Buffer> {
  const opened = await object.open(undefined, context.signal)
  let out = 0
  const body = opened.body[Symbol.asyncIterator]()
  let stored = 0
  const count = (chunk: Uint8Array) => {
    stored += chunk.length
    return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
  try {
    // One byte more than a small object has, since the size that is stated may be wrong.
    const enough = opened.size !== undefined && opened.size <= mostWhole ? mostWhole + 1 : 2
    const begun: Buffer[] = []
    let whole = false
    while (stored < enough && !whole) {
      const next = await body.next()
      if (next.done) whole = true
      else begun.push(count(next.value))
    }
    const first = begun.length === 1 ? begun[0]! : Buffer.concat(begun)
    const rest = async function* () {
      yield* begun
      if (whole) return
      for (let next = await body.next(); !next.done; next = await body.next()) yield count(next.value)
    }
    const isGzip = first[0] === 0x1f && first[1] === 0x8b
    const chunks =
      (isGzip && whole && inflateWhole(first, context.limits.objectBytes)) || (isGzip ? gunzip(rest(), object) : rest())
    for await (const chunk of chunks) {
      out += chunk.length
      if (out > context.limits.objectBytes) throw limit(object, 'objectBytes', context.limits.objectBytes, out)
      if (out > ratioFloor && out > stored * context.limits.expansionRatio)
        throw limit(object, 'expansionRatio', context.limits.expansionRatio, out)
      yield chunk
    }
  } finally {
    // Not awaited: while a read hangs, closing the body hangs too.
    body.return?.().catch(() => undefined)
  }
}

/** The decompressed bytes in chunks, as a stream gives them. Undefined for damage and bombs: the stream tells the error. */
function inflateWhole(stored: Buffer, most: number): Buffer[] | undefined {
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

async function* gunzip(stored: AsyncIterable<Buffer>, object: SourceObject): AsyncGenerator<Buffer> {
  const inflate = createGunzip({ chunkSize })
  const feeding = feed(inflate, stored, object).catch((error: Error) => {
    inflate.destroy(error)
  })
  try {
    for await (const chunk of inflate) yield chunk
    await feeding
    if (inflate.errored) throw inflate.errored
  } catch (error) {
    throw isZlibError(error) ? corrupt(object, error.message, inflate.bytesWritten, error) : error
  } finally {
    inflate.destroy()
  }
}

/** zlib stops at zero padding behind a member, and would drop data behind the padding without a word. */
async function feed(inflate: Gunzip, stored: AsyncIterable<Buffer>, object: SourceObject): Promise<void> {
  let fed = 0
  let padding = false
  for await (const bytes of stored) {
    fed += bytes.length
    let rest = bytes
    if (!padding) {
      await new Promise<void>((resolve, reject) => {
        inflate.write(bytes, (error) => (error ? reject(error) : resolve()))
      })
      rest = bytes.subarray(bytes.length - (fed - inflate.bytesWritten))
      padding = rest.length > 0
    }
    if (rest.some((byte) => byte !== 0))
      throw corrupt(object, 'data follows the zero padding behind a gzip member', fed - rest.length)
  }
  inflate.end()
}

function isZlibError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}

function corrupt(object: SourceObject, what: string, storedOffset: number, cause?: unknown): FlowferryError {
  const place = { bucket: object.bucket, key: object.key, ...(object.versionId && { versionId: object.versionId }) }
  return new FlowferryError('GZIP_CORRUPT', `gzip: ${what}, near stored byte ${storedOffset}`, { place, cause })
}

function limit(object: SourceObject, name: string, allowed: number, offset: number): FlowferryError {
  const place = {
    bucket: object.bucket,
    key: object.key,
    ...(object.versionId && { versionId: object.versionId }),
    offset,
  }
  return new FlowferryError('LIMIT_EXCEEDED', `The decompressed object is above limits.${name}, ${allowed}`, { place })
}
