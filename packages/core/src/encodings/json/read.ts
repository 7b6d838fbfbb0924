import { type ErrorCode, FlowferryError } from '../../errors.ts'
import { type JsonScanner, type ValueBlock, valueAt } from '../../read/json.ts'
import { JsonSplitter } from '../../read/json-splitter.ts'
import { placeOf } from '../../read/object.ts'
import { readText } from '../../read/recognise.ts'
import type { ParseContext, SourceObject } from '../../types.ts'
import { maxRecord } from './engine/map.ts'

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
/** As many as a record has that the scanner takes: one in two bytes. */
const leastValues = maxRecord / 2

/**
 * The records of a JSON object, found without decoding it, in blocks of about one chunk each: the elements of the array
 * under `key`, of a top-level array, or else each top-level object. Values that follow each other at the top level,
 * with or without white space between them, are read one by one. In a file of JSON lines a line that is no object is a
 * value as well, which `JSON.parse` refuses.
 *
 * @throws FlowferryError JSON_INVALID, LIMIT_EXCEEDED, and what readText throws
 */
export async function* readJson(
  object: SourceObject,
  context: ParseContext,
  key = 'Records',
): AsyncGenerator<JsonBlock> {
  for await (const block of scanJson(object, context, [key])) {
    const indices = Array.from({ length: block.length }, (_, index) => index)
    const offsets = indices.map((index) => offsetAt(block, index))
    yield { values: indices.map((index) => valueAt(block, index)), offsets, bytes: block.bytes }
  }
}

export function offsetAt({ offset, places }: ValueBlock, index: number): number {
  return offset + places[index * 3]!
}

/** The same, with what a format's scanner found, and any of several keys. Without one every value at the top is one. */
export async function* scanJson(
  object: SourceObject,
  context: ParseContext,
  keys: readonly string[],
  scanner?: JsonScanner,
): AsyncGenerator<ValueBlock> {
  const error = (code: ErrorCode, what: string, ordinal: number, offset: number) =>
    new FlowferryError(code, what, { place: { ...placeOf(object), ordinal, offset } })
  const { limits } = context
  const scans = limits.depth >= leastDepth && limits.values >= leastValues
  const { lineEach = false } = context
  const splitter = new JsonSplitter(lineEach ? [] : keys, limits, error, scans ? scanner : undefined, lineEach)
  for await (const chunk of readText(object, context))
    for (let at = 0; at < chunk.length; at += blockSize) {
      const block = splitter.push(chunk.subarray(at, at + blockSize))
      if (block.length > 0) yield block
    }
  const last = splitter.end()
  if (last) yield last
}
