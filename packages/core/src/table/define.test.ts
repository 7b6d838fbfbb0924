import { describe, expect, test } from 'vitest'
import { table } from './define.ts'
import type { Target } from './ecs.ts'
import { keyword } from './fields.ts'

/** A table whose columns go to these targets, and whose header names any columns. */
const tableOf = (
  targets: Readonly<Record<string, readonly Target[]>>,
  { constants = {}, derived }: { constants?: Record<string, string | string[]>; derived?: Target } = {},
) =>
  table({
    kind: 'test',
    dataset: 'test',
    root: 'custom.test',
    delimiter: ' ',
    header: (line, known) => (known.has(line.split(' ')[0]!) ? line.split(' ') : undefined),
    constants,
    fields: Object.fromEntries(Object.entries(targets).map(([name, of]) => [name, keyword(of, '')])),
    derived: (derive) => (derived ? [derive(derived, ['a'], (value) => value)] : []),
  })

describe('table', () => {
  test.each<[string, Parameters<typeof tableOf>]>([
    ['a value and a list', [{ a: ['custom.a'], b: ['custom.a[]'] }]],
    ['a value and an object', [{ a: ['custom.a'], b: ['custom.a.b.c'] }]],
    ['an object and a value', [{ a: ['custom.a.b.c', 'custom.a.d'], b: ['custom.a'] }]],
    ['a list and an object', [{ a: ['custom.a[]'], b: ['custom.a.b'] }]],
    ['a list of constants and a value', [{ a: ['event.type'] }, { constants: { 'event.type': ['access'] } }]],
    ['a value and a derived list', [{ a: ['event.type'] }, { derived: 'event.type[]' }]],
    ['the time and a list', [{ a: ['@timestamp[]'] }]],
  ])('refuses a target that is %s, when it is declared', (_, parts) => {
    expect(() => tableOf(...parts)).toThrow('[INVALID_OPTION]')
  })

  test('takes several sources for one value or list, and names that only begin alike', () => {
    expect(() =>
      tableOf({ a: ['custom.a', 'related.ip[]'], b: ['custom.a', 'related.ip[]', 'custom.ab.c'] }),
    ).not.toThrow()
  })
})
