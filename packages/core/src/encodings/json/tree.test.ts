import { describe, expect, test } from 'vitest'
import { iso8601, keyword, long } from '../../schema/fields.ts'
import { normalizerOf } from './plain.ts'
import { namesOf, treeOf } from './tree.ts'

const parts = (fields: Parameters<typeof treeOf>[0]['fields']) => ({ fields, cases: [], derived: [] })

describe('the places of a table', () => {
  test.each([
    ['a', ['a']],
    ['a.b', ['a', 'b']],
    ['labels[].name', ['labels[]', 'name']],
    ['[a.b].c-d', ['a.b', 'c-d']],
    ['cs(Host)', ['cs(Host)']],
  ])('%s', (path, names) => {
    expect(namesOf(path)).toEqual(names)
  })

  test('are a tree by their paths, and by their spellings', () => {
    const root = treeOf(
      parts({
        'a.b': keyword([], '', { spelled: ['a.B'] }),
        'l[].n': keyword([], ''),
        '[x.y]': keyword([], ''),
      }),
    )
    const a = root.members.get('a')!
    expect(a.members.get('b')).toBe(a.members.get('B'))
    expect(root.members.get('l')).toMatchObject({ list: true, path: 'l' })
    expect(root.members.get('l')!.members.get('n')!.path).toBe('l[].n')
    expect(root.members.get('x.y')!.path).toBe('[x.y]')
  })

  test('a spelling stands in the same object', () => {
    expect(() => treeOf(parts({ 'a.b': keyword([], '', { spelled: ['b'] }) }))).toThrow('INVALID_OPTION')
  })
})

test("a record has the table's names, and numbers where AWS wrote text", () => {
  const normalize = normalizerOf(
    treeOf(
      parts({
        n: long([], '', { spelled: ['N'], absent: ['-'] }),
        'o.m': long([], ''),
        'l[].k': long([], ''),
        t: iso8601([], ''),
      }),
    ),
  )
  const record = { N: '7', o: { m: '8' }, l: [{ k: '9' }, 1], t: '2025', other: '1' }
  normalize(record)
  expect(record).toEqual({ n: 7, o: { m: 8 }, l: [{ k: 9 }, 1], t: '2025', other: '1' })
  const absent = { n: '-' }
  normalize(absent)
  expect(absent).toEqual({ n: '-' })
})
