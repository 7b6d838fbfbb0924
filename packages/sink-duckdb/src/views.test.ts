import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { ingest, type LogDocument, lines, type MappingProperty, type Parser } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { fixtures } from '../../../test/support/fixtures.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { type DuckDBSink, duckdb } from './index.ts'
import { viewColumns, viewName } from './views.ts'

let sink: DuckDBSink
beforeEach(async () => {
  sink = await duckdb()
})
afterEach(() => sink.close())

const store = async (parser: Parser<unknown>, body: string, key = 'file', into = sink) =>
  expect(
    (await ingest({ source: memorySource(memoryObject({ key, body })), parser, sink: into })).counts,
  ).toMatchObject({
    unfinished: 0,
    rejected: 0,
  })

const namesOf = async (view: string, of = sink) =>
  (await of.query<{ column_name: string }>(`DESCRIBE ${view}`)).map(({ column_name }) => column_name)

/** Lines of JSON as documents of their own. */
const own = (options: { mapping: Record<string, MappingProperty>; dataset?: string; view?: string }) =>
  lines({
    kind: 'own',
    dataset: 'custom.own',
    record: (line) => JSON.parse(line) as object,
    document: ({ kind, ...document }) => document as LogDocument,
    ...options,
  })
const keyword = { type: 'keyword' } as const

const flows = (bytes: number) => `version srcaddr dstaddr bytes end\n5 10.0.0.1 10.0.0.2 ${bytes} 1790000000\n`

describe.each(fixtures)('$name', ({ parser, text, key }) => {
  test('has each column of its table in its view, under a name that needs no quotes', async () => {
    await store(parser, text, key)
    const [format] = parser.formats
    const view = viewName(format!)
    const [table] = await sink.query<{ table_name: string }>('SELECT table_name FROM duckdb_tables()')
    const plain = (await namesOf(view)).filter((name) => name !== '@timestamp')
    const columns = (await namesOf(table!.table_name)).filter((name) => !['_object', '_ordinal'].includes(name))
    const fields = [...Object.keys(format!.mapping), ...Object.keys(format!.aliases ?? {})]
    expect(plain).toHaveLength(new Set([...columns, ...fields]).size)
    const rows = await sink.query(`SELECT ${plain.join(', ')} FROM ${view} ORDER BY _id`)
    const whole = await sink.query(`FROM ${table!.table_name} ORDER BY _id`)
    expect(rows.map(({ time, event_category }) => ({ time, event_category }))).toEqual(
      whole.map((row) => ({ time: row['@timestamp'], event_category: row['event.category'] })),
    )
    for (const [alias, { path }] of Object.entries(format!.aliases ?? {}))
      expect(rows.map((row) => row[alias.replaceAll('.', '_')])).toEqual(whole.map((row) => row[path] ?? null))
  })
})

test('formats with one view stand in it together', async () => {
  const client = { 'source.ip': { type: 'ip' } } as const
  await store(
    own({ view: 'calls', dataset: 'custom.one', mapping: { ...client, 'url.path': keyword } }),
    `{"source":{"ip":"::1"},"url":{"path":"/"}}`,
  )
  await store(
    own({ view: 'calls', dataset: 'custom.two', mapping: { ...client, 'tls.cipher': keyword } }),
    `{"source":{"ip":"::2"},"tls":{"cipher":"c"}}`,
  )
  expect(await sink.query('SELECT source_ip, url_path, tls_cipher FROM calls ORDER BY 1')).toEqual([
    { source_ip: '::1', url_path: '/', tls_cipher: null },
    { source_ip: '::2', url_path: null, tls_cipher: 'c' },
  ])
  await sink.connection.run('DROP TABLE custom_one')
  await store(own({ view: 'calls', dataset: 'custom.two', mapping: client }), `{"source":{"ip":"::3"}}`, 'later')
  expect(await sink.query('SELECT source_ip FROM calls ORDER BY 1')).toEqual([
    { source_ip: '::2' },
    { source_ip: '::3' },
  ])
})

test('a format without a view has one of its own, unless nothing is known of its fields', async () => {
  await store(own({ mapping: { 'url.path': keyword } }), '{"url":{"path":"/"}}')
  await store(own({ dataset: 'custom.unknown', mapping: {} }), '{"url":{"path":"/"}}')
  expect(await sink.query('SELECT url_path FROM custom_own_view')).toEqual([{ url_path: '/' }])
  expect(await sink.query('SELECT view_name FROM duckdb_views() WHERE NOT internal')).toEqual([
    { view_name: 'custom_own_view' },
  ])
})

