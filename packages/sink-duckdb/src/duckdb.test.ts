import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Format, ingest, type LogDocument, type MappingType, rejectedDocuments, type Slice } from '@flowferry/core'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { type DuckDBSink, duckdb } from './index.ts'

const formatOf = (mapping: Record<string, MappingType>, dataset = 'test.flow'): Format => ({
  kind: 'flow',
  title: 'Flows',
  dataset,
  mapping: Object.fromEntries(Object.entries(mapping).map(([name, type]) => [name, { type }])),
  fields: [],
  archive: [],
})

const flow = formatOf({
  '@timestamp': 'date',
  'event.category': 'keyword',
  'source.ip': 'ip',
  'source.port': 'long',
  'related.ip': 'ip',
  'custom.ratio': 'double',
  'custom.ok': 'boolean',
  'custom.free': 'flattened',
})

function sliceOf(
  documents: readonly LogDocument[],
  options: { format?: Format; prefix?: string; ids?: string[] } = {},
): Slice<unknown> {
  const { format = flow, prefix = 'object', ids } = options
  return {
    object: { bucket: 'b', key: 'k', etag: 'e', idPrefix: prefix },
    format,
    length: documents.length,
    records: documents,
    ordinals: documents.map((_, index) => index),
    dataStream: 'logs-test.flow-default',
    bytes: 1,
    id: (index) => ids?.[index] ?? `${prefix}-${index}`,
    document: (index) => documents[index]!,
  }
}

const documentOf = (port: unknown): LogDocument => ({
  '@timestamp': '2026-11-22T10:00:00.123Z',
  event: { category: ['network'] },
  source: { ip: '10.0.0.1', port },
  related: { ip: ['10.0.0.1', '10.0.0.2'] },
})

const totals = { written: 0, duplicate: 0, rejected: [], unfinished: 0 }

