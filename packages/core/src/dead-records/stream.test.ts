import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { lines } from '../encodings/lines/lines.ts'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { byteBudget } from '../ingest/budget.ts'
import { ingest } from '../ingest/ingest.ts'
import type { IngestOptions } from '../ingest/options.ts'
import { addsUp } from '../ingest/report.ts'
import { idPrefix } from '../read/object.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Sink } from '../types.ts'
import type { DeadRecord, DeadRecords } from './stream.ts'

const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => (/^\d+$/.test(line) ? { value: Number(line) } : undefined),
  document: ({ value }) => ({ '@timestamp': new Date(value * 1000).toISOString(), custom: { value } }),
})

/** Refuses documents whose value divides by 7, out of order, and some writes late. */
function picky(delay = 0): Sink<unknown> {
  let writes = 0
  return {
    write: async (batch) => {
      if (writes++ % 2 === 0) await sleep(delay)
      return {
        slices: batch.map(({ length, document }) => {
          const rejected = Array.from({ length }, (_, index) => index)
            .filter((index) => (document(index) as { custom: { value: number } }).custom.value % 7 === 0)
            .map((index) => ({ index, type: 'document_parsing_exception', reason: 'divides by 7' }))
            .reverse()
          return { written: length - rejected.length, duplicate: 0, rejected, unfinished: 0 }
        }),
      }
    },
  }
}

function keeper(write: DeadRecords['write'] = async () => undefined) {
  const writes: DeadRecord[][] = []
  const to: DeadRecords = {
    write: async (records, signal) => {
      writes.push([...records])
      await write(records, signal)
    },
  }
  const all = (fate: DeadRecord['fate']) => writes.flat().filter((record) => record.fate === fate)
  return { to, writes, all }
}

const file = (count: number, line = (n: number) => String(n)) =>
  memoryObject({
    key: 'n.log',
    chunkBytes: 4096,
    body: Array.from({ length: count }, (_, n) => `${line(n)}\n`).join(''),
  })
const run = (options: Partial<IngestOptions<never>> & Pick<IngestOptions<unknown>, 'source'>) =>
  ingest({ parser: numbers, sink: picky(), ...options } as IngestOptions<unknown>)

describe('rejected documents', () => {
  test('are kept whole and in order, and the object is done', async () => {
    const { to, all } = keeper()
    const source = memorySource(file(50_000))
    const report = await run({
      source,
      sink: picky(5),
      deadRecords: to,
      budget: byteBudget(40_000),
      batchBytes: 10_000,
    })
    expect(report.ok).toBe(true)
    expect(report.counts).toMatchObject({ read: 50_000, rejected: 7143, written: 42_857 })
    expect(addsUp(report.counts)).toBe(true)
    const dead = all('rejected')
    expect(dead.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 7143 }, (_, n) => n * 7))
    const { etag } = report.messages[0]!.objects[0]!
    expect(dead[1]).toEqual({
      fate: 'rejected',
      bucket: 'test-bucket',
      key: 'n.log',
      etag,
      ordinal: 7,
      kind: 'number',
      dataStream: 'logs-custom.number-default',
      id: `${idPrefix('test-bucket', 'n.log', etag!)}7`,
      type: 'document_parsing_exception',
      reason: 'divides by 7',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      document: JSON.stringify({
        '@timestamp': '1970-01-01T00:00:07.000Z',
        custom: { value: 7 },
        data_stream: { type: 'logs', dataset: 'custom.number', namespace: 'default' },
      }),
    })
  })

  test('come in the same groups, however the object is read and written', async () => {
    const groups: number[][][] = []
    for (const [chunkBytes, batchBytes, delay] of [
      [512, 3000, 3],
      [65_536, 1_000_000, 0],
      [7001, 20_000, 1],
    ] as const) {
      const { to, writes } = keeper()
      const object = memoryObject({
        key: 'n.log',
        chunkBytes,
        body: Array.from({ length: 25_000 }, (_, n) => `${n}\n`).join(''),
      })
      await run({ source: memorySource(object), sink: picky(delay), deadRecords: to, batchBytes })
      groups.push(writes.map((records) => records.map(({ ordinal }) => ordinal)))
    }
    expect(groups[0]!.map((group) => group[0])).toEqual([0, 10_003, 20_006])
    expect(groups[1]).toEqual(groups[0])
    expect(groups[2]).toEqual(groups[0])
  })

  test('are held in bounds: large ones leave earlier, and slow `deadRecords` slow the reading', async () => {
    let inWork = 0
    let most = 0
    const { to, writes } = keeper(async (records) => {
      inWork += records.length
      most = Math.max(most, inWork)
      await sleep(1)
      inWork -= records.length
    })
    const large = lines({
      kind: 'large',
      dataset: 'custom.large',
      record: (line) => ({ value: Number(line) }),
      document: ({ value }) => ({
        '@timestamp': new Date(0).toISOString(),
        custom: { value: value * 7 },
        pad: 'x'.repeat(100_000),
      }),
    })
    const report = await run({
      source: memorySource(file(200)),
      parser: large as never,
      deadRecords: to,
      batchBytes: 50,
      budget: byteBudget(200),
    })
    expect(report).toMatchObject({ ok: true, counts: { rejected: 200 } })
    expect(writes.map(({ length }) => length)).toEqual(Array(40).fill(5))
    expect(most).toBe(5)
  })

  test('fail their object where `deadRecords` refuses them, once, and nothing else', async () => {
    const { to, writes } = keeper(async () => {
      throw new Error('the bucket is gone')
    })
    const source = memorySource(file(30_000), memoryObject({ key: 'good.log', body: '1\n2\n' }))
    const report = await run({ source, deadRecords: to })
    expect(report.messages.map(({ status }) => status)).toEqual(['failed', 'done'])
    const [object] = report.messages[0]!.objects
    expect(object!.error).toMatchObject({
      code: 'DEAD_RECORDS_FAILED',
      retryable: true,
      place: { key: 'n.log', ordinal: 0 },
    })
    expect(object!.error!.message).toContain('1429 dead records were not kept: the bucket is gone')
    expect(addsUp(object!.counts)).toBe(true)
    expect(writes).toHaveLength(1)
  })

  test('fail their object without `deadRecords`', async () => {
    const report = await run({ source: memorySource(file(10)) })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'RECORDS_REJECTED', retryable: false })
  })

  test('do not hold up the end when `deadRecords` hangs and the signal aborts', async () => {
    const stop = new AbortController()
    const { to } = keeper(() => {
      setTimeout(() => stop.abort(), 10)
      return new Promise(() => undefined)
    })
    const report = await run({ source: memorySource(file(30_000)), deadRecords: to, signal: stop.signal })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'ABORTED' })
    expect(addsUp(report.counts)).toBe(true)
  })
})

