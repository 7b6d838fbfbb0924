/** The same world in every store: the same diagnosis. */
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { elasticsearchStore } from '@flowferry/answers/elasticsearch'
import { openSearchStore } from '@flowferry/answers/opensearch'
import { diagnose, gather } from '@flowferry/answers/why'
import { detect, ingest, type Sink } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { duckdb } from '@flowferry/sink-duckdb'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { engines } from '../../../test/support/engines.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import { documentsOf } from '../../../test/why/diagnosed.ts'
import { world } from '../../../test/worlds/world.ts'
import type { Store } from '../src/answer.ts'
import { memoryStore } from './memory-store.ts'

const parser = detect([vpcFlow, transitGateway, cloudTrail])
const stores = {
  elasticsearch: (node: string, namespace: string) =>
    elasticsearchStore({ client: new Elasticsearch({ node }), namespace }),
  opensearch: (node: string, namespace: string) => openSearchStore({ client: new OpenSearch({ node }), namespace }),
}
/** With a transit gateway's log, a NAT gateway, another interface of B, the default fields. */
const worlds = [
  world(9, { noise: 40 }),
  world(18, { noise: 40 }),
  world(15, { noise: 40 }),
  world(2, { row: '3', variant: 'v2', noise: 40 }),
]

async function write(one: (typeof worlds)[number], sink: Sink<unknown>, namespace: string) {
  const objects = one.files.map(({ key, body }) => memoryObject({ key, body }))
  const report = await ingest({ source: memorySource(...objects), parser, sink, namespace })
  expect(report.messages.every(({ status }) => status === 'done')).toBe(true)
}

const why = async (store: Store, { told: { a, b, port, since, until } }: (typeof worlds)[number]) => {
  const diagnosis = diagnose(await gather(store.ask, { a, b, port, since, until }))
  const { evidence, ...rest } = diagnosis
  return { ...rest, evidence: evidence.length }
}

describe.each(worlds.map((one, n) => ({ one, n, name: `row ${one.row}, ${one.variant}` })))('$name', ({ one, n }) => {
  const namespace = `why${process.pid}_${n}`
  const expected = async () => why(memoryStore(await documentsOf(one)), one)

  describe.each(engines)('on $name', ({ name, setup, sink }) => {
    const { test, urls } = onServers(name)
    const url = urls[0]!
    beforeAll(async () => {
      if (!url) return
      await setup(url, { formats: parser.formats })
      await write(one, sink(url), namespace)
      const { ask } = searchServer(url)
      for (const { dataset } of parser.formats) await ask('POST', `/logs-${dataset}-${namespace}/_refresh`)
    })
    afterAll(async () => {
      const { ask } = searchServer(url)
      if (url)
        for (const { dataset } of parser.formats) await ask('DELETE', `/_data_stream/logs-${dataset}-${namespace}`)
    })
    test('the same diagnosis', async () => {
      expect(await why(stores[name](url, namespace), one)).toEqual(await expected())
    })
  })

  describe('on duckdb', () => {
    const { test } = onServers()
    test('the same diagnosis', async () => {
      const sink = await duckdb()
      await write(one, sink, namespace)
      expect(await why(duckdbStore({ connection: sink.connection }), one)).toEqual(await expected())
      await sink.close()
    })
  })
})