test.each([
  ['full documents come first', [vpcFlow.full, vpcFlow]],
  ['full documents come later', [vpcFlow, vpcFlow.full]],
])('another name of a field finds it in all documents where %s', async (_, [first, second]) => {
  await store(first!, flows(1), 'first')
  await store(second!, flows(2), 'second')
  expect(await sink.query('SELECT source_bytes, source_address FROM flows ORDER BY 1')).toEqual([
    { source_bytes: 1, source_address: '10.0.0.1' },
    { source_bytes: 2, source_address: '10.0.0.1' },
  ])
})

describe('names', () => {
  const named = (names: readonly string[], aliases: Record<string, string> = {}) =>
    viewColumns(
      names.map((name) => [name, 'VARCHAR']),
      { fields: {}, aliases },
    )

  test('are underscored, in lower case, and begin with no digit; the key stays a whole', () => {
    expect(named(['_object', '_ordinal', '_id', '@timestamp', 'a.B-c', '5.x', 'unmapped'])).toEqual([
      '"@timestamp" AS "time"',
      '"a.B-c" AS "a_b_c"',
      '"5.x" AS "_5_x"',
      '"_id"',
      '"unmapped"',
      '"@timestamp"',
    ])
  })

  test('of several columns with one name, the first in the table has it', () => {
    expect(named(['@timestamp', 'a_b', 'time', 'a.b', 'unmapped.', '_.id', '_id'], { 'a-b': 'a.b' })).toEqual([
      '"@timestamp" AS "time"',
      '"a_b" AS "a_b"',
      '"time" AS "time_2"',
      '"a.b" AS "a_b_2"',
      '"unmapped." AS "unmapped_"',
      '"_.id" AS "__id"',
      '"a.b" AS "a_b_3"',
      '"_id"',
      '"@timestamp"',
    ])
  })

  test('an alias is a column where the table has what it stands for, in the type that its own column has', () => {
    const columns = [
      ['@timestamp', 'TIMESTAMP'],
      ['n', 'BIGINT'],
      ['text', 'VARCHAR'],
    ] as const
    expect(viewColumns(columns, { fields: {}, aliases: { text: 'n', other: 'n', gone: 'no' } })).toEqual([
      '"@timestamp" AS "time"',
      '"n" AS "n"',
      '"text" AS "text"',
      '"n" AS "other"',
      '"@timestamp"',
    ])
  })

  test('fields stand in their order whatever the table has first, and have none where it has none', () => {
    const fields = { 'a.b': 'VARCHAR', '@timestamp': 'TIMESTAMP', a_b: 'BIGINT' }
    const after = ['"a_b" AS "a_b_2"', '"other" AS "other"']
    const columns = [
      ['@timestamp', 'TIMESTAMP'],
      ['a_b', 'BIGINT'],
      ['other', 'VARCHAR'],
    ] as const
    expect(viewColumns(columns, { fields, aliases: { x: 'a.b' } }).slice(0, -1)).toEqual([
      '"@timestamp" AS "time"',
      'CAST(NULL AS VARCHAR) AS "a_b"',
      ...after,
      'CAST(NULL AS VARCHAR) AS "x"',
    ])
    expect(viewColumns([...columns, ['a.b', 'VARCHAR']], { fields, aliases: {} }).slice(0, -1)).toEqual([
      '"@timestamp" AS "time"',
      '"a.b" AS "a_b"',
      ...after,
    ])
  })

  test("words of SQL's have an underscore behind them", async () => {
    await store(own({ mapping: { end: keyword, left: keyword, user: keyword } }), '{"end":"e","left":"l","user":"u"}')
    expect(await sink.query('SELECT end_, left_, o.user FROM custom_own_view AS o')).toEqual([
      { end_: 'e', left_: 'l', user: 'u' },
    ])
  })
})

