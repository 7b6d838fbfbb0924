import { gunzipSync } from 'node:zlib'
import { delimited, type FormatParser, format, parseContext } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import {
  boolean,
  commonLogTime,
  double,
  epoch,
  epochMilliseconds,
  epochSeconds,
  iso8601,
  keyword,
  long,
} from '@flowferry/core/schema'
import { collect, memoryObject } from '@flowferry/core/testing'
import { parquetReadObjects } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { duckdbFile, write } from './files.suite.ts'
import { parquet } from './parquet.ts'

const options = {
  kind: 'values',
  dataset: 'custom.values',
  root: 'custom.values',
  constants: {},
  encodings: [delimited({ delimiter: ' ' })],
} as const

const values = format({
  ...options,
  fields: {
    text: keyword(['custom.values.text'], ''),
    number: long(['custom.values.number'], ''),
    part: double(['custom.values.part'], ''),
    flag: boolean(['custom.values.flag'], ''),
    iso: iso8601(['custom.values.iso'], ''),
    seconds: epochSeconds(['custom.values.seconds'], ''),
    milliseconds: epochMilliseconds(['custom.values.milliseconds'], ''),
    either: epoch(['custom.values.either'], ''),
    common: commonLogTime(['custom.values.common'], ''),
  },
})

const read = async (body: Buffer, parser: FormatParser<unknown> = values) =>
  collect(parquet(parser), memoryObject({ key: 'a.parquet', body }))
const recordsOf = async (columns: ColumnSource[]) => (await read(write(columns))).records
/** The records that have a column's values, and what they are. */
const ofColumn = async (column: ColumnSource) =>
  (await recordsOf([column])).map((record) => (record as Record<string, unknown>)[column.name])

describe('a value is that of the text', () => {
  test('of whole numbers, whatever their size', async () => {
    const data = [0, 7, 10, 65_535, 2_147_483_647]
    expect(await ofColumn({ name: 'number', type: 'INT32', data })).toEqual(data)
    const wide = [0n, 2_147_483_648n, 4_294_967_296n, 9_007_199_254_740_991n]
    expect(await ofColumn({ name: 'number', type: 'INT64', data: wide })).toEqual(wide.map(Number))
    expect(await ofColumn({ name: 'number', type: 'DOUBLE', data: [1, 2, Number.NaN] })).toEqual([1, 2, undefined])
  })

  test('of numbers that no field holds: the row is malformed, and an unknown column keeps every digit', async () => {
    const { malformed, records, unknownFields } = await read(
      write([
        { name: 'number', type: 'INT64', data: [1n, 9_007_199_254_740_993n, -1n, 4n] },
        { name: 'added', type: 'INT64', data: [9_223_372_036_854_775_807n, 1n, 2n, -9_223_372_036_854_775_808n] },
      ]),
    )
    expect(malformed.map(({ ordinal }) => ordinal)).toEqual([1, 2])
    expect(malformed[0]!.reason).toBe('number is not of its type, integer')
    expect(records.map((record) => (record as unknown as { added: string }).added)).toEqual([
      '9223372036854775807',
      '-9223372036854775808',
    ])
    expect(unknownFields).toEqual({ added: 2 })
  })

  test('of numbers with a point', async () => {
    const data = [0.001, 12.5, 1e-9, -3, 0.1 + 0.2, 123_456_789.25]
    expect(await ofColumn({ name: 'part', type: 'DOUBLE', data })).toEqual([0.001, 12.5, 1e-9, -3, 0.3, 123_456_789.25])
    expect(await ofColumn({ name: 'part', type: 'FLOAT', data: [0.001, 0.1, 48.25] })).toEqual([0.001, 0.1, 48.25])
  })

  test('of booleans, texts, what is empty, and nulls', async () => {
    expect(await ofColumn({ name: 'flag', type: 'BOOLEAN', data: [true, false, null, true] })).toEqual([
      true,
      false,
      undefined,
      true,
    ])
    const texts = ['a', '-', '', null, 'ä€𝄞', 'None', '"quoted" \\ back', ' spaced ', 'x'.repeat(5000)]
    expect(await ofColumn({ name: 'text', type: 'STRING', data: texts })).toEqual(
      texts.map((text) => (text === '-' || text === '' || text === null ? undefined : text)),
    )
    expect(await ofColumn({ name: 'number', type: 'STRING', data: ['12', 'None', null] })).toEqual([
      12,
      undefined,
      undefined,
    ])
  })

  test('of times, as each field has them', async () => {
    const date = new Date('2026-11-22T10:15:42.186Z')
    const whole = new Date('2026-11-22T10:15:42.000Z')
    const column = (name: string) => ({ name, type: 'TIMESTAMP' as const, data: [date, whole, null] })
    const names = ['iso', 'seconds', 'milliseconds', 'either', 'common']
    const [first, second, third] = (await recordsOf([
      ...names.map(column),
      { name: 'text', data: ['a', 'b', 'c'] },
    ])) as Record<string, unknown>[]
    expect(first).toMatchObject({
      iso: '2026-11-22T10:15:42.186Z',
      seconds: 1795342542,
      milliseconds: 1795342542186,
      either: 1795342542.186,
      common: '2026-11-22T10:15:42.000Z',
    })
    expect(second).toMatchObject({ seconds: 1795342542, milliseconds: 1795342542000, either: 1795342542 })
    expect(third).toEqual({ kind: 'values', text: 'c' })
  })

  test('of the types that DuckDB has', async () => {
    const body = await duckdbFile(
      [],
      `(SELECT 7::UTINYINT number, DATE '2026-11-22' a_date, TIME '10:15:42' a_time, TIMESTAMP_NS '2026-11-22 10:15:42.5' nanoseconds,
        TIMESTAMPTZ '2026-11-22 10:15:42+00' iso, '0a1b2c3d-0001-4000-8000-00000000000a'::UUID an_id, 18446744073709551615::UBIGINT big,
        'x'::BLOB bytes, -5::TINYINT small)`,
    )
    const { records } = await read(body)
    expect(records).toEqual([
      {
        kind: 'values',
        number: 7,
        a_date: '2026-11-22',
        a_time: '10:15:42',
        nanoseconds: '2026-11-22T10:15:42.500Z',
        iso: '2026-11-22T10:15:42.000Z',
        an_id: '0a1b2c3d-0001-4000-8000-00000000000a',
        big: '18446744073709551615',
        bytes: 'x',
        small: '-5',
      },
    ])
  })
})

