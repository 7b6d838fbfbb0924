import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { bulkSink } from '../../../search/src/write.ts'
import { never, numbers, object, written } from '../../test/numbers.ts'
import { lines } from '../encodings/lines/lines.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { memorySink, memorySource } from '../testing/index.ts'
import type { LogDocument, Sink } from '../types.ts'
import { ingest } from './ingest.ts'
import type { IngestOptions } from './options.ts'

describe('a callback of the caller', () => {
  test('onObject that throws fails its object, and ends nothing else', async () => {
    const report = await ingest({
      source: [{ messageId: '1', objects: ['a', 'b', 'c', 'd'].map((key) => object(key)) }],
      parser: numbers,
      sink: memorySink(),
      concurrency: 1,
      onObject: ({ key }) => {
        if (key === 'a') throw new Error('no log today')
      },
    })
    const { objects } = report.messages[0]!
    expect(objects.map(({ status }) => status)).toEqual(['failed', 'done', 'done', 'done'])
    expect(objects[0]).toMatchObject({ counts: { written: 3 }, error: { code: 'STEP_FAILED', place: { key: 'a' } } })
  })

  test('onObject whose promise is rejected does the same, and its process goes on', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    const report = await ingest({
      source: memorySource(object('a'), object('b')),
      parser: numbers,
      sink: memorySink(),
      onObject: async ({ key }) => {
        await sleep(1)
        if (key === 'a') throw new Error('no log today')
      },
    })
    await sleep(1)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
    expect(report.messages.map(({ status }) => status)).toEqual(['failed', 'done'])
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'STEP_FAILED', place: { key: 'a' } })
  })

  test.each(['filter', 'enrich'])('an asynchronous %s fails its object, and its process goes on', async (name) => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    const step = async () => {
      throw new Error('asked a server')
    }
    for (const [parser, body] of [
      [numbers, '1\n'],
      [vpcFlow, 'version action end\n5 ACCEPT 1790000000\n'],
    ] as const) {
      const options = { source: memorySource(object('a', body)), parser, [name]: step } as object
      const sink = bulkSink(async () => ({ status: 200, body: undefined, created: 1 }))
      const { messages } = await ingest({ ...(options as Pick<IngestOptions<unknown>, 'source' | 'parser'>), sink })
      const { counts, error } = messages[0]!.objects[0]!
      expect(counts.written).toBe(0)
      expect(error).toMatchObject({ code: 'STEP_FAILED', place: { key: 'a', ordinal: 0 } })
      expect(error!.message).toContain('make it synchronous')
    }
    await sleep(1)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  test('onObject that gives a promise is waited for, though not beyond an abort', async () => {
    const stop = new AbortController()
    let told = 0
    const report = await ingest({
      source: memorySource(object('a'), object('b')),
      parser: numbers,
      sink: memorySink(),
      concurrency: 1,
      signal: stop.signal,
      onObject: async ({ key }) => {
        if (key === 'b') {
          setTimeout(() => stop.abort(), 20)
          return never()
        }
        await sleep(20)
        told++
      },
    })
    expect(told).toBe(1)
    expect(report.messages.map(({ status }) => status)).toEqual(['done', 'failed'])
    expect(report.messages[1]!.objects[0]!.error).toMatchObject({ code: 'ABORTED' })
  })

  test('onObject that is called behind an abort may give a promise that is rejected or done', async () => {
    const run = (onObject: () => Promise<void>) =>
      ingest({
        source: memorySource(object('a')),
        parser: numbers,
        sink: memorySink(),
        signal: AbortSignal.abort(),
        onObject,
      })
    for (const onObject of [async () => {}, async () => Promise.reject(new Error('no'))])
      expect(await run(onObject)).toMatchObject({ ok: false, stopped: { code: 'ABORTED' } })
  })

  test('enrich that throws names its record on the fast path too', async () => {
    const body =
      'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n'
    const flow = (port: number) =>
      `2 123456789012 eni-0 10.0.0.1 10.1.0.1 ${port} 443 6 1 4249 1418530010 1418530070 ACCEPT OK\n`
    const sink: Sink<unknown> = {
      write: async (batch) => {
        const bytes = Buffer.alloc(10_000)
        const view = new DataView(bytes.buffer, bytes.byteOffset)
        for (const { encoder, length } of batch)
          for (let index = 0; index < length; index++) encoder!.encode(index, bytes, view, 0)
        return written(batch)
      },
    }
    const report = await ingest({
      source: memorySource(object('a', body + flow(1) + flow(2))),
      parser: vpcFlow,
      sink,
      enrich: ({ srcport }) => {
        if (srcport === 2) throw new Error('no such port')
        return undefined
      },
    })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({
      code: 'STEP_FAILED',
      place: { key: 'a', ordinal: 1 },
    })
  })

  test('an object that enrich or a document gives again is not written into', async () => {
    const labels = { team: 'payments' }
    const event = { kind: 'event' }
    const shared = lines({
      kind: 'shared',
      dataset: 'custom.shared',
      record: (line) => ({ value: Number(line) }),
      document: () => ({ event }),
    })
    const sink = memorySink()
    await ingest({
      source: memorySource(object('a', '1\n2')),
      parser: shared,
      sink,
      enrich: ({ value }) => ({
        labels,
        'labels.first': value === 1 ? 'yes' : undefined,
        'event.outcome': value === 1 ? 'success' : undefined,
      }),
    })
    const [, second] = [...sink.documents.values()].map(({ document }) => document)
    expect(second).toMatchObject({ labels: { team: 'payments' }, event: { kind: 'event' } })
    expect(second!.labels).toEqual({ team: 'payments' })
    expect(second!.event).toEqual({ kind: 'event' })
    expect(labels).toEqual({ team: 'payments' })
    expect(event).toEqual({ kind: 'event' })
  })

  test('a record function that throws fails its object, naming the record', async () => {
    const parser = lines({
      kind: 'json',
      dataset: 'custom.json',
      record: (line) => JSON.parse(line) as { n: number },
      document: ({ n }) => ({ custom: { n } }),
    })
    const report = await ingest({ source: memorySource(object('a', '{"n":1}\nbroken')), parser, sink: memorySink() })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({
      code: 'STEP_FAILED',
      place: { key: 'a', ordinal: 1, offset: 8 },
    })
  })
})

