import { FlowferryError, parseContext, type SourceObject } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { duckdbFile, write } from './files.suite.ts'
import { type ParquetOptions, parquet } from './parquet.ts'

const key = 'AWSLogs/a.log.parquet'
const columns = (rows: number) => [
  { name: 'srcaddr', data: Array.from({ length: rows }, (_, i) => `192.0.2.${i % 256}`) },
  { name: 'srcport', data: Array.from({ length: rows }, (_, i) => i), type: 'INT32' as const },
  { name: 'action', data: Array.from({ length: rows }, () => 'ACCEPT') },
]
const sample = write(columns(100), { codec: 'GZIP' })

type Limits = NonNullable<Parameters<typeof parseContext>[0]>['limits']

const read = async (body: Buffer) => collect(parquet(vpcFlow), memoryObject({ key, body }))

/** Reads all of it without making records. */
async function drain(body: Buffer, limits: Limits = {}, options: ParquetOptions = {}): Promise<number> {
  let records = 0
  const batches = parquet(vpcFlow, options).parse(memoryObject({ key, body }), parseContext({ limits }))
  for await (const { length } of batches) records += length
  return records
}

/** The error that it fails with. */
async function failure(body: Buffer, limits?: Limits, options?: ParquetOptions): Promise<FlowferryError> {
  const error = await drain(body, limits, options).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(FlowferryError)
  expect(error).toMatchObject({ place: { bucket: 'test-bucket', key } })
  return error as FlowferryError
}

/** The file with other bytes at an offset, from its end where that is below 0. */
function changed(offset: number, bytes: Buffer | number[], body = sample): Buffer {
  const copy = Buffer.from(body)
  Buffer.from(bytes).copy(copy, offset < 0 ? copy.length + offset : offset)
  return copy
}

/** A number as Thrift's compact protocol has it. */
function varint(number: number): number[] {
  const bytes: number[] = []
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}

const fileWith = (footer: number[], before: number[] = []): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.length)
  return Buffer.concat([Buffer.from('PAR1'), Buffer.from(before), Buffer.from(footer), length, Buffer.from('PAR1')])
}

/** Thrift by hand: fields of a struct, each with its number's difference from the one before and its type. */
const i32 = (delta: number, value: number) => [(delta << 4) | 5, ...varint(value * 2)]
const i64 = (delta: number, value: number) => [(delta << 4) | 6, ...varint(value * 2)]
const text = (delta: number, value: string) => [(delta << 4) | 8, ...varint(value.length), ...Buffer.from(value)]
const structs = (delta: number, ...all: number[][]) => [(delta << 4) | 9, (all.length << 4) | 12, ...all.flat()]
const struct = (delta: number, fields: number[]) => [(delta << 4) | 12, ...fields, 0]

/** A file of one column `srcaddr` of texts, with this page behind its head. */
function pageFile({
  rows = 1,
  length,
  offset = 4,
  codec = 0,
  optional = 0,
  page,
}: {
  rows?: number
  length?: number
  offset?: number
  codec?: number
  optional?: number
  page: number[]
}): Buffer {
  const root = [...text(4, 'root'), ...i32(1, 1), 0]
  const column = [...i32(1, 6), ...i32(2, optional), ...text(1, 'srcaddr'), 0]
  const meta = [...i32(4, codec), ...i64(3, length ?? page.length), ...i64(2, offset)]
  const group = [...structs(1, [...struct(3, meta), 0]), ...i64(1, 100), ...i64(1, rows), 0]
  return fileWith([...structs(2, root, column), ...i64(1, rows), ...structs(1, group), 0], page)
}

/** The head of a page of version 1, in front of its bytes. */
const page = (
  bytes: number[],
  { size = bytes.length, stored = bytes.length, count = 1, encoding = 0, type = 0 } = {},
): number[] => [
  ...i32(1, type),
  ...i32(1, size),
  ...i32(1, stored),
  ...(type === 2
    ? struct(4, [...i32(1, count), ...i32(1, encoding)])
    : struct(2, [...i32(1, count), ...i32(1, encoding), ...i32(1, 3)])),
  0,
  ...bytes,
]
const address = [9, 0, 0, 0, ...Buffer.from('192.0.2.7')]

test('a file that is made by hand is read', async () => {
  const { records } = await read(pageFile({ page: page(address) }))
  expect(records).toEqual([{ kind: 'vpcflow', srcaddr: '192.0.2.7' }])
})

