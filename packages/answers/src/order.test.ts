import { expect, test } from 'vitest'
import { fitsHaving, inOrder } from './order.ts'

const column = (name: string, isDescending = false) => ({ column: name, isDescending })

test('orders by the first column that differs, null last in both directions', () => {
  const rows = [
    { a: 1, b: 'y' },
    { a: null, b: 'x' },
    { a: 2, b: 'x' },
    { a: 1, b: 'x' },
  ]
  expect(inOrder(rows, [column('a'), column('b')])).toEqual([rows[3], rows[0], rows[2], rows[1]])
  expect(inOrder(rows, [column('a', true), column('b')])).toEqual([rows[2], rows[3], rows[0], rows[1]])
})

test('a measure that is null fits no condition', () => {
  expect(fitsHaving({ n: null }, [{ measure: 'n', range: { lte: 1 } }])).toBe(false)
  expect(fitsHaving({ n: null }, [{ measure: 'n', equals: 0 }])).toBe(false)
})

test.each([
  [{ gte: 2 }, true],
  [{ gt: 2 }, false],
  [{ lte: 2 }, true],
  [{ lt: 2 }, false],
  [{ gt: 1, lt: 3 }, true],
  [{ gt: 1, lt: 2 }, false],
])('2 in %o is %s', (range, fits) => {
  expect(fitsHaving({ n: 2 }, [{ measure: 'n', range }])).toBe(fits)
})

test('all conditions have to hold', () => {
  const having = [
    { measure: 'n', equals: 2 },
    { measure: 'm', equals: 1 },
  ]
  expect(fitsHaving({ n: 2, m: 1 }, having)).toBe(true)
  expect(fitsHaving({ n: 2, m: 2 }, having)).toBe(false)
})
