import { expect, test } from 'vitest'
import type { DailyQuestion } from './daily.ts'
import { tellAnswer } from './tell.ts'

const span = { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' }
const question: DailyQuestion = {
  name: 'things',
  title: 'Things of the day',
  formats: ['aws.vpcflow'],
  know: 'All of them.',
  columns: {
    name: { heading: 'name' },
    port: { heading: 'port', unit: 'code' },
    bytes: { heading: 'bytes', unit: 'bytes' },
    share: { heading: 'share', unit: 'share' },
    first: { heading: 'first byte', unit: 'seconds' },
    behind: { heading: 'behind', unit: 'age' },
    at: { heading: 'at', unit: 'time' },
    sources: { heading: 'sources' },
    groups: { heading: 'groups' },
  },
  over: () => ({ kind: 'documents', formats: ['aws.vpcflow'], span }),
}

const row = {
  name: 'a',
  port: 5432,
  bytes: 1_234_567,
  share: 0.4251,
  first: 0.0421,
  behind: 720,
  at: '2026-11-22T09:15:32.500Z',
  sources: 12_345,
  groups: ['x', 'y'],
}

test('each value stands in its unit, below its heading', () => {
  const other = { ...row, name: 'b', bytes: 12, share: null, first: 12, behind: 7200, sources: 3, groups: null }
  expect(tellAnswer(question, span, { rows: [row, other], approximate: ['sources'] })).toBe(`Things of the day
22 Nov 09:00:00 to 22 Nov 10:00:00 UTC: 2 rows

  name  port   bytes   share  first byte  behind  at               ~ sources  groups
  a     5432  1.2 MB  42.5 %     0.042 s  12 min  22 Nov 09:15:32     12,345  x y
  b     5432    12 B       -    12.000 s  2 h     22 Nov 09:15:32          3  -

~ is an estimate, mostly within 2 %.
All of them.
`)
})

test('a span of two years tells which, in its rows as well', () => {
  const told = tellAnswer(question, { ...span, from: '2025-12-31T23:00:00.000Z' }, { rows: [row], approximate: [] })
  expect(told).toContain('31 Dec 2025 23:00:00 to 22 Nov 2026 10:00:00 UTC: 1 row\n')
  expect(told).toContain('  22 Nov 2026 09:15:32  ')
})

test('what is missing comes first, and no row is said in a word', () => {
  const partial = { why: 'the search was ended after 30000 ms' }
  expect(
    tellAnswer(question, span, { rows: [], approximate: [], partial }),
  ).toBe(`Not the whole answer: the search was ended after 30000 ms.

Things of the day
22 Nov 09:00:00 to 22 Nov 10:00:00 UTC: nothing

All of them.
`)
})

test('long text is cut, which is said, and control characters are escaped', () => {
  const told = tellAnswer(question, span, { rows: [{ ...row, name: `\u001b[2J${'a'.repeat(100)}` }], approximate: [] })
  expect(told).toContain(`\\u001b[2J${'a'.repeat(55)}…`)
  expect(told).toContain('… stands for more')
  expect(told).not.toContain('\u001b')
})
