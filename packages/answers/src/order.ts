import type { Row, Value } from './answer.ts'
import type { ColumnOrder } from './plan.ts'
import type { Having } from './question.ts'

/** Below 0 where `a` comes first. Null comes last, in both directions. */
function compareValues(a: Value, b: Value, isDescending: boolean): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return a < b === isDescending ? 1 : -1
}

/** Below 0 where the values of `a` come first; the first that differ decide. */
export function compareLists(
  a: readonly Value[],
  b: readonly Value[],
  order: readonly { readonly isDescending: boolean }[],
): number {
  for (const [index, { isDescending }] of order.entries()) {
    const compared = compareValues(a[index] ?? null, b[index] ?? null, isDescending)
    if (compared !== 0) return compared
  }
  return 0
}

export function inOrder(rows: readonly Row[], order: readonly ColumnOrder[]): Row[] {
  const keyed = rows.map((row) => ({ row, keys: order.map(({ column }) => row[column] ?? null) }))
  return keyed.sort((a, b) => compareLists(a.keys, b.keys, order)).map(({ row }) => row)
}

export function fitsHaving(row: Row, having: readonly Having[]): boolean {
  return having.every((one) => {
    const value = row[one.measure]
    if (typeof value !== 'number') return false
    if ('equals' in one) return value === one.equals
    const { gte = -Infinity, gt = -Infinity, lte = Infinity, lt = Infinity } = one.range
    return value >= gte && value > gt && value <= lte && value < lt
  })
}
