import { describe, expect, test, vi } from 'vitest'
import { cloudFront } from '../../formats/cloudfront.ts'
import { vpcFlow } from '../../formats/vpc-flow.ts'
import { parseContext } from '../../read/limits.ts'
import type { Fields } from '../../schema/derive.ts'
import { double, epochSeconds, keyword } from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { freeName, takenNames } from '../../schema/names.ts'
import { collect, memoryObject } from '../../testing/index.ts'
import type { Limits } from '../../types.ts'
import { columnsOf } from './columns.ts'
import type { CompiledTable } from './compiled.ts'
import { type DelimitedOptions, delimited } from './delimited.ts'

const read = (body: string, parser: Parameters<typeof collect>[0] = vpcFlow, limits: Partial<Limits> = {}) =>
  collect(parser, memoryObject({ key: 'flow.log', body }), parseContext({ limits }))

const minimal = { kind: 't', dataset: 'custom.t', root: 'custom.t', constants: {} } as const
const table = (fields: Fields, options: Partial<DelimitedOptions> = {}, root: `custom.${string}` = 'custom.t') =>
  format({ ...minimal, root, fields, encodings: [delimited({ delimiter: ' ', ...options })] })
const tableWith = (fields: Fields, root: `custom.${string}` = 'custom.t') =>
  table(fields, { header: (line) => (line.startsWith('#') ? line.slice(1).split(' ') : undefined) }, root)

describe('a field of the header that the table does not know', () => {
  test.each([
    ['tags', 'tags_2'],
    ['ecs', 'ecs_2'],
    ['next-hop', 'next_hop_2'],
    ['sublocation', 'sublocation_2'],
    ['tcp-flags-array', 'tcp_flags_array_2'],
    ['vpc-id-', 'vpc_id_2'],
    ['other', 'other'],
  ])('%s is kept and counted, though the table has a place of that name', async (name, kept) => {
    const body = `end vpc-id instance-tag tcp-flags ${name}\n1700000000 vpc-1 i 2 x\n1700000001 vpc-1 i 2 -\n`
    const { documents, malformed, unknownFields } = await read(body)
    const own = { vpc_id: 'vpc-1', tags: { instance: 'i' }, tcp_flags: '2', tcp_flags_array: ['syn'] }
    expect(documents.map(({ aws }) => aws)).toEqual([{ vpcflow: { ...own, [kept]: 'x' } }, { vpcflow: own }])
    expect(unknownFields).toEqual({ [name]: 1 })
    expect(malformed).toEqual([])
  })

  test('has a place of its own where others are written alike', async () => {
    const { documents, unknownFields } = await read('dstaddr a-b a--b a-b-\n192.0.2.1 1 2 3\n192.0.2.1 - 5 6\n')
    expect(documents.map(({ aws }) => (aws as { vpcflow: object }).vpcflow)).toEqual([
      { a_b: '1', a_b_2: '2', a_b_3: '3' },
      { a_b_2: '5', a_b_3: '6' },
    ])
    expect(unknownFields).toEqual({ 'a-b': 1, 'a--b': 2, 'a-b-': 2 })
  })

  test('is called field where nothing of its name can be written', async () => {
    const { documents } = await read('#Fields: sc-status é\n200\tx\n', cloudFront)
    expect(documents[0]).toMatchObject({ aws: { cloudfront: { field: 'x' } } })
  })

  test('is another member of the record where each record or object has that name', async () => {
    const names = ['kind', 'kind_2', 'constructor', '__proto__', 'toString', 'hasOwnProperty']
    const { records, documents, unknownFields } = await read(
      `#a ${names.join(' ')}\n1 v1 v2 v3 v4 v5 v6\n2 - - - - - -\n`,
      tableWith({ a: keyword(['custom.t.a'], '') }),
    )
    expect(records).toEqual([
      {
        kind: 't',
        a: '1',
        kind_3: 'v1',
        kind_2: 'v2',
        constructor_2: 'v3',
        __proto___2: 'v4',
        toString_2: 'v5',
        hasOwnProperty_2: 'v6',
      },
      { kind: 't', a: '2' },
    ])
    const kept = {
      a: '1',
      kind: 'v1',
      kind_2: 'v2',
      constructor: 'v3',
      proto: 'v4',
      to_string: 'v5',
      has_own_property: 'v6',
    }
    expect(documents).toEqual([{ custom: { t: kept } }, { custom: { t: { a: '2' } } }])
    expect(Object.entries(unknownFields)).toEqual(names.map((name) => [name, 1]))
  })
})

