import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { ingest, type LogDocument } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySlice, memorySource } from '@flowferry/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { type DuckDBSink, duckdb } from './index.ts'

describe('a table of an earlier version, whose key is a stored _id', () => {
  let file: string
  temporaryFolder((folder) => {
    file = join(folder, 'logs.db')
  })

  const slice = memorySlice({ records: 50 })
  const old = async (...statements: string[]) => {
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    await connection.run('CREATE TABLE flowferry_test (_id VARCHAR PRIMARY KEY, "source.ip" VARCHAR, document JSON)')
    for (const statement of statements) await connection.run(statement)
    connection.closeSync()
    instance.closeSync()
  }

  it('gets the key of today, so that what it has is told as a duplicate, and keeps its documents', async () => {
    await old(`INSERT INTO flowferry_test VALUES ('${slice.id(40)}', '10.0.0.1', '{"a":1}'), ('own', NULL, NULL)`)
    const sink = await duckdb(file)
    const ids = (index: number) => (index === 0 ? 'own' : slice.id(index))
    expect(await sink.write([{ ...slice, id: ids }])).toEqual({
      slices: [{ written: 48, duplicate: 2, rejected: [], unfinished: 0 }],
    })
    expect(await sink.query(`FROM flowferry_test SELECT _id, _ordinal, document ORDER BY _ordinal LIMIT 2`)).toEqual([
      { _id: 'own', _ordinal: -1, document: null },
      { _id: slice.id(1), _ordinal: 1, document: null },
    ])
    expect(await sink.query('SELECT _id, "source.ip" AS ip FROM flowferry_test WHERE document IS NOT NULL')).toEqual([
      { _id: slice.id(40), ip: '10.0.0.1' },
    ])
    expect(await sink.query('SELECT table_name FROM duckdb_tables()')).toEqual([{ table_name: 'flowferry_test' }])
    await sink.close()
  })

  it('stays as it is where it cannot be copied, and the write says why', async () => {
    await old('CREATE TABLE flowferry_test_before (n INTEGER)')
    const sink = await duckdb(file)
    const { slices, error } = await sink.write([slice])
    expect(slices).toEqual([{ written: 0, duplicate: 0, rejected: [], unfinished: 50 }])
    expect(error).toMatchObject({ code: 'TARGET_FAILED', message: expect.stringContaining('flowferry_test_before') })
    expect(await sink.query('DESCRIBE flowferry_test')).toHaveLength(3)
    await sink.close()
  })
})

describe('a table has the columns that its files can fill', () => {
  const header = 'version srcaddr dstaddr end'
  const line = '5 10.0.0.1 10.0.0.2 1790000000'
  let sink: DuckDBSink
  beforeEach(async () => {
    sink = await duckdb()
  })
  afterEach(() => sink.close())
  const store = async (key: string, body: string, options: { readonly enrich?: () => LogDocument } = {}) => {
    const source = memorySource(memoryObject({ key, body }))
    const { counts } = await ingest({ source, parser: vpcFlow, sink, ...options })
    expect(counts).toMatchObject({ written: body.trim().split('\n').length - 1 })
  }
  const columns = async () =>
    new Set(
      (await sink.query<{ name: string }>('SELECT column_name AS name FROM (DESCRIBE aws_vpcflow)')).map(
        ({ name }) => name,
      ),
    )
  const all = Object.keys(vpcFlow.format.mapping)

  it('and gets others with the first file that can', async () => {
    await store('a', `${header}\n${line}\n`)
    const first = await columns()
    for (const name of ['@timestamp', 'event.kind', 'source.ip', 'network.type', 'unmapped'])
      expect(first).toContain(name)
    for (const name of ['source.port', 'event.action', 'aws.vpcflow.vpc_id']) expect(first).not.toContain(name)
    await store('b', `${header} vpc-id action\n${line} vpc-1 ACCEPT\n${line} - -\n`)
    expect([...(await columns())].filter((name) => !first.has(name)).sort()).toEqual([
      'aws.vpcflow.action',
      'aws.vpcflow.vpc_id',
      'event.action',
      'event.outcome',
    ])
    expect(await sink.query('SELECT aws_vpcflow_vpc_id AS vpc, source_port FROM flows ORDER BY 1')).toEqual([
      { vpc: 'vpc-1', source_port: null },
      { vpc: null, source_port: null },
      { vpc: null, source_port: null },
    ])
  })

  it('of which several that are written at once have all of theirs', async () => {
    const files = ['vpc-id', 'subnet-id', 'instance-id', 'region'].map((name) =>
      memoryObject({ key: name, body: `${header} ${name}\n${line} ${name}-1\n` }),
    )
    const { counts } = await ingest({ source: memorySource(...files), parser: vpcFlow, sink })
    expect(counts).toMatchObject({ written: 4 })
    const fields = ['aws.vpcflow.vpc_id', 'aws.vpcflow.subnet_id', 'cloud.instance.id', 'cloud.region']
    expect(
      await sink.query(
        `SELECT ${fields.map((name) => `max("${name}")`).join(" || ' ' || ")} AS found FROM aws_vpcflow`,
      ),
    ).toEqual([{ found: 'vpc-id-1 subnet-id-1 instance-id-1 region-1' }])
  })

  it('and all where a step may fill any, or AWS has a new field', async () => {
    await store('a', `${header}\n${line}\n`, { enrich: () => ({ 'cloud.region': 'eu-central-1' }) })
    for (const name of all) expect(await columns()).toContain(name)
    expect(await sink.query('SELECT cloud_region FROM flows')).toEqual([{ cloud_region: 'eu-central-1' }])
  })

  it('and tells duplicates of a file whose columns it lacked when it began', async () => {
    await store('a', `${header}\n${line}\n`)
    const body = `${header} srcport\n${line} 1\n${line} 2\n`
    await store('b', body)
    const source = memorySource(memoryObject({ key: 'b', body }))
    expect((await ingest({ source, parser: vpcFlow, sink })).counts).toMatchObject({ duplicate: 2 })
  })
})
