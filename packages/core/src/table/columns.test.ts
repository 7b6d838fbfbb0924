import { describe, expect, test, vi } from 'vitest'
import { cloudFront } from '../formats/cloudfront.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { parseContext } from '../limits.ts'
import { collect, memoryObject } from '../testing.ts'
import type { Limits } from '../types.ts'
import { columnsOf } from './columns.ts'
import { type CompiledTable, table } from './define.ts'
import { epochSeconds, keyword } from './fields.ts'
import type { AnyField } from './layout.ts'
import { freeName, takenNames } from './names.ts'

const read = (body: string, parser: Parameters<typeof collect>[0] = vpcFlow, limits: Partial<Limits> = {}) =>
  collect(parser, memoryObject({ key: 'flow.log', body }), parseContext({ limits }))

const minimal = { kind: 't', dataset: 'custom.t', root: 'custom.t', delimiter: ' ', constants: {} } as const
const tableWith = (fields: Record<string, AnyField>, root: `custom.${string}` = 'custom.t') =>
  table({ ...minimal, root, header: (line) => (line.startsWith('#') ? line.slice(1).split(' ') : undefined), fields })

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
    const { documents, unknownFields } = await read('end a-b a--b a-b-\n1700000000 1 2 3\n1700000000 - 5 6\n')
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

describe('a header of many fields', () => {
  const header = (count: number) => Array.from({ length: count }, (_, i) => `f${i.toString(36)}`).join(' ')

  test('above limits.columns is refused, and named', async () => {
    expect((await read(`end ${header(999)}\n`)).malformed).toEqual([])
    await expect(read(`end ${header(1000)}\n`)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('1001 fields, above limits.columns, 1000'),
      place: { key: 'flow.log' },
    })
    await expect(read('end a b\n', vpcFlow, { columns: 2 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('takes time by its bytes, not by their square', { timeout: 60_000 }, async () => {
    const begin = process.cpuUsage()
    await read(`end ${header(150_000)}\n`, vpcFlow, { columns: 200_000 })
    const { user, system } = process.cpuUsage(begin)
    expect((user + system) / 1e6).toBeLessThan(5)
  })

  test('that names one twice is refused', async () => {
    await expect(read('end a b a\n')).rejects.toMatchObject({
      code: 'FORMAT_MISMATCH',
      message: expect.stringContaining('names a twice'),
    })
  })
})

describe('headers that were seen before', () => {
  const compiled: CompiledTable = {
    format: { kind: 't', dataset: 'custom.t', mapping: {}, fields: [] },
    fields: {},
    delimiter: ' ',
    absent: '-',
    header: () => undefined,
    headerless: undefined,
    keys: undefined,
    layout: () => new Map(),
  }
  const object = memoryObject({ key: 'a', body: '' })

  test('are known until there are 64 others', () => {
    const table = { ...compiled }
    const columns = (i: number) => columnsOf(table, [`f${i}`], object)
    const all = Array.from({ length: 64 }, (_, i) => columns(i))
    for (const i of [0, 63, 0, 1, 2]) expect(columns(i)).toBe(all[i])
    columns(64)
    expect(columns(0)).not.toBe(all[0])
  })

  test('are known until their names are too long together, and one alone is not kept', () => {
    const table = { ...compiled }
    const columns = (i: number, length: number) => columnsOf(table, [`f${i}`.padEnd(length, 'x')], object)
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
    expect((await read(body, table({ ...minimal, fields, headerless }))).documents).toEqual(documents)
    expect((await read(body, table({ ...minimal, fields }).withFields(['at', 'who']))).documents).toEqual(documents)
    await expect(read(body, table({ ...minimal, fields }))).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' })
  })

  test.each<[string, object]>([
    ['header', { header: 'at who' }],
    ['headerless', { headerless: ['at', 'who'] }],
    ['headerless', { headerless: { fields: ['at', 'who'] } }],
    ['headerless', { headerless: { fields: 'at who', fits: () => true } }],
    ['headerless', { headerless: null }],
    ['headerless.fields has when', { headerless: { fields: ['when', 'who'], fits: () => true } }],
    ['delimiter', { delimiter: ', ' }],
    ['delimiter', { delimiter: undefined }],
  ])('is refused when it is declared with another %s: %j', (name, options) => {
    expect(() => table({ ...minimal, fields, ...options } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    )
  })
})
