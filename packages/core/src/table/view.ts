import { byteClassOf } from './fields.ts'
import type { AnyField, Values } from './layout.ts'
import type { Scan } from './scan.ts'

/**
 * Records whose fields are read from the line's bytes when they are asked for: what a filter of two fields needs of
 * thirty. Its fields are getters; a record of one's own to keep is `batch.records[index]`.
 */
export function createView(
  kind: string,
  columns: readonly { readonly name: string; readonly field: AnyField }[],
  absent: string,
): (scan: Scan, line: number) => Values {
  const absentByte = absent.charCodeAt(0)
  const digits = columns.map(({ field }) => ['digits', 'seconds'].includes(byteClassOf(field) ?? ''))
  /** What each column had last: many repeat, and a look at its bytes saves a new string. */
  const lastTexts = columns.map(() => '')
  const lastValues = columns.map((): string | number | undefined => undefined)

  class View {
    readonly #scan: Scan
    readonly #line: number
    constructor(scan: Scan, line: number) {
      this.#scan = scan
      this.#line = line
    }
    static read(view: View, column: number): string | number | undefined {
      const { bytes, ends, starts } = view.#scan
      const at = view.#line * columns.length + column
      const lineStart = starts[view.#line]!
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
  }
  Object.defineProperty(View.prototype, 'kind', { value: kind, enumerable: true })
  columns.forEach(({ name }, column) => {
    Object.defineProperty(View.prototype, name, {
      enumerable: true,
      get(this: View) {
        return View.read(this, column)
      },
    })
  })
  return (scan, line) => new View(scan, line) as unknown as Values
}
