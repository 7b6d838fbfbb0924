import { constants, gunzipSync } from 'node:zlib'
import type { ByteRange, ObjectHead, OpenObject, ParseContext, SourceObject } from '../types.ts'

/** Bytes of an object's beginning that parsers are shown: stored, and decompressed. */
const headBytes = 64 * 1024

/**
 * Opens the object and reads its beginning. Gives an object whose first `open` goes on with the opened body, beginning
 * included, so that choosing a parser costs no request. `close` ends a body that nobody read.
 */
export async function peek(object: SourceObject, context: ParseContext) {
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
  // Not awaited: while a read hangs, closing the body hangs too.
  const close = () => {
    body.return?.().catch(() => undefined)
  }
  let replay: OpenObject | undefined = {
    ...opened,
    body: (async function* () {
      try {
        yield* chunks.splice(0)
        for (let next = await body.next(); !next.done; next = await body.next()) yield next.value
      } finally {
        close()
      }
    })(),
  }
  const open = async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
    const first = replay
    replay = undefined
    if (first && !range) return first
    close()
    return object.open(range, signal)
  }
  const head: ObjectHead = { bucket: object.bucket, key: object.key, stored, text: textOf(stored) }
  return { head, whole: { object: { ...object, open }, close } }
}

/** The decompressed beginning. Logs shrink to less than a fourth, so that a fourth of the stored bytes holds it. */
function textOf(stored: Buffer, length = headBytes / 4): string {
  if (stored[0] !== 0x1f || stored[1] !== 0x8b) return stored.toString('latin1')
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: headBytes * 64 }
  try {
    const bytes = gunzipSync(stored.subarray(0, length), options)
    if (bytes.length < headBytes && length < stored.length) return textOf(stored, stored.length)
    return bytes.subarray(0, headBytes).toString('latin1')
  } catch (error) {
    // The bytes repeat themselves: the decompressed beginning is in fewer of them.
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      return textOf(stored.subarray(0, length / 4), length / 4)
    // Damaged from its start: the parser that the key chooses tells the error.
    return ''
  }
}
