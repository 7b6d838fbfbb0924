import { ingest, type RecordOf } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySlice, memorySource } from '@flowferry/core/testing'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const days = ['2026-10-31', '2026-11-01', '2026-11-02']
const lines = Array.from({ length: 300 }, (_, n) => {
  const end = Date.parse(`${days[n % 3]}T12:00:00Z`) / 1000 + n
  return `2 123456789012 eni-${n % 7 ? 'a' : 'é'} 10.0.0.1 10.1.0.${n % 200} ${1024 + n} 443 6 1 42 ${end - 10} ${end} ACCEPT OK`
})
const file = () => memorySource(memoryObject({ key: 'flows.log', body: [header, ...lines].join('\n') }))
const namespace = `identity${process.pid}`
const stream = `logs-aws.vpcflow-${namespace}`

describe.each(engines)('identity in $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!
  const { ask, count, search } = searchServer(url)
  const formats = vpcFlow.formats
  const indicesOf = async (pattern: string) =>
    Object.keys(await ask('GET', `/${pattern}/_settings?filter_path=*.settings.index.provided_name`)).sort()
  const clean = async () => {
    await ask('DELETE', `/_data_stream/${stream}`)
    for (const index of await indicesOf(`${stream}-*`)) await ask('DELETE', `/${index}`)
  }
  if (url) {
    beforeAll(clean)
    afterAll(clean)
  }

  test('of a data stream ends at a rollover: the same file again doubles', async () => {
    await setup(url, { formats })
    const run = () => ingest({ source: file(), parser: vpcFlow, sink: sink(url), namespace })
    expect((await run()).counts).toMatchObject({ written: 300 })
    expect((await run()).counts).toMatchObject({ duplicate: 300 })
    await ask('POST', `/${stream}/_rollover`)
    // The price that docs/identity.md states.
    expect((await run()).counts).toMatchObject({ written: 300, duplicate: 0 })
    expect(await count(stream)).toBe(600)
    await ask('DELETE', `/_data_stream/${stream}`)
  })

  test.each([
    ['day', ['2026.10.31', '2026.11.01', '2026.11.02']],
    ['month', ['2026.10', '2026.11']],
  ] as const)(
    'of indices per %s holds, with the mapping of the format, whatever comes between',
    async (indexPer, dates) => {
      await clean()
      expect((await setup(url, { formats, indexPer })).map(({ action }) => action)).not.toContain(undefined)
      expect(await setup(url, { formats, indexPer })).toMatchObject([{ action: 'unchanged' }])
      const run = () => ingest({ source: file(), parser: vpcFlow, sink: sink(url, { indexPer }), namespace })
      expect((await run()).counts).toMatchObject({ written: 300 })
      const names = dates.map((date) => `${stream}-${date}`)
      expect(await indicesOf(`${stream}-*`)).toEqual(names)
      // Another index has come meanwhile, and the first is closed to new documents by age: what a rollover was.
      const later = { ...memoryObject({ key: 'later.log', body: [header, lines[0]].join('\n') }) }
      await ingest({ source: memorySource(later), parser: vpcFlow, sink: sink(url, { indexPer }), namespace })
      expect((await run()).counts).toMatchObject({ written: 0, duplicate: 300 })
      expect(await count(`${stream}-*`)).toBe(301)
      // As addresses, not as guessed text.
      expect(await count(`${stream}-*`, { term: { 'source.ip': '10.0.0.0/8' } })).toBe(301)
      expect(JSON.stringify(await ask('GET', `/${names[0]}/_mapping`))).toContain('"managed_by":"flowferry"')
    },
  )

  test('op index overwrites what an older parser made, and counts it as written', async () => {
    await clean()
    await setup(url, { formats, indexPer: 'month' })
    type Flow = RecordOf<typeof vpcFlow>
    const run = (op: 'create' | 'index', enrich?: (record: Flow) => Record<string, unknown>) =>
      ingest({
        source: file(),
        parser: vpcFlow,
        sink: sink(url, { indexPer: 'month', op }),
        namespace,
        ...(enrich && { enrich }),
      })
    await run('create')
    const fixed = () => ({ 'labels.parser': 'fixed' })
    expect((await run('create', fixed)).counts).toMatchObject({ duplicate: 300 })
    expect((await run('index', fixed)).counts).toMatchObject({ written: 300, duplicate: 0 })
    const { total, hits } = await search(`${stream}-*`, { query: { term: { 'labels.parser': 'fixed' } } })
    expect(total).toBe(300)
    expect(await count(`${stream}-*`)).toBe(300)
    expect(new Set(hits.map(({ _id }) => _id)).size).toBe(300)
  })

  test('op index into a data stream stops, and says what to do', async () => {
    await setup(url, { formats })
    const flows = { source: file(), parser: vpcFlow, namespace }
    await ingest({ ...flows, sink: sink(url) })
    const report = await ingest({ ...flows, sink: sink(url, { op: 'index', index: stream }) })
    expect(report.stopped).toMatchObject({ code: 'TARGET_MISMATCH' })
    expect(report.stopped!.message).toContain('only write ops with an op_type of create')
    expect(report.counts).toMatchObject({ unfinished: 300, rejected: 0 })
    await clean()
  })
})

