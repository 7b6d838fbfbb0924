import { FlowferryError } from '../../errors.ts'
import { LF } from '../../read/ascii.ts'
import { readBlocks } from '../../read/lines.ts'
import { placeOf } from '../../read/object.ts'
import { kindOf } from '../../schema/fields.ts'
import { fieldNamed } from '../../schema/layout.ts'
import { isAddress } from '../../schema/values.ts'
import type { Batch, Malformed, NearMiss, ObjectHead, ParseContext, SourceObject } from '../../types.ts'
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
              yield batchOf(table, columns!, run, scan.stops[line]!, malformed, context, { offset: offset + from })
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
            yield batchOf(table, columns!, run, scan.starts[line]!, malformed, context, { offset: offset + from })
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
        yield batchOf(table, columns, run, scan.bytes.length, malformed, context, { offset: offset + from })
      from = next ?? from + scan.bytes.length
    }
  }
}

function firstLine(bytes: Buffer, from: number): Buffer {
  const lf = bytes.indexOf(LF, from)
  return bytes.subarray(from, lf === -1 ? bytes.length : lf + 1)
}

/** Lines that a file without a header is known by, and where the last of them begins at most: a head has no more. */
const mostFirst = 8
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

/** Those that are no comments, up to a header. */
function* recordsAmong(table: CompiledTable, lines: Iterable<string>): Generator<string> {
  for (const line of lines) {
    const names = table.header(line)
    if (names === 'skip') continue
    if (names) return
    yield line
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
    `The first line is no header of ${table.schema.format.kind}, and the lines from it on are not of its default layout; withFields() states the fields`,
    { place: { ...placeOf(object), ordinal: 0, offset: 0 } },
  )
}

/** Columns of which no line is a record, up to one of the default layout, whose columns follow these. */
function untilKnown(table: CompiledTable, object: SourceObject): Columns {
  const { headerless } = table
  const fields = headerless?.fields ?? []
  const columns = columnsOf(table, fields, object, undefined, headerless?.least)
  const what = `no header names its columns, and it is not of the default layout of ${table.schema.format.kind}; withFields() states the fields`
  return {
    ...columns,
    scan: scanLines,
    program: () => undefined,
    read: (line) => (headerlessLayout(table, line, object) ? fields.length : what),
  }
}

/** The layout where the line is a record of it. Only a layout that grows may have more values. */
function headerlessLayout(table: CompiledTable, line: string, object: SourceObject) {
  const { headerless } = table
  if (!headerless) return undefined
  const { fields, least, fits } = headerless
  if (least === undefined && valuesOf(line, table).length !== fields.length) return undefined
  const columns = columnsOf(table, fields, object, undefined, least)
  let record = columns.read(line)
  if (typeof record === 'number') record = widened(table, columns, record, object).read(line)
  return typeof record === 'object' && fits(record) ? headerless : undefined
}

/** Of the lines behind the first one so many may be of no layout: two in eight may be torn, and the others tell. */
const mostOdd = 1

/**
 * The layout of the first line, where it is known; else that of those behind it, if nearly all of them have one, and all
 * the same. Another log may have a line of the kind among its own.
 *
 * @param of The layout that a line is of
 */
export function layoutOf<L>(lines: Iterable<string>, of: (line: string) => L | undefined): L | undefined {
  let found: L | undefined
  let count = 0
  let odd = 0
  for (const line of lines) {
    const layout = of(line)
    if (count === 0 && layout) return layout
    if (count > 0 && !layout) odd++
    if (odd > mostOdd || (found && layout && layout !== found)) return undefined
    found ??= layout
    if (++count === mostFirst) break
  }
  return odd === 0 || count === mostFirst ? found : undefined
}

/** By the first lines that are neither blank nor comments; else by the key. */
export function claimTable(
  table: CompiledTable,
  head: ObjectHead,
  stated?: readonly string[],
): 'content' | 'key' | undefined {
  const object = noObject(head)
  for (const line of headLines(head)) {
    const names = table.header(line)
    if (names === 'skip') continue
    if (names) return 'content'
    break
  }
  const lines = () => recordsAmong(table, headLines(head))
  const isOurs =
    layoutOf(lines(), (line) => headerlessLayout(table, line, object)) ??
    (stated && layoutOf(lines(), (line) => isOf(table, stated, line, object) || undefined))
  return isOurs ? 'content' : table.keys?.test(head.key) ? 'key' : undefined
}

/** What the first line has of the table's names, or of the values of a layout, and what it has not. */
export function nearTable(table: CompiledTable, head: ObjectHead, stated?: readonly string[]): NearMiss | undefined {
  const line = [...headLines(head)].find((one) => table.header(one) !== 'skip')
  if (line === undefined || line.trim() === '') return undefined
  const texts = valuesOf(line, table)
  const layout = stated ?? table.headerless?.fields
  const all = [nearNames(table.schema, texts), layout && nearLayout(table, texts, layout, stated !== undefined)]
  return all.flatMap((one) => one ?? []).sort((a, b) => b.share - a.share)[0]
}

/** A header's names that the table has. */
export function nearNames(schema: CompiledTable['schema'], names: readonly string[]): NearMiss | undefined {
  const others = names.filter((name) => schema.nameOf(name) === undefined)
  const known = names.length - others.length
  // One name is a word.
  if (known < 2) return undefined
  const not = others.length > 0 ? `, and not ${some(others)}` : ', and none that other logs do not have'
  return { share: known / names.length, lacks: `its header has ${known} of ${names.length} names of the format${not}` }
}

/** Values that their fields can hold, where one of them at least is more than a text. */
function nearLayout(
  { schema, absent }: CompiledTable,
  texts: readonly string[],
  layout: readonly string[],
  isStated: boolean,
): NearMiss | undefined {
  const odd: string[] = []
  let fitting = 0
  let telling = 0
  for (const [i, text] of texts.slice(0, layout.length).entries()) {
    const name = schema.nameOf(layout[i]!) ?? layout[i]!
    const field = fieldNamed(schema, name)
    if (!field || text === absent || text === '' || field.absent?.includes(text)) continue
    const isText = field.mapping.type === 'keyword' && kindOf(field) !== 'ip'
    const fits = field.read(text) !== undefined && (kindOf(field) !== 'ip' || isAddress(text))
    if (!fits) odd.push(`${name} is ${JSON.stringify(text.slice(0, 40))}, and no ${field.type}`)
    else if (isText) fitting += 0.5
    else {
      fitting++
      telling++
    }
  }
  // Small numbers and addresses fit many fields: what fits none counts against it.
  if (telling < 2 || odd.length > telling / 2) return undefined
  const what = isStated ? 'the layout that is stated' : 'its default layout'
  const size = texts.length === layout.length ? [] : [`${texts.length} values where ${what} has ${layout.length}`]
  const lacks = [...size, ...odd.slice(0, 2)]
  return {
    share: fitting / Math.max(texts.length, layout.length),
    lacks: lacks.join('; ') || `it has the values of ${what}, but for one that tells it from other logs`,
  }
}

/** The first few names, and how many there are more. */
function some(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => name.slice(0, 60))
  return first.join(', ') + (names.length > first.length ? ` and ${names.length - first.length} more` : '')
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
