import { expect, test } from 'vitest'
import { cellOf, csvOf, shortFigure, timeIn, timeOf } from './figures.ts'

test.each([
  ['\u001b[2Jx\u202e', undefined, '\\u001b[2Jx\\u202e'],
  ['<script>', undefined, '<script>'],
  [null, 'bytes', '–'],
  [1234.5678, undefined, '1,234.568'],
  [443, 'code', '443'],
  [0.316, 'share', '31.6 %'],
  ['2026-11-22T09:15:32.000Z', 'time', '22 Nov 09:15:32'],
  ['no time\u001b', 'time', 'no time\\u001b'],
  [['syn', 'ack'], undefined, 'syn ack'],
] as const)('%j in %s is shown as %s', (value, unit, expected) => {
  expect(cellOf(value as never, unit, false)).toBe(expected)
})

test.each([
  [15_300, undefined, '15.3k'],
  [2_000_000, 'bytes', '2.0 MB'],
  [0.25, 'seconds', '0.25 s'],
  [250, undefined, '250'],
] as const)('an axis shows %d %s as %s', (value, unit, expected) => {
  expect(shortFigure(value, unit)).toBe(expected)
})

test('a time of a form is UTC, unless the page is local', () => {
  expect(timeIn('2026-11-22T09:15', false)).toBe('2026-11-22T09:15:00.000Z')
  expect(timeIn('', false)).toBeUndefined()
  expect(timeOf(timeIn('2026-11-22T09:15', true)!, true)).toBe('22 Nov 09:15:00')
})

test('what would be a formula in a spreadsheet is text there', () => {
  const rows = [{ a: '=cmd|calc', b: 'x,"y"\n', c: -5, d: ['syn'], e: null }]
  expect(csvOf(['a', 'b', 'c', 'd', 'e'], rows)).toBe('a,b,c,d,e\r\n\'=cmd|calc,"x,""y""\n",-5,"[""syn""]",\r\n')
})

test('a formula of full width, or after a line, is text, too', () => {
  expect(csvOf(['a'], [{ a: '＝1+1' }, { a: '\n=1+1' }])).toBe('a\r\n\'＝1+1\r\n"\'\n=1+1"\r\n')
})
