import { expect, test } from 'vitest'
import { kql } from './kql.ts'
import type { Filter } from './question.ts'

const span: Filter = {
  field: '@timestamp',
  range: { gte: '2026-11-22T09:00:00.000Z', lt: '2026-11-22T10:00:00.000Z' },
}
const time = '@timestamp >= "2026-11-22T09:00:00.000Z" and @timestamp < "2026-11-22T10:00:00.000Z"'

test.each<[string, Filter, string]>([
  ['equals', { field: 'event.action', equals: 'reject' }, 'event.action: "reject"'],
  ['a number', { field: 'destination.port', equals: 22 }, 'destination.port: 22'],
  ['one of', { field: 'a', oneOf: ['x', 'y'] }, 'a: ("x" or "y")'],
  ['one of one', { field: 'a', oneOf: ['x'] }, 'a: "x"'],
  ['one of none', { field: 'a', oneOf: [] }, 'not *'],
  ['exists', { field: 'a', exists: true }, 'a: *'],
  ['not', { not: { field: 'a', exists: true } }, 'not a: *'],
  [
    'not any',
    {
      not: {
        any: [
          { field: 'a', equals: 1 },
          { field: 'b', equals: 2 },
        ],
      },
    },
    'not (a: 1 or b: 2)',
  ],
  [
    'all in any',
    {
      any: [
        {
          all: [
            { field: 'a', equals: 1 },
            { field: 'b', equals: 2 },
          ],
        },
        { field: 'c', equals: true },
      ],
    },
    '((a: 1 and b: 2) or c: true)',
  ],
  ['any of one', { any: [{ field: 'a', equals: 1 }] }, 'a: 1'],
  ['any of none', { any: [] }, 'not *'],
  [
    'a block',
    { field: 'source.ip', cidr: ['10.0.0.0/8', '2001:db8::/32'] },
    'source.ip: ("10.0.0.0/8" or "2001:db8::/32")',
  ],
  ['a range', { field: 'a', range: { gt: 0, lt: 5 } }, '(a > 0 and a < 5)'],
  ['a date', { field: 'a', range: { gte: '2026-11-22' } }, 'a >= "2026-11-22"'],
  ['a prefix', { field: 'a', prefix: 'eni-*(or' }, 'a: eni-\\*\\(or*'],
  ['a prefix that is a word of the language', { field: 'a', prefix: 'or b' }, 'a: \\or\\ b*'],
  ['quotes', { field: 'a', equals: 'x" or a : "\\' }, 'a: "x\\" or a : \\"\\\\"'],
  ['lines', { field: 'a', equals: 'x\ny' }, 'a: "x\\ny"'],
])('KQL says %s', (_, filter, expected) => {
  expect(kql({ all: [filter, span] })).toBe(`${expected} and (${time})`)
})
