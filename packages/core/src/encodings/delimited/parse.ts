import { FlowferryError } from '../../errors.ts'
import { LF } from '../../read/ascii.ts'
import { readBlocks } from '../../read/lines.ts'
import { placeOf } from '../../read/object.ts'
import type { Batch, Malformed, ParseContext, SourceObject } from '../../types.ts'
import { headerlessLayout, layoutOf, mostFirst, recordsAmong } from './claims.ts'
import { type Columns, columnsOf, widened } from './columns.ts'
import type { CompiledTable } from './compiled.ts'
import { batchOf, Run, textOf } from './run.ts'
import { scanLines } from './scan.ts'

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
  for await (const { bytes, offset } of blocksOf(table, object, context)) {
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
          const names = headerOf(table, text, object, context)
          if (names === 'skip') continue
          if (names !== undefined) {
            headerLine = text
            headerByte = text.charCodeAt(0)
            next = from + scan.stops[line]!
            if (run.length > 0 || malformed.length > 0)
              yield batchOf(table, columns!, run, scan.stops[line]!, malformed, object, context, {
                offset: offset + from,
              })
            columns = columnsOf(table, names, object, context.limits.columns)
            break
          }
          if (!columns) {
            const lines = firstLines(bytes, from, offset)
            columns = withoutHeader(table, stated, lines, object, context)
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
            yield batchOf(table, columns!, run, scan.starts[line]!, malformed, object, context, {
              offset: offset + from,
            })
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
        yield batchOf(table, columns, run, scan.bytes.length, malformed, object, context, { offset: offset + from })
      from = next ?? from + scan.bytes.length
    }
  }
}

function firstLine(bytes: Buffer, from: number): Buffer {
  const lf = bytes.indexOf(LF, from)
  return bytes.subarray(from, lf === -1 ? bytes.length : lf + 1)
}

/** Where the last line begins at most that a file without a header is known by: a head has no more. */
const firstBytes = 64 * 1024

/** The object's blocks, of which the first has the lines that a file without a header is known by. */
async function* blocksOf(table: CompiledTable, object: SourceObject, context: ParseContext) {
  const blocks = readBlocks(object, context)
  if (!table.headerless) return yield* blocks
  const isEnough = (begin: Buffer) => {
    const lines = firstLines(begin, 0, 0)
    const first = lines.find((line) => table.header(line) !== 'skip')
    const isKnown = first !== undefined && (table.header(first) ?? headerlessLayout(table, first, object)) !== undefined
    return isKnown || lines.length === mostFirst || begin.length >= firstBytes
  }
  let begin: Buffer = Buffer.alloc(0)
  try {
    for await (const { bytes, offset } of blocks) {
      const isBehind = offset > 0 && begin.length === 0
      if (isBehind) yield { bytes, offset }
      else {
        begin = begin.length === 0 ? bytes : Buffer.concat([begin, bytes])
        if (!isEnough(begin)) continue
        yield { bytes: begin, offset: 0 }
        begin = Buffer.alloc(0)
      }
    }
  } catch (error) {
    // What is before the damage is read.
    if (begin.length > 0) yield { bytes: begin, offset: 0 }
    throw error
  }
  if (begin.length > 0) yield { bytes: begin, offset: 0 }
}

/** Lines of the object's first block from there on. */
function firstLines(bytes: Buffer, from: number, offset: number): readonly string[] {
  const lines: string[] = []
  for (let at = from; at < Math.min(bytes.length, from + firstBytes) && lines.length < mostFirst; ) {
    const block = scanLines(firstLine(bytes, at))
    if (block.lines > 0) lines.push(textOf(block, 0, offset + at === 0))
    at += block.bytes.length
  }
  return lines
}

/** What a header names. Where each line is one for itself, one that names no columns that there can be is no header. */
function headerOf(table: CompiledTable, line: string, object: SourceObject, { limits, lineEach }: ParseContext) {
  const names = table.header(line)
  if (!lineEach || names === undefined || names === 'skip') return names
  try {
    columnsOf(table, names, object, limits.columns)
    return names
  } catch (error) {
    if (error instanceof FlowferryError) return undefined
    throw error
  }
}

/**
 * The columns of a file that does not name them: those that are stated, or the layout that its first lines are of. The
 * very first may be none of its records: a file that was cut begins so.
 *
 * @throws FlowferryError FORMAT_MISMATCH where there is neither, unless each line is one for itself
 */
function withoutHeader(
  table: CompiledTable,
  stated: readonly string[] | undefined,
  lines: readonly string[],
  object: SourceObject,
  { limits, lineEach }: ParseContext,
): Columns {
  const columns = stated && columnsOf(table, stated, object, limits.columns)
  if (columns && typeof columns.read(lines[0]!) === 'object') return columns
  const known = layoutOf(recordsAmong(table, lines), (line) => headerlessLayout(table, line, object))
  if (known) return columnsOf(table, known.fields, object, undefined, known.least)
  if (columns) return columns
  if (lineEach) return untilKnown(table, object)
  throw new FlowferryError(
    'FORMAT_MISMATCH',
    `The first line is no header of ${table.schema.format.title}, and the lines from it on are not of its default layout; withFields() states the fields`,
    { place: { ...placeOf(object), ordinal: 0, offset: 0 } },
  )
}

/** Columns of which no line is a record, up to one of the default layout, whose columns follow these. */
function untilKnown(table: CompiledTable, object: SourceObject): Columns {
  const { headerless } = table
  const fields = headerless?.fields ?? []
  const columns = columnsOf(table, fields, object, undefined, headerless?.least)
  const what = `no header names its columns, and it is not of the default layout of ${table.schema.format.title}; withFields() states the fields`
  return {
    ...columns,
    scan: scanLines,
    program: () => undefined,
    read: (line) => (headerlessLayout(table, line, object) ? fields.length : what),
  }
}
