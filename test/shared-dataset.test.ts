import { askDaily, dailyQuestions } from '@flowferry/answers'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { detect, ingest } from '@flowferry/core'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { type DuckDBSink, duckdb } from '@flowferry/sink-duckdb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fixtures } from './support/fixtures.ts'

/** Load balancers of three kinds, whose logs are one dataset. */
const ofDataset = fixtures.filter(({ format }) => format.dataset === 'aws.elb_logs')
const names = [...new Set(ofDataset.map(({ formatName }) => formatName))]
const count = (some = ofDataset) => some.reduce((sum, { expected }) => sum + expected.length, 0)
const ofName = (name: string) => count(ofDataset.filter(({ formatName }) => formatName === name))
const objects = ofDataset.map(({ key, body }) => memoryObject({ key, body }))
const parsers = [...new Set(ofDataset.map(({ parser }) => parser))]
const formats = parsers.map(({ format }) => format)
const span = { from: '2010-01-01T00:00:00Z', to: '2030-01-01T00:00:00Z' }

test('fixtures of more than one format are there', () => expect(names).toEqual(['alb', 'elb', 'nlb']))

describe.each([{ form: 'small' }, { form: 'full' }] as const)(
  'one dataset of several formats, $form, in DuckDB',
  ({ form }) => {
    let sink: DuckDBSink
    const parser = detect(form === 'full' ? parsers.map(({ full }) => full) : parsers)
    beforeAll(async () => {
      sink = await duckdb()
      const { counts } = await ingest({ source: memorySource(...objects), parser, sink })
      expect(counts).toMatchObject({ written: count(), rejected: 0, unfinished: 0 })
    })
    afterAll(() => sink.close())
    const store = () => duckdbStore({ connection: sink.connection, formats })
    const records = { kind: 'groups', span, measures: { records: { count: true } } } as const

    test('stands in one table and one view, and is not written twice', async () => {
      const { counts } = await ingest({ source: memorySource(...objects), parser, sink })
      expect(counts).toMatchObject({ written: 0, duplicate: count() })
      expect(await sink.query('SELECT table_name FROM duckdb_tables()')).toEqual([{ table_name: 'aws_elb_logs' }])
      expect(await sink.query('SELECT view_name FROM duckdb_views() WHERE NOT internal')).toEqual([
        { view_name: 'requests' },
      ])
      expect(await sink.query('SELECT count(*)::INTEGER AS n FROM requests')).toEqual([{ n: count() }])
      expect(await sink.query("SELECT count(*)::INTEGER AS n FROM requests WHERE aws_elb_name LIKE 'net/%'")).toEqual([
        { n: ofName('nlb') },
      ])
    })

    test.each<[string, readonly (string | (typeof formats)[number])[]]>([
      ['the dataset', ['aws.elb_logs']],
      ['the dataset twice', ['aws.elb_logs', 'aws.elb_logs']],
      ['its formats', formats],
    ])('is asked once by %s', async (_, asked) => {
      const { rows, partial } = await store().ask({ ...records, formats: asked })
      expect(rows).toEqual([{ records: count() }])
      expect(partial).toBeUndefined()
    })

    test('is asked for fields of each of its formats', async () => {
      const exists = (field: string) =>
        store()
          .ask({ ...records, formats: ['aws.elb_logs'], filters: [{ field, exists: true }] })
          .then(({ rows }) => rows[0]!.records)
      const have = (field: string) =>
        ofDataset
          .flatMap(({ expected }) => expected)
          .filter(({ _source }) => field.split('.').reduce((value, name) => Object(value)[name], _source as unknown))
          .length
      for (const field of [
        'aws.elb.listener',
        'aws.elb.trace_id',
        'user_agent.original',
        'aws.elb.matched_rule_priority',
      ])
        expect(await exists(field)).toBe(have(field))
    })

    test('gives whole documents of each of its formats', async () => {
      const { rows } = await store().ask({ kind: 'documents', formats: ['aws.elb_logs'], span, limit: 1000 })
      const expected = ofDataset.flatMap(({ expected }) => expected.map(({ _source }) => _source))
      expect(rows).toHaveLength(expected.length)
      for (const document of expected) expect(rows).toContainEqual(expect.objectContaining(document))
    })

    test('is one line of what is there', async () => {
      const health = dailyQuestions.find(({ name }) => name === 'health')!
      const { rows } = await askDaily(store(), health, span, { formats })
      expect(rows).toMatchObject([{ dataset: 'aws.elb_logs', records: count() }])
    })
  },
)
