import { memorySlice, sinkContract } from '@flowferry/core/testing'
import { describe, expect } from 'vitest'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

describe.each(engines)('the sink of $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const { ask, search } = searchServer(urls[0]!)
  const slice = memorySlice({ records: 20 })
  const template = `flowferry-${slice.format.dataset}`

  sinkContract({
    test,
    create: async () => {
      await ask('DELETE', `/_data_stream/${slice.dataStream}`)
      await setup(urls[0]!, { formats: [slice.format] })
      return {
        sink: sink(urls[0]!),
        read: async ({ dataStream }) => {
          const { hits } = await search(dataStream, {})
          return new Map(hits.map(({ _id, _source }) => [_id, _source]))
        },
      }
    },
    refused: (document) => ({ ...document, labels: { n: 'not a number' } }),
  })

  test('a write block stops the sink with its reason, and nothing is lost when it is lifted', async () => {
    await ask('PUT', '/blocked-index', { settings: { number_of_replicas: 0 } })
    const block = (on: boolean) => ask('PUT', '/blocked-index/_settings', { index: { blocks: { write: on } } })
    const blocked = sink(urls[0]!, { index: 'blocked-index' })
    try {
      await block(true)
      expect(await blocked.write([slice])).toMatchObject({
        stop: true,
        error: { code: 'TARGET_BLOCKED' },
        slices: [{ unfinished: 20 }],
      })
      await block(false)
      expect(await blocked.write([slice])).toMatchObject({ slices: [{ written: 20 }] })
    } finally {
      await ask('DELETE', '/blocked-index')
    }
  })

  test('a refused document is not quoted', async () => {
    await ask('DELETE', `/_data_stream/${slice.dataStream}`)
    await setup(urls[0]!, { formats: [slice.format] })
    const secret = (index: number) => ({ ...slice.document(index), labels: { n: 'hunter2' } })
    const { slices } = await sink(urls[0]!).write([{ ...slice, document: secret }])
    expect(slices[0]!.rejected).toHaveLength(20)
    for (const { reason } of slices[0]!.rejected) {
      expect(reason).toContain('[labels.n] of type [long]')
      expect(reason).not.toContain('hunter2')
    }
  })

  test('no server at the address stops the sink', async () => {
    const nobody = sink('http://127.0.0.1:9', { maxRetries: 1, retryMilliseconds: 1 })
    expect(await nobody.write([slice])).toMatchObject({
      stop: true,
      error: { code: 'TARGET_UNREACHABLE' },
      slices: [{ unfinished: 20 }],
    })
  })

  test('setup says what it would do, does it once, and gives streams that are there new fields', async () => {
    await ask('DELETE', `/_data_stream/${slice.dataStream}`)
    await ask('DELETE', `/_index_template/${template}`)
    // The test server of OpenSearch has no Index State Management, and setup says so each time.
    const run = async (dryRun: boolean, mapping = slice.format.mapping) =>
      (await setup(urls[0]!, { formats: [{ ...slice.format, mapping }], dryRun })).filter(
        ({ action }) => action !== 'missing',
      )
    const created = { kind: 'index template', name: template, action: 'created' }
    expect(await run(true)).toEqual([created])
    expect(await run(false)).toEqual([created])
    expect(await run(false)).toEqual([{ ...created, action: 'unchanged' }])

    await sink(urls[0]!).write([slice])
    const wider = { ...slice.format.mapping, 'labels.new': { type: 'ip' as const } }
    expect(await run(false, wider)).toEqual([
      { ...created, action: 'updated' },
      { kind: 'mapping', name: slice.dataStream, action: 'updated' },
    ])
    expect(JSON.stringify(await ask('GET', `/${slice.dataStream}/_mapping`))).toContain('"new":{"type":"ip"}')
    expect(await run(false, wider)).toEqual([{ ...created, action: 'unchanged' }])
  })
})
