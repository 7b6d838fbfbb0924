import { type AnyField, kindOf } from '../../schema/fields.ts'
import { Viewed, viewer } from '../lazy-view.ts'
import type { CompiledTable, Values } from './compiled.ts'
import { type Scan, valueEnd, valueStart } from './scan.ts'

/** What a view reads: a line that was scanned, or a record that was made of it already. */
class Line extends Viewed {
  readonly scan: Scan
  readonly line: number
  whole: Values | undefined
  constructor(scan: Scan, line: number, whole: Values | undefined) {
    super()
    this.scan = scan
    this.line = line
    this.whole = whole
  }
}

/**
 * Records whose fields are read from the line's bytes when they are asked for: what a filter of two fields needs of
 * thirty. They look like the records that `read` makes (own keys, `in`, spread, JSON), and cannot be written to; neither
 * can those that are made already and shown through a view, so that a step never sees which of the two it has.
 */
export function createView(
  kind: string,
  columns: readonly { readonly name: string; readonly field: AnyField }[],
  { absent }: Pick<CompiledTable, 'absent'>,
  read: (line: string) => Values | string | number,
): (scan: Scan, line: number, whole: Values | undefined) => Values {
  const absentByte = absent.charCodeAt(0)
  const digits = columns.map(
    ({ field }) => !field.absent && ['digits', 'seconds', 'milliseconds'].includes(kindOf(field) ?? ''),
  )
  const columnOf = new Map<string | symbol, number>(columns.map(({ name }, column) => [name, column]))
  /** What each column had last: many repeat, and a look at its bytes saves a new string. */
  const lastTexts = columns.map(() => '')
  const lastValues = columns.map((): unknown => undefined)

  const readColumn = (view: Line, column: number): unknown => {
    const { bytes } = view.scan
    const start = valueStart(view.scan, view.line, column)
    const end = valueEnd(view.scan, view.line, column, start)
    if (end < start) return undefined
    if (digits[column] && (end - start > 1 || bytes[start]! !== absentByte)) {
      let number = 0
      for (let i = start; i < end; i++) number = number * 10 + bytes[i]! - 0x30
      return number
    }
    const last = lastTexts[column]!
    let same = last.length === end - start ? start : -1
    while (same >= 0 && same < end) same = bytes[same] === last.charCodeAt(same - start) ? same + 1 : -1
    if (same === end) return lastValues[column]
    const text = bytes.toString('latin1', start, end)
    const { field } = columns[column]!
    const value = text === absent || field.absent?.includes(text) ? undefined : field.read(text)
    lastTexts[column] = text
    lastValues[column] = value
    return value
  }

  const memberOf = (view: Line, name: string | symbol): unknown => {
    const column = columnOf.get(name)
    if (column === undefined) return name === 'kind' ? kind : undefined
    return view.whole ? view.whole[name as string] : readColumn(view, column)
  }
  // A regular line is ASCII, without a carriage return.
  const wholeOf = (view: Line) =>
    (view.whole ??= read(
      view.scan.bytes.toString('latin1', view.scan.starts[view.line], view.scan.stops[view.line]),
    ) as Values)

  const view = viewer<Line>(memberOf, wholeOf)
  return (scan, line, whole) => view(new Line(scan, line, whole)) as Values
}
