import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { askDaily, dailyQuestions, dashboards, type Group, type Row, type Store, type Value } from '@flowferry/answers'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { elasticsearchStore } from '@flowferry/answers/elasticsearch'
import { openSearchStore } from '@flowferry/answers/opensearch'
import { savedObjects } from '@flowferry/answers/saved-objects'
import type { Format } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { indexTemplate } from '@flowferry/search'
import { duckdb } from '@flowferry/sink-duckdb'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { engines } from '../../../test/support/engines.ts'
import { type EngineName, searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import type { SearchStoreOptions } from '../src/search/store.ts'
import { casesOf, expectRows } from './contract.ts'
import { dailyCasesOf } from './daily.ts'
import { requestOf, rowsOf } from './kibana.ts'
import { bothDays, type Documents, sampleOf, today } from './sample.ts'

const stores = {
  elasticsearch: (node: string, options: SearchStoreOptions) =>
    elasticsearchStore({ client: new Elasticsearch({ node }), ...options }),
  opensearch: (node: string, options: SearchStoreOptions) =>
    openSearchStore({ client: new OpenSearch({ node }), ...options }),
}

const targets = [
  { form: 'small', written: {}, asked: {} },
  { form: 'full', written: {}, asked: { namespace: 'default' } },
  { form: 'small', written: { indexPer: 'day' }, asked: { indexPer: 'day', pageSize: 7 } },
  { form: 'full', written: { index: `answers-${process.pid}` }, asked: { index: `answers-${process.pid}` } },
] as const

const panels = dashboards.flatMap((dashboard) => dashboard.panels)
const visualizations = new Map(
  savedObjects({ formats: [vpcFlow, cloudTrail, cloudFront].flatMap((parser): readonly Format[] => parser.formats) })
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'visualization')
    .map(({ id, attributes }) => [id.replace('flowferry-visualization-', ''), attributes] as const),
)
const nameOf = (group: Group) => (typeof group === 'string' ? group : group.field)
/** Engines write dates as numbers and as text, and compute sums in another order. */
const asText = (value: Value | undefined) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
    ? String(Date.parse(value))
    : typeof value === 'number' && !Number.isInteger(value)
      ? String(Number(value.toPrecision(9)))
      : String(value)

/** The mappings of an index for several formats. */
function mappingsOf(formats: readonly Format[], engine: EngineName) {
  const all = formats.map((format) => indexTemplate(format, engine, undefined, {}, { types: [] }).template.mappings)
  return { ...all[0], properties: Object.assign({}, ...all.map(({ properties }) => properties)) as object }
}

