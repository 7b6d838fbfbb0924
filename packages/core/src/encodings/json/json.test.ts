import { describe, expect, test } from 'vitest'
import { parseContext } from '../../read/limits.ts'
import { iso8601, keyword, long } from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { memoryObject, parserContract } from '../../testing/index.ts'
import { json } from './json.ts'
import type { JsonOptions } from './options.ts'
import { has, unlessEnds } from './refusals.ts'

const sizesOf = (options: JsonOptions = {}) =>
  format({
    kind: 'size',
    dataset: 'custom.size',
    root: 'custom.size',
    constants: {},
    fields: {
      bytes: long(['custom.size.bytes'], 'How large.'),
      name: keyword(['custom.size.name'], 'What.'),
      time: iso8601(['@timestamp'], 'When.'),
      id: keyword(['event.id'], 'Its own id.'),
    },
    encodings: [json(options)],
  })
const sizes = sizesOf()

describe('json', () => {
  const parse = async (body: string, originals = false, parser = sizes) => {
    const batches = []
    for await (const batch of parser.parse(memoryObject({ key: 'a.json', body }), parseContext({ originals })))
      batches.push(batch)
    return batches
  }

  test('gives records, documents, ordinals and what is malformed', async () => {
    const [batch, ...more] = await parse('[{"bytes":1}, {"x":"secret"}, 7, {"bytes":}, ["bytes"], {"bytes":"2"}]')
    expect(more).toEqual([])
    expect(batch).toMatchObject({
      format: { kind: 'size', dataset: 'custom.size' },
      length: 2,
      records: [
        { kind: 'size', bytes: 1 },
        { kind: 'size', bytes: 2 },
      ],
      ordinals: [0, 5],
      malformed: [
        { ordinal: 1, offset: 14, reason: 'the element is not of the format size' },
        { ordinal: 2, offset: 30, reason: 'the element is no valid JSON object' },
        { ordinal: 3, offset: 33, reason: 'the element is no valid JSON object' },
        { ordinal: 4, offset: 45, reason: 'the element is no valid JSON object' },
      ],
    })
    expect(batch!.document(1)).toEqual({ custom: { size: { bytes: 2 } } })
    expect(batch!.recordId).toBeUndefined()
    expect(batch!.original).toBeUndefined()
  })

  test('keeps the originals when they are wanted', async () => {
    const [batch] = await parse('[{ "bytes":1 }]', true)
    expect(batch!.original!(0)).toBe('{ "bytes":1 }')
  })

  test('counts ordinals and bytes on over blocks', async () => {
    const body = `[${Array.from({ length: 100_000 }, (_, bytes) => `{"bytes":${bytes}}`).join()}]`
    const batches = await parse(body)
    expect(batches.length).toBeGreaterThan(3)
    const ordinals = batches.flatMap((batch) => Array.from(batch.ordinals))
    expect(ordinals).toEqual(batches.flatMap(({ records }) => records.map(({ bytes }) => bytes)))
    expect(batches.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(body.length - 1)
  })

  test('one bad line is one malformed record', async () => {
    const [batch] = await parse('{"bytes":1}\nStarting up …\n{"bytes":\n{"bytes":2}\n')
    expect(batch!.records.map(({ bytes }) => bytes)).toEqual([1, 2])
    expect(batch!.malformed!.map(({ ordinal, offset }) => [ordinal, offset])).toEqual([
      [1, 12],
      [2, 28],
    ])
    expect(batch!.malformedText!(0)).toBe('Starting up …')
  })

  test('each value is a record, though it holds an array of records', async () => {
    expect((await parse('{"bytes":1,"Records":[{"bytes":2}]}'))[0]!.unknownFields).toEqual({ Records: 1 })
    const [batch] = await parse('{"bytes":1,"Records":[{"bytes":2}]}', false, sizesOf({ records: { in: 'Records' } }))
    expect(batch!.records.map(({ bytes }) => bytes)).toEqual([2])
  })

  test('a field of the table under the name of what is unknown, and two names that are written alike', async () => {
    const [batch] = await parse('{"bytes":1,"aB":1,"a_b":2,"time":"yesterday"}')
    expect(batch!.document(0)).toEqual({
      custom: { size: { bytes: 1, unknown: { a_b: 1, a_b_2: 2, time: 'yesterday' } } },
    })
    expect(batch!.unknownFields).toEqual({ aB: 1, a_b: 1, time: 1 })
    expect(sizes.format.mapping['custom.size.unknown']).toEqual({ type: 'flattened', ignore_above: 8191 })
  })

  test('a record has an id of its own where it has a valid one', async () => {
    const [batch] = await parse('{"bytes":1,"id":"a"}\n{"bytes":2,"id":"a b"}', false, sizesOf({ id: ['id'] }))
    expect([0, 1].map((index) => batch!.recordId!(index))).toEqual(['s3:test-bucket:a', undefined])
  })

  test('what another format has is refused: a record, or the whole object', async () => {
    const parser = sizesOf({ refuse: [unlessEnds('name', ':y', 'y'), has(['digest', 'hashes'], 'It is a digest')] })
    const [batch] = await parse('{"bytes":1,"name":"x:z"}\n{"bytes":2,"name":"zy"}', false, parser)
    expect(batch!.malformed).toHaveLength(1)
    await expect(parse('{"bytes":1,"digest":1,"hashes":2}', false, parser)).rejects.toMatchObject({
      code: 'FORMAT_MISMATCH',
      message: expect.stringContaining('It is a digest'),
    })
    expect((await parse('{"bytes":1,"digest":1}', false, parser))[0]!.unknownFields).toEqual({ digest: 1 })
  })

  test('claims by its members, by its key, or not at all', () => {
    const head = (text: string, key = 'k') => ({ bucket: 'b', key, stored: Buffer.from(text), text })
    const parser = sizesOf({ claims: ['bytes', ['name', 'time']], keys: /sizes/, refuse: [has('digest')] })
    expect(parser.claims(head('{"bytes":1}'))).toBe('content')
    expect(parser.claims(head('{"name":1}'))).toBeUndefined()
    expect(parser.claims(head('{"name":1,"time":2}'))).toBe('content')
    expect(parser.claims(head('{"x":{"bytes":1}}', 'a/sizes.json'))).toBe('key')
    expect(parser.claims(head('{"digest":1}', 'a/sizes.json'))).toBeUndefined()
    expect(sizes.claims(head('{"bytes":1}'))).toBeUndefined()
  })

  test.each([
    [{ record: 'each' }, 'record'],
    [{ records: 'Records' }, 'records'],
    [{ id: ['nothing'] }, 'nothing'],
    [{ id: 'id' }, 'id'],
    [{ claims: 'bytes' }, 'claims'],
    [{ refuse: [unlessEnds('nothing', 'x')] }, 'nothing'],
    [{ id: ['ids'] }, 'id has ids, which is no field of the format; is it "id"?'],
    [{ refuse: [unlessEnds('nam', 'x')] }, 'refuse has nam, which is no field of the format; is it "name"?'],
    [{ keys: 'sizes' }, 'keys is string; it takes a regular expression'],
    [{ unknown: 'size.unknown' }, 'unknown is "size.unknown"; it takes a field that begins with aws. or custom.'],
  ])('declared with %j is refused', (options, what) => {
    expect(() => sizesOf(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(what) }),
    )
  })

  parserContract({
    test,
    parser: sizes,
    sample: '[{"bytes":1,"time":"2026-11-22T09:15:32Z"},{},{"bytes":2,"time":"2026-11-22T09:15:33Z"}]',
    records: 3,
  })
})
