import { describe, expect, it } from 'vitest'
import { ageOf, bytes, count, dayOf, figureOf, hostPort, plural, table } from './figures.ts'

describe('units', () => {
  it.each([
    [1_740_000, 'bytes', '1.7 MB'],
    [0.316, 'share', '31.6 %'],
    [0.1234, 'seconds', '0.123 s'],
    [5399, 'age', '89 min'],
    [32_768, 'code', '32768'],
  ] as const)('%d as %s is %s', (value, unit, text) => expect(figureOf(value, unit)).toBe(text))

  it.each([
    ['10.0.9.12', '10.0.9.12:443'],
    ['2001:db8::12', '[2001:db8::12]:443'],
  ])('port 443 of %s is %s', (host, text) => expect(hostPort(host, 443)).toBe(text))

  it('a day is that of UTC, and of one there is one', () => {
    expect(dayOf(new Date('2026-11-22T23:59:59Z'))).toBe('22 Nov')
    expect([plural(1, 'file'), plural(2000, 'file'), plural(2, 'entry', 'entries')]).toEqual([
      '1 file',
      '2,000 files',
      '2 entries',
    ])
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [56_321, '56 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1_740_000, '1.7 MB'],
    [12_345_678_901, '12 GB'],
  ])('%d bytes are %s', (value, text) => expect(bytes(value)).toBe(text))

  it.each([
    [0, '0 s'],
    [89.9, '89 s'],
    [90, '1 min'],
    [5399, '89 min'],
    [5400, '1 h'],
    [129_600, '1 d'],
  ])('%d seconds ago are %s', (value, text) => expect(ageOf(value)).toBe(text))

  it('counts', () => expect(count(1234567)).toBe('1,234,567'))
})

describe('table', () => {
  it('puts numbers and sizes to the right, words to the left', () => {
    const rows = [
      { name: 'short', flows: 12, bytes: '1.0 MB', age: '45 s' },
      { name: 'a longer name', flows: 3456, bytes: '823 kB', age: null },
    ]
    expect(table(rows)).toEqual([
      '  name           flows   bytes  age',
      '  short             12  1.0 MB  45 s',
      '  a longer name  3,456  823 kB  -',
    ])
  })

  it('puts dollars to the right too, and dates, places and versions to the left', () => {
    expect(
      table([
        { $: '12.5000', at: '2026-12-01' },
        { $: '0.0025', at: '10.0.0.1' },
      ]),
    ).toEqual(['        $  at', '  12.5000  2026-12-01', '   0.0025  10.0.0.1'])
  })

  it('puts shares and seconds to the right', () => {
    expect(
      table([
        { share: '5.1 %', first: '0.123 s' },
        { share: '11 %', first: '12.000 s' },
      ]),
    ).toEqual(['  share     first', '  5.1 %   0.123 s', '   11 %  12.000 s'])
  })

  it('escapes control characters, and keeps its columns', () => {
    expect(
      table([
        { key: 'a\u001b[2Jb\n', n: 1 },
        { key: 'plain', n: 2 },
      ]),
    ).toEqual(['  key            n', '  a\\u001b[2Jb\\n  1', '  plain          2'])
  })

  it('says that there is nothing', () => expect(table([])).toEqual(['  (none)']))
})