describe.each(engines)('$name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!

  describe.each(targets)('with $form documents, written by $written, asked by $asked', ({ form, written, asked }) => {
    const sample = sampleOf(`answers${process.pid}${Object.keys(written).join('').toLowerCase()}${form}`)
    const own = 'index' in written ? written.index : undefined
    let documents: Documents
    let store: Store
    let reference: Store
    let referenceSink: Awaited<ReturnType<typeof duckdb>> | undefined
    const { ask } = searchServer(url)
    const remove = async () => {
      if (own !== undefined) await ask('DELETE', `/${own}`)
      for (const { dataset } of [...sample.formats, sample.dead]) {
        await ask('DELETE', `/_data_stream/logs-${dataset}-*`)
        const indices = (await ask('GET', `/logs-${dataset}-*`)) as Record<string, unknown>
        for (const index of Object.keys(indices)) await ask('DELETE', `/${index}`)
        for (const end of ['', '-dated']) await ask('DELETE', `/_index_template/flowferry-${dataset}${end}`)
      }
    }
    beforeAll(async () => {
      documents = await sample.documents()
      if (!url) return
      await remove()
      const formats = [...(form === 'full' ? sample.fullFormats : sample.formats), sample.dead]
      if (own === undefined) await setup(url, { formats, ...written })
      else await ask('PUT', `/${own}`, { mappings: mappingsOf(formats, name) })
      await sample.write(sink(url, written), form)
      for (const { dataset } of [...sample.formats, sample.dead]) await ask('POST', `/logs-${dataset}-*/_refresh`)
      if (own !== undefined) await ask('POST', `/${own}/_refresh`)
      store = stores[name](url, { formats: sample.formats, ...asked })
      referenceSink = await duckdb()
      await sample.write(referenceSink, 'small')
      reference = duckdbStore({ connection: referenceSink.connection, formats: sample.formats })
    })
    afterAll(async () => {
      await referenceSink?.close()
      if (url) await remove()
    })

    test.each(casesOf(sample))('$name', async ({ question, expected }) => {
      const answer = await store.ask(question)
      if (expected) expectRows(answer, expected(documents))
      expect(answer.partial).toBeUndefined()
      expect(answer.rows.length).toBeGreaterThan(0)
    })

    test.each(dailyCasesOf(sample))('$name', async ({ name, options, expected }) => {
      const question = dailyQuestions.find((one) => one.name === name)!
      expectRows(await askDaily(sample.asked(store), question, today, options), expected(documents))
    })

    test.each(dailyQuestions)('$name, as DuckDB has it', async (question) => {
      const options = { formats: sample.formats }
      const { rows } = await askDaily(sample.asked(reference), question, today, options)
      expect(rows.length).toBeGreaterThan(0)
      for (const row of rows) expect(Object.keys(row).sort()).toEqual(Object.keys(question.columns).sort())
      expectRows(await askDaily(sample.asked(store), question, today, options), rows)
    })

    // Once: what differs from target to target, the questions above show.
    const once = targets[0].written === written ? panels : []

    test.each(once)('panel $name, as DuckDB has it', async (panel) => {
      const { rows } = await askDaily(sample.asked(reference), panel, today)
      const answer = await askDaily(sample.asked(store), panel, today)
      // Of the few values of a step OpenSearch takes a neighbour of the percentile.
      const withoutPercentiles = (row: Row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !/^p\d+$/.test(name)))
      const approximate = answer.approximate.filter((name) => !/^p\d+$/.test(name))
      expectRows({ ...answer, approximate, rows: answer.rows.map(withoutPercentiles) }, rows.map(withoutPercentiles))
    })

    if (own === undefined)
      test.each(once)('panel $name, as Kibana asks the saved one', async (panel) => {
        const saved = visualizations.get(panel.name)!
        const question = { ...panel.over(today), limit: 100_000 }
        const { rows } = await sample.asked(store).ask(question)
        const groups = question.groups ?? []
        const every = groups.map((group) => (typeof group === 'string' ? '' : group.every)).join('')
        const [index] = sample.ofSample(question).formats
        const response = await ask('POST', `/logs-${index}-*/_search`, {
          ...requestOf(saved, today, every),
          track_total_hits: true,
        })
        const found = rowsOf(saved, response as never).map((row) => Object.values(row).map(asText).sort().join())
        const all = rows.map((row) => Object.values(row).map(asText).sort().join())
        // A terms aggregation leaves out documents without the field.
        const whole = rows.filter((row) => groups.every((group) => row[nameOf(group)] !== null))
        if (whole.length > 0) expect(found.length).toBeGreaterThan(0)
        for (const row of found) expect(all).toContain(row)
        if (whole.length <= 5) expect(found).toHaveLength(whole.length)
      })

    if (own === undefined)
      test('the other kind of index is not read', async () => {
        const other = stores[name](url, {
          formats: sample.formats,
          ...('indexPer' in written ? {} : { indexPer: 'day' }),
        })
        const question = {
          kind: 'groups',
          formats: [sample.flow],
          span: bothDays,
          measures: { flows: { count: true } },
        } as const
        expect(await other.ask(question)).toMatchObject({
          rows: [{ flows: 0 }],
          partial: { why: expect.stringContaining('no index is there for logs-') },
        })
        const pages = { kind: 'documents', formats: [sample.flow], span: bothDays, limit: 20_000 } as const
        expect(await other.ask(pages)).toMatchObject({
          rows: [],
          partial: { why: expect.stringContaining('no index') },
        })
      })
  })
})