describe('a text with what ends a line or a column in it', () => {
  const texts = ['a\tb', 'c\nd', 'e\rf', 'g\r', '\n', '\t', '\ufeffh', 'plain', '-\n-', 'i\u0000j', 'k\u007f']

  test.each([0, 3, 6, 7])('is one value of one row, wherever it stands: from %i on', async (from) => {
    const data = [...texts.slice(from), ...texts.slice(0, from)]
    const columns = [
      { name: 'text', data },
      { name: 'number', data: data.map((_, i) => i), type: 'INT32' as const },
      { name: 'other', data: [...data].reverse() },
    ]
    const { records, ordinals, unknownFields } = await read(write(columns))
    expect(records).toEqual(data.map((text, number) => ({ kind: 'values', text, number, other: data.at(-1 - number) })))
    expect(ordinals).toEqual(data.map((_, i) => i))
    expect(unknownFields).toEqual({ other: data.length })
  })

  test('has a text of its own, for event.original and for dead records', async () => {
    const body = write([
      { name: 'text', data: ['a\tb', 'c', null] },
      { name: 'number', data: ['1', 'x', '3'] },
    ])
    const originals: string[] = []
    const dead: string[] = []
    const context = parseContext({ originals: true })
    for await (const batch of parquet(values).parse(memoryObject({ key: 'a', body }), context)) {
      for (let index = 0; index < batch.length; index++) originals.push(batch.original!(index))
      for (let index = 0; index < batch.malformed!.length; index++) dead.push(batch.malformedText!(index))
    }
    expect(originals.map((text) => JSON.parse(text))).toEqual([{ text: 'a\tb', number: '1' }, { number: '3' }])
    expect(dead.map((text) => JSON.parse(text))).toEqual([{ text: 'c', number: 'x' }])
  })
})

/** Numbers that look random and are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state
  }
}

describe('rows of any file are those that hyparquet reads', () => {
  test.each([
    ['PLAIN', 1],
    ['PLAIN', 7],
    ['RLE_DICTIONARY', 2],
    ['DELTA_BINARY_PACKED', 3],
    ['DELTA_LENGTH_BYTE_ARRAY', 4],
    ['DELTA_BYTE_ARRAY', 5],
    ['BYTE_STREAM_SPLIT', 6],
    [undefined, 8],
  ] as const)('%s, %i', async (encoding, seed) => {
    const random = numbers(seed)
    const next = (below: number) => Math.floor((random.next().value / 2 ** 32) * below)
    const rows = 20_000
    const every = (make: () => unknown) => Array.from({ length: rows }, () => (next(10) === 0 ? null : make()))
    const isText = encoding === undefined || encoding === 'PLAIN' || /DICT|BYTE_ARRAY/.test(encoding)
    const isNumber = encoding === undefined || !/BYTE_ARRAY/.test(encoding)
    const columns = [
      ...(isText
        ? [
            { name: 'few', type: 'STRING' as const, data: every(() => `value ${next(50)}`) },
            { name: 'text', type: 'STRING' as const, data: every(() => `t${next(1e9).toString(36).repeat(next(4))}`) },
          ]
        : []),
      ...(isNumber
        ? [
            { name: 'number', type: 'INT32' as const, data: every(() => next(70_000)) },
            { name: 'a', type: 'INT64' as const, data: every(() => BigInt(next(2 ** 32)) * BigInt(next(2 ** 20))) },
          ]
        : []),
    ].map((column) => ({ ...column, data: column.data as never, nullable: true, ...(encoding && { encoding }) }))
    const body = write(columns, { codec: 'GZIP', rowGroupSize: [1, 3000, 8000], pageSize: 20_000 })
    const expected = await parquetReadObjects({
      file: new Uint8Array(body).buffer,
      compressors: { GZIP: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)) },
    })
    const { records } = await read(body)
    expect(records.length).toBe(rows)
    expect(records).toEqual(
      expected.map((row) => {
        const { number, ...others } = row as Record<string, unknown>
        const texts = Object.entries(others).filter(
          ([, value]) => value !== null && value !== undefined && value !== '',
        )
        return {
          kind: 'values',
          ...Object.fromEntries(texts.map(([name, value]) => [name, String(value)])),
          ...(number !== null && number !== undefined && { number }),
        }
      }),
    )
  })
})

test('a column that every row has needs no levels', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => i)
  const body = write([
    { name: 'srcport', type: 'INT32', data: rows, nullable: false },
    { name: 'srcaddr', type: 'STRING', data: rows.map((i) => `192.0.2.${i % 256}`), nullable: false },
  ])
  const { records } = await read(body, vpcFlow)
  expect(records.map((record) => (record as { srcport: number }).srcport)).toEqual(rows)
})