test('names that are written alike take time by their number', () => {
  const taken = takenNames(['a_3'])
  expect(Array.from({ length: 4 }, () => freeName('a', taken))).toEqual(['a', 'a_2', 'a_4', 'a_5'])
  expect([freeName('a_2', taken), freeName('a_3', taken)]).toEqual(['a_2_2', 'a_3_2'])
  const has = vi.spyOn(taken, 'has')
  for (let i = 0; i < 1000; i++) freeName('a', taken)
  expect(has.mock.calls.length).toBeLessThan(2010)
})

describe('what a table refuses when it is declared', () => {
  test.each(['kind', 'constructor', 'toString'])('a column called %s', (name) => {
    expect(() => tableWith({ [name]: keyword([], '') })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`called ${name}`) }),
    )
  })

  test.each(['custom.t', 'custom'])('a root that is a value, or below one: %s', (target) => {
    expect(() => tableWith({ a: keyword([target as 'custom.t'], '') })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(target) }),
    )
  })
})

describe('values behind the last column', () => {
  test('are kept by their number, and counted; those that say nothing are nothing', async () => {
    const lines = [
      '1700000000 10.0.0.1',
      '1700000001 10.0.0.2 x',
      '1700000002 10.0.0.3 - -',
      '1700000003 10.0.0.4 - y ',
    ]
    const { documents, malformed, unknownFields, ordinals } = await read(`end srcaddr\n${lines.join('\n')}\n`)
    expect(malformed).toEqual([])
    expect(ordinals).toEqual([0, 1, 2, 3])
    expect(documents.map(({ aws }) => aws)).toEqual([
      undefined,
      { vpcflow: { field_3: 'x' } },
      undefined,
      { vpcflow: { field_4: 'y' } },
    ])
    expect(unknownFields).toEqual({ field_3: 1, field_4: 1 })
  })

  test('are called in another way where a column has that name in the document', async () => {
    const { documents } = await read('end srcaddr field-4\n1700000000 10.0.0.1 a b\n')
    expect(documents[0]).toMatchObject({ aws: { vpcflow: { field_4: 'a', field_4_2: 'b' } } })
  })

  test('are no values of a line that has two in it', async () => {
    const line = '1700000000 10.0.0.1 a b c d'
    const { malformed, records } = await read(`end srcaddr\n${line}\n${line} e\n${line}\n`)
    expect(records).toHaveLength(2)
    expect(malformed).toMatchObject([{ ordinal: 1, reason: '7 values where the header names 2 fields' }])
  })

  test('may be missing up to a number of columns that is enough, and be more in a file without a header', async () => {
    const fields = { at: epochSeconds(['@timestamp'], ''), who: keyword(['user.name'], ''), new: keyword([], '') }
    const headerless = { fields: ['at', 'who', 'new'], least: 2, fits: () => true } as const
    const body = '1700000000 ann x y\n1700000001 bob\n1700000002\n1700000003 eve - z -\n'
    const { records, malformed } = await read(body, table(fields, { headerless }))
    expect(records).toMatchObject([
      { who: 'ann', new: 'x', field_4: 'y' },
      { who: 'bob' },
      { who: 'eve', field_4: 'z' },
    ])
    expect(malformed).toMatchObject([{ ordinal: 2, reason: '1 values where the layout has 2 or more' }])
  })
})

test('a header finds columns by any of their names, and absent texts of their own', async () => {
  const fields = {
    'client:port': keyword(['custom.t.client'], '', { spelled: ['client_port'] }),
    time: double(['custom.t.time'], '', { absent: ['-1'] }),
  }
  const { records, documents, unknownFields } = await read('#client_port time\na -1\n-1 1\n', tableWith(fields))
  expect(records).toEqual([
    { kind: 't', 'client:port': 'a' },
    { kind: 't', 'client:port': '-1', time: 1 },
  ])
  expect(documents).toEqual([{ custom: { t: { client: 'a' } } }, { custom: { t: { client: '-1', time: 1 } } }])
  expect(unknownFields).toEqual({})
  await expect(read('#client_port client:port\n1 1\n', tableWith(fields))).rejects.toThrow(/names client:port twice/)
})

