import type { ValueKind } from '@flowferry/core/internal'
import { Invalid, Unsupported } from './faults.ts'
import type { Ranges } from './ranges.ts'
import { Short, ThriftReader, type ThriftStruct, type ThriftValue, type Wanted } from './thrift.ts'

/** How a column's values are written, and what they are. */
export type ValueType =
  /** `none`: the text `None` is no value, as where Python wrote what it had no number for. */
  | { readonly is: 'text'; readonly none?: true }
  | { readonly is: 'boolean' | 'float' | 'double' | 'uuid' | 'date' }
  | { readonly is: 'integer'; readonly bytes: 4 | 8; readonly signed: boolean }
  /** Since midnight: so many in a second. */
  | { readonly is: 'time'; readonly bytes: 4 | 8; readonly perSecond: number }
  /** The same since 1970; of 12 bytes, nanoseconds of a Julian day. `as` is how a log has it. @default ISO 8601 */
  | { readonly is: 'timestamp'; readonly bytes: 4 | 8 | 12; readonly perSecond: number; readonly as?: ValueKind }

export interface Column {
  readonly name: string
  readonly type: ValueType
  /** Whether a row may have no value. */
  readonly optional: boolean
}

/** A column's part of a row group: its pages, one behind the other. */
export interface Chunk {
  readonly codec: number
  readonly start: number
  readonly end: number
}

export interface RowGroup {
  readonly rows: number
  /** Decompressed bytes, as the file states them. */
  readonly bytes: number
  /** One for each column that is read. */
  readonly chunks: readonly Chunk[]
}

/** What a file says of itself at its end. */
export interface Footer {
  readonly columns: readonly Column[]
  /** Names of columns that are not read: structs, lists and maps, and values that no log has. */
  readonly unread: readonly string[]
  readonly groups: readonly RowGroup[]
}

/** https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const wanted: Wanted = {
  2: {
    1: 'value',
    2: 'value',
    3: 'value',
    4: 'value',
    5: 'value',
    6: 'value',
    10: {
      1: {},
      4: {},
      5: {},
      6: {},
      7: { 2: { 1: {}, 2: {}, 3: {} } },
      8: { 2: { 1: {}, 2: {}, 3: {} } },
      10: { 1: 'value', 2: 'value' },
      12: {},
      14: {},
      15: {},
      16: {},
    },
  },
  3: 'value',
  4: {
    1: { 1: 'value', 3: { 4: 'value', 7: 'value', 9: 'value', 11: 'value' }, 8: {} },
    2: 'value',
    3: 'value',
  },
  8: {},
}

const magic = 'PAR1'
/** Behind the footer: its length, and the magic bytes. */
const trailerBytes = 8
/** A file of AWS's is mostly shorter: it takes one request. */
const firstTail = 256 * 1024
/** Far above a file of a thousand row groups. */
const mostFooter = 16 * 1024 * 1024

/**
 * @returns undefined for an empty file
 * @throws Invalid, Unsupported
 */
export async function readFooter(ranges: Ranges): Promise<Footer | undefined> {
  let tail = await ranges.tail(firstTail)
  if (tail.length === 0) return undefined
  const end = tail.length - trailerBytes
  const last = tail.toString('latin1', tail.length - 4)
  if (last === 'PARE') throw new Unsupported('its footer is encrypted')
  if (end < magic.length || last !== magic)
    throw new Invalid(`it does not end in ${magic}: it is cut, or no Parquet file`)
  const length = tail.readUInt32LE(end)
  if (length > mostFooter)
    throw new Invalid(`its footer has ${length} bytes, and ${mostFooter} are the most that is read`)
  if (length > end) {
    tail = await ranges.tail(length + trailerBytes)
    if (tail.length < length + trailerBytes) throw new Invalid(`its footer of ${length} bytes is longer than the file`)
  }
  const at = tail.length - trailerBytes - length
  try {
    return footerOf(new ThriftReader(tail.subarray(at, at + length)).struct(wanted))
  } catch (error) {
    throw error instanceof Short ? new Invalid('its footer ends too early') : error
  }
}

function footerOf(file: ThriftStruct): Footer {
  if (file[8]) throw new Unsupported('its columns are encrypted')
  const { columns, unread, leaves } = columnsOf(listOf(file[2]))
  const groups = listOf(file[4]).map((group) => groupOf(structOf(group), columns, leaves))
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  if (rows !== file[3]) throw new Invalid(`it states ${file[3]} rows, and its row groups have ${rows}`)
  return { columns, unread, groups }
}

/** A column, and which of the file's leaves it is: those of structs, lists and maps are leaves, too. */
interface FlatColumn extends Column {
  readonly leaf: number
}

/**
 * The columns at the top. Those with others inside are left out, since their values would have to be put together from
 * several columns, and so are those of a type that no log has.
 */