describe('a name that is taken', () => {
  const warned = () => {
    const spy = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    return () => spy.mock.calls.map(([text]) => text)
  }
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each(['VIEW flows AS SELECT 1 AS mine', 'TABLE Flows AS SELECT 1 AS mine'])(
    'is left to the %s',
    async (theirs) => {
      const warnings = warned()
      await sink.connection.run(`CREATE ${theirs}`)
      await store(vpcFlow, flows(1))
      expect(await sink.query('FROM flows')).toEqual([{ mine: 1 }])
      expect(warnings()).toEqual([expect.stringMatching(/view flows .* table aws_vpcflow: .*; rename it/)])
    },
  )

  it('by a view with a comment of its own is left, too', async () => {
    const warnings = warned()
    await sink.connection.run('CREATE VIEW flows AS SELECT 1 AS mine')
    for (const comment of ['flows of ours', 'flowferry: {', 'flowferry: []']) {
      await sink.connection.run(`COMMENT ON VIEW flows IS '${comment}'`)
      await store(vpcFlow.with(), flows(1))
    }
    expect(await sink.query('FROM flows')).toEqual([{ mine: 1 }])
    expect(warnings()).toHaveLength(3)
  })

  it("by a view of this package's is a table's where a dataset has it", async () => {
    const warnings = warned()
    await store(vpcFlow, flows(1))
    await store(own({ dataset: 'flows', mapping: { 'url.path': keyword } }), '{"url":{"path":"/"}}')
    expect(await sink.query('SELECT "url.path" AS path FROM flows')).toEqual([{ path: '/' }])
    expect(await sink.query('SELECT url_path FROM flows_view')).toEqual([{ url_path: '/' }])
    expect(warnings()).toEqual([])
  })

  it('by a transaction of somebody else leaves the view out, and stores the documents', async () => {
    const warnings = warned()
    await store(vpcFlow, flows(1), 'first')
    await sink.connection.run('BEGIN')
    await sink.connection.run('DROP VIEW flows')
    await store(vpcFlow.with(), flows(2), 'second')
    await sink.connection.run('ROLLBACK')
    expect(await sink.query('SELECT network_bytes FROM flows ORDER BY 1')).toEqual([
      { network_bytes: 1 },
      { network_bytes: 2 },
    ])
    expect(warnings()).toEqual([expect.stringContaining('onflict')])
  })
})

describe('in a file', () => {
  let file: string
  temporaryFolder((folder) => {
    file = join(folder, 'logs.db')
  })
  const using = async <T>(work: (sink: DuckDBSink) => Promise<T>): Promise<T> => {
    const sink = await duckdb(file)
    try {
      return await work(sink)
    } finally {
      await sink.close()
    }
  }
  const teams = vpcFlow.with({
    name: 'teams',
    derived: (derive) => [derive('labels.team', ['source.ip'], (address) => `of ${address}`)],
  })

  it('a view has the columns that are added later, and keeps them', async () => {
    await using((sink) => store(vpcFlow, flows(1), 'a', sink))
    await using((sink) => store(teams, flows(2), 'b', sink))
    await using((sink) => store(vpcFlow, flows(3), 'c', sink))
    await using(async (sink) =>
      expect(await sink.query('SELECT source_bytes, labels_team FROM flows ORDER BY 1')).toEqual([
        { source_bytes: 1, labels_team: null },
        { source_bytes: 2, labels_team: 'of 10.0.0.1' },
        { source_bytes: 3, labels_team: null },
      ]),
    )
  })

  it('keeps the tables and aliases of files that other processes wrote', async () => {
    const one = own({ view: 'flows', mapping: { 'network.bytes': { type: 'long' } } })
    await using((sink) => store(vpcFlow, flows(1), 'a', sink))
    await using((sink) => store(one, '{"network":{"bytes":2}}', 'b', sink))
    await using(async (sink) =>
      expect(await sink.query('SELECT network_bytes, source_bytes FROM flows ORDER BY 1')).toEqual([
        { network_bytes: 1, source_bytes: 1 },
        { network_bytes: 2, source_bytes: null },
      ]),
    )
  })

  it('a table of an earlier version has its view from the first write on, with what stood twice then', async () => {
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    await connection.run('CREATE TABLE aws_vpcflow (_id VARCHAR PRIMARY KEY, "source.bytes" BIGINT, document JSON)')
    await connection.run(`INSERT INTO aws_vpcflow VALUES ('old', 7, '{}')`)
    connection.closeSync()
    instance.closeSync()
    await using(async (sink) => {
      await store(vpcFlow, flows(1), 'a', sink)
      expect(await sink.query('SELECT source_bytes, document FROM flows ORDER BY 1')).toEqual([
        { source_bytes: 1, document: null },
        { source_bytes: 7, document: '{}' },
      ])
    })
  })
})
