import { expect, test } from 'vitest'
import { asAnyTime, asTime, isoSeconds, nanoseconds } from './time.ts'

test.each([
  ['2026-11-22T09:15:32Z', '2026-11-22T09:15:32.000Z'],
  ['2026-11-22T09:15:32.123456Z', '2026-11-22T09:15:32.123Z'],
  ['2026-11-22 09:15:32,5', '2026-11-22T09:15:32.500Z'],
  ['20131102T010628Z', '2013-11-02T01:06:28.000Z'],
  ['2026-11-22T09:15:32+02:00', '2026-11-22T07:15:32.000Z'],
  ['2026-11-22T09:15:32', '2026-11-22T09:15:32.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-11-22T25:00:00Z', undefined],
  // A zone may carry it out of the years that a date field takes.
  ['9999-12-31T23:59:59-02:00', undefined],
  ['22/Nov/2026:09:15:32', undefined],
  [1418530010, undefined],
])('%j is the time %j', (value, expected) => {
  expect(asTime(value)).toBe(expected)
})

test('seconds in the form that every date field takes, the same again and others', () => {
  expect([0, 0, 1_418_530_010, 0].map(isoSeconds)).toEqual([
    '1970-01-01T00:00:00.000Z',
    '1970-01-01T00:00:00.000Z',
    '2014-12-14T04:06:50.000Z',
    '1970-01-01T00:00:00.000Z',
  ])
})

test.each([
  ['1763806542', '2025-11-22T10:15:42.000Z'],
  [1763806542, '2025-11-22T10:15:42.000Z'],
  ['1763806542.5', '2025-11-22T10:15:42.500Z'],
  ['1763806542.0009', '2025-11-22T10:15:42.000Z'],
  ['1763806542814', '2025-11-22T10:15:42.814Z'],
  ['1763806542814001', '2025-11-22T10:15:42.814Z'],
  ['1763806542814001002', '2025-11-22T10:15:42.814Z'],
  ['2025-11-22 10:15:42.814', '2025-11-22T10:15:42.814Z'],
  ['0', '1970-01-01T00:00:00.000Z'],
  ['99999999999999', '5138-11-16T09:46:39.999Z'],
  ['99999999999', '5138-11-16T09:46:39.000Z'],
  ['1763806542814.5', undefined],
  ['17638065428140010020', undefined],
  ['-1', undefined],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('%j in any spelling is the time %j', (value, expected) => {
  expect(asAnyTime(value)).toBe(expected)
})

test('a duration is whole nanoseconds, and none where an index has no room for it', () => {
  expect([nanoseconds(0.25, 1e9), nanoseconds(1500, 1e6), nanoseconds(0, 1e9)]).toEqual([250_000_000, 1.5e9, 0])
  expect([nanoseconds(9.3e9, 1e9), nanoseconds(-62_135_596_801, 1e9)]).toEqual([undefined, undefined])
})
