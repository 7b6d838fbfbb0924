import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { lines } from '../encodings/lines/lines.ts'
import { FlowferryError } from '../errors.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Sink, Slice, SourceMessage } from '../types.ts'
import { byteBudget } from './budget.ts'
import { ingest } from './ingest.ts'
import { addsUp } from './report.ts'

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const flow = (n: number, action = 'ACCEPT') =>
  `2 123456789012 eni-0 10.0.0.${n % 250} 10.1.0.1 ${1024 + n} 443 6 ${n + 1} 4249 1418530010 ${1418530070 + n} ${action} OK`
const flows = (count: number) =>
  [header, ...Array.from({ length: count }, (_, n) => flow(n, n % 4 ? 'ACCEPT' : 'REJECT'))].join('\n')
const object = (key: string, body: string | Uint8Array = flows(10)) => memoryObject({ key, body })

const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => (/^\d+$/.test(line) ? { value: Number(line) } : undefined),
  document: ({ value }) => ({ '@timestamp': new Date(value).toISOString(), custom: { value } }),
})

describe('ingest', () => {
  test('stores every record once, whatever is delivered again', async () => {
    const sink = memorySink()
    const run = () =>
      ingest({ source: memorySource(object('a', gzipSync(flows(2500))), object('b')), parser: vpcFlow, sink })
    const first = await run()
    expect(first).toMatchObject({ ok: true, objects: 2, counts: { read: 2510, written: 2510, duplicate: 0 } })
    expect((await run()).counts).toMatchObject({ written: 0, duplicate: 2510 })
    expect(sink.documents.size).toBe(2510)
  })

  test('two identical lines of a file are two documents', async () => {
    const sink = memorySink()
    await ingest({ source: memorySource(object('a', `${header}\n${flow(1)}\n${flow(1)}`)), parser: vpcFlow, sink })
    expect(sink.documents.size).toBe(2)
  })

  test('an id does not depend on filters before it', async () => {
    const all = memorySink()
    const some = memorySink()
    await ingest({ source: memorySource(object('a')), parser: vpcFlow, sink: all })
    const report = await ingest({
      source: memorySource(object('a')),
      parser: vpcFlow,
      sink: some,
      filter: ({ action }) => action === 'REJECT',
    })
    expect(report.counts).toMatchObject({ read: 10, written: 3, filtered: 7 })
    for (const [id, stored] of some.documents) expect(all.documents.get(id)).toEqual(stored)
  })

  test('adds the fields of enrich, dotted or nested', async () => {
    const sink = memorySink()
    await ingest({
      source: memorySource(object('a', `${header}\n${flow(1)}`)),
      parser: vpcFlow,
      sink,
      enrich: ({ dstport }, { key }) => ({
        'labels.service': `port-${dstport}`,
        log: { file: { path: key } },
        'event.reason': undefined,
      }),
    })
    const document = [...sink.documents.values()][0]!.document
    expect(document).toMatchObject({
      labels: { service: 'port-443' },
      log: { file: { path: 'a' } },
      event: { action: 'accept' },
    })
    expect(document.event).not.toHaveProperty('reason')
  })

  test('keeps the original text only when asked', async () => {
    const sink = memorySink()
    await ingest({
      source: memorySource(object('a', `${header}\n${flow(1)}`)),
      parser: vpcFlow,
      sink,
      eventOriginal: true,
      namespace: 'prod',
    })
    const [stored] = [...sink.documents.values()]
    expect(stored).toMatchObject({ dataStream: 'logs-aws.vpcflow-prod', document: { event: { original: flow(1) } } })
  })

  test('fails the message of a bad object and no other', async () => {
    const sink = memorySink()
    const bad = object('bad', gzipSync(flows(10)).subarray(0, -5))
    const report = await ingest({ source: memorySource(object('a'), bad, object('b')), parser: vpcFlow, sink })
    expect(report.ok).toBe(false)
    expect(report.messages.map(({ status }) => status)).toEqual(['done', 'failed', 'done'])
    expect(report.messages[1]!.objects[0]!.error).toMatchObject({ code: 'COMPRESSION_CORRUPT', place: { key: 'bad' } })
    expect(addsUp(report.counts)).toBe(true)
  })

  test('a damaged file of less than a batch stores nothing, so that its repair doubles nothing', async () => {
    const sink = memorySink()
    const whole = gzipSync(flows(3000))
    const run = (body: Uint8Array) => ingest({ source: memorySource(object('a', body)), parser: vpcFlow, sink })
    const cut = await run(whole.subarray(0, -5))
    expect(cut.counts).toMatchObject({ written: 0, unfinished: cut.counts.read })
    expect(cut.counts.read).toBeGreaterThan(1000)
    expect((await run(whole)).ok).toBe(true)
    expect(sink.documents.size).toBe(3000)
  })

  test('fails a message when one of its objects does, and one that was not understood', async () => {
    const source: SourceMessage[] = [
      { messageId: '1', objects: [object('a'), object('b', 'nonsense\n')] },
      { messageId: '2', objects: [], error: new FlowferryError('ENVELOPE_UNREADABLE', 'No JSON') },
      { messageId: '3', objects: [], ignored: ['s3:TestEvent'] },
    ]
    const report = await ingest({ source, parser: vpcFlow, sink: memorySink() })
    expect(report.messages.map(({ status }) => status)).toEqual(['failed', 'failed', 'done'])
    expect(report.messages[1]!.error).toMatchObject({ code: 'ENVELOPE_UNREADABLE' })
  })

  test('counts malformed records and goes on, up to a share', async () => {
    const body = [...Array.from({ length: 19 }, (_, n) => n), 'x'].join('\n')
    const few = await ingest({ source: memorySource(object('a', body)), parser: numbers, sink: memorySink() })
    expect(few).toMatchObject({ ok: true, counts: { read: 20, written: 19, malformed: 1 } })
    expect(few.messages[0]!.objects[0]!.malformed).toEqual([
      { ordinal: 19, offset: 47, reason: 'the line is not of the format number' },
    ])
    const many = await ingest({ source: memorySource(object('a', 'x\n1\n')), parser: numbers, sink: memorySink() })
    expect(many.messages[0]!.objects[0]).toMatchObject({
      status: 'failed',
      error: { code: 'TOO_MANY_MALFORMED', place: { ordinal: 0, offset: 0 } },
    })
    expect(many.counts).toMatchObject({ read: 2, written: 0, unfinished: 1, malformed: 1 })
  })

  test('stops a wrong parser early', async () => {
    const body = 'not a number\n'.repeat(200_000)
    const report = await ingest({ source: memorySource(object('a', body)), parser: numbers, sink: memorySink() })
    expect(report.counts.read).toBeLessThan(100_000)
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'TOO_MANY_MALFORMED' })
  })

  test('a step that throws fails its object, naming the record', async () => {
    const filter = ({ value }: { value: number }) => {
      if (value === 2) throw new Error('cannot decide')
      return true
    }
    const report = await ingest({
      source: memorySource(object('a', '1\n2'), object('b', '3')),
      parser: numbers,
      sink: memorySink(),
      filter,
    })
    expect(report.messages.map(({ status }) => status)).toEqual(['failed', 'done'])
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({
      code: 'STEP_FAILED',
      place: { key: 'a', ordinal: 1 },
    })
    const enriched = await ingest({
      source: memorySource(object('a', '1\n2'), object('b', '3')),
      parser: numbers,
      sink: memorySink(),
      enrich: (record) => void filter(record) as undefined,
    })
    expect(enriched.messages.map(({ status }) => status)).toEqual(['failed', 'done'])
    expect(addsUp(enriched.counts)).toBe(true)
  })

  test('one rejected document fails its message and is told with its id', async () => {
    const sink: Sink<unknown> = {
      write: async (batch) => ({
        slices: batch.map(({ records }) => ({
          written: records.length - 1,
          duplicate: 0,
          rejected: [{ index: 0, type: 'document_parsing_exception', reason: 'no date' }],
          unfinished: 0,
        })),
      }),
    }
    const report = await ingest({ source: memorySource(object('a')), parser: vpcFlow, sink })
    const [{ rejected, error, status }] = report.messages[0]!.objects as [(typeof report.messages)[0]['objects'][0]]
    expect(status).toBe('failed')
    expect(rejected[0]).toMatchObject({
      ordinal: 0,
      type: 'document_parsing_exception',
      id: expect.stringMatching(/^.{22}0$/),
    })
    expect(error).toMatchObject({ code: 'RECORDS_REJECTED', place: { key: 'a', ordinal: 0 } })
  })

  test('stops reading when the target is dead, and loses no message', async () => {
    let opened = 0
    const source = memorySource(...Array.from({ length: 50 }, (_, n) => object(`key-${n}`))).map((message) => ({
      ...message,
      objects: message.objects.map((one) => ({
        ...one,
        open: (...args: Parameters<typeof one.open>) => {
          opened++
          return one.open(...args)
        },
      })),
    }))
    const error = new FlowferryError('TARGET_UNAUTHORIZED', '401')
    const sink: Sink<unknown> = {
      write: async (batch) => ({
        slices: batch.map(({ records }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: records.length })),
        error,
        stop: true,
      }),
    }
    const report = await ingest({ source, parser: vpcFlow, sink, batchBytes: 1 })
    expect(report.messages).toHaveLength(50)
    expect(report.messages.every(({ status }) => status === 'failed')).toBe(true)
    expect(report.stopped).toBe(error)
    expect(opened).toBeLessThan(10)
    expect(addsUp(report.counts)).toBe(true)
  })

  test('near the deadline it stops reading and writes what was read', async () => {
    const slow = async function* () {
      yield Buffer.from(`${header}\n${flow(1)}\n`)
      await new Promise((resolve) => setTimeout(resolve, 1000))
      yield Buffer.from(`${flow(2)}\n`)
    }
    const sink = memorySink()
    const source = memorySource(
      { bucket: 'b', key: 'slow', open: async () => ({ etag: 'e', body: slow() }) },
      object('later'),
    )
    const started = Date.now()
    const report = await ingest({
      source,
      parser: vpcFlow,
      sink,
      concurrency: 1,
      deadline: { getRemainingTimeInMillis: () => started + 600 - Date.now() },
    })
    expect(report.messages.map(({ status }) => status)).toEqual(['failed', 'failed'])
    expect(report.stopped).toMatchObject({ code: 'DEADLINE' })
    expect(report.counts).toMatchObject({ read: 1, written: 1 })
    expect(report.messages.map(({ objects }) => objects[0]!.notBegun)).toEqual([undefined, true])
  })

  test('an aborted signal leaves what is not stored unfinished', async () => {
    const controller = new AbortController()
    const sink: Sink<unknown> = {
      write: async (batch, signal) => {
        controller.abort()
        expect(signal!.aborted).toBe(true)
        return {
          slices: batch.map(({ records }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: records.length })),
        }
      },
    }
    const report = await ingest({
      source: memorySource(object('a'), object('b')),
      parser: vpcFlow,
      sink,
      signal: controller.signal,
    })
    expect(report.ok).toBe(false)
    expect(report.stopped).toMatchObject({ code: 'ABORTED' })
    expect(addsUp(report.counts)).toBe(true)
  })

  test('holds no more than the budget, however slow the sink', async () => {
    let held = 0
    let most = 0
    const sink: Sink<unknown> = {
      write: async (batch) => {
        const bytes = batch.reduce((sum, slice) => sum + slice.bytes, 0)
        held += bytes
        most = Math.max(most, held)
        await new Promise((resolve) => setTimeout(resolve, 2))
        held -= bytes
        return {
          slices: batch.map(({ records }) => ({ written: records.length, duplicate: 0, rejected: [], unfinished: 0 })),
        }
      },
    }
    const body = flows(3000)
    const objects = Array.from({ length: 8 }, (_, n) => memoryObject({ key: `k${n}`, body, chunkBytes: 10_000 }))
    const budget = byteBudget(50_000)
    const runs = [objects.slice(0, 4), objects.slice(4)].map((part) =>
      ingest({ source: memorySource(...part), parser: vpcFlow, sink, budget, batchBytes: 20_000 }),
    )
    for (const report of await Promise.all(runs))
      expect(report).toMatchObject({ ok: true, counts: { written: 12_000 } })
    expect(most).toBeLessThanOrEqual(50_000)
  })

  test('gathers slices of several small objects into one write', async () => {
    const sizes: number[] = []
    const memory = memorySink()
    const sink: Sink<unknown> = {
      write: (batch: readonly Slice<unknown>[]) => {
        sizes.push(batch.length)
        return memory.write(batch)
      },
    }
    await ingest({
      source: memorySource(...Array.from({ length: 20 }, (_, n) => object(`k${n}`))),
      parser: vpcFlow,
      sink,
    })
    expect(sizes.length).toBeLessThan(10)
    expect(memory.documents.size).toBe(200)
  })

  test('reads an async source and reports in its order', async () => {
    const source = async function* () {
      yield { messageId: 'x', objects: [object('a', flows(5000))] }
      yield { messageId: 'y', objects: [object('b')] }
    }
    const report = await ingest({ source: source(), parser: vpcFlow, sink: memorySink() })
    expect(report.messages.map(({ messageId }) => messageId)).toEqual(['x', 'y'])
  })

  test('a body of another length than promised fails the object', async () => {
    const one = object('a')
    const open = async () => ({ ...(await one.open()), size: 9999 })
    const report = await ingest({ source: memorySource({ ...one, open }), parser: vpcFlow, sink: memorySink() })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'BODY_LENGTH' })
  })
})