describe('in memory', () => {
  let sink: DuckDBSink
  beforeEach(async () => {
    sink = await duckdb()
  })
  afterEach(() => sink.close())

  it('gives each field a column of its type, and keeps what has none as JSON', async () => {
    const document = {
      ...documentOf(443),
      custom: { ratio: 0.5, ok: true, free: { a: { b: 1 } }, unmapped: 'kept' },
    }
    expect(await sink.write([sliceOf([document])])).toEqual({ slices: [{ ...totals, written: 1 }] })
    const [row] = await sink.query('FROM test_flow')
    const { unmapped, ...columns } = row!
    expect(columns).toEqual({
      _object: 'object-0',
      _ordinal: -1,
      _id: 'object-0',
      '@timestamp': new Date('2026-11-22T10:00:00.123Z'),
      'event.category': ['network'],
      'source.ip': '10.0.0.1',
      'source.port': 443,
      'related.ip': ['10.0.0.1', '10.0.0.2'],
      'custom.ratio': 0.5,
      'custom.ok': true,
      'custom.free': '{"a":{"b":1}}',
    })
    expect(JSON.parse(unmapped as string)).toEqual({ custom: { unmapped: 'kept' } })
    expect(await sink.query(`SELECT unmapped->>'$.custom.unmapped' AS found FROM test_flow`)).toEqual([
      { found: 'kept' },
    ])
  })

  it('takes a format without a mapping, and gives its documents their time', async () => {
    const document = { '@timestamp': '2026-11-22T10:00:00.123Z', message: 'hello' }
    const slice = sliceOf([document], { format: formatOf({}, 'nginx.access') })
    expect(await sink.write([slice])).toEqual({ slices: [{ ...totals, written: 1 }] })
    expect(await sink.write([slice])).toEqual({ slices: [{ ...totals, duplicate: 1 }] })
    expect(await sink.query('SELECT _id, "@timestamp", unmapped FROM nginx_access')).toEqual([
      { _id: 'object-0', '@timestamp': new Date('2026-11-22T10:00:00.123Z'), unmapped: '{"message":"hello"}' },
    ])
  })

  it('leaves absent and null fields NULL', async () => {
    await sink.write([
      sliceOf([{}, { source: { ip: null, port: null }, related: { ip: null }, custom: { free: null } }]),
    ])
    expect(
      await sink.query(
        'SELECT DISTINCT "source.ip" AS ip, "source.port" AS port, "related.ip" AS related, "custom.free" AS free FROM test_flow',
      ),
    ).toEqual([{ ip: null, port: null, related: null, free: null }])
  })

  it('reads dates with an offset and dates in milliseconds', async () => {
    const times = [
      '2026-11-22T10:00:00Z',
      '2026-11-22T12:00:00+02:00',
      1_795_341_600_000,
      '2026-11-22T10:00:00',
      '2026-11-22',
    ]
    await sink.write([sliceOf(times.map((time) => ({ '@timestamp': time })))])
    const rows = await sink.query<{ time: Date }>('SELECT "@timestamp" AS time FROM test_flow ORDER BY _id')
    expect(rows.map(({ time }) => time.toISOString())).toEqual([
      '2026-11-22T10:00:00.000Z',
      '2026-11-22T10:00:00.000Z',
      '2026-11-22T10:00:00.000Z',
      '2026-11-22T10:00:00.000Z',
      '2026-11-22T00:00:00.000Z',
    ])
  })

  it('makes a list of what is one value in a list column, and JSON text of a list in a plain one', async () => {
    await sink.write([sliceOf([documentOf(1)])])
    await sink.write([sliceOf([{ related: { ip: '::1' }, source: { ip: ['a', 'b'] } }], { prefix: 'second' })])
    expect(
      await sink.query(`SELECT "related.ip" AS related, "source.ip" AS ip FROM test_flow WHERE _id = 'second-0'`),
    ).toEqual([{ related: ['::1'], ip: '["a","b"]' }])
  })

  it('learns from the first documents which fields of a format are lists', async () => {
    const format = formatOf({ 'custom.ports': 'long', 'custom.items.name': 'keyword' })
    const document = { custom: { ports: [1, 2], items: [{ name: 'a' }, { name: 'b' }, {}] } }
    await sink.write([sliceOf([{}, document, { custom: { ports: 3, items: { name: 'c' } } }], { format })])
    expect(
      await sink.query('SELECT "custom.ports" AS ports, "custom.items.name" AS names FROM test_flow ORDER BY _id'),
    ).toEqual([
      { ports: null, names: null },
      { ports: [1, 2], names: ['a', 'b'] },
      { ports: [3], names: ['c'] },
    ])
  })

  it('counts a second delivery as duplicates, slice by slice', async () => {
    const first = sliceOf([documentOf(1), documentOf(2)], { prefix: 'first' })
    const second = sliceOf([documentOf(1), documentOf(2), documentOf(3)], { prefix: 'second' })
    expect(await sink.write([first])).toEqual({ slices: [{ ...totals, written: 2 }] })
    expect(await sink.write([first, second])).toEqual({
      slices: [
        { ...totals, duplicate: 2 },
        { ...totals, written: 3 },
      ],
    })
    expect(await sink.write([second, first])).toEqual({
      slices: [
        { ...totals, duplicate: 3 },
        { ...totals, duplicate: 2 },
      ],
    })
    expect(await sink.query('SELECT count(*) AS n FROM test_flow')).toEqual([{ n: 5 }])
  })

  it('stores an id once that one batch holds twice', async () => {
    const slice = sliceOf([documentOf(1), documentOf(2), documentOf(3)], { ids: ['a', 'b', 'a'] })
    expect(await sink.write([slice, sliceOf([documentOf(4)], { ids: ['b'] })])).toEqual({
      slices: [
        { ...totals, written: 2, duplicate: 1 },
        { ...totals, duplicate: 1 },
      ],
    })
  })

  it('rejects bad documents alone, each with its reason', async () => {
    await sink.write([sliceOf([documentOf(0)], { prefix: 'first' })]) // "source.port" is no list from now on
    const cyclic: LogDocument = {}
    cyclic.self = cyclic
    const documents = [
      documentOf(1),
      documentOf('https'),
      documentOf([1, 2]),
      { '@timestamp': 'yesterday' },
      { custom: { ok: 'perhaps' } },
      cyclic,
      { source: { ip: 'half \ud800' } },
      documentOf(7),
    ]
    const { slices, error } = await sink.write([sliceOf(documents), sliceOf([documentOf(8)], { prefix: 'other' })])
    expect(error).toBeUndefined()
    expect(slices[0]).toMatchObject({ written: 2, duplicate: 0, unfinished: 0 })
    expect(slices[0]!.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'source.port takes BIGINT, not https'],
      [2, 'source.port takes BIGINT, not [1,2]'],
      [3, '@timestamp takes TIMESTAMP, not yesterday'],
      [4, 'custom.ok takes BOOLEAN, not perhaps'],
      [5, expect.stringContaining('circular')],
      [6, 'the document is no valid JSON: half of a surrogate pair'],
    ])
    expect(slices[1]).toEqual({ ...totals, written: 1 })
    expect(await sink.query('SELECT "source.port" AS port FROM test_flow ORDER BY port')).toEqual([
      { port: 0 },
      { port: 1 },
      { port: 7 },
      { port: 8 },
    ])
  })

  it('keeps counts exact where duplicates and rejections meet', async () => {
    await sink.write([sliceOf([documentOf(1), documentOf(2)])])
    const { slices } = await sink.write([sliceOf([documentOf(1), documentOf(2), documentOf('x'), documentOf(4)])])
    expect(slices[0]).toMatchObject({ written: 1, duplicate: 2, unfinished: 0, rejected: [{ index: 2 }] })
  })

  it('gives each dataset its table', async () => {
    const other = formatOf({ 'user.name': 'keyword', tags: 'keyword' }, 'My-App.audit')
    const result = await sink.write([sliceOf([documentOf(1)]), sliceOf([{ user: { name: 'ann' } }], { format: other })])
    expect(result.slices.map(({ written }) => written)).toEqual([1, 1])
    expect(await sink.query('SELECT "user.name" AS name FROM my_app_audit')).toEqual([{ name: 'ann' }])
  })

  it('copes with names that differ in case alone, and with quotes in them', async () => {
    const format = formatOf({ 'custom.Name': 'keyword', 'custom.name': 'keyword', 'custom.it\'s "x"': 'keyword' })
    const document = { custom: { Name: 'A', name: 'a', 'it\'s "x"': 'q' } }
    expect(await sink.write([sliceOf([document], { format })])).toEqual({ slices: [{ ...totals, written: 1 }] })
    expect(await sink.query("SELECT COLUMNS(c -> c LIKE 'custom%' OR c = 'unmapped') FROM test_flow")).toEqual([
      { 'custom.Name': 'A', 'custom.it\'s "x"': 'q', unmapped: '{"custom":{"name":"a"}}' },
    ])
  })

  it('does concurrent writes one after the other', async () => {
    const slice = sliceOf(Array.from({ length: 5000 }, (_, index) => documentOf(index)))
    const outcomes = await Promise.all([sink.write([slice]), sink.write([slice]), sink.write([slice])])
    expect(outcomes.map(({ slices: [first] }) => [first!.written, first!.duplicate])).toEqual([
      [5000, 0],
      [0, 5000],
      [0, 5000],
    ])
  })

  it('tells of each write apart where several share a transaction', async () => {
    const bad = sliceOf([documentOf(1), documentOf('x')], { prefix: 'bad' })
    const good = sliceOf([documentOf(1), documentOf(2)], { prefix: 'good' })
    const first = sliceOf(
      Array.from({ length: 3000 }, (_, index) => documentOf(index)),
      { prefix: 'first' },
    )
    const outcomes = await Promise.all([first, good, bad, good].map((slice) => sink.write([slice])))
    expect(outcomes.map(({ slices: [one] }) => [one!.written, one!.duplicate, one!.rejected.length])).toEqual([
      [3000, 0, 0],
      [2, 0, 0],
      [1, 0, 1],
      [0, 2, 0],
    ])
  })

  it('begins nothing once the signal has aborted', async () => {
    const { slices, error } = await sink.write([sliceOf([documentOf(1)])], AbortSignal.abort())
    expect(slices).toEqual([{ ...totals, unfinished: 1 }])
    expect(error?.code).toBe('ABORTED')
  })

  it('gives whole numbers as numbers, and those beyond 2^53 as bigint', async () => {
    expect(
      await sink.query('SELECT 1::BIGINT AS a, 9007199254740993::BIGINT AS b, sum(x) AS c FROM range(3) t(x)'),
    ).toEqual([{ a: 1, b: 9007199254740993n, c: 3 }])
    expect(await sink.query('SELECT $1 AS a, $2 AS b', ['x', 2])).toEqual([{ a: 'x', b: 2 }])
  })
})

