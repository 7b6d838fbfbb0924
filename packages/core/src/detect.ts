import { FlowferryError } from './errors.ts'
import { readBytes } from './read/gzip.ts'
import { placeOf } from './read/object.ts'
import { peek } from './read/peek.ts'
import type { ObjectHead, ParseContext, Parser, SourceObject } from './types.ts'

type AnyParser = Parser<unknown>
type RecordOfAny<P extends readonly AnyParser[]> = P[number] extends Parser<infer T> ? T : never

/**
 * One parser of many. An object goes to the first parser that claims its content, else to the first that claims its key.
 * The records form a union, told apart by `kind`. An empty object, compressed or not, has no records.
 *
 * An object that no parser claims fails with FORMAT_UNKNOWN when it is read.
 *
 * @example
 * const parser = detect([vpcFlow, cloudTrail, nginx])
 * await ingest({ source, parser, sink, filter: (record) => record.kind !== 'vpcflow' || record.action === 'REJECT' })
 */
export function detect<const P extends readonly AnyParser[]>(parsers: P): Parser<RecordOfAny<P>> {
  return {
    formats: [...new Set(parsers.flatMap((parser) => parser.formats))],
    claims: (head) => claimOf(parsers, head)?.claim,
    parse: (object, context) => parseClaimed(parsers, object, context) as ReturnType<Parser<RecordOfAny<P>>['parse']>,
  }
}

/**
 * One parser of many, chosen by the object's key alone: the first whose pattern matches. For formats whose content does
 * not tell them apart, and for keys that name another format than the content has.
 *
 * An object whose key matches no pattern fails with FORMAT_UNKNOWN when it is read.
 *
 * @example
 * const parser = byKey([[/\/nginx\//, nginx], [/\/vpcflowlogs\//, vpcFlow]])
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

/** The first parser that claims the content, else the first that claims the key. No parser behind the first is asked. */
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
    // Damaged gzip throws here, and gzip around an empty file has no bytes.
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
  return [...new Set(parsers.flatMap(({ formats }) => formats.map(({ kind }) => kind)))].join(', ')
}
