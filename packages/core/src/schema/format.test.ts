import { describe, expect, test } from 'vitest'
import { delimited } from '../encodings/delimited/delimited.ts'
import type { Encoding } from '../encodings/encoding.ts'
import { collect, memoryObject } from '../testing/index.ts'
import type { Batch } from '../types.ts'
import type { DeriveFromDocument } from './enrichment.ts'
import { epochSeconds, ip, keyword, long } from './fields.ts'
import { aws, format, when } from './format.ts'

const base = {
  kind: 'x',
  dataset: 'custom.x',
  root: 'custom.x',
  constants: {},
  fields: { t: epochSeconds(['@timestamp'], ''), a: keyword([], '') },
} as const

/** An encoding that claims texts by their first letters, and gives one record of its name. */
const named = (name: string, claims: 'content' | 'key'): Encoding => ({
  bind: ({ format }) => ({
    namesFields: true,
    claims: ({ text }) => (text.startsWith(name) ? claims : undefined),
    parse: async function* () {
      yield {
        format,
        length: 1,
        ordinals: [0],
        records: [{ name }],
        bytes: 1,
        document: () => ({ name }),
      } as Batch<unknown>
    },
  }),
})

describe('aliases', () => {
  const parser = format({
    ...base,
    constants: aws('x', { 'event.category': ['network'] }),
    fields: {
      ...base.fields,
      from: ip(['source.ip', 'related.ip[]'], '', { aliases: ['source.address'] }),
      size: long(['network.bytes'], '', { aliases: ['source.bytes', 'custom.x.size'], index: false }),
    },
    derived: (derive) => [derive('event.kind', ['a'], () => undefined)],
    first: ['event.kind'],
    encodings: [delimited({ delimiter: ' ', header: (line) => (line.startsWith('t ') ? line.split(' ') : undefined) })],
  })
  const read = async (from: typeof parser) =>
    (await collect(from, memoryObject({ key: 'f', body: 't a from size\n1 x 192.0.2.1 5\n2 - text 6\n' }))).documents

  test('a document holds a value once, and in full under each of its names', async () => {
    const [small, refused] = await read(parser)
    expect(small).toMatchObject({ source: { ip: '192.0.2.1' }, network: { bytes: 5 } })
    expect(small!.source).toEqual({ ip: '192.0.2.1' })
    // What is no address stands where nobody takes it for one.
    expect(refused).toMatchObject({ custom: { x: { from: 'text' } } })
    expect(refused).not.toHaveProperty('source')
    const [full, text] = await read(parser.full)
    expect(full).toMatchObject({
      source: { ip: '192.0.2.1', address: '192.0.2.1', bytes: 5 },
      network: { bytes: 5 },
      custom: { x: { size: 5 } },
    })
    expect(text).toMatchObject({ source: { address: 'text', bytes: 6 } })
    expect(parser.full).toBe(parser.full)
  })

  test('an unknown field takes no name of an alias, in both forms alike', async () => {
    const object = memoryObject({ key: 'f', body: 't size Size\n1 5 x\n' })
    for (const one of [parser, parser.full])
      expect((await collect(one, object)).documents[0]).toMatchObject({ custom: { x: { size_2: 'x' } } })
  })

  test('the format tells them, with their type, until its documents are full', () => {
    expect(parser.format.aliases).toEqual({
      'source.address': { path: 'source.ip', type: 'keyword' },
      'source.bytes': { path: 'network.bytes', type: 'long' },
      'custom.x.size': { path: 'network.bytes', type: 'long' },
    })
    expect(parser.full.format.aliases).toEqual({})
    expect(parser.full.format.mapping).toMatchObject({
      'source.address': { type: 'keyword' },
      'source.bytes': { type: 'long' },
    })
    expect(parser.format.fields.find(({ name }) => name === 'size')!.targets).toEqual([
      'network.bytes',
      'source.bytes',
      'custom.x.size',
    ])
  })

  test('the mapping tells what has no index, and what is the same in all documents', () => {
    const { mapping } = parser.format
    expect(mapping['network.bytes']).toEqual({ type: 'long', index: false })
    expect(mapping['event.module']).toMatchObject({ constant: 'aws' })
    for (const name of ['event.kind', 'event.category', 'source.ip'])
      expect(mapping[name], name).not.toHaveProperty('constant')
  })

  test('an enrichment reads an alias as the field, and fills none', async () => {
    const reads = parser.with({
      name: 'reads',
      derived: (derive, { fills }) => [
        derive('labels.from', ['source.address'], (address) => `from ${address}`),
        derive('labels.fills', ['source.ip'], () => String(fills('source.bytes'))),
      ],
    })
    expect((await read(reads))[0]).toMatchObject({ labels: { from: 'from 192.0.2.1', fills: 'true' } })
    const fills = {
      name: 'fills',
      derived: (derive: DeriveFromDocument) => [derive('source.bytes', ['source.ip'], () => 1)],
    }
    expect(() => parser.with(fills)).toThrow('size has the alias source.bytes, which the enrichment fills fills')
  })
})

describe('several encodings', () => {
  const parser = format({ ...base, encodings: [named('a', 'key'), named('ab', 'content'), named('c', 'key')] })
  const read = async (body: string) => (await collect(parser, memoryObject({ key: 'f', body }))).records
  const claim = (text: string) => parser.claims({ text, key: 'f', bucket: 'b', stored: Buffer.from(text) } as never)

  test.each([
    ['abc', 'content', 'ab'],
    ['a', 'key', 'a'],
    ['c', 'key', 'c'],
    ['x', undefined, 'a'],
  ])(
    '%s: the content decides before the key, and where nothing does the first reads it',
    async (body, claims, name) => {
      expect(claim(body)).toBe(claims)
      expect(await read(body)).toEqual([{ name }])
    },
  )
})

test('withFields is refused where no encoding has columns', () => {
  const parser = format({ ...base, encodings: [named('a', 'key')] })
  expect(() => parser.withFields(['t'])).toThrow('withFields: no encoding of x has columns without names')
})

test('kind, title, dataset and view travel with the format', () => {
  const encodings = [delimited({ delimiter: ' ' })]
  expect(format({ ...base, encodings }).format).toMatchObject({
    kind: 'x',
    title: 'x',
    dataset: 'custom.x',
    archive: [],
  })
  const named = format({ ...base, title: 'X logs', view: 'calls', encodings })
  for (const one of [named, named.full, named.with()])
    expect(one.format).toMatchObject({ title: 'X logs', view: 'calls' })
})

test('aws() has what every document of a log of AWS has; when() a case for each value', () => {
  expect(aws('waf', { 'event.type': ['info'] })).toEqual({
    'ecs.version': '8.11.0',
    'event.kind': 'event',
    'event.module': 'aws',
    'event.dataset': 'aws.waf',
    'event.type': ['info'],
    'cloud.provider': 'aws',
  })
  const constants = { 'event.kind': 'alert' }
  expect(when('a', { x: { constants }, y: {} })).toEqual([
    { when: { field: 'a', value: 'x' }, constants, fields: {} },
    { when: { field: 'a', value: 'y' }, constants: {}, fields: {} },
  ])
})

test('what is no declaration is refused', () => {
  for (const given of [undefined, null, 'x', []])
    expect(() => format(given as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
