import { describe, expect, test } from 'vitest'
import { valuesOf, withoutTrailing } from './values.ts'

const quoted = (line: string) => valuesOf(line, { delimiter: ' ', quotes: true, brackets: false })
const both = (line: string) => valuesOf(line, { delimiter: ' ', quotes: true, brackets: true })

describe('values of a line', () => {
  test('are split at each delimiter where nothing may wrap them', () => {
    const split = (line: string) => valuesOf(line, { delimiter: ' ', quotes: false, brackets: false })
    expect(split('"a b" [c d]')).toEqual(['"a', 'b"', '[c', 'd]'])
    expect(split('a  b ')).toEqual(['a', '', 'b', ''])
  })

  test.each<[string, string[]]>([
    ['a "b c" d', ['a', 'b c', 'd']],
    ['"a b"', ['a b']],
    ['"" "-" x', ['', '-', 'x']],
    ['"- - - " x', ['- - - ', 'x']],
    ['a "b', ['a', '"b']],
    ['a  "b"  c ', ['a', '', 'b', '', 'c', '']],
    ['', ['']],
  ])('stand in quotes: %s', (line, values) => expect(quoted(line)).toEqual(values))

  test.each<[string, string[]]>([
    ['"Tab 10\\" Build" x', ['Tab 10\\" Build', 'x']],
    ['"a\\\\" x', ['a\\\\', 'x']],
    ['"\\x22 b" x', ['\\x22 b', 'x']],
  ])('hold quotes behind a backslash, which stay as they are: %s', (line, values) =>
    expect(quoted(line)).toEqual(values),
  )

  test('hold quotes that no delimiter follows, as NLB writes its lists', () => {
    expect(quoted('a "h2","http/1.1" b')).toEqual(['a', 'h2","http/1.1', 'b'])
    expect(quoted('a b"c d')).toEqual(['a', 'b"c', 'd'])
  })

  test('hold quotes that are not escaped, as S3 writes an agent: a value that ends in one belongs to the last', () => {
    expect(quoted('GET "my "own" agent" v1')).toEqual(['GET', 'my "own" agent', 'v1'])
    expect(quoted('GET "a "b" c d" v1')).toEqual(['GET', 'a "b" c d', 'v1'])
  })

  test('end at a backslash and a quote where the log escapes none', () => {
    const s3 = (line: string) => valuesOf(line, { delimiter: ' ', quotes: true, brackets: true, escapes: false })
    expect(s3('"http://a\\" "Mozilla x\\" - id')).toEqual(['http://a\\', 'Mozilla x\\', '-', 'id'])
    expect(s3('"GET /" "a \\"b\\" c" -')).toEqual(['GET /', 'a \\"b\\" c', '-'])
  })

  test('stand in brackets', () => {
    expect(both('b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 "x"')).toEqual([
      'b',
      '06/Feb/2019:00:00:38 +0000',
      '192.0.2.3',
      'x',
    ])
    expect(both('[2001:db8::1]:443 [x')).toEqual(['[2001:db8::1]:443', '[x'])
  })

  test('are looked for once in a line of many quotes that close nothing', () => {
    const line = '"a '.repeat(200_000)
    expect(quoted(line)).toHaveLength(200_001)
  })

  test('say nothing at the end: no column is needed for them', () => {
    expect(withoutTrailing(['a', 'b', '-', ''], 2, '-')).toEqual(['a', 'b'])
    expect(withoutTrailing(['a', '-', 'c', '-'], 1, '-')).toEqual(['a', '-', 'c'])
    expect(withoutTrailing(['a', '-', '-'], 3, '-')).toEqual(['a', '-', '-'])
  })
})
