import { describe, expect, it } from 'vitest'
import { duration, megabytes, plural, table } from './text.ts'

it('counts, weighs and times', () => {
  expect([plural(1, 'file'), plural(2000, 'file')]).toEqual(['1 file', '2,000 files'])
  expect([megabytes(1_665_775), megabytes(826_363_742)]).toEqual(['1.7 MB', '826 MB'])
  expect(duration(440)).toBe('0.4 s')
})

describe('table', () => {
  it('puts numbers to the right, words and times to the left', () => {
    const rows = [
      { name: 'short', flows: 12, bytes: 1_000_000, last: new Date('2026-11-20T09:00:00.500Z'), share: '5.1 %' },
      { name: 'a longer name', flows: 3456, bytes: 823_000, last: new Date('2026-11-20T09:01:00Z'), share: '11 %' },
    ]
    expect(table(rows)).toEqual([
      'name           flows   bytes  last                 share',
      'short             12  1.0 MB  2026-11-20 09:00:00  5.1 %',
      'a longer name  3,456  0.8 MB  2026-11-20 09:01:00   11 %',
    ])
  })
})
