import { describe, expect, test } from 'vitest'
import { commonLogTime, epoch, hexadecimal, iso8601, list } from './fields.ts'

describe('a field reads what AWS writes, and nothing else', () => {
  test.each<[string, number | undefined]>([
    ['1790000060', 1790000060],
    ['1790000060123', 1790000060.123],
    ['253402300799', 253402300799],
    ['253402300800', 253402300.8],
    ['253402300800000', undefined],
    ['x', undefined],
  ])('seconds or milliseconds: %s', (text, value) => expect(epoch([], '').read(text)).toBe(value))

  test('and writes them as a date', () => {
    expect(epoch([], '').write(1790000060.123, 'date', '')).toBe('2026-09-21T14:14:20.123Z')
    expect(epoch([], '').write(1790000060, 'keyword', '')).toBe('1790000060')
  })

  test.each<[string, string | undefined]>([
    ['06/Feb/2019:00:00:38 +0000', '2019-02-06T00:00:38.000Z'],
    ['[06/Feb/2019:00:00:38 +0000]', '2019-02-06T00:00:38.000Z'],
    ['31/Dec/2019:23:30:00 -0100', '2020-01-01T00:30:00.000Z'],
    ['06/feb/2019:00:00:38 +0000', undefined],
    ['06/Feb/2019 00:00:38', undefined],
  ])('a time of the common log format: %s', (text, value) => expect(commonLogTime([], '').read(text)).toBe(value))

  test.each<[string, string | undefined]>([
    ['2018-07-02T22:23:00.186641Z', '2018-07-02T22:23:00.186Z'],
    ['2018-12-20T02:59:40', '2018-12-20T02:59:40.000Z'],
    ['2018-07-02', undefined],
  ])('ISO 8601: %s', (text, value) => expect(iso8601([], '').read(text)).toBe(value))

  test.each<[unknown, number | undefined]>([
    ['1b', 27],
    ['0x1B', 27],
    [27, 27],
    ['', undefined],
    ['1g', undefined],
    ['1ffffffffffffff', undefined],
  ])('hexadecimal digits: %s', (value, number) => expect(hexadecimal([], '').read(value)).toBe(number))

  test.each<[unknown, readonly string[] | undefined]>([
    ['waf,forward', ['waf', 'forward']],
    ['waf,,-', ['waf']],
    [
      ['waf', 'forward'],
      ['waf', 'forward'],
    ],
    [{}, undefined],
  ])('a list in a text: %j', (value, items) => expect(list(',', [], '').read(value)).toEqual(items))

  test('of which an address takes addresses', () => {
    expect(list(' ', [], '').write(['10.0.0.1', 'x'], 'ip', '')).toEqual(['10.0.0.1'])
  })
})
