import { type ErrorCode, FlowferryError } from '../../errors.ts'
import { once } from '../../once.ts'
import { placeOf } from '../../read/object.ts'
import { type ColumnDocument, columnDocuments } from '../../schema/column-documents.ts'
import type { AnyField } from '../../schema/fields.ts'
import { keyword } from '../../schema/fields.ts'
import { fieldNamed } from '../../schema/layout.ts'
import { freeName, reserved, takenNames } from '../../schema/names.ts'
import type { UnknownField } from '../../schema/schema.ts'
import type { SourceObject } from '../../types.ts'
import type { CompiledTable, Values } from './compiled.ts'
import { fieldsOf } from './fields-of.ts'
import { fits, scan } from './host.ts'
import { compileProgram, type Program } from './program.ts'
import { quotedValues } from './quoted.ts'
import { type Scan, scanLines } from './scan.ts'
import { valuesOf, withoutTrailing } from './values.ts'
import { createView } from './view.ts'

/** What a header's columns come to: how a line is scanned, read and written. */
export interface Columns {
  readonly names: readonly string[]
  /** How many of them the header or layout names; those behind have none but their number. */
  readonly named: number
  /** How many values are enough in a line. */
  readonly least: number
  /** Fields that the table does not know, and which columns they are. */
  readonly unknown: readonly (UnknownField & { readonly column: number })[]
  readonly scan: (bytes: Buffer) => Scan
  /** A line's values as they stand; undefined where quotes hide where one ends. */
  readonly texts: (line: string) => readonly string[] | undefined
  /** The plain path: a line's record, or what is wrong with it, or how many values it has where wider columns read it. */
  readonly read: (line: string) => Values | string | number
  /** The same for a row's values, which no line holds. An absent one may be undefined. */
  readonly readValues: (values: readonly (string | undefined)[]) => Values | string
  readonly document: ColumnDocument
  /** A record as steps see it; `whole` where the line is not regular. */
  readonly view: (scan: Scan, line: number, whole: Values | undefined) => Values
  readonly members: () => ReadonlySet<string>
  /** Dotted fields that documents may have. */
  readonly fields: () => ReadonlySet<string>
  /** The fast path; none where a column reads in a way of its own. Compiled for a parser, and not for a claim. */
  readonly program: () => Program | undefined
}

/** Headers seen before, by table: a program is compiled once, and its memory of values serves the next object. */
const known = new WeakMap<CompiledTable, { readonly columns: Map<string, Columns>; characters: number }>()
/** AWS's longest header has 54 fields and below 1,000 characters; a few columns take a kilobyte each. */
const mostKnown = 64
const mostCharacters = 32_768

/**
 * @param most Columns that a header may have: `limits.columns`
 * @param least How many values are enough in a line
 * @param named How many of the names are the header's or layout's
 * @throws FlowferryError FORMAT_MISMATCH where the header names a field twice, LIMIT_EXCEEDED
 */
export function columnsOf(
  table: CompiledTable,
  names: readonly string[],
  object: SourceObject,
  most = Number.POSITIVE_INFINITY,
  least = names.length,
  named = names.length,
): Columns {
  requireNames(table, names, most, object)
  // Lines are split at it, so that no name holds it.
  const header = [least, named, ...names].join('\n')
  const headers = known.get(table) ?? { columns: new Map<string, Columns>(), characters: 0 }
  known.set(table, headers)
  const seen = headers.columns.get(header)
  if (seen) return seen
  const columns = compileColumns(table, names, least, named)
  if (header.length > mostCharacters) return columns
  if (headers.columns.size >= mostKnown || headers.characters + header.length > mostCharacters) {
    headers.columns.clear()
    headers.characters = 0
  }
  headers.columns.set(header, columns)
  headers.characters += header.length
  return columns
}

/** Values behind the last column that a line may have: two lines in one, as a torn file has them, have more. */
const mostTrailing = (named: number) => Math.max(4, named >> 1)

/**
 * The same columns and unknown ones behind them, called by their number, for lines with so many values. At least three
 * times as many unknown ones as before, so that a file whose lines grow is compiled for seldom.
 */
