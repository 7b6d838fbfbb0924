import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { type DuckDBSink, duckdb } from '@flowferry/sink-duckdb'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { duckdbStore } from './duckdb.ts'
import { elasticsearchStore } from './elasticsearch.ts'
import { openSearchStore } from './opensearch.ts'
import type { Question } from './question.ts'
import { askDaily } from './questions/daily.ts'
import { dailyQuestions } from './questions/index.ts'
import { why } from './why/between.ts'
import { whyTargets } from './why/targets.ts'

const { formats } = vpcFlow
const span = { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' }
const question: Question = { kind: 'groups', formats: ['aws.vpcflow'], span, measures: { flows: { count: true } } }

describe('a question to DuckDB', () => {
  let sink: DuckDBSink
  beforeEach(async () => {
    sink = await duckdb()
    // More rows than anybody waits for.
    await sink.connection.run(
      `CREATE VIEW aws_vpcflow AS SELECT TIMESTAMP '2026-11-22 09:30:00' + to_microseconds(i % 2) AS "@timestamp"
       FROM range(1000000000000) AS rows(i)`,
    )
  })
  afterEach(() => sink.close())
  const store = () => duckdbStore({ connection: sink.connection, formats })

  test('is interrupted as it runs, and others go on', async () => {
    const stop = new AbortController()
    const run = sink.connection.runAndReadAll.bind(sink.connection)
    vi.spyOn(sink.connection, 'runAndReadAll').mockImplementation((sql) => {
      if (sql.includes('count')) setImmediate(() => stop.abort())
      return run(sql)
    })
    const stopped = store().ask(question, stop.signal)
    const waiting = store().ask({ ...question, formats: [{ ...formats[0]!, dataset: 'custom.none' }] })
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await waiting).toMatchObject({ partial: { absent: true } })
  })

  test('is interrupted where the signal comes before the query has begun', async () => {
    const stop = new AbortController()
    const stopped = store().ask(question, stop.signal)
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('does not wait for its turn once it is stopped', async () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const running = store().ask(question, first.signal)
    const waiting = store().ask(question, second.signal)
    second.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    first.abort()
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe.each([
  {
    engine: 'Elasticsearch',
    storeAt: (node: string) => elasticsearchStore({ client: new Elasticsearch({ node }), formats }),
  },
  { engine: 'OpenSearch', storeAt: (node: string) => openSearchStore({ client: new OpenSearch({ node }), formats }) },
])('a question to $engine', ({ storeAt }) => {
  let server: Server
  let url: string
  let stop: AbortController
  let closed: Promise<unknown>
  beforeEach(async () => {
    stop = new AbortController()
    closed = new Promise((resolve) => {
      // Never answers: the engine is still searching.
      server = createServer((request) => {
        request.socket.once('close', resolve)
        stop.abort()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => server.close())

  const { from: since, to: until } = span
  const asked = { a: '10.0.3.7', b: '10.0.9.12', port: 5432, since, until }
  test.each([
    { what: 'ask', run: () => storeAt(url).ask(question, stop.signal) },
    { what: 'askDaily', run: () => askDaily(storeAt(url), dailyQuestions[0]!, span, { signal: stop.signal }) },
    { what: 'why', run: () => why(storeAt(url).ask, asked, { signal: stop.signal }) },
    { what: 'whyTargets', run: () => whyTargets(storeAt(url).ask, asked, { signal: stop.signal }) },
  ])('by $what ends its connection, by which the engine knows', async ({ run }) => {
    await expect(run()).rejects.toMatchObject({ code: 'ABORTED' })
    await closed
  })

  test('that is stopped already is not asked', async () => {
    stop.abort()
    await expect(storeAt('http://127.0.0.1:1').ask(question, stop.signal)).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