function columnsOf([root, ...elements]: readonly ThriftValue[]): {
  readonly columns: readonly FlatColumn[]
  readonly unread: readonly string[]
  /** How many columns a row group has. */
  readonly leaves: number
} {
  if (!root || elements.length === 0) throw new Invalid('it has no columns')
  const columns: FlatColumn[] = []
  const unread: string[] = []
  let leaves = 0
  let top = 0
  for (let at = 0; at < elements.length; top++) {
    const element = structOf(elements[at])
    const { 3: repetition, 4: bytes } = element
    const name = Buffer.isBuffer(bytes) ? bytes.toString() : ''
    const leaf = leaves
    const begin = at
    // The element and all inside of it stand one behind the other.
    for (let open = 1; open > 0; open--) {
      if (at === elements.length) throw new Invalid(`the column ${shown(name)} lacks a part`)
      const { 5: inner = 0 } = structOf(elements[at++])
      if (inner === 0) leaves++
      else open += wholeOf(inner, `the parts of ${shown(name)}`)
    }
    const isFlat = at === begin + 1 && repetition !== 2
    const type = isFlat ? typeOf(name, element) : undefined
    if (type) columns.push({ name, type, optional: repetition === 1, leaf })
    else unread.push(name)
  }
  const children = structOf(root)[5]
  if (children !== top) throw new Invalid(`it has ${top} columns, and states ${children}`)
  return { columns, unread, leaves }
}

/** A name as an error shows it. */
export const shown = (name: string): string => JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)

/**
 * Nothing for decimals, variants, BSON, intervals and bytes of a fixed length. Writers since 2.4 say it twice, older ones in
 * the numbers of ConvertedType alone.
 */
function typeOf(name: string, element: ThriftStruct): ValueType | undefined {
  const { 1: physical, 2: length, 6: converted } = element
  const logical = element[10] === undefined ? {} : structOf(element[10])
  const isDecimal = logical[5] !== undefined || converted === 5
  const isVariant = logical[16] !== undefined
  const isBsonOrInterval = converted === 20 || converted === 21
  if (isDecimal || isVariant || isBsonOrInterval) return undefined
  switch (physical) {
    case 0:
      return { is: 'boolean' }
    case 1:
    case 2: {
      const bytes = physical === 1 ? 4 : 8
      if (logical[6] || converted === 6) return { is: 'date' }
      if (logical[7] || converted === 7 || converted === 8)
        return { is: 'time', bytes, perSecond: unitOf(logical[7]) ?? (converted === 7 ? 1e3 : 1e6) }
      if (logical[8] || converted === 9 || converted === 10)
        return { is: 'timestamp', bytes, perSecond: unitOf(logical[8]) ?? (converted === 9 ? 1e3 : 1e6) }
      const unsigned = logical[10] ? structOf(logical[10])[2] === false : isUnsigned(converted)
      return { is: 'integer', bytes, signed: !unsigned }
    }
    case 3:
      return { is: 'timestamp', bytes: 12, perSecond: 1e9 }
    case 4:
      return { is: 'float' }
    case 5:
      return { is: 'double' }
    case 6:
      return { is: 'text' }
    case 7:
      return logical[14] && length === 16 ? { is: 'uuid' } : undefined
    default:
      throw new Invalid(`the column ${shown(name)} is of no type`)
  }
}

const isUnsigned = (converted: ThriftValue | undefined) => (converted as number) >= 11 && (converted as number) <= 14

function unitOf(type: ThriftValue | undefined): number | undefined {
  if (!type) return undefined
  const unit = structOf(structOf(type)[2])
  return unit[1] ? 1e3 : unit[2] ? 1e6 : 1e9
}

function groupOf(group: ThriftStruct, columns: readonly FlatColumn[], leaves: number): RowGroup {
  const chunks = listOf(group[1])
  if (chunks.length !== leaves) throw new Invalid(`a row group has ${chunks.length} columns, and the file ${leaves}`)
  return {
    rows: wholeOf(group[3], 'the rows of a row group'),
    bytes: wholeOf(group[2], 'the size of a row group'),
    chunks: columns.map(({ name, leaf }) => chunkOf(structOf(chunks[leaf]), name)),
  }
}

function chunkOf(chunk: ThriftStruct, name: string): Chunk {
  if (chunk[8]) throw new Unsupported(`the column ${shown(name)} is encrypted`)
  if (chunk[1]) throw new Unsupported(`the column ${shown(name)} is in another file`)
  const { 4: codec, 7: length, 9: data, 11: dictionary } = structOf(chunk[3])
  const first = wholeOf(data, `the offset of ${shown(name)}`)
  // Some writers state 0 where there is no dictionary.
  const start = dictionary ? Math.min(first, wholeOf(dictionary, `the offset of ${shown(name)}`)) : first
  const end = start + wholeOf(length, `the length of ${shown(name)}`)
  if (start < magic.length || !Number.isSafeInteger(end))
    throw new Invalid(`the column ${shown(name)} is said to stand at byte ${start}`)
  return { codec: wholeOf(codec, `the codec of ${shown(name)}`), start, end }
}

function structOf(value: ThriftValue | undefined): ThriftStruct {
  if (typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value)) return value as ThriftStruct
  throw new Invalid('its footer lacks a part')
}

function listOf(value: ThriftValue | undefined): readonly ThriftValue[] {
  if (Array.isArray(value)) return value
  throw new Invalid('its footer lacks a list')
}

function wholeOf(value: ThriftValue | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new Invalid(value === undefined ? `${what} is missing` : `${what} is ${value}`)
}