describe('columns that are not read', () => {
  // Before, between and behind the others, so that each chunk has to be found.
  const columns = [
    "{'a': 1, 'b': [{'c': 'x'}, {'c': NULL}]} AS made",
    "'192.0.2.' || (i % 250) AS srcaddr",
    '[[i, NULL], []] AS tags',
    "MAP {'k': i} AS pairs",
    'i::INTEGER AS srcport',
    'i::DECIMAL(10, 2) AS price',
    "INTERVAL '1 day' AS every",
    "'ACCEPT' AS action",
    "'own' AS added",
  ]
  const of = (names: readonly string[], options?: string) =>
    duckdbFile([], `(SELECT ${names.join(', ')} FROM range(5000) t(i))`, options)
  const unread = ['made', 'tags', 'pairs', 'price', 'every']

  test.each(['', 'ROW_GROUP_SIZE 2048', "CODEC 'snappy'"])(
    'are left out and counted, once a row: %s',
    async (options) => {
      const flat = columns.filter((column) => !unread.some((name) => column.endsWith(name)))
      const whole = await read(await of(columns, options))
      const { records, unknownFields } = await read(await of(flat, options))
      expect(records).toHaveLength(5000)
      expect(whole.records).toEqual(records)
      expect(unknownFields).toEqual({ added: 5000 })
      expect(whole.unknownFields).toEqual({ added: 5000, ...Object.fromEntries(unread.map((name) => [name, 5000])) })
    },
  )

  test('count among limits.columns', async () => {
    const error = await failure(await of(columns), { columns: columns.length - 1 })
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(error.message).toContain(`${columns.length} columns, above limits.columns`)
  })

  test('count where the format is chosen, and are named where there are no others', async () => {
    const body = await of(columns.filter((column) => unread.some((name) => column.endsWith(name))))
    const error = await failure(body)
    expect(error.code).toBe('FORMAT_MISMATCH')
    expect(error.message).toContain('"made", "tags", "pairs", "price", "every"')
    const few = parquet([vpcFlow, cloudFront]).parse(memoryObject({ key, body: await of(columns) }), parseContext())
    await expect(async () => {
      for await (const _ of few);
    }).rejects.toThrow(expect.objectContaining({ code: 'FORMAT_UNKNOWN' }))
  })
})

test.each([
  ['a part less than it says', 3, 'lacks a part'],
  ['more parts than there are columns', 2 ** 30, 'lacks a part'],
  ['no part', 0, 'is of no type'],
])('a struct with %s is damaged', async (_, parts, said) => {
  const root = [...text(4, 'root'), ...i32(1, 1), 0]
  const group = [...text(4, 'made'), ...i32(1, parts), 0]
  const inner = [...i32(1, 6), ...i32(2, 0), ...text(1, 'srcaddr'), 0]
  const { code, message } = await failure(fileWith([...structs(2, root, group, inner), ...i64(1, 0), ...structs(1), 0]))
  expect([code, message]).toEqual(['PARQUET_INVALID', expect.stringContaining(said)])
})

