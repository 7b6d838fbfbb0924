import { FlowferryError } from './errors.ts'
import { CR, LF, SPACE, TAB } from './read/ascii.ts'
import { readBytes } from './read/bytes.ts'
import { placeOf } from './read/object.ts'
import { parseByHead } from './read/peek.ts'
import { recognise } from './read/recognise.ts'
import type { ObjectHead, Parser, SourceObject } from './types.ts'

type AnyParser = Parser<unknown>
type RecordOfAny<P extends readonly AnyParser[]> = P[number] extends Parser<infer T> ? T : never

/**
 * One parser of many. An object goes to the parser that claims its content, whatever their order; else to the first that
 * claims its key. The records form a union, told apart by `kind`. An object of no byte or of blank lines, compressed or not,
 * has no records.
 *
 * An object that no parser claims fails with FORMAT_UNKNOWN when it is read, which names what it is where that is known;
 * one whose content two parsers claim with FORMAT_AMBIGUOUS, which names both.
 *
 * @example
 * const parser = detect([vpcFlow, cloudTrail, nginx])
 * await ingest({ source, parser, sink, filter: (record) => record.kind !== 'vpcflow' || record.action === 'REJECT' })
 */
export function detect<const P extends readonly AnyParser[]>(parsers: P): Parser<RecordOfAny<P>> {
  return {
    formats: [...new Set(parsers.flatMap((parser) => parser.formats))],
    claims: (head) => claimsOf(parsers, head)?.claim,
    chosen: (head) => chosenOf(parsers, head) as Parser<RecordOfAny<P>> | undefined,
    parse: parseByHead((head, object) =>
      head.stored.length === 0 ? nothing : parserFor(parsers, head, object),
    ) as Parser<RecordOfAny<P>>['parse'],
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
    chosen: (head) => find(head.key),
    parse: (object, context) => {
      const parser = find(object.key)
      if (parser) return parser.parse(object, context)
      throw new FlowferryError('FORMAT_UNKNOWN', 'No pattern matches the key', { place: placeOf(object) })
    },
  }
}

/** The parsers that claim the content, else the first that claims the key. */
function claimsOf(parsers: readonly AnyParser[], head: ObjectHead) {
  const content: AnyParser[] = []
  let byKey: AnyParser | undefined
  for (const parser of new Set(parsers)) {
    const claim = parser.claims(head)
    if (claim === 'content') content.push(parser)
    if (claim === 'key') byKey ??= parser
  }
  if (content.length > 0) return { claim: 'content' as const, claiming: content }
  return byKey && { claim: 'key' as const, claiming: [byKey] }
}

type Reader = Pick<AnyParser, 'parse'>

const nothing: Reader = { parse: async function* () {} }

/** The one that reads the object, or what tells the error of an object that none does. */
function parserFor(parsers: readonly AnyParser[], head: ObjectHead, object: SourceObject): Reader {
  const parser = chosenOf(parsers, head, object)
  return parser ?? refusing(new FlowferryError('FORMAT_UNKNOWN', unknown(head, parsers), { place: placeOf(object) }))
}

function chosenOf(
  parsers: readonly AnyParser[],
  head: ObjectHead,
  object: Parameters<typeof placeOf>[0] = head,
): AnyParser | undefined {
  const [parser, ...others] = claimsOf(parsers, head)?.claiming ?? []
  if (others.length > 0)
    throw new FlowferryError('FORMAT_AMBIGUOUS', `The content is claimed by ${titlesOf([parser!, ...others])}`, {
      place: placeOf(object),
    })
  return parser
}

function refusing(error: FlowferryError): Reader {
  return {
    // A file of blank lines has no record, as gzip around an empty one.
    parse: async function* (object, context) {
      // Damaged gzip throws here.
      for await (const bytes of readBytes(object, context)) if (bytes.some((byte) => !isBlank(byte))) throw error
    },
  }
}

const isBlank = (byte: number) => byte === SPACE || byte === TAB || byte === CR || byte === LF

function unknown(head: ObjectHead, parsers: readonly AnyParser[]): string {
  const name = recognise(head)
  return name === undefined
    ? `By content and key it is of none of ${titlesOf(parsers)}`
    : `It is ${name}, and of none of ${titlesOf(parsers)}`
}

/** Formats that are named one by one. */
const mostNamed = 4

/** The formats of parsers in words; of many their number alone, as a list of all says nothing of the object. */
export function titlesOf(parsers: readonly Pick<AnyParser, 'formats'>[]): string {
  const byKind = new Map(parsers.flatMap(({ formats }) => formats.map(({ kind, title }) => [kind, title || kind])))
  const titles = [...byKind.values()]
  return titles.length > mostNamed ? `the ${titles.length} formats` : titles.join(', ')
}
