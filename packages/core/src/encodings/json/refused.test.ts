import { describe, expect, test } from 'vitest'
import {
  type AnyField,
  boolean,
  encoded,
  epoch,
  epochMilliseconds,
  ip,
  iso8601,
  keyword,
  list,
  long,
} from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { flat, pairs } from '../../schema/objects.ts'
import { addressPort } from '../../schema/parts.ts'
import { collect, memoryObject } from '../../testing/index.ts'
import { compare } from './compare.suite.ts'
import { json } from './json.ts'

const parserOf = (field: AnyField, name = 'theValue') =>
  format({
    kind: 'any',
    dataset: 'custom.any',
    root: 'custom.any',
    constants: { 'ecs.version': '8' },
    fields: { who: keyword(['user.name'], ''), [name]: field },
    derived: (derive) =>
      name === 'theValue' ? [derive('tls.version', ['theValue'], (text) => /^v(.*)/.exec(String(text))?.[1])] : [],
    encodings: [json()],
  })

/** Of a record beside one that is fine: both ways give and count the same. */
async function read(parser: ReturnType<typeof parserOf>, text: string) {
  const body = Buffer.from(text)
  const { documents, unknownFields, malformed } = await collect(parser, memoryObject({ key: 'f', body }))
  const { fast } = await compare(body, 65_536, parser)
  const { custom } = documents[0] as { custom?: { any: Record<string, unknown> } }
  return { kept: custom?.any.unknown, documents, unknownFields, malformed, fast }
}

describe('a value that its field cannot read, or its targets refuse, is kept and counted', () => {
  test.each<[string, AnyField, string]>([
    ['a number', long(['source.bytes'], ''), '"many"'],
    ['a fraction', long(['source.bytes'], ''), '1.5'],
    ['a time', iso8601(['@timestamp'], ''), '"yesterday"'],
    ['milliseconds', epochMilliseconds(['@timestamp'], ''), '-1'],
    ['an epoch', epoch(['event.start'], ''), '"never"'],
    ['a boolean', boolean(['tls.resumed'], ''), '"maybe"'],
    ['text', keyword(['user.id'], ''), '{"a":1}'],
    ['an address', ip(['source.ip'], ''), '"203.0.113.7:5000"'],
    ['an address that is a number', ip(['source.ip'], ''), '7'],
    ['an address in a list', ip(['related.ip[]'], ''), '["192.0.2.1","x"]'],
    ['encoded text', encoded(['source.ip'], ''), '"a%20b"'],
    ['a list', list(',', ['related.ip[]'], ''), '"192.0.2.1,x"'],
    ['an address with a port', addressPort(['source.ip'], ['source.port'], ''), '"host.example:80"'],
    ['objects', flat('custom.any.flat', ''), '"x"'],
    ['pairs', pairs('custom.any.pairs', ''), '[{"name":"a"}]'],
    ['what is derived from', keyword([], '', { fits: (text) => text.startsWith('v') }), '"odd"'],
  ])('%s', async (_, field, value) => {
    const one = `{"who":"a","theValue":${value}}`
    const { kept, unknownFields } = await read(parserOf(field), `${one}\n{"who":"b"}\n${one}`)
    expect(kept).toEqual({ the_value: JSON.parse(value) as unknown })
    expect(unknownFields).toEqual({ theValue: 2 })
  })

  test.each<[string, AnyField, string]>([
    ['an address', ip(['source.ip'], ''), '"203.0.113.7"'],
    ['text that another target holds', ip(['source.address', 'source.ip'], ''), '"host.example"'],
    ['what is derived from', keyword([], '', { fits: (text) => text.startsWith('v') }), '"v1"'],
    ['what nobody asked about', keyword([], ''), '"odd"'],
  ])('but not %s', async (_, field, value) => {
    const found = await read(parserOf(field), `{"who":"a","theValue":${value}}`)
    expect(found).toMatchObject({ kept: undefined, unknownFields: {}, fast: 1 })
  })

  test('what is no object where fields are in one, and no list of objects', async () => {
    const inside = await read(parserOf(keyword(['user.id'], ''), 'a.b'), '{"who":"a","a":"x"}')
    expect(inside).toMatchObject({ kept: { a: 'x' }, unknownFields: { a: 1 } })
    const items = parserOf(keyword(['custom.any.items[]'], ''), 'l[].b')
    expect(await read(items, '{"who":"a","l":[1]}')).toMatchObject({ kept: { l: [1] }, unknownFields: { l: 1 } })
    const some = await read(items, '{"who":"a","l":[{"b":{"c":1}},{"b":{"c":2}},{"b":"x"}]}')
    expect(some).toMatchObject({ kept: { l: [{ b: { c: 1 } }, { b: { c: 2 } }] }, unknownFields: { 'l[].b': 1 } })
    expect(await read(items, '{"who":"a","l":[],"theOther":null}')).toMatchObject({ unknownFields: { theOther: 1 } })
  })
})

describe('a record of whose values none is known', () => {
  const parser = parserOf(iso8601(['@timestamp'], ''))
  test.each([
    '{"who":null}',
    '{"who":"","foo":1}',
    '{"who":{"a":1},"foo":1}',
    '{"theValue":"yesterday","foo":1}',
    '{"theValue":{},"who":[null]}',
  ])('is malformed, and its unknown members are not counted: %s', async (one) => {
    const { documents, malformed, unknownFields } = await read(
      parser,
      `{"who":"a","foo":2}\n${one}\n{"bar":1,"who":"b"}`,
    )
    expect(documents).toHaveLength(2)
    expect(malformed).toMatchObject([
      { ordinal: 1, reason: 'no value of the element is one that the format any knows' },
    ])
    expect(unknownFields).toEqual({ foo: 1, bar: 1 })
  })

  test.each(['{"who":7}', '{"theValue":"2026-11-22T10:00:00Z"}'])('but not %s', async (one) => {
    expect(await read(parser, one)).toMatchObject({ malformed: [], fast: 1 })
  })
})