describe('a file is damaged', () => {
  test.each<[string, Buffer, string]>([
    ['too short', Buffer.from('PAR1'), 'does not end in PAR1'],
    ['cut', sample.subarray(0, -1), 'does not end in PAR1'],
    ['another kind', Buffer.from('version account-id\n'), 'does not end in PAR1'],
    ['a footer longer than the file', changed(-8, [0, 0, 16, 0]), 'is longer than the file'],
    ['a footer longer than any', changed(-8, [255, 255, 255, 255]), 'its footer has 4294967295 bytes'],
    ['a footer that is cut', changed(-8, [20, 0, 0, 0]), ''],
    ['an empty footer', fileWith([]), 'ends too early'],
    ['a footer without parts', fileWith([0]), 'lacks a list'],
    ['a list longer than the footer', fileWith([0x29, 0xfc, ...varint(2 ** 31), 0]), 'ends too early'],
    ['lists in lists', fileWith([0x29, ...Array.from({ length: 1000 }, () => 0x19)]), 'nested deeper'],
    ['structs in structs', fileWith(Array.from({ length: 100_000 }, () => 0x1c)), 'nested deeper'],
    [
      'a number of a million digits',
      fileWith([0x16, ...Array.from({ length: 1_000_000 }, () => 0x80)]),
      'more than 64 bits',
    ],
    ['an unknown type', fileWith([0x1e]), 'unknown type 14'],
    ['no page', pageFile({ page: [] }), 'ends 1 rows before its row group'],
    ['a column outside', pageFile({ page: page(address), offset: 1_000_000 }), 'the file ends before byte'],
    [
      'a column longer than the file',
      pageFile({ page: page(address), length: 1_000_000 }),
      'the file ends before byte',
    ],
    ['a column in the magic bytes', pageFile({ page: page(address), offset: 0 }), 'stand at byte 0'],
    ['fewer rows than stated', pageFile({ page: page(address), rows: 5 }), 'ends 4 rows before'],
    [
      'more rows than stated',
      pageFile({ page: page(address, { count: 3 }) }),
      'to have 3 rows, and its row group has 1',
    ],
    ['more rows than the page has', pageFile({ page: page(address, { count: 3 }), rows: 3 }), 'ends before its values'],
    ['a text longer than its page', pageFile({ page: page([255, 255, 255, 255, 0x61]) }), 'ends before its values'],
    [
      'a page longer than its column',
      pageFile({ page: page(address, { stored: 500, size: 500 }) }),
      'said to have 500 bytes',
    ],
    ['a page of another size', pageFile({ page: page(address, { size: 500 }) }), 'has 13 bytes, and states 500'],
    ['GZIP that is none', pageFile({ page: page(address), codec: 2 }), 'GZIP data is damaged'],
    ['Snappy that is none', pageFile({ page: page(address), codec: 1 }), 'Snappy data is damaged'],
    [
      'Snappy that copies from before its beginning',
      pageFile({ page: page([4, 0x0e, 1, 0, 0], { size: 4 }), codec: 1 }),
      'Snappy data is damaged',
    ],
    [
      'Snappy of a text of 2 GB',
      pageFile({ page: page([4, 0xfc, 255, 255, 255, 127], { size: 4 }), codec: 1 }),
      'Snappy data is damaged',
    ],
    ['Brotli that is none', pageFile({ page: page(address), codec: 4 }), 'BROTLI data is damaged'],
    ['a dictionary that is not there', pageFile({ page: page([1, 2, 0], { encoding: 8 }) }), 'wants a dictionary'],
    [
      'two dictionaries',
      pageFile({ page: [...page(address, { type: 2 }), ...page(address, { type: 2 })] }),
      'two dictionaries',
    ],
    [
      'a value that is not in the dictionary',
      pageFile({ page: [...page(address, { type: 2 }), ...page([8, 2, 7], { encoding: 8 })] }),
      'more than its dictionary',
    ],
    [
      'numbers of 99 bits',
      pageFile({ page: [...page(address, { type: 2 }), ...page([99, 2, 7], { encoding: 8 })] }),
      '99 bits',
    ],
    ['levels longer than the page', pageFile({ page: page([255, 0, 0, 0, 1]), optional: 1 }), 'longer than the page'],
    ['levels that end too early', pageFile({ page: page([1, 0, 0, 0, 3]), optional: 1 }), 'end too early'],
    ['a page of an unknown type', pageFile({ page: page(address, { type: 9 }) }), ''],
  ])('%s', async (_, body, said) => {
    const error = await failure(body)
    expect(error.code).toBe('PARQUET_INVALID')
    expect(error.message).toContain(said)
  })

  test('and its column is named', async () => {
    const { message } = await failure(pageFile({ page: page([1, 2, 3]) }))
    expect(message).toContain('the column "srcaddr"')
  })
})

describe('a file has what is not read', () => {
  test.each<[string, Buffer, string]>([
    ['an encrypted footer', changed(-4, Buffer.from('PARE')), 'encrypted'],
    ['LZO', pageFile({ page: page(address), codec: 3 }), 'LZO'],
    ['LZ4', pageFile({ page: page(address), codec: 7 }), 'LZ4_RAW'],
    ['a codec of later', pageFile({ page: page(address), codec: 42 }), 'codec 42'],
    ['an encoding of later', pageFile({ page: page(address, { encoding: 42 }) }), 'encoding 42'],
  ])('%s', async (_, body, said) => {
    const error = await failure(body)
    expect(error.code).toBe('PARQUET_UNSUPPORTED')
    expect(error.message).toContain(said)
  })

  test('ZSTD, where Node.js does not have it: the error says from which version on', async () => {
    const body = await duckdbFile([], "(SELECT '192.0.2.7' AS srcaddr)", "CODEC 'zstd'")
    const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]
    if (major > 22 || (major === 22 && minor >= 15)) expect((await read(body)).records).toHaveLength(1)
    else expect((await failure(body)).message).toContain('from 22.15 on')
  })
})

