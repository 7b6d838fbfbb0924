import type { ByteRange, ObjectHead, OpenObject, ParseContext, Parser, SourceObject } from '../types.ts'
import { close } from './abort.ts'
import { mostLayers } from './bytes.ts'
import { compressionOf } from './compression.ts'
import { beginningOfGzip } from './gunzip.ts'
import { beginningOfZstd } from './zstd.ts'

/** Bytes of an object's beginning that parsers are shown: stored, and decompressed. */
const headBytes = 64 * 1024

/** Of objects that were looked at: who chooses among encodings looks again at what a choice among parsers was made from. */
const heads = new WeakMap<SourceObject, ObjectHead>()

/**
 * Opens the object and reads its beginning. Gives an object whose first `open` goes on with the opened body, beginning
 * included, so that choosing a parser costs no request. `close` ends a body that nobody read.
 */
export async function peek(object: SourceObject, context: ParseContext) {
  const seen = heads.get(object)
  // Whoever looked first ends its body.
  if (seen) return { head: seen, whole: { object, close: () => undefined } }
  const opened = await object.open(undefined, context.signal)
  const body = opened.body[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let length = 0
  while (length < headBytes) {
    const next = await body.next()
    if (next.done) break
    chunks.push(next.value)
    length += next.value.length
  }
  const stored = Buffer.concat(chunks).subarray(0, headBytes)
  let replay: OpenObject | undefined = {
    ...opened,
    body: (async function* () {
      try {
        yield* chunks.splice(0)
        for (let next = await body.next(); !next.done; next = await body.next()) yield next.value
      } finally {
        close(body)
      }
    })(),
  }
  const open = async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
    const first = replay
    replay = undefined
    heads.delete(whole)
    if (first && !range) return first
    close(body)
    return object.open(range, signal)
  }
  const head: ObjectHead = { bucket: object.bucket, key: object.key, stored, text: textOf(stored) }
  const whole: SourceObject = { ...object, open }
  heads.set(whole, head)
  return { head, whole: { object: whole, close: () => close(body) } }
}

type Reader = Pick<Parser<unknown>, 'parse'>

/** Reads an object by what its beginning chooses. */
export function parseByHead(readerOf: (head: ObjectHead, object: SourceObject) => Reader): Reader['parse'] {
  // The beginning is not kept while the object is read: many are read at once, and for long.
  const choose = async (object: SourceObject, context: ParseContext) => {
    const { head, whole } = await peek(object, context)
    try {
      return { reader: readerOf(head, object), whole }
    } catch (error) {
      whole.close()
      throw error
    }
  }
  return async function* (object, context) {
    const { reader, whole } = await choose(object, context)
    try {
      yield* reader.parse(whole.object, context)
    } finally {
      whole.close()
    }
  }
}

/** The decompressed beginning, as `readBytes` decompresses. */
function textOf(stored: Buffer): string {
  let bytes: Buffer | undefined = stored
  for (let layers = 0; bytes && layers < mostLayers; layers++) {
    const compression = compressionOf(bytes)
    if (!compression) break
    bytes = beginningOf(bytes, compression === 'gzip' ? beginningOfGzip : beginningOfZstd)
  }
  return bytes?.toString('latin1') ?? ''
}

/**
 * Logs shrink to less than a fourth, so that a fourth of the stored bytes holds it. None where it is damaged from its start,
 * or Node does not read it: the parser that the key chooses tells the error.
 */
function beginningOf(
  stored: Buffer,
  inflate: (stored: Buffer, most: number) => Buffer | undefined,
  length = headBytes / 4,
): Buffer | undefined {
  try {
    const bytes = inflate(stored.subarray(0, length), headBytes * 64)
    if (bytes && bytes.length < headBytes && length < stored.length) return beginningOf(stored, inflate, stored.length)
    return bytes?.subarray(0, headBytes)
  } catch (error) {
    // The bytes repeat themselves: the decompressed beginning is in fewer of them.
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      return beginningOf(stored, inflate, Math.floor(Math.min(length, stored.length) / 4))
    return undefined
  }
}
