import { type ErrorCode, FlowferryError } from '../errors.ts'
import { placeOf } from '../object.ts'
import { once } from '../once.ts'
import type { LogDocument, SourceObject } from '../types.ts'
import type { CompiledTable, UnknownField } from './define.ts'
import { keyword } from './fields.ts'
import { fits, scan } from './host.ts'
import { type AnyField, fill, type Values } from './layout.ts'
import { freeName, reserved, takenNames } from './names.ts'
import { compileProgram, type Program } from './program.ts'
import { type Scan, scanLines } from './scan.ts'
import { createView } from './view.ts'

/** What a header's columns come to: how a line is scanned, read and written. */
export interface Columns {
  /** Fields that the table does not know, and which columns they are. */
  readonly unknown: readonly (UnknownField & { readonly column: number })[]
  readonly scan: (bytes: Buffer) => Scan
  /** The plain path: a line's record, or what is wrong with it. */
  readonly read: (line: string) => Values | string
  readonly document: (record: Values) => LogDocument
  /** A record as steps see it; `whole` where the line is not regular. */
  readonly view: (scan: Scan, line: number, whole: Values | undefined) => Values
  readonly members: () => ReadonlySet<string>
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
 * @throws FlowferryError FORMAT_MISMATCH where the header names a field twice, LIMIT_EXCEEDED
 */
export function columnsOf(
  table: CompiledTable,
  names: readonly string[],
  object: SourceObject,
  most = Number.POSITIVE_INFINITY,
): Columns {
  requireNames(names, most, object)
  // Lines are split at it, so that no name holds it.
  const header = names.join('\n')
  const headers = known.get(table) ?? { columns: new Map<string, Columns>(), characters: 0 }
  known.set(table, headers)
  const seen = headers.columns.get(header)
  if (seen) return seen
  const columns = compileColumns(table, names)
  if (header.length > mostCharacters) return columns
  if (headers.columns.size >= mostKnown || headers.characters + header.length > mostCharacters) {
    headers.columns.clear()
    headers.characters = 0
  }
  headers.columns.set(header, columns)
  headers.characters += header.length
  return columns
}

function requireNames(names: readonly string[], most: number, object: SourceObject): void {
  const error = (code: ErrorCode, what: string) =>
    new FlowferryError(code, `The header names ${what}`, { place: placeOf(object) })
  if (names.length > most) throw error('LIMIT_EXCEEDED', `${names.length} fields, above limits.columns, ${most}`)
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw error('FORMAT_MISMATCH', `${name.slice(0, 100)} twice`)
    seen.add(name)
  }
}

function compileColumns(table: CompiledTable, names: readonly string[]): Columns {
  const { fields, delimiter, absent, format } = table
  const isKnown = (name: string) => Object.hasOwn(fields, name)
  const taken = takenNames([...Object.keys(fields), ...names.filter((name) => !reserved.has(name)), ...reserved])
  const keys = names.map((name) => (reserved.has(name) ? freeName(name, taken) : name))
  const unknown = names
    .map((name, column) => ({ name, key: keys[column]!, column }))
    .filter(({ name }) => !isKnown(name))
  const layout = once(() => table.layout(unknown))
  const columns = names.map((name, i) => ({
    name: keys[i]!,
    field: isKnown(name) ? fields[name]! : (keyword([], '') as AnyField),
  }))

  const read = (line: string): Values | string => {
    const values = line.split(delimiter)
    if (values.length !== columns.length)
      return `${values.length} values where the header names ${columns.length} fields`
    const record: Record<string, string | number | undefined> = { kind: format.kind }
    for (let i = 0; i < columns.length; i++) {
      const text = values[i]!
      if (text === absent || text === '') continue
      const { name, field } = columns[i]!
      const value = field.read(text)
      if (value === undefined) return `${name} is not of its type, ${field.type}`
      record[name] = value
    }
    return record
  }

  const program = once(() => {
    const compiled = compileProgram(layout(), columns, table)
    return compiled && fits(compiled) ? compiled : undefined
  })
  const view = once(() => createView(format.kind, columns, absent, read))
  return {
    unknown,
    scan: (bytes) => {
      const compiled = program()
      return compiled ? scan(compiled, bytes) : scanLines(bytes)
    },
    read,
    document: (record) => fill(layout(), record) ?? {},
    view: (scan, line, whole) => view()(scan, line, whole),
    members: once(() => new Set(layout().keys())),
    program,
  }
}
