import { memorySlice } from '@flowferry/core/testing'
import { describe, expect } from 'vitest'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

const { format: plain, ...rest } = memorySlice({ records: 5 })
const dataset = `flowferry.settings${process.pid}`
const format = { ...plain, dataset }
const slice = { ...rest, format, dataStream: `logs-${dataset}-default` }
const template = `flowferry-${dataset}`

describe.each(engines)('the settings that setup gives to $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const { ask, search } = searchServer(urls[0]!)
  const stream = slice.dataStream

  const clean = async () => {
    await ask('DELETE', `/_data_stream/${stream}`)
    await ask('DELETE', `/${stream}-2026.01.01`)
    for (const suffix of ['', '-dated']) await ask('DELETE', `/_index_template/${template}${suffix}`)
  }
  /** Of every index behind a name, in their order. */
  const settingsOf = async (target: string) => {
    const indices = await ask('GET', `/${target}/_settings?flat_settings`)
    return Object.keys(indices)
      .sort()
      .map((index) => (indices[index] as { settings: Record<string, unknown> }).settings)
  }
  const run = (options: object = {}, formats = [format]) => setup(urls[0]!, { formats, ...options })
  const mode = name === 'elasticsearch' ? { 'index.mode': 'standard' } : {}

  test("yesterday's template and stream: the next rollover takes the settings, and a search finds both", async () => {
    await clean()
    await ask('PUT', `/_index_template/${template}`, {
      index_patterns: [`logs-${dataset}-*`],
      priority: 250,
      data_stream: {},
      template: {
        settings: { index: { mapping: { total_fields: { limit: '2000' } } } },
        mappings: {
          _meta: { managed_by: 'flowferry', template },
          date_detection: false,
          properties: { '@timestamp': { type: 'date' } },
        },
      },
      _meta: { managed_by: 'flowferry', kind: format.kind },
    })
    await ask('PUT', `/_data_stream/${stream}`)
    const changes = await run()
    expect(changes).toContainEqual({
      kind: 'index template',
      name: template,
      action: 'updated',
      note: expect.stringContaining('index.codec'),
    })
    expect(await sink(urls[0]!).write([slice])).toMatchObject({ slices: [{ written: 5 }] })
    expect((await settingsOf(stream))[0]).not.toHaveProperty('index.codec')
    await ask('POST', `/${stream}/_rollover`)
    const later = { ...slice, id: (index: number) => `later-${index}` }
    expect(await sink(urls[0]!).write([later])).toMatchObject({ slices: [{ written: 5 }] })
    const [before, after] = await settingsOf(stream)
    expect(before).not.toHaveProperty('index.codec')
    expect(after).toMatchObject({ 'index.codec': 'best_compression', 'index.refresh_interval': '30s', ...mode })
    const { total } = await search(stream, { query: { range: { '@timestamp': { gte: '2000-01-01' } } } })
    expect(total).toBe(10)
    expect((await run()).map(({ action }) => action)).not.toContain('updated')
  })

  test('what a run leaves out stays, and what it says is in the next index', async () => {
    await clean()
    const options = {
      codec: 'default',
      refreshInterval: '5s',
      numberOfShards: 2,
      numberOfReplicas: 0,
      totalFieldsLimit: 3000,
      sort: [{ field: '@timestamp', order: 'desc' }],
    } as const
    await run({ ...options, dryRun: true })
    expect(await ask('GET', `/_index_template/${template}`)).toMatchObject({ status: 404 })
    await run(options)
    await run()
    await ask('PUT', `/_data_stream/${stream}`)
    expect(await settingsOf(stream)).toMatchObject([
      {
        'index.codec': 'default',
        'index.refresh_interval': '5s',
        'index.number_of_shards': '2',
        'index.number_of_replicas': '0',
        'index.mapping.total_fields.limit': '3000',
        'index.sort.field': ['@timestamp'],
        'index.sort.order': ['desc'],
        ...mode,
      },
    ])
  })

  test("a dated index that the sink makes has the template's settings, also those that were asked for", async () => {
    await clean()
    await run({ indexPer: 'day', totalFieldsLimit: 3000 })
    expect(await sink(urls[0]!, { indexPer: 'day' }).write([slice])).toMatchObject({ slices: [{ written: 5 }] })
    expect(await settingsOf(`${stream}-2026.01.01`)).toMatchObject([
      { 'index.codec': 'best_compression', 'index.mapping.total_fields.limit': '3000', ...mode },
    ])
  })

  // OpenSearch has neither.
  if (name === 'elasticsearch') {
    test('the lifecycle of data streams that are there and to come', async () => {
      await clean()
      const lifecycle = async () => {
        const { data_streams: found } = await ask('GET', `/_data_stream/${stream}`)
        return (found as { lifecycle?: object }[])[0]!.lifecycle
      }
      await ask('PUT', `/_index_template/${template}`, {
        index_patterns: [`logs-${dataset}-*`],
        priority: 250,
        data_stream: {},
      })
      await ask('PUT', `/_data_stream/${stream}`)
      expect(await lifecycle()).toBeUndefined()
      await run()
      expect(await lifecycle()).toEqual({ enabled: true })
      await run({ retention: '30d' })
      expect(await lifecycle()).toEqual({ enabled: true, data_retention: '30d' })
      expect((await run({ retention: '30d' })).map(({ action }) => action)).toEqual(['unchanged'])
      await ask('DELETE', `/_data_stream/${stream}`)
      await ask('PUT', `/_data_stream/${stream}`)
      expect(await lifecycle()).toEqual({ enabled: true, data_retention: '30d' })
      await run({ retention: false })
      expect(await lifecycle()).toEqual({ enabled: true })
    })

    test('logsdb where it is asked for, and its documents come back', async () => {
      await clean()
      await run({ mode: 'logsdb' })
      expect(await sink(urls[0]!).write([slice])).toMatchObject({ slices: [{ written: 5 }] })
      expect(await settingsOf(stream)).toMatchObject([{ 'index.mode': 'logsdb' }])
      const { hits } = await search(stream, {})
      expect(new Set(hits.map(({ _id }) => _id))).toEqual(new Set([0, 1, 2, 3, 4].map((index) => slice.id(index))))
    })
  }

  test('without the policies that it needs, setup says so before it changes anything', async () => {
    await clean()
    const options = name === 'elasticsearch' ? { rollover: {} } : { retention: '30d' }
    await expect(run(options)).rejects.toMatchObject({
      code: 'TARGET_FAILED',
      message: expect.stringMatching(/_ilm|Index State Management/),
    })
    expect(await ask('GET', `/_index_template/${template}`)).toMatchObject({ status: 404 })
    await clean()
  })
})
