import { expect, test, vi } from 'vitest'
import { derive, optional } from './derive.ts'
import { ip, keyword, long } from './fields.ts'
import { checkPlaces, fill, layoutTree, namesUnder, sourceValues } from './layout.ts'

const parts = {
  constants: { 'event.kind': 'event', 'event.type': ['info'] },
  fields: {
    port: long(['source.port'], ''),
    from: ip(['source.address', 'source.ip', 'related.ip[]'], ''),
    to: ip(['related.ip[]'], ''),
    first: keyword(['user.name'], ''),
    second: keyword(['user.name'], ''),
  },
  cases: [
    {
      when: { field: 'second', value: 'root' },
      constants: { 'event.kind': 'alert', 'event.type': ['admin'] },
      fields: { port: long(['labels.port'], '') },
    },
  ],
  derived: [derive('event.outcome', [optional('first')], (first) => (first ? 'success' : 'failure'))],
}
const documentOf = (record: Readonly<Record<string, unknown>>) =>
  fill(
    layoutTree(parts),
    sourceValues((name) => record[name]),
  )

test('constants, fields, derived values: in the order of the table, objects where they come first', () => {
  const document = documentOf({ to: '10.0.0.2', from: '10.0.0.1', port: 1, first: 'a', second: 'b' })
  expect(JSON.stringify(document)).toBe(
    '{"event":{"kind":"event","type":["info"],"outcome":"success"},"source":{"port":1,"address":"10.0.0.1","ip":"10.0.0.1"},"related":{"ip":["10.0.0.1","10.0.0.2"]},"user":{"name":"a"}}',
  )
})

test('of several sources of a value the first counts; a list has each once', () => {
  expect(documentOf({ second: 'b', from: '10.0.0.1', to: '10.0.0.1' })).toMatchObject({
    user: { name: 'b' },
    related: { ip: ['10.0.0.1'] },
  })
})

test('what does not fit its target, and objects without members, are left out', () => {
  expect(documentOf({ from: 'host' })).toEqual({
    event: { kind: 'event', type: ['info'], outcome: 'failure' },
    source: { address: 'host' },
    related: undefined,
  })
})

test('a case adds its constants and fields where its field has the value, before what all records have', () => {
  expect(documentOf({ second: 'root', port: 1 })).toMatchObject({
    event: { kind: 'alert', type: ['admin', 'info'] },
    labels: { port: 1 },
  })
  expect(documentOf({ second: 'b', port: 1 })).not.toHaveProperty('labels')
})

test('a function of several targets is called once a record', () => {
  const compute = vi.fn(() => ({ 'labels.a': 1, 'labels.b': 2 }))
  const tree = layoutTree({ ...parts, derived: [derive(['labels.a', 'labels.b'], ['port'], compute as never)] })
  const record = { port: 1 } as Readonly<Record<string, unknown>>
  const documents = [1, 2].map(() =>
    fill(
      tree,
      sourceValues((name) => record[name]),
    ),
  )
  expect(documents).toMatchObject([{ labels: { a: 1, b: 2 } }, { labels: { a: 1, b: 2 } }])
  expect(compute).toHaveBeenCalledTimes(2)
})

test('names below a path', () => {
  const tree = layoutTree(parts)
  expect([...namesUnder(tree, 'source')]).toEqual(['port', 'address', 'ip'])
  expect([...namesUnder(tree, 'source.port')]).toEqual([])
  expect([...namesUnder(tree, 'nothing.there')]).toEqual([])
})

test('a place is a value, a list or an object', () => {
  const check = (targets: readonly string[], root = 'custom.x') => {
    checkPlaces({ ...parts, fields: { x: keyword(targets as never, '') } }, root)
  }
  expect(() => check(['labels.a', 'labels.b', 'custom.x.y'])).not.toThrow()
  for (const targets of [['labels.a', 'labels.a[]'], ['labels.a.b', 'labels.a'], ['custom.x'], ['@timestamp[]']])
    expect(() => check(targets)).toThrow('both as a value and as a list or an object')
})
