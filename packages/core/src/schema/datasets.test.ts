import { describe, expect, test } from 'vitest'
import { formats } from '../formats/index.ts'
import type { Format } from '../types.ts'
import { datasets } from './datasets.ts'

const keyword = { type: 'keyword' } as const
const one = (kind: string, more: Partial<Format>): Format => ({
  kind,
  title: `Log ${kind}`,
  dataset: 'custom.both',
  mapping: {},
  fields: [],
  archive: [],
  ...more,
})

test('a format that is alone in its dataset is given back as it is, and once', () => {
  const [a, b] = [one('a', { dataset: 'custom.a' }), one('b', { dataset: 'custom.b' })]
  expect(datasets([a, b, a])).toEqual([a, b])
  expect(datasets([a, b, a])[0]).toBe(a)
})

test('formats of one dataset have the fields of all, in any order the same', () => {
  const row = { name: 'x', type: 'keyword', targets: ['custom.x'], description: '' }
  const a = one('a', {
    mapping: { 'custom.x': { ...keyword, constant: '1' }, 'event.module': { ...keyword, constant: 'aws' } },
    aliases: { 'custom.x2': { path: 'custom.x', type: 'keyword' } },
    fields: [row],
    archive: [{ service: 'a' }],
    view: 'both',
  })
  const b = one('b', {
    mapping: {
      'custom.x': keyword,
      'event.module': { ...keyword, constant: 'aws' },
      'custom.y': { type: 'long', index: false },
    },
    archive: [{ service: 'b' }],
    view: 'both',
  })
  const [merged, ...others] = datasets([b, a])
  expect(merged).toEqual({
    kind: 'a, b',
    title: 'Log a, Log b',
    dataset: 'custom.both',
    // Of both the same, so that an index may hold it once.
    mapping: {
      'custom.x': keyword,
      'event.module': { ...keyword, constant: 'aws' },
      'custom.y': { type: 'long', index: false },
    },
    aliases: { 'custom.x2': { path: 'custom.x', type: 'keyword' } },
    view: 'both',
    fields: [row],
    archive: [{ service: 'a' }, { service: 'b' }],
  })
  expect(others).toEqual([])
  expect(datasets([a, b])).toEqual([merged])
})

test('what one format alone has always is no constant of the dataset', () => {
  const a = one('a', { mapping: { 'event.module': { ...keyword, constant: 'aws' } } })
  expect(datasets([a, one('b', {})])[0]!.mapping).toEqual({ 'event.module': keyword })
})

describe('formats of one dataset that disagree are refused, with both and what', () => {
  const alias = (path: string) => ({ aliases: { 'source.address': { path, type: 'keyword' } } }) as const
  test.each<[what: string, a: Partial<Format>, b: Partial<Format>, words: string]>([
    [
      'a type',
      { mapping: { x: keyword } },
      { mapping: { x: { type: 'ip' } } },
      'on x: {"type":"keyword"} in a, {"type":"ip"} in b',
    ],
    ['a list', { mapping: { x: keyword } }, { mapping: { x: { ...keyword, list: 'values' } } }, 'on x: '],
    ['an index', { mapping: { x: { ...keyword, index: false } } }, { mapping: { x: keyword } }, 'on x: '],
    [
      'an alias that is a value',
      alias('source.ip'),
      { mapping: { 'source.address': keyword } },
      'on source.address: another name of source.ip, as keyword in a, {"type":"keyword"} in b',
    ],
    [
      'a value that is an alias',
      { mapping: { 'source.address': keyword } },
      alias('source.ip'),
      'on source.address: another name of source.ip, as keyword in b',
    ],
    [
      'two aliases',
      alias('source.ip'),
      alias('client.ip'),
      'on source.address: another name of source.ip, as keyword in a, another name of client.ip, as keyword in b',
    ],
    [
      'a value where an object is',
      { mapping: { 'x.y': keyword } },
      { mapping: { 'x.y.z': keyword } },
      'on x.y: a value in a, an object, with x.y.z in b',
    ],
    ['a view', { view: 'requests' }, {}, 'on its view: requests in a, that of its table in b'],
  ])('%s', (_, a, b, words) => {
    expect(() => datasets([one('a', a), one('b', b)])).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(words) }),
    )
    expect(() => datasets([one('a', a), one('b', b)])).toThrow('have one dataset, custom.both')
  })
})

test("AWS's formats agree, in small and in full documents", async () => {
  const all = await Promise.all(Object.values(formats).map((load) => load()))
  const shared = (names: readonly Format[]) => datasets(names).filter((format) => !names.includes(format))
  const [small, ...others] = shared(all.map(({ format }) => format))
  expect(small).toMatchObject({ kind: 'alb, elb, nlb', dataset: 'aws.elb_logs', view: 'requests' })
  expect(small!.mapping['event.dataset']).toMatchObject({ constant: 'aws.elb_logs' })
  expect(others).toEqual([])
  expect(shared(all.map(({ full }) => full.format)).map(({ kind }) => kind)).toEqual(['alb, elb, nlb'])
})

const parsers = await Promise.all(Object.values(formats).map((load) => load()))
const inShared = parsers.filter(({ format }) =>
  datasets(parsers.map((one) => one.format)).every((one) => one !== format),
)

describe.each(inShared.map(({ format, schema }) => ({ kind: format.kind, format, schema })))(
  'a new field of $kind',
  ({ format, schema }) => {
    const [merged] = datasets(inShared.map((one) => one.format))
    const start = `${schema.root}.`
    const all = [...Object.keys(merged!.mapping), ...Object.keys(merged!.aliases ?? {})]
    const below = all.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length).split('.')[0]!)
    const own = new Set([...Object.keys(format.mapping), ...Object.keys(format.aliases ?? {})])
    const others = [...new Set(below)].filter(
      (name) => ![...own].some((one) => `${one}.`.startsWith(`${start}${name}.`)),
    )

    test.each(others)('has a place of its own where another format of the dataset has %s', (name) => {
      let branch: unknown = schema.layout([{ name, key: name }])
      for (const member of schema.root.split('.')) branch = (branch as ReadonlyMap<string, unknown>).get(member)
      const isText = merged!.mapping[start + name]?.type === 'keyword'
      const place = isText ? name : `${name}_2`
      expect((branch as ReadonlyMap<string, unknown>).get(place)).toHaveProperty('sources')
    })
  },
)