describe.each(engines)('a target that is not what it should be, in $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!
  const { ask, count } = searchServer(url)
  const slice = memorySlice({ records: 5 })
  const dataset = `flowferry.target${process.pid}`
  const format = { ...slice.format, dataset }
  const dataStream = `logs-${dataset}-default`
  const own = { ...slice, format, dataStream }
  const nothing = { slices: [{ written: 0, unfinished: 5 }], stop: true }
  const removeTemplates = async () => {
    for (const suffix of ['', '-dated']) await ask('DELETE', `/_index_template/flowferry-${dataset}${suffix}`)
  }

  test('no template: nothing is written, and no plain index made', async () => {
    await removeTemplates()
    const outcome = await sink(url).write([own])
    expect(outcome).toMatchObject({ ...nothing, error: { code: 'TARGET_NOT_FOUND' } })
    expect((await ask('GET', `/${dataStream}/_mapping`)).status).toBe(404)
  })

  test('a plain index in the name of the stream: nothing is written, and setup says so', async () => {
    await ask('PUT', `/${dataStream}`, {})
    try {
      expect(await sink(url).write([own])).toMatchObject({ ...nothing, error: { code: 'TARGET_NOT_FOUND' } })
      for (const dryRun of [true, false]) {
        const setUp = setup(url, { formats: [format], dryRun })
        await expect(setUp).rejects.toMatchObject({ code: 'TARGET_MISMATCH' })
        await expect(setUp).rejects.toThrow(dataStream)
      }
      expect(await count(dataStream)).toBe(0)
    } finally {
      await ask('DELETE', `/${dataStream}`)
    }
  })

  test('templates of data streams alone: indices per day are refused before the first document', async () => {
    await setup(url, { formats: [format] })
    try {
      const outcome = await sink(url, { indexPer: 'day' }).write([own])
      expect(outcome).toMatchObject({ ...nothing, error: { code: 'TARGET_MISMATCH' } })
      expect(outcome.error!.message).toContain('creates data streams only')
    } finally {
      await removeTemplates()
    }
  })

  test('an index of the day that somebody else made, or an alias, is refused', async () => {
    const index = `${dataStream}-2026.01.01`
    await setup(url, { formats: [format], indexPer: 'day' })
    try {
      await ask('PUT', `/${dataset}-other`, { aliases: { [index]: {} } })
      expect(await sink(url, { indexPer: 'day' }).write([own])).toMatchObject({
        ...nothing,
        error: { code: 'TARGET_MISMATCH' },
      })
      await ask('DELETE', `/${dataset}-other`)
      expect(await sink(url, { indexPer: 'day' }).write([own])).toMatchObject({ slices: [{ written: 5 }] })
      const wider = { ...format, mapping: { ...format.mapping, 'labels.new': { type: 'ip' as const } } }
      expect(await setup(url, { formats: [wider], indexPer: 'day' })).toMatchObject([
        { kind: 'index template', action: 'updated' },
        { kind: 'mapping', name: index, action: 'updated' },
      ])
      expect(JSON.stringify(await ask('GET', `/${index}/_mapping`))).toContain('"new":{"type":"ip"}')
    } finally {
      await ask('DELETE', `/${dataset}-other`)
      await ask('DELETE', `/${index}`)
      await removeTemplates()
    }
  })
})
