import { OBJECT_OPEN } from '../bytes.ts'
import { readBytes } from '../decompress.ts'
import { asFlowferryError, type ErrorCode, FlowferryError } from '../errors.ts'
import { placeOf } from '../object.ts'
import type { Batch, Malformed, ParseContext, Parser, SourceObject } from '../types.ts'
import { type JsonScanner, JsonSplitter, type ValueBlock, valueAt } from './json-split.ts'
import { batchOf, formatOf, type RecordFormat, recordOf, requireFunctions } from './lines.ts'

/** JSON values that ended in one chunk, still bytes. */
export interface JsonBlock {
  /** Each value's own bytes, without what separates them. */
  readonly values: readonly Buffer[]
  /** Offset of each value's first byte in the decompressed object. */
  readonly offsets: readonly number[]
  /** Decompressed bytes that they took. */
  readonly bytes: number
}

/** A larger chunk is taken in parts of this size, so that a batch stays small whatever the source gives. */
const blockSize = 256 * 1024
/** Below these limits no scanner is asked, which would not heed them. */
const leastDepth = 32
const leastValues = 32 * 1024

/**
 * The records of a JSON object, found without decoding it, in blocks of about one chunk each: the elements of the array
 * under `key`, of a top-level array, or else each top-level object. Values that follow each other at the top level,
 * with or without white space between them, are read one by one.
 *
 * @throws FlowferryError JSON_INVALID, LIMIT_EXCEEDED, and what readBytes throws
 */
export async function* readJson(
  object: SourceObject,
  context: ParseContext,
  key = 'Records',
): AsyncGenerator<JsonBlock> {
  for await (const block of scanJson(object, context, key)) {
    const indices = Array.from({ length: block.length }, (_, index) => index)
    const offsets = indices.map((index) => offsetAt(block, index))
    yield { values: indices.map((index) => valueAt(block, index)), offsets, bytes: block.bytes }
  }
}

function offsetAt({ offset, places }: ValueBlock, index: number): number {
  return offset + places[index * 3]!
}

async function* scanJson(
  object: SourceObject,
  context: ParseContext,
  key = 'Records',
  scanner?: JsonScanner,
): AsyncGenerator<ValueBlock> {
  const error = (code: ErrorCode, what: string, ordinal: number, offset: number) =>
    new FlowferryError(code, what, { place: { ...placeOf(object), ordinal, offset } })
  const { limits } = context
  const scans = limits.depth >= leastDepth && limits.values >= leastValues
  const splitter = new JsonSplitter(key, limits, error, scans ? scanner : undefined)
  for await (const chunk of readBytes(object, context))
    for (let at = 0; at < chunk.length; at += blockSize) {
      const block = splitter.push(chunk.subarray(at, at + blockSize))
      if (block.length > 0) yield block
    }
  splitter.end()
}

/** A way from a record's bytes to its document's that makes no object of it. */
export interface ByteFormat {
  readonly scanner: () => JsonScanner
  /** Each of these takes a record that the scanner found regular. `encode` and `room` are as DocumentEncoder has them. */
  readonly encode: (block: ValueBlock, index: number, target: Uint8Array, offset: number) => number
  readonly room: (block: ValueBlock, index: number) => number
  /** Writes the record's own id. */
  readonly putId: (block: ValueBlock, index: number, target: Uint8Array, offset: number) => number
  readonly members: ReadonlySet<string>
}

/**
 * A parser of JSON: an object that holds its records in an array, a bare array, or one object after the other (NDJSON).
 * Your function turns a parsed element into a record, or into nothing where the element is not of the format (it is
 * then counted as malformed). It may give the element itself, which then becomes the record with its `kind`.
 *
 * @throws FlowferryError INVALID_OPTION where `record` or `document` is missing, or `dataset` is no part of a name
 *
 * @example
 * const resolver = jsonArray({
 *   kind: 'resolver', dataset: 'aws.route53_resolver_logs',
 *   record: (value) => ('query_name' in value ? (value as Query) : undefined),
 *   document: (record) => ({ '@timestamp': record.query_timestamp, dns: { question: { name: record.query_name } } }),
 * })
 */
export function jsonArray<const K extends string, R extends object>(
  options: JsonFormat<K, R>,
): Parser<R & { readonly kind: K }> {
  return jsonRecords(options)
}

export interface JsonFormat<K extends string, R extends object> extends RecordFormat<K, R> {
  /** Name of the array in the top-level object. Default `Records`. */
  readonly key?: string
  readonly record: (value: object, object: SourceObject) => R | undefined
}

