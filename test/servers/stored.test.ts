import { ingest, lines } from '@flowferry/core'
import { memoryObject, memorySlice, memorySource } from '@flowferry/core/testing'
import { bulkSink, indexTemplate, readBulkResponse } from '@flowferry/search'
import { describe, expect } from 'vitest'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

/** What each engine answers where it stores nothing, and what the sink makes of it. */
describe.each(engines)('stored means stored, in $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!
  const { ask, count } = searchServer(url)
  const slice = memorySlice({ records: 5 })
  const index = `stored-${process.pid}`
  const nothing = { slices: [{ written: 0, duplicate: 0, rejected: [], unfinished: 5 }], stop: true }
  const pipeline = `${index}-drop`
  /** An index with these settings, for as long as `run` takes. */
  const within = async (settings: object, run: () => Promise<void>) => {
    await ask('PUT', `/${index}?wait_for_active_shards=0`, { settings: { number_of_replicas: 0, ...settings } })
    try {
      await run()
    } finally {
      await ask('DELETE', `/${index}`)
    }
  }
  const cluster = (setting: string, value: unknown) =>
    ask('PUT', '/_cluster/settings', { persistent: { [setting]: value } })
  test.each([5, 1])('a closed index is the target’s fault, for %i documents', (records) =>
    within({}, async () => {
      const own = memorySlice({ records })
      const target = sink(url, { index })
      await ask('POST', `/${index}/_close`)
      expect(await target.write([own])).toMatchObject({
        slices: [{ written: 0, rejected: [], unfinished: records }],
        stop: true,
        error: { code: 'TARGET_REFUSED', message: expect.stringContaining('index_closed_exception') },
      })
      await ask('POST', `/${index}/_open`)
      expect(await target.write([own])).toMatchObject({ slices: [{ written: records }] })
      expect(await count(index)).toBe(records)
    }),
  )

  test('a missing pipeline is the target’s fault, and no message loses an attempt', () =>
    within({ 'index.final_pipeline': 'no-such-pipeline' }, async () => {
      const words = lines({
        kind: 'w',
        dataset: 'w',
        record: (word) => ({ word }),
        document: (record) => ({ ...record }),
      })
      const source = memorySource(...['a', 'b'].map((key) => memoryObject({ key, body: 'x\ny\n' })))
      const report = await ingest({ source, parser: words, sink: sink(url, { index }) })
      expect(report).toMatchObject({
        stopped: { code: 'TARGET_REFUSED', message: expect.stringContaining('[no-such-pipeline] does not exist') },
        counts: { written: 0, rejected: 0 },
      })
    }))

  // The zip of OpenSearch 2 has no processors.
  if (name === 'elasticsearch' || !process.env.FLOWFERRY_TEST_OLD)
    test('documents that a pipeline drops are filtered, and not told as written', () =>
      within({ 'index.final_pipeline': pipeline }, async () => {
        await ask('PUT', `/_ingest/pipeline/${pipeline}`, { processors: [{ drop: {} }] })
        const { slices, error } = await sink(url, { index }).write([slice])
        expect(error).toBeUndefined()
        expect(slices[0]).toMatchObject({ written: 0, rejected: [], unfinished: 0 })
        expect(slices[0]!.filtered).toHaveLength(5)
        expect(slices[0]!.filtered![0]).toMatchObject({ index: 0, type: 'dropped_by_pipeline' })
        expect(await count(index)).toBe(0)
        await ask('PUT', `/${index}/_settings`, { 'index.final_pipeline': null })
        await ask('DELETE', `/_ingest/pipeline/${pipeline}`)
      }))

  test(
    'an item answered 503 inside HTTP 200 is sent again, and is there',
    () =>
      within({ 'index.routing.allocation.require._name': 'nobody' }, async () => {
        let requests = 0
        const shortly = bulkSink(
          async (body) => {
            const headers = { 'content-type': 'application/x-ndjson' }
            const response = await fetch(`${url}/_bulk?timeout=100ms`, {
              method: 'POST',
              headers,
              body: new Uint8Array(body),
            })
            const answer = await readBulkResponse(response.status, {}, response.body!)
            if (requests++ === 0) {
              expect(answer).toMatchObject({ status: 200, body: { items: Array(5).fill({ create: { status: 503 } }) } })
              await ask('PUT', `/${index}/_settings`, { 'index.routing.allocation.require._name': null })
            }
            return answer
          },
          { index, retryMilliseconds: 50 },
        )
        const { slices, error } = await shortly.write([slice])
        expect(error).toBeUndefined()
        expect(slices[0]!.written + slices[0]!.duplicate).toBe(5)
        expect(requests).toBeGreaterThan(1)
        expect(await count(index)).toBe(5)
      }),
    30_000,
  )

  test(
    'an engine that says why all shards are away quotes no document',
    () =>
      within({ 'index.routing.allocation.require._name': 'nobody' }, async () => {
        const hurried = bulkSink(
          async (body) => {
            const headers = { 'content-type': 'application/x-ndjson' }
            const response = await fetch(`${url}/_bulk?timeout=10ms`, {
              method: 'POST',
              headers,
              body: new Uint8Array(body),
            })
            return readBulkResponse(response.status, {}, response.body!)
          },
          { index, maxRetries: 0 },
        )
        const { error } = await hurried.write([slice])
        expect(error).toMatchObject({ code: 'TARGET_OVERLOADED' })
        expect(error!.message).toContain('primary shard is not active')
        expect(error!.message).not.toContain('10.0.0.')
      }),
    30_000,
  )

  test('a cluster that is read-only is blocked, and no missing right', () =>
    within({}, async () => {
      await cluster('cluster.blocks.read_only', true)
      try {
        expect(await sink(url, { index }).write([slice])).toMatchObject({
          ...nothing,
          error: { code: 'TARGET_BLOCKED' },
        })
      } finally {
        await cluster('cluster.blocks.read_only', null)
      }
    }))

  const dataset = `flowferry.stored${process.pid}`
  const format = { ...slice.format, dataset }
  const dataStream = `logs-${dataset}-default`
  const own = { ...slice, format, dataStream }
  const dated = `${dataStream}-2026.01.01`
  const removeTemplates = async () => {
    for (const suffix of ['', '-dated']) await ask('DELETE', `/_index_template/flowferry-${dataset}${suffix}`)
  }

  if (name === 'opensearch')
    test('a cluster that takes no new index is blocked, and no missing right', async () => {
      await setup(url, { formats: [format], indexPer: 'day' })
      await cluster('cluster.blocks.create_index', true)
      try {
        const outcome = await sink(url, { indexPer: 'day' }).write([own])
        expect(outcome).toMatchObject({ ...nothing, error: { code: 'TARGET_BLOCKED' } })
        expect(outcome.error!.message).toContain('index_create_block_exception')
      } finally {
        await cluster('cluster.blocks.create_index', null)
        await removeTemplates()
      }
    })

  test.each(['true', 'false'])(
    'a dated index that is deleted under a running sink comes back with its mapping, auto_create_index: %s',
    async (automatic) => {
      await setup(url, { formats: [format], indexPer: 'day' })
      const target = sink(url, { indexPer: 'day' })
      const mappingOf = async () => JSON.stringify(await ask('GET', `/${dated}/_mapping`))
      try {
        expect(await target.write([own])).toMatchObject({ slices: [{ written: 5 }] })
        const before = await mappingOf()
        await ask('DELETE', `/${dated}`)
        await cluster('action.auto_create_index', automatic)
        expect(await target.write([own])).toEqual({
          slices: [{ written: 5, duplicate: 0, rejected: [], unfinished: 0 }],
        })
        expect(await count(dated, { term: { 'source.ip': '10.0.0.0/8' } })).toBe(5)
        expect(await mappingOf()).toBe(before)
      } finally {
        await cluster('action.auto_create_index', null)
        await ask('DELETE', `/${dated}`)
        await removeTemplates()
      }
    },
  )

  test('a dated index without a template is refused: once deleted, it would come back with guessed types', async () => {
    await removeTemplates()
    try {
      expect(await sink(url, { indexPer: 'day' }).write([own])).toMatchObject({
        ...nothing,
        error: { code: 'TARGET_TEMPLATE' },
      })
      await setup(url, { formats: [format], indexPer: 'day' })
      expect(await sink(url, { indexPer: 'day' }).write([own])).toMatchObject({ slices: [{ written: 5 }] })
    } finally {
      await ask('DELETE', `/${dated}`)
      await removeTemplates()
    }
  })

  if (name === 'elasticsearch')
    test('a document in the failure store is rejected, and not told as written', async () => {
      const store = `${dataset}.failures`
      const stream = `logs-${store}-default`
      const body = indexTemplate({ ...format, dataset: store }, 'elasticsearch', undefined, {}, { types: [] })
      await ask('PUT', `/_index_template/flowferry-${store}`, {
        ...body,
        template: { ...body.template, data_stream_options: { failure_store: { enabled: true } } },
      })
      try {
        const document = (n: number) => (n === 1 ? { ...slice.document(n), labels: { n: 'x' } } : slice.document(n))
        const { slices } = await sink(url).write([{ ...own, document, dataStream: stream }])
        expect(slices[0]).toMatchObject({ written: 4, rejected: [{ index: 1, type: 'failure_store_used' }] })
        expect(await count(stream)).toBe(4)
      } finally {
        await ask('DELETE', `/_data_stream/${stream}`)
        await ask('DELETE', `/_index_template/flowferry-${store}`)
      }
    })

  test.each([undefined, 'day'] as const)(
    'setup names the template that wins over its own, indexPer: %s',
    async (indexPer) => {
      const theirs = `${dataset}-theirs`
      const body = { index_patterns: [`logs-${dataset}*`], template: { mappings: { properties: {} } } }
      const options = { formats: [format], ...(indexPer && { indexPer }) }
      await removeTemplates()
      try {
        // Below ours it is in nobody's way; of the same priority the engine takes only one of the two.
        await ask('PUT', `/_index_template/${theirs}`, { ...body, priority: 100 })
        for (const dryRun of [true, false]) await setup(url, { ...options, dryRun })
        await ask('PUT', `/_index_template/${theirs}`, { ...body, priority: 500 })
        for (const dryRun of [true, false]) {
          const done = setup(url, { ...options, dryRun })
          await expect(done).rejects.toMatchObject({ code: 'TARGET_TEMPLATE' })
          await expect(done).rejects.toThrow(`"${theirs}" of priority 500 wins over flowferry-${dataset}`)
        }
        await removeTemplates()
        await expect(setup(url, { ...options, dryRun: true })).rejects.toThrow(theirs)
        await ask('PUT', `/_index_template/${theirs}`, { ...body, priority: indexPer ? 260 : 250 })
        const same = setup(url, options)
        await expect(same).rejects.toMatchObject({ code: 'TARGET_TEMPLATE' })
        await expect(same).rejects.toThrow(theirs)
      } finally {
        await ask('DELETE', `/_index_template/${theirs}`)
        await removeTemplates()
      }
    },
  )

  test('setup asks for the namespaces that it is told of', async () => {
    const theirs = `${dataset}-prod`
    await ask('PUT', `/_index_template/${theirs}`, { index_patterns: [`logs-${dataset}-prod`], priority: 400 })
    try {
      await setup(url, { formats: [format] })
      await expect(setup(url, { formats: [format], namespaces: ['default', 'prod'] })).rejects.toThrow(theirs)
    } finally {
      await ask('DELETE', `/_index_template/${theirs}`)
      await removeTemplates()
    }
  })

  test("setup finds Elastic's own integration, and says what that means", async () => {
    const name = `logs-${dataset}`
    const meta = { package: { name: 'aws' } }
    await ask('PUT', `/_index_template/${name}`, {
      index_patterns: [`${name}-*`],
      priority: 200,
      data_stream: {},
      _meta: meta,
    })
    await ask('PUT', `/_ingest/pipeline/${name}-4.1.0`, { description: 'parses', processors: [] })
    try {
      const changes = await setup(url, { formats: [format] })
      const found = changes.find(({ kind }) => kind === 'integration')
      expect(found).toMatchObject({ name, action: 'found' })
      expect(found!.note).toContain(`index template ${name} of priority 200`)
      expect(found!.note).toContain(`ingest pipeline ${name}-4.1.0`)
    } finally {
      await ask('DELETE', `/_index_template/${name}`)
      await ask('DELETE', `/_ingest/pipeline/${name}-4.1.0`)
      await removeTemplates()
    }
  })
})
