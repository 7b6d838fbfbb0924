import { decompress } from './codecs.ts'
import { type Reader, readDeltas } from './delta.ts'
import { AboveLimit, Invalid, Unsupported } from './faults.ts'
import type { Chunk, Column } from './footer.ts'
import { bitsAt, readRuns } from './runs.ts'
import { Short, ThriftReader, type ThriftStruct, type Wanted } from './thrift.ts'
import { type Values, valuesOf } from './values.ts'

/** A page's rows, in order. */
export interface Page {
  readonly rows: number
  /** 1 for each row that has a value. @default all have one */
  readonly present?: Uint8Array
  readonly values: Values
  /** Which of the values each row has that has one. @default one behind the other */
  readonly indices?: Uint16Array | Int32Array
  /** Bytes that it holds. */
  readonly held: number
}

/** Bytes that pages may hold, of all columns together, and what has come so far. */
export interface Budget {
  /** @throws AboveLimit */
  readonly hold: (bytes: number, what: string) => void
  readonly release: (bytes: number) => void
  /** Counts what a page's bytes became. @throws AboveLimit */
  readonly expand: (bytes: number, stored: number) => void
  /** Counts the text of rows. @throws AboveLimit */
  readonly expandText: (bytes: number) => void
}

/** Bytes of a chunk, in order; they come in windows of some size. */
export interface ChunkBytes {
  /** So many bytes from here on, or all that are left. They stay where they are. */
  readonly peek: (count: number) => Promise<Buffer>
  readonly skip: (count: number) => void
  readonly left: () => number
}

const wanted: Wanted = {
  1: 'value',
  2: 'value',
  3: 'value',
  5: { 1: 'value', 2: 'value', 3: 'value' },
  7: { 1: 'value', 2: 'value' },
  8: { 1: 'value', 2: 'value', 3: 'value', 4: 'value', 5: 'value', 6: 'value', 7: 'value' },
}
const [dataPage, indexPage, dictionaryPage, dataPageV2] = [0, 1, 2, 3]
/** https://github.com/apache/parquet-format/blob/master/Encodings.md */
const encodings = {
  plain: 0,
  plainDictionary: 2,
  runs: 3,
  deltas: 5,
  deltaLengths: 6,
  deltaBytes: 7,
  dictionary: 8,
  split: 9,
}
/** With the statistics of long texts. */
const mostHead = 1024 * 1024

/** The pages of a column in a row group. A dictionary that stands before them is kept until the last. */
export class ColumnPages {
  readonly #column: Column
  readonly #chunk: Chunk
  readonly #bytes: ChunkBytes
  readonly #budget: Budget
  #dictionary: Values | undefined
  #held = 0
  constructor(column: Column, chunk: Chunk, bytes: ChunkBytes, budget: Budget) {
    this.#column = column
    this.#chunk = chunk
    this.#bytes = bytes
    this.#budget = budget
  }

