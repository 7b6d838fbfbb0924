import { FlowferryError } from '../errors.ts'
import { placeOf } from '../object.ts'
import { readLines } from '../records/lines.ts'
import type { Batch, Malformed, ObjectHead, ParseContext, SourceObject } from '../types.ts'
import type { CompiledTable } from './define.ts'
import type { Values } from './layout.ts'

/** The columns of one object, as its header (or the caller) names them. */
interface Columns {
  readonly names: readonly string[]
  readonly unknown: readonly string[]
  readonly read: (line: string) => Values | string
  readonly document: (record: Values) => Record<string, unknown>
}

/** Records of a delimited format: the plain path, and the oracle of any faster one. */
export async function* parseTable<T>(
  table: CompiledTable,
  stated: readonly string[] | undefined,
  object: SourceObject,
  context: ParseContext,
): AsyncGenerator<Batch<T>> {
  let columns = stated && columnsOf(table, stated, object)
  let headerLine: string | undefined
  let ordinal = 0
  for await (const { lines, offsetOf, bytes } of readLines(object, context)) {
    const malformed: Malformed[] = []
    let run: Run = emptyRun()
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!
      // Files are concatenated, with their headers. Where all columns are text, a header would read as a record.
      if (line === headerLine) continue
      let record = ordinal === 0 ? undefined : columns?.read(line)
      if (typeof record !== 'object') {
        const names = table.header(line)
        if (names === 'skip') continue
        if (names !== undefined) {
          headerLine = line
          if (stated) continue
          if (run.records.length > 0) yield batchOf<T>(table, columns!, run, 0, [], context)
          run = emptyRun()
          columns = columnsOf(table, names, object)
          continue
        }
        record ??= columns?.read(line)
        if (columns === undefined) {
          columns = withoutHeader(table, line, object)
          record = columns.read(line)
        }
      }
      if (typeof record === 'object') {
        run.records.push(record)
        run.ordinals.push(ordinal++)
        if (context.originals) run.originals.push(line)
      } else {
        malformed.push({ ordinal: ordinal++, offset: offsetOf(i), reason: record ?? 'no header names its fields' })
      }
    }
    if (columns) yield batchOf<T>(table, columns, run, bytes, malformed, context)
  }
}

interface Run {
  readonly records: Values[]
  readonly ordinals: number[]
  readonly originals: string[]
}
const emptyRun = (): Run => ({ records: [], ordinals: [], originals: [] })

function batchOf<T>(
  table: CompiledTable,
  { unknown, document }: Columns,
  { records, ordinals, originals }: Run,
  bytes: number,
  malformed: readonly Malformed[],
  context: ParseContext,
): Batch<T> {
  return {
    format: table.format,
    length: records.length,
    records: records as unknown as T[],
    ordinals,
    bytes,
    malformed,
    document: (index) => document(records[index]!),
    ...(unknown.length > 0 && { unknownFields: countUnknown(unknown, records) }),
    ...(context.originals && { original: (index: number) => originals[index]! }),
  }
}

function countUnknown(unknown: readonly string[], records: readonly Values[]): Record<string, number> {
  const counts = unknown.map((name) => [name, records.filter((record) => record[name] !== undefined).length] as const)
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

function columnsOf(table: CompiledTable, names: readonly string[], object: SourceObject): Columns {
  const { fields, delimiter, absent, format } = table
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined)
    throw new FlowferryError('FORMAT_MISMATCH', `The header names ${repeated} twice`, { place: placeOf(object) })
  const unknown = names.filter((name) => !Object.hasOwn(fields, name))
  const columns = names.map((name) => ({ name, read: Object.hasOwn(fields, name) ? fields[name]!.read : String }))

  const read = (line: string): Values | string => {
    const values = line.split(delimiter)
    if (values.length !== columns.length)
      return `${values.length} values where the header names ${columns.length} fields`
    const record: Record<string, string | number | undefined> = { kind: format.kind }
    for (let i = 0; i < columns.length; i++) {
      const text = values[i]!
      if (text === absent || text === '') continue
      const { name, read } = columns[i]!
      const value = read(text)
      if (value === undefined) return `${name} is not of its type, ${fields[name]!.type}`
      record[name] = value
    }
    return record
  }
  return { names, unknown, read, document: table.documentOf(unknown) }
}

function withoutHeader(table: CompiledTable, line: string, object: SourceObject): Columns {
  const columns = table.headerless && columnsOf(table, table.headerless.fields, object)
  if (columns && fitsHeaderless(table, columns, line)) return columns
  throw new FlowferryError(
    'FORMAT_MISMATCH',
    `The first line is no header of ${table.format.kind} and not of its default layout; withFields() states the fields`,
    { place: { ...placeOf(object), ordinal: 0, offset: 0 } },
  )
}

function fitsHeaderless(table: CompiledTable, columns: Columns, line: string): boolean {
  const record = columns.read(line)
  return typeof record === 'object' && table.headerless!.fits(record as never)
}

/** By the first line that is neither blank nor a comment; else by the key. */
export function claimTable(table: CompiledTable, head: ObjectHead): 'content' | 'key' | undefined {
  for (const raw of head.text.replace(/^\u00ef\u00bb\u00bf/, '').split('\n')) {
    const line = raw.replace(/\r$/, '')
    if (line === '') continue
    const names = table.header(line)
    if (names === 'skip') continue
    if (names) return 'content'
    const columns = table.headerless && columnsOf(table, table.headerless.fields, noObject(head))
    if (columns && fitsHeaderless(table, columns, line)) return 'content'
    break
  }
  return table.keys?.test(head.key) ? 'key' : undefined
}

function noObject(head: ObjectHead): SourceObject {
  return { bucket: head.bucket, key: head.key, open: () => Promise.reject(new Error('only its beginning is known')) }
}
