import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { elasticsearchStore } from '@flowferry/answers/elasticsearch'
import { openSearchStore } from '@flowferry/answers/opensearch'
import { detect, ingest } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { describe, expect } from 'vitest'
import { engines } from '../support/engines.ts'
import { fixtures } from '../support/fixtures.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

const ofDataset = fixtures.filter(({ format }) => format.dataset === 'aws.elb_logs')
const parsers = [...new Set(ofDataset.map(({ parser }) => parser))]
const expected = ofDataset.flatMap(({ expected }) => expected)
const stream = 'logs-aws.elb_logs-shared'

describe.each(engines)('a data stream of several formats, in $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!
  const { ask, count } = searchServer(url)
  const remove = async () => {
    await ask('DELETE', `/_data_stream/${stream}`)
    await ask('DELETE', '/_index_template/flowferry-aws.elb_logs')
  }
  const propertiesOf = async () => {
    const answer = (await ask('GET', '/_index_template/flowferry-aws.elb_logs')) as {
      index_templates: { index_template: { template: { mappings: { properties: object } } } }[]
    }
    return answer.index_templates[0]!.index_template.template.mappings.properties
  }

  test('has one template, and all of its documents are found by the fields of each', async () => {
    await remove()
    try {
      const all = (await Promise.all(Object.values(formats).map((load) => load()))).map(({ format }) => format)
      await setup(url, { formats: all, namespaces: ['shared'] })
      const again = await setup(url, { formats: all, namespaces: ['shared'] })
      expect(again.filter(({ kind, action }) => kind === 'index template' && action !== 'unchanged')).toEqual([])

      const source = memorySource(...ofDataset.map(({ key, body }) => memoryObject({ key, body })))
      const { counts } = await ingest({ source, parser: detect(parsers), sink: sink(url), namespace: 'shared' })
      expect(counts).toMatchObject({ written: expected.length, rejected: 0, unfinished: 0 })
      expect(await count(stream)).toBe(expected.length)
      const having = (field: string) =>
        expected.filter(({ _source }) =>
          field.split('.').reduce((value, one) => Object(value)[one], _source as unknown),
        ).length
      for (const field of [
        'aws.elb.listener',
        'aws.elb.trace_id',
        'source.address',
        'user_agent.original',
        'source.ip',
      ])
        expect(await count(stream, { exists: { field } }), field).toBe(having(field))

      // One by one, as each parser's own Lambda does it: none takes the others' fields away.
      const properties = await propertiesOf()
      for (const { format } of parsers)
        expect(await setup(url, { formats: [format], namespaces: ['shared'] })).toContainEqual(
          expect.objectContaining({ kind: 'index template', action: 'unchanged' }),
        )
      await ask('DELETE', `/_data_stream/${stream}`)
      await ask('DELETE', '/_index_template/flowferry-aws.elb_logs')
      for (const { format } of parsers) await setup(url, { formats: [format], namespaces: ['shared'] })
      expect(await propertiesOf()).toEqual(properties)
    } finally {
      await remove()
    }
  })

  test('is asked once, by its dataset or by its formats', async () => {
    await remove()
    try {
      const own = parsers.map(({ format }) => format)
      await setup(url, { formats: own, namespaces: ['shared'] })
      const source = memorySource(...ofDataset.map(({ key, body }) => memoryObject({ key, body })))
      await ingest({ source, parser: detect(parsers), sink: sink(url), namespace: 'shared' })
      await ask('POST', `/${stream}/_refresh`)
      const options = { formats: own, namespace: 'shared' }
      const store =
        name === 'elasticsearch'
          ? elasticsearchStore({ client: new Elasticsearch({ node: url }), ...options })
          : openSearchStore({ client: new OpenSearch({ node: url }), ...options })
      const span = { from: '2010-01-01T00:00:00Z', to: '2030-01-01T00:00:00Z' }
      for (const formats of [['aws.elb_logs'], own])
        expect(
          await store.ask({ kind: 'groups', formats, span, measures: { records: { count: true } } }),
        ).toMatchObject({ rows: [{ records: expected.length }] })
    } finally {
      await remove()
    }
  })
})