describe('what enrich gives', () => {
  const body = [
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
    '2 123456789012 eni-0 10.0.0.1 10.1.0.1 1 443 6 1 4249 1418530010 1418530070 ACCEPT OK',
  ].join('\n')
  const flows = async (enrich: () => LogDocument | undefined) => {
    const sent: string[] = []
    const sink = bulkSink(async (bytes) => {
      sent.push(bytes.toString())
      return { status: 200, body: undefined, created: (bytes.toString().split('\n').length - 1) / 2 }
    })
    const memory = memorySink()
    const run = (to: Sink<unknown>) =>
      ingest({ source: memorySource(object('a', body)), parser: vpcFlow, sink: to, enrich })
    const [report] = await Promise.all([run(sink), run(memory)])
    return { report, sent, plain: [...memory.documents.values()].map(({ document }) => document) }
  }

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['no field', {}],
    ['a field that JSON leaves out', { labels: () => 1 }],
    ['fields that JSON leaves out', { 'labels.a': undefined, 'labels.b': Symbol('b'), x: undefined }],
    ['a time', { '@timestamp': '2020-01-01T00:00:00.000Z' }],
    ['a date', { 'event.created': new Date(0), custom: { at: new Date(0) } }],
    ['a member that the pipeline sets', { data_stream: { more: 1 }, 'data_stream.namespace': 'mine' }],
    ['names of Object.prototype', { constructor: 1, 'toString.x': 2, '__proto__.y': 3 }],
    ['a dotted name in a name', { 'a..b': 1, '.': 2, '': 3 }],
    ['a string', 'ab'],
    ['a list', ['a']],
    ['text of four bytes', { labels: { 'a"\\': '😀\ud800\n' } }],
  ])('%s is the same document on both paths', async (_, extra) => {
    const { sent, plain } = await flows(() => extra as LogDocument)
    const [, document] = sent[0]!.split('\n')
    expect(JSON.parse(document!)).toEqual(plain[0])
  })

  test('that is no JSON fails its object, naming the record', async () => {
    for (const extra of [{ 'labels.n': 1n }, { 'event.duration': 1n }]) {
      const { report } = await flows(() => extra)
      expect(report!.messages[0]!.objects[0]!.error).toMatchObject({
        code: 'STEP_FAILED',
        place: { key: 'a', ordinal: 0 },
      })
    }
  })
})

describe('a record id', () => {
  test.each(['', 'x'.repeat(513), 'é'.repeat(300)])('that no engine takes is replaced', async (id) => {
    const parser = lines({
      kind: 'own',
      dataset: 'custom.own',
      record: (line) => ({ line }),
      document: () => ({}),
      recordId: () => id,
    })
    const ids = async () => {
      const sink = memorySink()
      await ingest({ source: memorySource(object('a', 'one')), parser, sink })
      return [...sink.documents.keys()]
    }
    const [first] = await ids()
    expect(Buffer.byteLength(first!)).toBeLessThanOrEqual(512)
    expect(first).not.toBe('')
    expect(await ids()).toEqual([first])
  })
})
