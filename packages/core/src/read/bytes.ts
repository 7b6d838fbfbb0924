import { FlowferryError } from '../errors.ts'
import type { ParseContext, SourceObject } from '../types.ts'
import { close } from './abort.ts'
import { compressionOf, magicBytes } from './compression.ts'
import { gunzip, gunzipWhole } from './gunzip.ts'
import { placeOf } from './object.ts'
import { unzstd } from './zstd.ts'

/** Stored bytes up to which an object is read whole first: a stream would cost more than its records. */
const mostWhole = 64 * 1024
/** Decompressed bytes from which the ratio is checked: a header of zeros alone compresses a thousandfold. */
const ratioFloor = 16 * 1024 * 1024
/** Shippers compress what was compressed already. What is compressed more often is no log. */
export const mostLayers = 2

/**
 * The object's bytes, decompressed where they begin with the magic number of gzip or Zstandard, whatever the key's ending
 * says; twice, where that is compressed again.
 * Reads every gzip member (RFC 1952, 2.2) and ignores zero padding behind the last. Zstandard needs Node 22.15.
 *
 * @throws FlowferryError COMPRESSION_CORRUPT, COMPRESSION_UNSUPPORTED, LIMIT_EXCEEDED, and the errors of `open` and of
 *   the body
 *
 * @example
 * for await (const bytes of readBytes(object, context)) hash.update(bytes)
 */
export async function* readBytes(object: SourceObject, context: ParseContext): AsyncGenerator<Buffer> {
  const opened = await object.open(undefined, context.signal)
  const body = opened.body[Symbol.asyncIterator]()
  let stored = 0
  async function* bodyChunks() {
    for (let next = await body.next(); !next.done; next = await body.next()) {
      const { value: chunk } = next
      stored += chunk.length
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    }
  }
  async function* bounded(chunks: AsyncIterable<Buffer> | Iterable<Buffer>) {
    let out = 0
    for await (const chunk of chunks) {
      out += chunk.length
      if (out > context.limits.objectBytes) throw limit(object, 'objectBytes', context.limits.objectBytes, out)
      if (out > ratioFloor && out > stored * context.limits.expansionRatio)
        throw limit(object, 'expansionRatio', context.limits.expansionRatio, out)
      yield chunk
    }
  }
  async function* decompressed(chunks: AsyncIterable<Buffer>, enough: number, layers = 0): AsyncGenerator<Buffer> {
    const iterator = chunks[Symbol.asyncIterator]()
    const { first, isWhole, all } = await begin(iterator, enough)
    try {
      const compression = layers < mostLayers ? compressionOf(first) : undefined
      if (!compression) return yield* layers === 0 ? bounded(all) : all
      const whole = compression === 'gzip' && isWhole ? gunzipWhole(first, context.limits.objectBytes) : undefined
      const inner = whole ?? (compression === 'gzip' ? gunzip(all, object) : unzstd(all, object))
      yield* decompressed(bounded(inner), magicBytes, layers + 1)
    } finally {
      close(iterator)
    }
  }
  try {
    // One byte more than a small object has, since the size that is stated may be wrong.
    const enough = opened.size !== undefined && opened.size <= mostWhole ? mostWhole + 1 : magicBytes
    yield* decompressed(bodyChunks(), enough)
  } finally {
    close(body)
  }
}

/** The first bytes, `enough` or all that there are, and all of them. */
async function begin(iterator: AsyncIterator<Buffer>, enough: number) {
  const begun: Buffer[] = []
  let length = 0
  let isWhole = false
  while (length < enough && !isWhole) {
    const next = await iterator.next()
    if (next.done) isWhole = true
    else {
      begun.push(next.value)
      length += next.value.length
    }
  }
  const all = async function* () {
    yield* begun
    if (isWhole) return
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  const first = begun.length === 1 ? begun[0]! : Buffer.concat(begun)
  return { first, isWhole, all: all() }
}

function limit(object: SourceObject, name: string, allowed: number, offset: number): FlowferryError {
  return new FlowferryError('LIMIT_EXCEEDED', `The decompressed object is above limits.${name}, ${allowed}`, {
    place: { ...placeOf(object), offset },
  })
}
