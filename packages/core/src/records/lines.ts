import { CR, LF } from '../bytes.ts'
import { readBytes } from '../decompress.ts'
import { asFlowferryError, FlowferryError } from '../errors.ts'
import { placeOf } from '../object.ts'
import { requireOption } from '../options.ts'
import { RecordsOnDemand } from '../records-on-demand.ts'
import type {
  Batch,
  FieldDoc,
  Format,
  LogDocument,
  Malformed,
  MappingProperty,
  ObjectHead,
  ParseContext,
  Parser,
  SourceObject,
} from '../types.ts'

/** Whole lines of one chunk. `lines[i]` has no line end and is never blank. */
export interface LineBlock {
  readonly lines: readonly string[]
  /** Offset of a line's first byte in the decompressed object; costs a look at the block, so for errors only. */
  readonly offsetOf: (index: number) => number
  readonly bytes: number
}

const byteOrderMark = '\ufeff'

/** Whole lines of one chunk, as bytes. The last of an object may lack its line end. */
export interface ByteBlock {
  readonly bytes: Buffer
  /** Of the block's first byte in the decompressed object. */
  readonly offset: number
}

/**
 * The object's bytes in blocks of whole lines, about one chunk each.
 *
 * @throws FlowferryError LIMIT_EXCEEDED for a line above `limits.recordBytes`, and what readBytes throws
 */
export async function* readBlocks(object: SourceObject, context: ParseContext): AsyncGenerator<ByteBlock> {
  let pieces: Buffer[] = []
  let pending = 0
  let offset = 0
  for await (const chunk of readBytes(object, context)) {
    const end = chunk.lastIndexOf(LF) + 1
    if (end === 0) {
      pieces.push(chunk)
      pending += chunk.length
    } else {
      const bytes = pending === 0 ? chunk.subarray(0, end) : Buffer.concat([...pieces, chunk.subarray(0, end)])
      if (bytes.length > context.limits.recordBytes) requireShortLines(bytes, offset, object, context)
      yield { bytes, offset }
      offset += bytes.length
      // A copy, since the chunk is far larger than the part of a line that stays.
      pieces = end < chunk.length ? [Buffer.from(chunk.subarray(end))] : []
      pending = chunk.length - end
    }
    if (pending > context.limits.recordBytes) throw lineTooLong(object, context, offset)
  }
  if (pending > 0) yield { bytes: Buffer.concat(pieces), offset }
}

/**
 * The object's text in blocks of whole lines. LF and CRLF end a line, so does the end of the object; blank lines are
 * left out, and a byte order mark at the beginning. Bytes that are not UTF-8 become U+FFFD.
 *
 * @throws FlowferryError LIMIT_EXCEEDED for a line above `limits.recordBytes`, and what readBytes throws
 */
export async function* readLines(object: SourceObject, context: ParseContext): AsyncGenerator<LineBlock> {
  for await (const { bytes, offset } of readBlocks(object, context)) yield block(bytes, offset)
}

function block(bytes: Buffer, start: number): LineBlock {
  const text = bytes.toString('utf8')
  const split = text.split('\n')
  const carriage = bytes.includes(CR)
  const lines: string[] = []
  for (let line of split) {
    if (carriage && line.charCodeAt(line.length - 1) === CR) line = line.slice(0, -1)
    if (start === 0 && lines.length === 0 && line.startsWith(byteOrderMark)) line = line.slice(1)
    if (line.length > 0) lines.push(line)
  }
  const nthLine = lineStarts(bytes)
  return { lines, bytes: bytes.length, offsetOf: (index) => start + nthLine(index) }
}

/** Start of the nth line that is not blank. Goes on from the last that was asked for: all of them cost one look. */
function lineStarts(bytes: Buffer): (index: number) => number {
  let next = 0
  let start = 0
  let found = 0
  return (index) => {
    if (index < next) next = start = 0
    while (next <= index && start < bytes.length) {
      const lf = bytes.indexOf(LF, start)
      const end = lf === -1 ? bytes.length : lf
      const blank = end === start || (end === start + 1 && bytes[start] === CR)
      if (!blank) {
        found = start
        next++
      }
      start = end + 1
    }
    return found
  }
}

function requireShortLines(bytes: Buffer, offset: number, object: SourceObject, context: ParseContext): void {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LF, start)
    if (end - start > context.limits.recordBytes) throw lineTooLong(object, context, offset + start)
    start = end + 1
  }
}

function lineTooLong(object: SourceObject, context: ParseContext, offset: number): FlowferryError {
  return new FlowferryError('LIMIT_EXCEEDED', `A line is above limits.recordBytes, ${context.limits.recordBytes}`, {
    place: { ...placeOf(object), offset },
  })
}

/** What a user's own format is made of. */
export interface RecordFormat<K extends string, R> {
  /** Told apart by it: becomes the records' literal `kind`. */
  readonly kind: K
  /** Written to the data stream `logs-<dataset>-<namespace>`. */
  readonly dataset: string
  /** The ECS document of a record. Without `@timestamp` it takes the object's time, and is counted. */
  readonly document: (record: R & { readonly kind: K }) => LogDocument
  /** Dotted field name to mapping, for `setup`. Default: none, the engine guesses. */
  readonly mapping?: Readonly<Record<string, MappingProperty>>
  /** Rows of documentation. Default: none. */
  readonly fields?: readonly FieldDoc[]
  /** A record's own unique id, where it has one; at most 512 bytes. Default: object and position make the id. */
  readonly recordId?: (record: R & { readonly kind: K }) => string | undefined
  /** Whether an object is of this format, when `detect` chooses. Default: never, so name the parser yourself. */
  readonly claims?: (head: ObjectHead) => 'content' | 'key' | undefined
}

