import { isAddress } from '../../schema/values.ts'
import type { ObjectHead, SourceObject } from '../../types.ts'
import { columnsOf, widened } from './columns.ts'
import type { CompiledTable, Headerless } from './compiled.ts'
import { valuesOf } from './values.ts'

/** Lines that a file without a header is known by. */
export const mostFirst = 8

/** The layout where the line is a record of it. Only a layout that grows may have more values. */
export function headerlessLayout(table: CompiledTable, line: string, object: SourceObject): Headerless | undefined {
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

/** Those that are no comments, up to a header. */
export function* recordsAmong(table: CompiledTable, lines: Iterable<string>): Generator<string> {
  for (const line of lines) {
    const names = table.header(line)
    if (names === 'skip') continue
    if (names) return
    yield line
  }
}