/** More names than this in one batch are no new fields of AWS's. */
const maxUnknown = 100

/** The same for formats of our own, which may have a way by bytes, and know of fields that they do not know. */
export function jsonRecords<const K extends string, R extends object>(
  options: JsonFormat<K, R> & {
    /** Calls `found` with each field that the format does not know. */
    readonly unknownFields?: (record: R, found: (path: string) => void) => void
    /** What it scans must be a record, with the unknown fields that it counts, written as `document` and `recordId` say. */
    readonly bytes?: () => ByteFormat
  },
): Parser<R & { readonly kind: K }> {
  type Kinded = R & { readonly kind: K }
  requireFunctions('jsonArray()', options)
  const { kind, key, record, unknownFields } = options
  const format = formatOf(options)

  async function* parse(object: SourceObject, context: ParseContext): AsyncGenerator<Batch<Kinded>> {
    const fast = options.bytes?.()
    let next = 0
    for await (const block of scanJson(object, context, key, fast?.scanner())) {
      const first = next
      next += block.length
      const records: (Kinded | undefined)[] = []
      const ordinals: number[] = []
      const malformed: Malformed[] = []
      const read = (i: number): Kinded | string => {
        const text = valueAt(block, i)
        const value = text[0] === OBJECT_OPEN ? parseObject(text.toString('utf8')) : undefined
        let parsed: Kinded | undefined
        try {
          parsed = value && recordOf(kind, record(value, object))
        } catch (error) {
          const place = { ...placeOf(object), ordinal: first + i, offset: offsetAt(block, i) }
          throw asFlowferryError(error, 'STEP_FAILED', 'record threw', place)
        }
        if (parsed === undefined)
          return value ? `the element is not of the format ${kind}` : `the element is no valid JSON object`
        return parsed
      }
      for (let i = 0; i < block.length; i++) {
        // What was scanned is parsed when somebody asks for it.
        const one = isScanned(block, i) ? undefined : read(i)
        if (typeof one === 'string') {
          malformed.push({ ordinal: first + i, offset: offsetAt(block, i), reason: one })
          continue
        }
        records.push(one)
        ordinals.push(first + i)
      }
      const unknown = unknownFields && countUnknown(records, unknownFields, block.unknownFields)
      const placeAt = (index: number) => ordinals[index]! - first
      const recordAt = (index: number): Kinded => (records[index] ??= read(placeAt(index)) as Kinded)
      yield batchOf(options, format, context, {
        records,
        recordAt,
        ordinals,
        malformed,
        malformedText: (position) => valueAt(block, malformed[position]!.ordinal - first).toString('utf8'),
        bytes: block.bytes,
        original: (index) => valueAt(block, placeAt(index)).toString('utf8'),
        ...(fast && {
          view: (index: number) => Object.freeze(recordAt(index)),
          encoder: encoderOf(fast, block, placeAt),
        }),
        ...(unknown && { unknownFields: unknown }),
      })
    }
  }
  return { formats: [format], claims: options.claims ?? (() => undefined), parse }
}

function encoderOf(
  { encode, room, putId, members }: ByteFormat,
  block: ValueBlock,
  placeAt: (index: number) => number,
): NonNullable<Batch<never>['encoder']> {
  return {
    members,
    room: (index) => (isScanned(block, placeAt(index)) ? room(block, placeAt(index)) : 0),
    encode: (index, target, _, offset) => {
      const place = placeAt(index)
      return isScanned(block, place) ? encode(block, place, target, offset) : -1
    },
    id: (index, target, _, offset) => {
      const place = placeAt(index)
      return isScanned(block, place) ? putId(block, place, target, offset) : -1
    },
  }
}

function isScanned({ places }: ValueBlock, index: number): boolean {
  return places[index * 3 + 2] !== -1
}

/** The fields with the number of records that have each: of those that were scanned, and of the others. */
function countUnknown<R extends object>(
  records: readonly (R | undefined)[],
  unknownFields: (record: R, found: (path: string) => void) => void,
  scanned: ReadonlyMap<string, number> | undefined,
): Record<string, number> | undefined {
  const counts = new Map(scanned)
  for (const record of records)
    if (record)
      unknownFields(record, (path) => {
        if (counts.has(path) || counts.size < maxUnknown) counts.set(path, (counts.get(path) ?? 0) + 1)
      })
  return counts.size === 0 ? undefined : Object.fromEntries(counts)
}

function parseObject(text: string): object | undefined {
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}
