import { constants, gunzipSync } from 'node:zlib'
import { readBytes } from './decompress.ts'
import { FlowferryError } from './errors.ts'
import { placeOf } from './object.ts'
import type { ByteRange, ObjectHead, OpenObject, ParseContext, Parser, SourceObject } from './types.ts'

/** As much of an object as parsers are shown. */
const headBytes = 64 * 1024

type AnyParser = Parser<unknown>
type RecordOfAny<P extends readonly AnyParser[]> = P[number] extends Parser<infer T> ? T : never

/**
 * One parser of many: each object goes to the parser that claims it, by its content first, then by its key; of several
 * the first. Their records form a union, told apart by `kind`. An object without a byte, compressed or not, has no
 * records.
 *
 * @throws FlowferryError FORMAT_UNKNOWN for an object that none claims
 */
export function detect<const P extends readonly AnyParser[]>(parsers: P): Parser<RecordOfAny<P>> {
  return {
    formats: [...new Set(parsers.flatMap((parser) => parser.formats))],
    claims: (head) => claimOf(parsers, head)?.claim,
    parse: (object, context) => parseClaimed(parsers, object, context) as ReturnType<Parser<RecordOfAny<P>>['parse']>,
  }
}

/**
 * One parser of many, chosen by the object's key alone: the first whose pattern matches.
 *
 * @throws FlowferryError FORMAT_UNKNOWN for a key that none matches
 */
export function byKey<T>(routes: readonly (readonly [pattern: RegExp, parser: Parser<T>])[]): Parser<T> {
  // Not `test`: a global pattern would begin where its last match ended.
  const find = (key: string) => routes.find(([pattern]) => key.search(pattern) !== -1)?.[1]
  return {
    formats: [...new Set(routes.flatMap(([, parser]) => parser.formats))],
    claims: (head) => (find(head.key) ? 'key' : undefined),
    parse: (object, context) => {
      const parser = find(object.key)
      if (parser) return parser.parse(object, context)
      throw new FlowferryError('FORMAT_UNKNOWN', 'No pattern matches the key', { place: placeOf(object) })
    },
  }
}

/** The first that claims the content, and is the last one asked; else the first that claims the key. */
function claimOf(parsers: readonly AnyParser[], head: ObjectHead) {
  let byKey: { parser: AnyParser; claim: 'content' | 'key' } | undefined
  for (const parser of parsers) {
    const claim = parser.claims(head)
    if (claim === 'content') return { parser, claim }
    if (claim === 'key') byKey ??= { parser, claim }
  }
  return byKey
}

async function* parseClaimed(parsers: readonly AnyParser[], object: SourceObject, context: ParseContext) {
  const { head, whole } = await peek(object, context)
  if (head.stored.length === 0) return
  try {
    const found = claimOf(parsers, head)
    if (found) {
      yield* found.parser.parse(whole.object, context)
      return
    }
    // Damaged gzip says so here, and gzip around no byte has nothing to claim.
    for await (const bytes of readBytes(whole.object, context))
      if (bytes.length > 0)
        throw new FlowferryError('FORMAT_UNKNOWN', `Neither the content nor the key is of ${kindsOf(parsers)}`, {
          place: placeOf(object),
        })
  } finally {
    whole.close()
  }
}

function kindsOf(parsers: readonly AnyParser[]): string {
  return parsers.flatMap(({ formats }) => formats.map(({ kind }) => kind)).join(', ')
}

/** Opens the object, looks at its beginning, and gives the same object back with the opened body put together again. */
async function peek(object: SourceObject, context: ParseContext) {
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
  // Not awaited: behind a read that hangs it would hang too.
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

function textOf(stored: Buffer): string {
  if (stored[0] !== 0x1f || stored[1] !== 0x8b) return stored.toString('latin1')
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: headBytes * 64 }
  try {
    return gunzipSync(stored, options).subarray(0, headBytes).toString('latin1')
  } catch (error) {
    // A file that repeats itself: less of it is enough.
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      return textOf(stored.subarray(0, stored.length / 4))
    // Damaged from the start: the key decides, and the parser then says what is wrong with it.
    return ''
  }
}