export function formatOf(
  options: Pick<RecordFormat<string, never>, 'kind' | 'dataset' | 'mapping' | 'fields'>,
): Format {
  const { kind, dataset } = options
  requireOption(typeof kind === 'string' && kind !== '', 'kind', kind, 'the name that tells the records apart')
  if (typeof dataset !== 'string' || !/^[a-z0-9_.]{1,100}$/.test(dataset))
    throw new FlowferryError(
      'INVALID_OPTION',
      `dataset "${dataset}" is no part of a data stream's name: a-z, 0-9, _ and . only`,
    )
  return {
    kind,
    dataset,
    // Not read before somebody asks: tables compute them then.
    get mapping() {
      return options.mapping ?? {}
    },
    get fields() {
      return options.fields ?? []
    },
  }
}

/** @throws FlowferryError INVALID_OPTION where what makes records and documents is no function */
export function requireFunctions(of: string, options: { readonly record: unknown; readonly document: unknown }): void {
  for (const name of ['record', 'document'] as const)
    if (typeof options[name] !== 'function')
      throw new FlowferryError('INVALID_OPTION', `${of} takes a function \`${name}\`; it has ${typeof options[name]}`)
}

/**
 * What a user's function gave, with its kind; nothing where it gave nothing. Never with the value in the message.
 *
 * @throws TypeError where it cannot be a record
 */
export function recordOf<K extends string, R extends object>(
  kind: K,
  given: R | undefined,
): (R & { readonly kind: K }) | undefined {
  if (!given) return undefined
  if (!Object.isExtensible(given))
    throw new TypeError(
      `\`record\` gave ${typeof given === 'object' ? 'a frozen object' : `a ${typeof given}`}; it gives an object that takes a kind, or nothing`,
    )
  const record = given as R & { kind: K }
  record.kind = kind
  return record
}

/** A batch of records that their format makes documents of. Those that are missing are read when they are asked for. */
export function batchOf<K extends string, R>(
  { document, recordId }: RecordFormat<K, R>,
  format: Format,
  { originals }: ParseContext,
  found: Pick<
    Batch<R & { readonly kind: K }>,
    'ordinals' | 'malformed' | 'malformedText' | 'bytes' | 'view' | 'encoder' | 'unknownFields'
  > & {
    readonly records: readonly ((R & { readonly kind: K }) | undefined)[]
    readonly recordAt: (index: number) => R & { readonly kind: K }
    readonly original: (index: number) => string
  },
): Batch<R & { readonly kind: K }> {
  const { records, recordAt, original, ...rest } = found
  return Object.assign(new RecordsOnDemand(() => records.map((record, index) => record ?? recordAt(index))), {
    ...rest,
    format,
    length: records.length,
    document: (index: number) => document(recordAt(index)),
    ...(recordId && { recordId: (index: number) => recordId(recordAt(index)) }),
    ...(originals && { original }),
  })
}

/**
 * A parser of one record a line: your function turns a line into an object, or into nothing where the line is not of
 * the format (it is then counted as malformed). `skip` leaves out comments and headers: they take no ordinal.
 *
 * @throws FlowferryError INVALID_OPTION where `record` or `document` is missing, or `dataset` is no part of a name
 *
 * @example
 * const nginx = lines({
 *   kind: 'nginx', dataset: 'nginx.access',
 *   record: (line) => pattern.exec(line)?.groups,
 *   document: (record) => ({ '@timestamp': …, source: { ip: record.ip } }),
 * })
 */
export function lines<const K extends string, R extends object>(
  options: RecordFormat<K, R> & {
    readonly record: (line: string) => R | undefined
    readonly skip?: (line: string) => boolean
  },
): Parser<R & { readonly kind: K }> {
  type Kinded = R & { readonly kind: K }
  requireFunctions('lines()', options)
  const { kind, record, skip } = options
  const format = formatOf(options)

  async function* parse(object: SourceObject, context: ParseContext): AsyncGenerator<Batch<Kinded>> {
    let ordinal = 0
    for await (const { lines: found, offsetOf, bytes } of readLines(object, context)) {
      const records: Kinded[] = []
      const ordinals: number[] = []
      const originals: string[] = []
      const malformed: Malformed[] = []
      const malformedLines: number[] = []
      for (let i = 0; i < found.length; i++) {
        const line = found[i]!
        let parsed: Kinded | undefined
        try {
          if (skip?.(line)) continue
          parsed = recordOf(kind, record(line))
        } catch (error) {
          const place = { ...placeOf(object), ordinal, offset: offsetOf(i) }
          throw asFlowferryError(error, 'STEP_FAILED', 'A line could not be read', place)
        }
        if (!parsed) {
          malformed.push({ ordinal: ordinal++, offset: offsetOf(i), reason: `the line is not of the format ${kind}` })
          malformedLines.push(i)
          continue
        }
        records.push(parsed)
        ordinals.push(ordinal++)
        if (context.originals) originals.push(line)
      }
      const recordAt = (index: number) => records[index]!
      const original = (index: number) => originals[index]!
      const malformedText = (position: number) => found[malformedLines[position]!]!
      const read = { records, recordAt, ordinals, malformed, malformedText, bytes, original }
      yield batchOf(options, format, context, read)
    }
  }
  return { formats: [format], claims: options.claims ?? (() => undefined), parse }
}