describe('a header of many fields', () => {
  const header = (count: number) => Array.from({ length: count }, (_, i) => `f${i.toString(36)}`).join(' ')

  test('above limits.columns is refused, and named', async () => {
    expect((await read(`dstaddr ${header(999)}\n`)).malformed).toEqual([])
    await expect(read(`dstaddr ${header(1000)}\n`)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('1001 fields, above limits.columns, 1000'),
      place: { key: 'flow.log' },
    })
    await expect(read('dstaddr a b\n', vpcFlow, { columns: 2 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('takes time by its bytes, not by their square', { timeout: 60_000 }, async () => {
    const begin = process.cpuUsage()
    await read(`dstaddr ${header(150_000)}\n`, vpcFlow, { columns: 200_000 })
    const { user, system } = process.cpuUsage(begin)
    expect((user + system) / 1e6).toBeLessThan(5)
  })

  test('that names one twice is refused', async () => {
    await expect(read('dstaddr a b a\n')).rejects.toMatchObject({
      code: 'FORMAT_MISMATCH',
      message: expect.stringContaining('names a twice'),
    })
  })
})

describe('headers that were seen before', () => {
  const compiled: CompiledTable = {
    schema: table({}).schema,
    delimiter: ' ',
    quotes: false,
    brackets: false,
    absent: '-',
    header: () => undefined,
    headerless: undefined,
    keys: undefined,
  }
  const object = memoryObject({ key: 'a', body: '' })

  test('are known until there are 64 others', () => {
    const other = { ...compiled }
    const columns = (i: number) => columnsOf(other, [`f${i}`], object)
    const all = Array.from({ length: 64 }, (_, i) => columns(i))
    for (const i of [0, 63, 0, 1, 2]) expect(columns(i)).toBe(all[i])
    columns(64)
    expect(columns(0)).not.toBe(all[0])
  })

  test('are known until their names are too long together, and one alone is not kept', () => {
    const other = { ...compiled }
    const columns = (i: number, length: number) => columnsOf(other, [`f${i}`.padEnd(length, 'x')], object)
    const first = columns(0, 15_000)
    columns(1, 15_000)
    expect(columns(0, 15_000)).toBe(first)
    expect(columns(2, 40_000)).not.toBe(columns(2, 40_000))
    expect(columns(0, 15_000)).toBe(first)
    columns(3, 15_000)
    expect(columns(0, 15_000)).not.toBe(first)
  })

  test('are told apart where a name holds the delimiter', () => {
    expect(columnsOf(compiled, ['a b', 'c'], object)).not.toBe(columnsOf(compiled, ['a', 'b c'], object))
  })
})

describe('a table of files without a header', () => {
  const fields = { at: epochSeconds(['@timestamp'], ''), who: keyword(['user.name'], '') }
  const body = '1700000000 ann\n1700000001 bob\n'
  const documents = [1_700_000_000, 1_700_000_001].map((at, i) => ({
    '@timestamp': new Date(at * 1000).toISOString(),
    user: { name: ['ann', 'bob'][i] },
  }))

  test('needs no header function', async () => {
    const headerless = { fields: ['at', 'who'], fits: () => true } as const
    expect((await read(body, table(fields, { headerless }))).documents).toEqual(documents)
    expect((await read(body, table(fields).withFields(['at', 'who']))).documents).toEqual(documents)
    await expect(read(body, table(fields))).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' })
  })

  test.each<[string, object]>([
    ['header', { header: 'at who' }],
    ['headerless', { headerless: ['at', 'who'] }],
    ['headerless', { headerless: { fields: ['at', 'who'] } }],
    ['headerless', { headerless: { fields: 'at who', fits: () => true } }],
    ['headerless', { headerless: null }],
    ['headerless.fields has when', { headerless: { fields: ['when', 'who'], fits: () => true } }],
    ['headerless.least', { headerless: { fields: ['at', 'who'], fits: () => true, least: 3 } }],
    ['quotes', { quotes: '"' }],
    ['delimiter is "', { quotes: true, delimiter: '"' }],
    ['delimiter', { delimiter: ', ' }],
    ['delimiter', { delimiter: undefined }],
  ])('is refused when it is declared with another %s: %j', (name, options) => {
    expect(() => table(fields, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    )
  })
})
