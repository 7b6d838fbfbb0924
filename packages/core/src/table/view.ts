import { inspect } from 'node:util'
import { byteClassOf } from './fields.ts'
import type { AnyField, Values } from './layout.ts'
import type { Scan } from './scan.ts'

/** What a view reads: a line that was scanned, or a record that was made of it already. */
class Viewed {
  readonly scan: Scan
  readonly line: number
  whole: Values | undefined
  constructor(scan: Scan, line: number, whole: Values | undefined) {
    this.scan = scan
    this.line = line
    this.whole = whole
  }
  [inspect.custom](): object {
    return { ...(this as object) }
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
  absent: string,
  read: (line: string) => Values | string,
): (scan: Scan, line: number, whole: Values | undefined) => Values {
  const absentByte = absent.charCodeAt(0)
  const digits = columns.map(({ field }) => ['digits', 'seconds'].includes(byteClassOf(field) ?? ''))
  const columnOf = new Map<string | symbol, number>(columns.map(({ name }, column) => [name, column]))
  /** What each column had last: many repeat, and a look at its bytes saves a new string. */
  const lastTexts = columns.map(() => '')
  const lastValues = columns.map((): string | number | undefined => undefined)

  const readColumn = (view: Viewed, column: number): string | number | undefined => {
    const { bytes, ends, starts } = view.scan
    const at = view.line * columns.length + column
    const lineStart = starts[view.line]!
    const start = column === 0 ? lineStart : lineStart + ends[at - 1]! + 1
    const end = lineStart + ends[at]!
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
    const value = text === absent ? undefined : columns[column]!.field.read(text)
    lastTexts[column] = text
    lastValues[column] = value
    return value
  }

  const memberOf = (view: Viewed, name: string | symbol): unknown => {
    const column = columnOf.get(name)
    if (column === undefined) return name === 'kind' ? kind : undefined
    return view.whole ? view.whole[name as string] : readColumn(view, column)
  }
  // A regular line is ASCII, without a carriage return.
  const wholeOf = (view: Viewed) =>
    (view.whole ??= read(
      view.scan.bytes.toString('latin1', view.scan.starts[view.line], view.scan.stops[view.line]),
    ) as Values)

  const refuse = () => false
  const handler: ProxyHandler<Viewed> = {
    get: (view, name, receiver) => memberOf(view, name) ?? Reflect.get(Object.prototype, name, receiver),
    has: (view, name) => memberOf(view, name) !== undefined || name in Object.prototype,
    ownKeys: (view) => Reflect.ownKeys(wholeOf(view)),
    getOwnPropertyDescriptor: (view, name) => {
      const value = memberOf(view, name)
      return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true }
    },
    getPrototypeOf: () => Object.prototype,
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  }
  return (scan, line, whole) => new Proxy(new Viewed(scan, line, whole), handler) as unknown as Values
}
