import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { FlowferryError } from '../errors.ts'
import type { SourceObject } from '../types.ts'
import { chunkSize, corrupt, inflated, write } from './compression.ts'
import { placeOf } from './object.ts'

/** What Node has from 22.15 on. */
const { createZstdDecompress, zstdDecompressSync } = zlib as unknown as {
  readonly createZstdDecompress?: (options: object) => Transform
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: object) => Buffer
}

/**
 * Every Zstandard frame (RFC 8878). Node's own stream ends without an error where a frame is cut, and drops or trips over
 * what follows one: so the frames are told apart here, and each has a stream of its own.
 *
 * @throws FlowferryError COMPRESSION_UNSUPPORTED where Node does not read it, COMPRESSION_CORRUPT
 */
export async function* unzstd(stored: AsyncIterable<Buffer>, object: SourceObject): AsyncGenerator<Buffer> {
  if (!createZstdDecompress)
    throw new FlowferryError(
      'COMPRESSION_UNSUPPORTED',
      `Zstandard is read from Node 22.15 on, and this is ${process.version}`,
      { place: placeOf(object) },
    )
  const bytes = new ByteReader(stored, object)
  while (await bytes.hasMore()) {
    const magic = await bytes.read(4)
    const number = magic.readUInt32LE()
    if (number >>> 4 === skippable) await drain(bytes.pieces((await bytes.read(4)).readUInt32LE()))
    else if (number === frame)
      yield* inflatedFrame(createZstdDecompress({ chunkSize }), frameBytes(magic, bytes), bytes)
    else throw bytes.corrupt('what follows a frame is none')
  }
}

const frame = 0xfd2fb528
/** Without its last digit, which is the user's. */
const skippable = 0x184d2a5

function inflatedFrame(inflate: Transform, pieces: AsyncIterable<Buffer>, bytes: ByteReader): AsyncGenerator<Buffer> {
  const feed = async () => {
    for await (const piece of pieces) await write(inflate, piece)
    inflate.end()
  }
  return inflated(inflate, feed, (error) => bytes.corrupt(error.message, error))
}

/** A frame's bytes: each header tells how many follow. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1 */
async function* frameBytes(magic: Buffer, bytes: ByteReader): AsyncGenerator<Buffer> {
  const descriptor = await bytes.read(1)
  yield Buffer.concat([magic, descriptor])
  const bits = descriptor[0]!
  const isSingle = (bits & 0x20) !== 0
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][bits >> 6]!
  yield* bytes.pieces((isSingle ? 0 : 1) + [0, 1, 2, 4][bits & 3]! + sizeBytes)
  for (let isLast = false; !isLast; ) {
    const header = await bytes.read(3)
    yield header
    const block = header.readUIntLE(0, 3)
    isLast = (block & 1) === 1
    yield* bytes.pieces(((block >> 1) & 3) === 1 ? 1 : block >> 3)
  }
  if ((bits & 4) !== 0) yield* bytes.pieces(4)
}

async function drain(pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of pieces);
}

/** Stored bytes by number. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>
  readonly #object: SourceObject
  #chunk: Buffer = Buffer.alloc(0)
  #read = 0

  constructor(chunks: AsyncIterable<Buffer>, object: SourceObject) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#object = object
  }

  async hasMore(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) return false
      this.#chunk = next.value
    }
    return true
  }

  /** So many bytes, as they come. */
  async *pieces(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (!(await this.hasMore())) throw this.corrupt('the last frame is cut')
      const piece = this.#chunk.subarray(0, left)
      this.#chunk = this.#chunk.subarray(piece.length)
      this.#read += piece.length
      left -= piece.length
      yield piece
    }
  }

  async read(count: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.pieces(count)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  corrupt(what: string, cause?: unknown): FlowferryError {
    return corrupt(this.#object, `zstd: ${what}`, this.#read, cause)
  }
}

/** ZSTD_e_flush */
const flush = 1

/** The beginning of what the frames hold, as far as the stored bytes go. Undefined where Node does not read them. */
export function beginningOfZstd(stored: Uint8Array, most: number): Buffer | undefined {
  // Not the default, ZSTD_e_end, which wants whole frames.
  return zstdDecompressSync?.(stored, { finishFlush: flush, maxOutputLength: most })
}
