import { FlowferryError } from '../../errors.ts'
import { LF } from '../../read/ascii.ts'
import { readBlocks } from '../../read/lines.ts'
import { placeOf } from '../../read/object.ts'
import { isAddress } from '../../schema/values.ts'
import type { Batch, Malformed, ObjectHead, ParseContext, SourceObject } from '../../types.ts'
import { type Columns, columnsOf, widened } from './columns.ts'
import type { CompiledTable } from './compiled.ts'
import { batchOf, Run, textOf } from './run.ts'
import { scanLines } from './scan.ts'
import { valuesOf } from './values.ts'

/**
 * Records of a delimited format. A block of lines is scanned as bytes; what is regular stays bytes until somebody asks
 * for a record, and everything else takes the plain path, which is also the oracle of the tests.
 */
export async function* parseTable(
  table: CompiledTable,
  stated: readonly string[] | undefined,
  object: SourceObject,
  context: ParseContext,
): AsyncGenerator<Batch<unknown>> {
  let columns: Columns | undefined
  let headerLine: string | undefined
  let headerByte = -1
  let ordinal = 0
  for await (const { bytes, offset } of readBlocks(object, context)) {
    for (let from = 0; from < bytes.length; ) {
      // Without columns nothing but a header is looked for.
      const scan = columns ? columns.scan(bytes.subarray(from)) : scanLines(firstLine(bytes, from))
      const run = new Run(scan)
      const malformed: Malformed[] = []
      let next: number | undefined
      for (let line = 0; line < scan.lines; line++) {
        if (ordinal > 0) {
          const count = run.addRegular(line, ordinal, headerByte)
          ordinal += count
          line += count
          if (line === scan.lines) break
        }
        const text = textOf(scan, line, offset + from === 0)
        if (text === headerLine) continue
        let record = ordinal === 0 ? undefined : columns?.read(text)
        if (typeof record !== 'object') {
          const names = table.header(text)
          if (names === 'skip') continue
          if (names !== undefined) {
            headerLine = text
            headerByte = text.charCodeAt(0)
            next = from + scan.stops[line]!
            if (run.length > 0 || malformed.length > 0)
              yield batchOf(table, columns!, run, scan.stops[line]!, malformed, context, offset + from)
            columns = columnsOf(table, names, object, context.limits.columns)
            break
          }
          if (!columns) {
            columns = withoutHeader(table, stated, text, object, context.limits.columns)
            next = from
            break
          }
          if (record === undefined && scan.regular[line] === 1) {
            run.add(line, ordinal++)
            continue
          }
          record ??= columns.read(text)
        }
        if (typeof record === 'number') {
          next = from + scan.starts[line]!
          if (run.length > 0 || malformed.length > 0)
            yield batchOf(table, columns!, run, scan.starts[line]!, malformed, context, offset + from)
          columns = widened(table, columns!, record, object)
          break
        }
        if (typeof record === 'object') {
          run.plain.set(run.length, record)
          // What was read as text stays so: a header, for one, may look like a record.
          scan.regular[line] = 0
          run.add(line, ordinal++)
        } else {
          malformed.push({ ordinal: ordinal++, offset: offset + from + scan.starts[line]!, reason: record })
          run.malformed.push(line)
        }
      }
      if (next === undefined && columns)
        yield batchOf(table, columns, run, scan.bytes.length, malformed, context, offset + from)
      from = next ?? from + scan.bytes.length
    }
  }
}

function firstLine(bytes: Buffer, from: number): Buffer {
  const lf = bytes.indexOf(LF, from)
  return bytes.subarray(from, lf === -1 ? bytes.length : lf + 1)
}

/** The columns of a file that does not name them: those that are stated, or the layout that its first line fits alone. */
function withoutHeader(
  table: CompiledTable,
  stated: readonly string[] | undefined,
  line: string,
  object: SourceObject,
  most: number,
): Columns {
  const columns = stated && columnsOf(table, stated, object, most)
  if (columns && typeof columns.read(line) === 'object') return columns
  const known = headerlessColumns(table, line, object) ?? columns
  if (known) return known
  throw new FlowferryError(
    'FORMAT_MISMATCH',
    `The first line is no header of ${table.schema.format.kind} and not of its default layout; withFields() states the fields`,
    { place: { ...placeOf(object), ordinal: 0, offset: 0 } },
  )
}

/** The layout's columns where the line is a record of it. Only a layout that grows may have more values. */
function headerlessColumns(table: CompiledTable, line: string, object: SourceObject): Columns | undefined {
  const { headerless } = table
  if (!headerless) return undefined
  const { fields, least, fits } = headerless
  if (least === undefined && valuesOf(line, table).length !== fields.length) return undefined
  const columns = columnsOf(table, fields, object, undefined, least)
  let record = columns.read(line)
  if (typeof record === 'number') record = widened(table, columns, record, object).read(line)
  return typeof record === 'object' && fits(record) ? columns : undefined
}

/** By the first line that is neither blank nor a comment; else by the key. */
export function claimTable(
  table: CompiledTable,
  head: ObjectHead,
  stated?: readonly string[],
): 'content' | 'key' | undefined {
  for (const line of headLines(head)) {
    const names = table.header(line)
    if (names === 'skip') continue
    if (names) return 'content'
    const object = noObject(head)
    if (headerlessColumns(table, line, object) || (stated && isOf(table, stated, line, object))) return 'content'
    break
  }
  return table.keys?.test(head.key) ? 'key' : undefined
}

/** Whether a line is of a layout that somebody stated: by its count, and by the types of what is more than a text. */
function isOf(table: CompiledTable, stated: readonly string[], line: string, object: SourceObject): boolean {
  const columns = columnsOf(table, stated, object, stated.length)
  const record = columns.read(line)
  return (
    typeof record === 'object' &&
    Object.entries(record).some(([name, value]) => {
      const type = table.schema.fields[name]?.mapping.type ?? 'keyword'
      return type === 'ip' ? isAddress(String(value)) : type !== 'keyword'
    })
  )
}

/** The lines of an object's beginning that are not blank; the last one may be cut. */
export function* headLines({ text }: ObjectHead): Generator<string> {
  for (let at = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0; at < text.length; ) {
    const lf = text.indexOf('\n', at)
    const end = lf === -1 ? text.length : lf
    const line = text.slice(at, end).replace(/\r$/, '')
    if (line !== '') yield line
    at = end + 1
  }
}

function noObject(head: ObjectHead): SourceObject {
  return { bucket: head.bucket, key: head.key, open: () => Promise.reject(new Error('only its beginning is known')) }
}
