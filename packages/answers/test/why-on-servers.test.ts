/** The same world in every store: the same diagnosis. */
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { elasticsearchStore } from '@flowferry/answers/elasticsearch'
import { openSearchStore } from '@flowferry/answers/opensearch'
import { diagnose, gather, why as named, whyTargets } from '@flowferry/answers/why'
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
import { nameIn, snapshotOf } from '../../../test/why/world-snapshot.ts'
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

/** By names; by the ids that the logs have; and which targets fail. */
async function byNames(store: Store, one: (typeof worlds)[number]) {
  const { a, b, port, since, until, interfaces } = one.told
  const snapshot = snapshotOf(one)
  const names = { a: nameIn(one, a, 'client'), b: nameIn(one, b, 'target'), since, until }
  const { networkInterfaceId } = interfaces.find(({ privateIpAddress }) => privateIpAddress === a)!
  const told = ({ cause, certainty, pairs }: Awaited<ReturnType<typeof named>>) => ({ cause, certainty, pairs })
  const { failing, ...rest } = await whyTargets(store.ask, names, { snapshot })
  return {
    named: told(await named(store.ask, { ...names, port }, { snapshot })),
    inLogs: told(await named(store.ask, { ...names, a: networkInterfaceId, b, port })),
    targets: rest,
    failing: failing.map(({ diagnosis, ...counts }) => ({ ...counts, cause: diagnosis?.cause })),
  }
}

describe.each(worlds.map((one, n) => ({ one, n, name: `row ${one.row}, ${one.variant}` })))('$name', ({ one, n }) => {
  const namespace = `why${process.pid}_${n}`
  const expected = async () => why(memoryStore(await documentsOf(one)), one)
  const expectedByNames = async () => byNames(memoryStore(await documentsOf(one)), one)

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
    test('the same by names and ids, and the same failing targets', async () => {
      expect(await byNames(stores[name](url, namespace), one)).toEqual(await expectedByNames())
    })
  })

  describe('on duckdb', () => {
    const { test } = onServers()
    test('the same diagnosis, by names and ids, and the same failing targets', async () => {
      const sink = await duckdb()
      await write(one, sink, namespace)
      const store = duckdbStore({ connection: sink.connection })
      expect(await why(store, one)).toEqual(await expected())
      expect(await byNames(store, one)).toEqual(await expectedByNames())
      await sink.close()
    })
  })
})
