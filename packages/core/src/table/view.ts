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
      const text = bytes.toString('latin1', column === 0 ? starts[view.#line] : ends[at - 1]! + 1, ends[at])
      return text === absent ? undefined : columns[column]!.field.read(text)
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