describe('malformed records', () => {
  const line = (n: number) => (n % 20 === 3 ? `bad ${n}` : String(n * 7 + 1))

  test('are kept with text and byte offset', async () => {
    const { to, all } = keeper()
    const report = await run({ source: memorySource(file(1000, line)), deadRecords: to })
    expect(report).toMatchObject({ ok: true, counts: { read: 1000, malformed: 50, written: 950 } })
    expect(all('malformed')).toHaveLength(50)
    expect(all('malformed')[0]).toMatchObject({
      ordinal: 3,
      offset: '1\n8\n15\n'.length,
      kind: 'number',
      text: 'bad 3',
      type: 'malformed',
      reason: 'the line is not of the format number',
      id: expect.stringMatching(/^[\w-]{22}3$/),
    })
    // Never in a report, which is logged.
    expect(JSON.stringify(report)).not.toContain('bad 3')
  })

  test('are not kept of an object that is of another format', async () => {
    const { to, writes } = keeper()
    const report = await run({ source: memorySource(file(100, () => 'other')), deadRecords: to })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'TOO_MANY_MALFORMED' })
    expect(writes).toEqual([])
  })

  test('fail their object where `deadRecords` refuses them', async () => {
    const { to } = keeper(async () => {
      throw new Error('no')
    })
    const report = await run({ source: memorySource(file(30_000, line)), deadRecords: to })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'DEAD_RECORDS_FAILED' })
    expect(addsUp(report.counts)).toBe(true)
  })

  test('are kept of what was read when reading stops early', async () => {
    const stop = new AbortController()
    const { to, all } = keeper()
    const deadline = { getRemainingTimeInMillis: () => 400 }
    const slow = {
      ...file(0),
      open: async () => ({
        etag: 'e',
        body: (async function* () {
          yield Buffer.from('1\nbad 1\n2\n')
          await new Promise((resolve) => setTimeout(resolve, 2000))
        })(),
      }),
    }
    const report = await run({
      source: memorySource(slow),
      deadRecords: to,
      deadline,
      malformedShare: 1,
      signal: stop.signal,
    })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'DEADLINE' })
    expect(all('malformed').map(({ text }) => text)).toEqual(['bad 1'])
  })

  test('a text of any length is bounded, and says so', async () => {
    const { to, all } = keeper()
    const source = memorySource(memoryObject({ key: 'a', body: `1\n${'x'.repeat(300_000)}\n` }))
    await run({ source, deadRecords: to, malformedShare: 1 })
    expect(all('malformed')[0]).toMatchObject({ omitted: 300_000 - 262_144 })
    expect(all('malformed')[0]!.text).toHaveLength(262_144)
  })

  test.each([
    [
      'a table',
      vpcFlow,
      'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n2 1\r\n',
      '2 1',
      0,
    ],
    [
      'JSON',
      cloudTrail,
      '{"Records":[ 7 ,{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"a"}, "x" ]}',
      '7',
      0,
    ],
  ] as const)('of %s have their text', async (_, parser, body, text, ordinal) => {
    const { to, all } = keeper()
    const source = memorySource(memoryObject({ key: 'a', body }))
    await ingest({ source, parser: parser as never, sink: memorySink(), deadRecords: to, malformedShare: 1 })
    expect(all('malformed')[0]).toMatchObject({ text, ordinal })
  })
})