export function widened(table: CompiledTable, columns: Columns, count: number, object: SourceObject): Columns {
  const { names, named, least } = columns
  const most = named + mostTrailing(named)
  const wanted = Math.min(Math.max(count, names.length + 2 * (names.length - named)), most)
  const taken = takenNames(names)
  const more = Array.from({ length: wanted - names.length }, (_, i) => freeName(`field_${names.length + i + 1}`, taken))
  return columnsOf(table, [...names, ...more], object, undefined, least, named)
}

function requireNames(table: CompiledTable, names: readonly string[], most: number, object: SourceObject): void {
  const error = (code: ErrorCode, what: string) =>
    new FlowferryError(code, `The header names ${what}`, { place: placeOf(object) })
  if (names.length > most) throw error('LIMIT_EXCEEDED', `${names.length} fields, above limits.columns, ${most}`)
  const seen = new Set<string>()
  for (const spelling of names) {
    const name = table.schema.nameOf(spelling) ?? spelling
    if (seen.has(name)) throw error('FORMAT_MISMATCH', `${name.slice(0, 100)} twice`)
    seen.add(name)
  }
}

function compileColumns(table: CompiledTable, names: readonly string[], least: number, named: number): Columns {
  const { schema, absent } = table
  const { fields, format } = schema
  const taken = takenNames([...Object.keys(fields), ...names.filter((name) => !reserved.has(name)), ...reserved])
  const keys = names.map((name) => schema.nameOf(name) ?? (reserved.has(name) ? freeName(name, taken) : name))
  const unknown = names
    .map((name, column) => ({ name, key: keys[column]!, column }))
    .filter(({ name }) => schema.nameOf(name) === undefined)
  const layout = once(() => schema.layout(unknown))
  const columns = keys.map((name, column) => ({
    name,
    field: fieldNamed(schema, name) ?? (keyword([], '') as AnyField),
    quoted: column < named && table.quoted?.has(name) === true,
  }))
  const most = named + mostTrailing(named)
  const ofLayout = columns.slice(0, named)

  const texts = (line: string) =>
    table.quoted ? quotedValues(line, table, ofLayout, least, most) : valuesOf(line, table)

  const read = (line: string): Values | string | number => {
    const all = texts(line)
    if (!all) return 'quotes within a value: where it ends cannot be told'
    const values = withoutTrailing(all, columns.length, absent)
    const isTooLong = values.length > most
    if (values.length > columns.length && !isTooLong) return values.length
    if (values.length < least || isTooLong)
      return least === named || isTooLong
        ? `${values.length} values where the header names ${named} fields`
        : `${values.length} values where the layout has ${least} or more`
    return readValues(values)
  }

  const readValues = (values: readonly (string | undefined)[]): Values | string => {
    const record: Record<string, unknown> = { kind: format.kind }
    for (let i = 0; i < values.length; i++) {
      const text = values[i]
      const { name, field } = columns[i]!
      if (text === undefined || text === absent || text === '' || field.absent?.includes(text)) continue
      const value = field.read(text)
      if (value === undefined) return `${name} is not of its type, ${field.type}`
      record[name] = value
    }
    return record
  }

  const program = once(() => {
    // JavaScript puts members of such names before all others.
    if (unknown.some(({ name }) => /^[^a-z]*$/i.test(name))) return undefined
    const compiled = compileProgram(layout(), columns, least, table)
    return compiled && fits(compiled) ? compiled : undefined
  })
  const view = once(() => createView(format.kind, columns, table, read))
  return {
    names,
    named,
    least,
    unknown,
    scan: (bytes) => {
      const compiled = program()
      return compiled ? scan(compiled, bytes) : scanLines(bytes)
    },
    texts,
    read,
    readValues,
    document: columnDocuments(schema, columns, unknown),
    view: (scan, line, whole) => view()(scan, line, whole),
    members: once(() => new Set(layout().keys())),
    fields: once(() => fieldsOf(layout(), new Set(keys))),
    program,
  }
}