describe('in a file', () => {
  let file: string
  temporaryFolder((folder) => {
    file = join(folder, 'logs.db')
  })

  it('finds everything again after it was closed', async () => {
    await using(file, (sink) => sink.write([sliceOf([documentOf(1), documentOf(2)])]))
    await using(file, async (sink) => {
      expect(await sink.write([sliceOf([documentOf(1), documentOf(2), documentOf(3)])])).toEqual({
        slices: [{ ...totals, written: 1, duplicate: 2 }],
      })
    })
  })

  it('adds the columns that an older file lacks', async () => {
    await using(file, (sink) => sink.write([sliceOf([documentOf(1)], { format: formatOf({ 'source.ip': 'ip' }) })]))
    await using(file, async (sink) => {
      expect(await sink.write([sliceOf([documentOf(2)], { prefix: 'later' })])).toEqual({
        slices: [{ ...totals, written: 1 }],
      })
      expect(
        await sink.query('SELECT "source.ip" AS ip, "source.port" AS port FROM test_flow ORDER BY _id DESC'),
      ).toEqual([
        { ip: '10.0.0.1', port: null },
        { ip: '10.0.0.1', port: 2 },
      ])
    })
  })

  it('leaves an instance open that was passed', async () => {
    const instance = await DuckDBInstance.create(file)
    const sink = await duckdb(instance)
    await sink.write([sliceOf([documentOf(1)])])
    await sink.close()
    const connection = await instance.connect()
    expect((await connection.runAndReadAll('SELECT count(*)::INTEGER FROM test_flow')).getRows()).toEqual([[1]])
    connection.closeSync()
    instance.closeSync()
  })

  it('tells that a file can take nothing, and stops', async () => {
    await using(file, (sink) => sink.write([sliceOf([documentOf(1)])]))
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
    const sink = await duckdb(instance)
    const { slices, error, stop } = await sink.write([sliceOf([documentOf(1), documentOf(2)], { prefix: 'late' })])
    expect(slices).toEqual([{ ...totals, unfinished: 2 }])
    expect(error?.code).toBe('TARGET_FAILED')
    expect(stop).toBe(true)
    await sink.close()
    instance.closeSync()
  })

  it('says why it cannot open a file', async () => {
    await writeFile(file, 'this is no database, and long enough to be read as one'.repeat(100))
    await expect(duckdb(file)).rejects.toMatchObject({ code: 'TARGET_FAILED', message: expect.stringContaining(file) })
  })

  it.each([null, 5, {}, { path: ':memory:' }])(
    'refuses %j, which is neither a path nor an instance',
    async (target) => {
      await expect(duckdb(target as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    },
  )

  it('fills the columns of its table from rejected documents, with or without the mapping', async () => {
    const lines = [1, 2, 3].map((n) =>
      JSON.stringify({
        fate: 'rejected',
        ...{ bucket: 'b', key: 'k', ordinal: n, kind: 'flow', dataStream: 'logs-test.flow-default', id: `id-${n}` },
        ...{ type: 't', reason: 'r', time: '2026-11-22T00:00:00.000Z', document: JSON.stringify(documentOf(n)) },
      }),
    )
    const read = (sink: DuckDBSink, formats: Format[], of: string[]) =>
      ingest({
        source: memorySource(memoryObject({ key: `dead-${of.length}`, body: of.join('\n') })),
        parser: rejectedDocuments(formats),
        sink,
      })
    await using(file, async (sink) => {
      expect((await read(sink, [flow], lines.slice(0, 1))).counts).toMatchObject({ written: 1 })
      expect((await read(sink, [], lines)).counts).toMatchObject({ written: 2, duplicate: 1 })
      expect(await sink.query('SELECT "source.port" AS port, "related.ip" AS ips FROM test_flow ORDER BY 1')).toEqual(
        [1, 2, 3].map((port) => ({ port, ips: ['10.0.0.1', '10.0.0.2'] })),
      )
    })
  })

  it('refuses writes once it is closed', async () => {
    const sink = await duckdb(file)
    await sink.close()
    await sink.close()
    await expect(sink.write([sliceOf([documentOf(1)])])).rejects.toThrow('closed')
  })
})

async function using(file: string, work: (sink: DuckDBSink) => Promise<unknown>): Promise<void> {
  const sink = await duckdb(file)
  try {
    await work(sink)
  } finally {
    await sink.close()
  }
}