  /**
   * @param most Rows that the row group still has
   * @throws Invalid, Unsupported, AboveLimit
   */
  async next(most: number): Promise<Page> {
    while (this.#bytes.left() > 0) {
      const head = await this.#head()
      const { 1: type, 2: size, 3: stored } = head
      if (!isSize(size) || !isSize(stored) || stored > this.#bytes.left())
        throw new Invalid(`a page is said to have ${stored ?? 'no'} bytes, and ${size ?? 'none'} decompressed`)
      if (type === indexPage) {
        this.#bytes.skip(stored)
        continue
      }
      const count = countOf(head)
      if (type !== dictionaryPage && count > most)
        throw new Invalid(`a page is said to have ${count} rows, and its row group has ${most} left`)
      const held = size + stored + count * this.#heldForValue(head)
      this.#budget.hold(held, `a page of ${size} bytes and ${count} values`)
      this.#budget.expand(size, stored)
      const bytes = await this.#bytes.peek(stored)
      if (bytes.length < stored) throw new Invalid('a page ends behind its column')
      if (type === dictionaryPage) {
        if (this.#dictionary) throw new Invalid('a column has two dictionaries')
        const page = decompress(this.#chunk.codec, bytes, size)
        this.#dictionary = plainValues(this.#column, page, count).asDictionary()
        this.#held = held
      }
      // Uncompressed, the page's bytes are those of the window: they do not go away under it.
      const page = type === dictionaryPage ? undefined : { ...this.#page(head, bytes, size, count), held }
      this.#bytes.skip(stored)
      if (page && page.rows > 0) return page
      if (page) this.#budget.release(held)
    }
    throw new Invalid(`the column ends ${most} rows before its row group`)
  }

  end(): void {
    this.#budget.release(this.#held)
    this.#held = 0
  }

  /** Beside its bytes: whether it is there, and its number in the dictionary or where it begins and ends. */
  #heldForValue({ 1: type, 5: first, 8: second }: ThriftStruct): number {
    const encoding = type === dataPageV2 ? (second as ThriftStruct)[4] : (first as ThriftStruct | undefined)?.[2]
    if (encoding === encodings.dictionary || encoding === encodings.plainDictionary) return 5
    return this.#column.type.is === 'text' ? 5 : 1
  }

  async #head(): Promise<ThriftStruct> {
    for (let size = 512; ; size = Math.min(size * 8, mostHead)) {
      const bytes = await this.#bytes.peek(size)
      const reader = new ThriftReader(bytes)
      try {
        const head = reader.struct(wanted)
        this.#bytes.skip(reader.at)
        return head
      } catch (error) {
        if (!(error instanceof Short)) throw error
        if (bytes.length < size || size === mostHead) throw new Invalid("a page's head ends too early")
      }
    }
  }

  #page(head: ThriftStruct, bytes: Buffer, size: number, count: number): Omit<Page, 'held'> {
    const { 1: type, 5: first, 8: second } = head
    const { codec } = this.#chunk
    if (type === dataPage) {
      const page = decompress(codec, bytes, size)
      const { 2: encoding, 3: levels } = first as ThriftStruct
      if (!this.#column.optional) return this.#values(page, encoding, count)
      if (levels !== encodings.runs) throw new Unsupported(`its levels are in the encoding ${levels}`)
      const length = page.length < 4 ? -1 : page.readUInt32LE(0)
      if (length < 0 || length > page.length - 4) throw new Invalid("a page's levels are longer than the page")
      return this.#present(page.subarray(4, 4 + length), page.subarray(4 + length), encoding, count)
    }
    if (type !== dataPageV2) throw new Invalid(`a page is of the unknown type ${type}`)
    const { 4: encoding, 5: levels, 6: repetitions, 7: compressed } = second as ThriftStruct
    if (!isSize(levels) || !isSize(repetitions) || levels + repetitions > Math.min(bytes.length, size))
      throw new Invalid("a page's levels are longer than the page")
    const start = levels + repetitions
    const body = bytes.subarray(start)
    const rest = size - start
    // One without values may have no bytes, which no codec takes.
    const page = compressed === false || rest === 0 ? body.subarray(0, rest) : decompress(codec, body, rest)
    if (!this.#column.optional) return this.#values(page, encoding, count)
    return this.#present(bytes.subarray(repetitions, start), page, encoding, count)
  }

  #present(levels: Buffer, page: Buffer, encoding: unknown, count: number): Omit<Page, 'held'> {
    const present = new Uint8Array(count)
    readRuns(levels, 1, present)
    let values = 0
    for (let row = 0; row < count; row++) values += present[row]!
    const read = this.#values(page, encoding, values)
    return values === count ? read : { ...read, rows: count, present }
  }

  #values(page: Buffer, encoding: unknown, count: number): Omit<Page, 'held'> {
    if (encoding === encodings.dictionary || encoding === encodings.plainDictionary) {
      const values = this.#dictionary
      if (!values) throw new Invalid('a page wants a dictionary, and its column has none')
      // Of most columns the dictionary is small.
      const indices = values.count <= 65_536 && (page[0] ?? 0) <= 16 ? new Uint16Array(count) : new Int32Array(count)
      if (count > 0) readRuns(page.subarray(1), page[0] ?? 0, indices)
      for (let i = 0; i < count; i++)
        if (indices[i]! < 0 || indices[i]! >= values.count) throw new Invalid('a page has more than its dictionary')
      return { rows: count, values, indices }
    }
    return { rows: count, values: valuesIn(this.#column, page, encoding, count) }
  }
}

const isSize = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31

function countOf({ 5: first, 7: dictionary, 8: second, 1: type }: ThriftStruct): number {
  const part = type === dictionaryPage ? dictionary : type === dataPageV2 ? second : first
  const count = (part as ThriftStruct | undefined)?.[1]
  if (isSize(count)) return count
  throw new Invalid(`a page is said to have ${count} values`)
}

function valuesIn(column: Column, page: Buffer, encoding: unknown, count: number): Values {
  const { is } = column.type
  const reader: Reader = { bytes: page, at: 0 }
  switch (encoding) {
    case encodings.plain:
      return plainValues(column, page, count)
    case encodings.runs: {
      if (is !== 'boolean') break
      const length = page.length < 4 ? -1 : page.readUInt32LE(0)
      if (length < 0 || length > page.length - 4) throw new Invalid('runs that are longer than their page')
      const bits = new Uint8Array(count)
      readRuns(page.subarray(4, 4 + length), 1, bits)
      return valuesOf(column.type, Buffer.from(bits.buffer), count)
    }
    case encodings.deltas: {
      const width = widthOf(column)
      if (width !== 4 && width !== 8) break
      const bytes = Buffer.alloc(count * width)
      let at = 0
      const add = (value: bigint) => {
        at = width === 4 ? bytes.writeInt32LE(Number(value), at) : bytes.writeBigInt64LE(value, at)
      }
      readDeltas(reader, count, add, width === 4 ? 32 : 64)
      return valuesOf(column.type, bytes, count)
    }
    case encodings.deltaLengths: {
      if (is !== 'text') break
      const lengths = lengthsOf(reader, count)
      return valuesOf(column.type, page.subarray(reader.at), count, lengths)
    }
    case encodings.deltaBytes: {
      if (is !== 'text') break
      return deltaTexts(column, reader, count)
    }
    case encodings.split: {
      const width = widthOf(column)
      if (width === 0) break
      if (page.length < count * width) throw new Invalid('a page ends before its values')
      const bytes = Buffer.alloc(count * width)
      for (let part = 0; part < width; part++)
        for (let i = 0; i < count; i++) bytes[i * width + part] = page[part * count + i]!
      return valuesOf(column.type, bytes, count)
    }
    default:
  }
  throw new Unsupported(`its values are in the encoding ${encoding}`)
}

/** Bytes of each value; 0 where they differ. */
function widthOf({ type }: Column): number {
  if (type.is === 'integer' || type.is === 'time' || type.is === 'timestamp') return type.bytes
  return { boolean: 0, float: 4, double: 8, text: 0, uuid: 16, date: 4 }[type.is]
}

function plainValues(column: Column, page: Buffer, count: number): Values {
  if (column.type.is === 'boolean') {
    if (page.length * 8 < count) throw new Invalid('a page ends before its values')
    return valuesOf(column.type, Buffer.from(Uint8Array.from({ length: count }, (_, i) => bitsAt(page, i, 1))), count)
  }
  if (column.type.is !== 'text') {
    if (page.length < count * widthOf(column)) throw new Invalid('a page ends before its values')
    return valuesOf(column.type, page, count)
  }
  return valuesOf(column.type, page, count, 'before each')
}

function lengthsOf(reader: Reader, count: number): Int32Array {
  const lengths = new Int32Array(count)
  let at = 0
  readDeltas(
    reader,
    count,
    (value) => {
      if (value < 0n) throw new Invalid('a value is shorter than nothing')
      lengths[at++] = Number(value)
    },
    32,
  )
  return lengths
}

/** Each text begins as the one before: together they may be far longer than the page. */
function deltaTexts(column: Column, reader: Reader, count: number): Values {
  const prefixes = lengthsOf(reader, count)
  const suffixes = lengthsOf(reader, count)
  const lengths = prefixes.map((prefix, i) => prefix + suffixes[i]!)
  const size = lengths.reduce((sum, length) => sum + length, 0)
  if (size > mostDeltaBytes)
    throw new AboveLimit(`texts of a page that are ${size} bytes together, where ${mostDeltaBytes} are held at most`)
  const bytes = Buffer.alloc(size)
  let before = 0
  let end = 0
  for (let i = 0; i < count; i++) {
    const prefix = prefixes[i]!
    const suffix = suffixes[i]!
    if (prefix > (i === 0 ? 0 : lengths[i - 1]!) || suffix > reader.bytes.length - reader.at)
      throw new Invalid('a text begins with more than the one before it has')
    bytes.copy(bytes, end, before, before + prefix)
    reader.bytes.copy(bytes, end + prefix, reader.at, reader.at + suffix)
    reader.at += suffix
    before = end
    end += lengths[i]!
  }
  return valuesOf(column.type, bytes, count, lengths)
}

const mostDeltaBytes = 32 * 1024 * 1024