describe('a file that is far larger than it looks stops at a limit', () => {
  test('of pages that are held', async () => {
    const error = await failure(sample, {}, { pageBytes: 100 })
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(error.message).toContain('raise pageBytes')
  })

  test('a page that says that it has 2 GB', async () => {
    const error = await failure(pageFile({ page: page(address, { size: 2 ** 31 - 1 }), codec: 2 }))
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('a page of a few bytes that says that it has a thousand million rows', async () => {
    const runs = [5, 0, 0, 0, ...varint(2 ** 31), 0]
    const body = pageFile({ rows: 1e9, page: page(runs, { count: 1e9 }), optional: 1 })
    expect(await failure(body)).toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('pages of nothing, one behind the other', async () => {
    const runs = [5, 0, 0, 0, ...varint(2 ** 24), 0]
    const one = page([...runs.slice(0, 4), ...runs.slice(4)], { count: 1_000_000 })
    const body = pageFile({ rows: 50e6, page: Array.from({ length: 50 }, () => one).flat(), optional: 1 })
    const error = await failure(body)
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(error.message).toContain('limits.expansionRatio')
  })

  test('a dictionary of one long text that every row has', async () => {
    const long = 'x'.repeat(100_000)
    const body = write([{ name: 'srcaddr', data: Array.from({ length: 100_000 }, () => long) }], { codec: 'GZIP' })
    expect(body.length).toBeLessThan(200_000)
    const error = await failure(body)
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(error.message).toContain('limits.expansionRatio')
    expect((await failure(body, { objectBytes: 1_000_000 })).message).toContain('limits.objectBytes')
  })

  test('a row of more text than limits.recordBytes', async () => {
    const body = write([{ name: 'srcaddr', data: ['a', 'b'.repeat(3_000_000)] }])
    const error = await failure(body)
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(error.message).toContain('row 1 has more text than limits.recordBytes, 2097152')
    expect(await drain(body, { recordBytes: 4_000_000 })).toBe(2)
  })

  test('more columns than limits.columns', async () => {
    const error = await failure(sample, { columns: 2 })
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(error.message).toContain('limits.columns')
  })
})

describe('columns of hostile names', () => {
  test.each(['kind', 'constructor', '__proto__', 'a\nb', '', 'x'.repeat(5000)])('%j', async (name) => {
    const { documents, unknownFields } = await read(
      write([
        { name, data: ['v', 'w'] },
        { name: 'srcaddr', data: ['192.0.2.7', null] },
      ]),
    )
    expect(documents[0]).toMatchObject({ source: { ip: '192.0.2.7' } })
    expect(Object.values(unknownFields)).toEqual([2])
    expect(({} as Record<string, unknown>).v).toBeUndefined()
  })
})

test('a file of any bytes changed gives records or an error of ours, and ends', async () => {
  const bodies = [
    write(columns(300), { codec: 'SNAPPY', rowGroupSize: 100 }),
    write(columns(50), { codec: 'UNCOMPRESSED' }),
    sample,
    await duckdbFile(
      [],
      "(SELECT '192.0.2.' || (i % 256) AS srcaddr, i AS srcport, 'ACCEPT' AS action FROM range(300) t(i))",
      "CODEC 'uncompressed', PARQUET_VERSION V2",
    ),
  ]
  let state = 20_261_122
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const rounds = Number(process.env.FLOWFERRY_FUZZ ?? 1000)
  let failed = 0
  for (let round = 0; round < rounds; round++) {
    let body = Buffer.from(bodies[round % bodies.length]!)
    for (let i = next(4); i >= 0; i--) {
      // Half of them in the footer, where the sizes are.
      const at = next(2) === 0 ? next(body.length) : body.length - 1 - next(Math.min(body.length, 600))
      body[at] = next(3) === 0 ? 255 : next(256)
    }
    if (next(10) === 0) body = body.subarray(0, next(body.length))
    try {
      await drain(body, { recordBytes: 100_000, objectBytes: 10_000_000 })
    } catch (error) {
      failed++
      expect(FlowferryError.isInstance(error), String((error as Error).stack)).toBe(true)
      expect(['PARQUET_INVALID', 'PARQUET_UNSUPPORTED', 'LIMIT_EXCEEDED', 'FORMAT_MISMATCH']).toContain(
        (error as FlowferryError).code,
      )
    }
  }
  expect(failed).toBeGreaterThan(rounds / 4)
  expect(failed).toBeLessThan(rounds)
})

test('an object that is overwritten while it is read is superseded', async () => {
  const body = write(columns(200_000), { codec: 'UNCOMPRESSED' })
  const object = memoryObject({ key, body })
  let opened = 0
  const changing: SourceObject = {
    ...object,
    open: async (range, signal) => ({ ...(await object.open(range, signal)), etag: `etag-${opened++}` }),
  }
  await expect(collect(parquet(vpcFlow), changing)).rejects.toMatchObject({ code: 'OBJECT_SUPERSEDED' })
})
