import { expect, test } from 'vitest'
import { asTime, isoSeconds } from './time.ts'

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
