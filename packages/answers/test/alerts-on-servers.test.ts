/** The same alerts from every store, and from the rules that are made of them. */
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import {
  type Alert,
  alerts,
  evaluate,
  type Finding,
  kibanaRule,
  openSearchMonitor,
  type PlainAlert,
} from '@flowferry/answers/alerts'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { elasticsearchStore } from '@flowferry/answers/elasticsearch'
import { openSearchStore } from '@flowferry/answers/opensearch'
import { duckdb } from '@flowferry/sink-duckdb'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { engines } from '../../../test/support/engines.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import type { Store } from '../src/answer.ts'
import { fired, now, parser, worlds, write } from './alerts/scenarios.ts'

const { formats } = parser
const stores = {
  elasticsearch: (node: string, namespace: string) =>
    elasticsearchStore({ client: new Elasticsearch({ node }), namespace, formats }),
  opensearch: (node: string, namespace: string) =>
    openSearchStore({ client: new OpenSearch({ node }), namespace, formats }),
}
type Name = keyof typeof worlds
const names = Object.keys(worlds) as Name[]
const namespaceOf = (name: Name) => `alerts${process.pid}_${name}`
const run = (store: Store, name: Name) => evaluate(store, alerts, { now, formats, ...worlds[name].options })

/** Estimates are of the search engines alone. */
const exact = ({ findings, approximate }: Awaited<ReturnType<typeof run>>) =>
  findings.map(({ numbers, ...finding }) => {
    const estimates = approximate[finding.alert] ?? []
    return {
      ...finding,
      numbers: Object.fromEntries(Object.entries(numbers).filter(([one]) => !estimates.includes(one))),
    }
  })

/** What DuckDB tells of each world, found out once. */
const references = new Map<Name, Awaited<ReturnType<typeof run>>>()
async function referencesOf(): Promise<void> {
  for (const name of names) {
    if (references.has(name)) continue
    const memory = await duckdb()
    await write(worlds[name], memory)
    references.set(name, await run(duckdbStore({ connection: memory.connection, formats }), name))
    await memory.close()
  }
}

describe.each(engines)('alerts on $name', ({ name: engine, setup, sink }) => {
  const { test, urls } = onServers(engine)
  const url = urls[0]!
  const { ask } = searchServer(url)
  beforeAll(async () => {
    if (!url) return
    await setup(url, { formats })
    await referencesOf()
    await Promise.all(names.map((name) => write(worlds[name], sink(url), namespaceOf(name))))
    for (const { dataset } of formats) await ask('POST', `/logs-${dataset}-alerts${process.pid}_*/_refresh`)
  })
  afterAll(async () => {
    if (!url) return
    for (const name of names)
      for (const { dataset } of formats) await ask('DELETE', `/_data_stream/logs-${dataset}-${namespaceOf(name)}`)
  })

  test.each(names)('tell the same of the world %s as DuckDB', async (name) => {
    const report = await run(stores[engine](url, namespaceOf(name)), name)
    const reference = references.get(name)!
    expect(report.partial).toBeUndefined()
    const without = (told: ReturnType<typeof exact>) =>
      told.map(({ numbers, ...rest }) => ({
        ...rest,
        numbers: Object.fromEntries(
          Object.entries(numbers).filter(([one]) => !(report.approximate[rest.alert] ?? []).includes(one)),
        ),
      }))
    expect(exact(report)).toEqual(without(exact(reference)))
    if (name === 'fires') expect(report.findings.map(({ alert, who }) => [alert, ...Object.values(who)])).toEqual(fired)
    if (name === 'silent' || name === 'rare')
      expect(report.findings.filter(({ alert }) => alert !== 'flow-log-gap')).toEqual([])
  })

  const plain = alerts.filter((alert): alert is PlainAlert => !('steps' in alert))
  const compiled = plain.filter((alert) => canRun[engine](alert))

  test('rules that are query DSL are these', () => {
    expect(compiled.map(({ name }) => name)).toEqual(expectedRules[engine])
  })

  test.each(
    compiled.flatMap((alert) => (['fires', 'silent'] as const).map((world) => ({ world, alert, name: alert.name }))),
  )('the rule of $name fires in the world $world as the evaluation does', async ({ alert, world }) => {
    const { findings } = references.get(world)!
    const told = findings.filter((one: Finding) => one.alert === alert.name).map(({ who }) => Object.values(who))
    expect(await firesBy[engine](alert, world)).toEqual(told)
  })

  const search = async (indices: readonly string[], world: Name, body: object) => {
    const streams = indices.map((index) => index.replace(/-\*$/, `-${namespaceOf(world)}`)).join(',')
    return (await ask('POST', `/${streams}/_search`, body)) as {
      readonly aggregations: {
        readonly composite_agg: { readonly buckets: readonly { key: object; doc_count: number }[] }
      }
    }
  }

  const given = (world: Name) => ({ formats, ...worlds[world].options })
  const firesBy = {
    /** What the rule type asks: its query within its window, in groups of its terms, whose count is compared. */
    elasticsearch: async (alert: Alert, world: Name) => {
      const made = kibanaRule(alert, given(world))
      if (!('rule' in made)) throw new Error(made.because)
      const params = made.rule.params as {
        readonly [member in 'index' | 'esQuery' | 'timeWindowSize' | 'termField' | 'threshold' | 'termSize']: never
      }
      const esQuery = (params.esQuery as string).replaceAll('"now', `"${now}||`).replaceAll('||"', '"')
      const { query } = JSON.parse(esQuery) as { query: object }
      const window = { range: { '@timestamp': { gte: `${now}||-${params.timeWindowSize}m`, lte: now } } }
      const sources = [params.termField].flat().map((field) => ({ [field]: { terms: { field } } }))
      const { aggregations } = await search(params.index, world, {
        size: 0,
        query: { bool: { filter: [query, window] } },
        aggs: { composite_agg: { composite: { size: params.termSize, sources } } },
      })
      const [threshold] = params.threshold as unknown as [number]
      const { buckets } = aggregations.composite_agg
      return buckets.filter(({ doc_count: count }) => count >= threshold).map(({ key }) => Object.values(key))
    },
    /** The monitor's input, with its condition as the bucket selector that the plugin makes of it. */
    opensearch: async (alert: Alert, world: Name) => {
      const made = openSearchMonitor(alert, given(world))
      if (!('monitor' in made)) throw new Error(made.because)
      const [{ search: input }] = made.monitor.inputs
      const [{ bucket_level_trigger: trigger }] = made.monitor.triggers
      const { parent_bucket_path: parent, ...condition } = trigger.condition
      const body = JSON.parse(JSON.stringify(input.query).replaceAll('{{period_end}}', String(Date.parse(now))))
      body.aggregations[parent].aggs.condition = { bucket_selector: condition }
      const { aggregations } = await search(input.indices, world, body)
      return aggregations.composite_agg.buckets.map(({ key }) => Object.values(key))
    },
  }
})

const canRun = {
  elasticsearch: (alert: Alert) => {
    const made = kibanaRule(alert, { formats })
    return 'rule' in made && made.rule.params.searchType === 'esQuery'
  },
  opensearch: (alert: Alert) => 'monitor' in openSearchMonitor(alert, { formats }),
}
const expectedRules = {
  elasticsearch: ['reply-rejected', 'vpc-control-rejects', 'root-used', 'console-without-mfa'],
  opensearch: [
    'own-rejects',
    'reply-rejected',
    'port-scan',
    'vpc-control-rejects',
    'root-used',
    'console-without-mfa',
    'denied-burst',
    'cdn-failing',
  ],
}
