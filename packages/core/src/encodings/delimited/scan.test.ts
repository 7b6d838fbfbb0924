import { describe, expect, test } from 'vitest'
import { keyword, long } from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { memoryObject } from '../../testing/index.ts'
import { columnsOf } from './columns.ts'
import { delimited } from './delimited.ts'
import { isAbsent, type Scan, scanLines, valueEnd, valueStart } from './scan.ts'

const { schema } = format({
  kind: 't',
  dataset: 'custom.t',
  root: 'custom.t',
  constants: {},
  fields: {
    a: keyword(['custom.a'], ''),
    n: long(['custom.n'], '', { absent: ['none'] }),
    b: keyword(['custom.b'], ''),
  },
  encodings: [delimited({ delimiter: ' ' })],
})
const columns = columnsOf(
  {
    ...{ schema, delimiter: ' ', quotes: true, brackets: true, absent: '-' },
    ...{ header: () => undefined, headerless: undefined, keys: undefined },
  },
  ['a', 'n', 'b'],
  memoryObject({ key: 'f', body: '' }),
  undefined,
  2,
)

function textAt(scan: Scan, column: number): string {
  const start = valueStart(scan, 0, column)
  return scan.bytes.toString('latin1', start, valueEnd(scan, 0, column, start))
}

/** The values that a scan found in a line; undefined for an absent one, nothing where the line is not regular. */
function valuesIn(line: string): (string | undefined)[] | undefined {
  const scan = columns.scan(Buffer.from(`${line}\n`))
  if (scan.regular[0] !== 1) return undefined
  return [0, 1, 2].map((column) => (isAbsent(scan, 0, column, 0x2d) ? undefined : textAt(scan, column)))
}

describe('the engine finds values', () => {
  test.each<[string, (string | undefined)[]]>([
    ['x 1 y', ['x', '1', 'y']],
    ['"x z" "1" [y y]', ['x z', '1', 'y y']],
    ['"-" - [-]', [undefined, undefined, undefined]],
    ['x none y', ['x', 'none', 'y']],
    ['x 1', ['x', '1', undefined]],
    ['x 1 y - "-" [-] ""', ['x', '1', 'y']],
    ['x 1 y ', ['x', '1', 'y']],
  ])('of a regular line: %s', (line, values) => expect(valuesIn(line)).toEqual(values))

  test.each([
    'x',
    'x 01 y',
    'x one y',
    '"" 1 y',
    'x "1',
    '"x"y 1 z',
    'x 1 y z',
    'x 1 y - z',
    'x 1 é',
    'x 1 a\\b',
    'x 1 a"b',
  ])('of no other: %s', (line) => expect(valuesIn(line)).toBeUndefined())
})

test('lines without an engine are found, and none is regular', () => {
  const { lines, starts, stops, regular } = scanLines(Buffer.from('a\n\n\r\nbc\r\nd'))
  expect([lines, [...starts], [...stops], [...regular]]).toEqual([3, [0, 5, 9], [1, 8, 10], [0, 0, 0]])
})
