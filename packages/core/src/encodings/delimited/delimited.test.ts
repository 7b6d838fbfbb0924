import { describe, expect, test } from 'vitest'
import type { Target } from '../../schema/ecs.ts'
import { keyword } from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { delimited } from './delimited.ts'

/** A table whose columns go to these targets, and whose header names any columns. */
const tableOf = (
  targets: Readonly<Record<string, readonly Target[]>>,
  {
    constants = {},
    derived,
    first = [],
  }: { constants?: Record<string, string | string[]>; derived?: Target; first?: Target[] } = {},
) =>
  format({
    kind: 'test',
    dataset: 'test',
    root: 'custom.test',
    first,
    constants,
    fields: Object.fromEntries(Object.entries(targets).map(([name, of]) => [name, keyword(of, '')])),
    derived: (derive) => (derived ? [derive(derived, ['a'], (value) => value)] : []),
    encodings: [
      delimited({
        delimiter: ' ',
        header: (line, known) => (known.has(line.split(' ')[0]!) ? line.split(' ') : undefined),
      }),
    ],
  })

describe('a delimited format', () => {
  test('takes a pattern of keys, and no text', () => {
    const declared = (keys: unknown) =>
      format({
        kind: 'test',
        dataset: 'test',
        root: 'custom.test',
        constants: {},
        fields: {},
        encodings: [delimited({ delimiter: ' ', keys: keys as RegExp })],
      })
    expect(() => declared(/x/)).not.toThrow()
    expect(() => declared('x')).toThrow('keys is string; it takes a regular expression')
  })

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
      tableOf(
        { a: ['custom.a', 'related.ip[]'], b: ['custom.a', 'related.ip[]', 'custom.ab.c'] },
        { first: ['custom.a'] },
      ),
    ).not.toThrow()
  })
})
