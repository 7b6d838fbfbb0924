import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lines } from '../encodings/lines/lines.ts'
import { FlowferryError } from '../errors.ts'
import { cloudFront } from '../formats/cloudfront.ts'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { ObjectReport, Outcome, Parser, Position, Sink, SourceMessage, SourceObject } from '../types.ts'
import { ingest } from './ingest.ts'
import { addsUp } from './report.ts'

const count = 1500
const numbers = Array.from({ length: count }, (_, n) => n)

/** Every seventh line is malformed, but for CloudTrail, where every seventh element is none. */
const files: readonly (readonly [string, Parser<unknown>, string])[] = [
  [
    'vpcflow',
    vpcFlow,
    [
      'version srcaddr dstaddr end',
      ...numbers.map((n) => (n % 7 === 6 ? 'x' : `5 10.0.0.1 10.0.0.2 ${1790000000 + n}`)),
    ].join('\n'),
  ],
  [
    'cloudtrail',
    cloudTrail,
    JSON.stringify({
      Records: numbers.map((n) =>
        n % 7 === 6 ? n : { eventVersion: '1.1', eventID: `id-${n}`, eventTime: '2026-11-22T10:00:00Z' },
      ),
    }),
  ],
  [
    'cloudfront',
    cloudFront,
    [
      '#Version: 1.0',
      '#Fields: date time cs-method',
      ...numbers.map((n) => (n % 7 === 6 ? 'x' : '2026-11-22\t10:00:00\tGET')),
    ].join('\n'),
  ],
  [
    'lines',
    lines({
      kind: 'own',
      dataset: 'custom.own',
      record: (line) => (line === 'x' ? undefined : { line }),
      document: ({ line }) => ({ custom: { line } }),
    }),
    numbers.map((n) => (n % 7 === 6 ? 'x' : `line ${n}`)).join('\n'),
  ],
]

/** A sink that takes slices in any order, and stops everything behind its nth write. */
function stoppingSink(inner: Sink<unknown>, stopAt: number, seed: number) {
  const stop = new AbortController()
  let writes = 0
  let random = seed
  const next = () => {
    random = (random * 1103515245 + 12345) % 2 ** 31
    return random / 2 ** 31
  }
  const sink: Sink<unknown> = {
    write: async (batch, signal) => {
      await sleep(next() * 3)
      const outcome = await inner.write(batch, signal)
      if (++writes === stopAt) stop.abort(new FlowferryError('DEADLINE', 'Time is over'))
      return outcome
    },
  }
  return { sink, signal: stop.signal }
}

/** Keeps records whose last number is even. */
const even = (record: unknown) => Number(/(\d+)\D*$/.exec(JSON.stringify(record))?.[1] ?? 0) % 2 === 0

describe.each(files)('a %s file that is read in parts', (_, parser, text) => {
  // Not compressed, so that each chunk is a batch.
  const body = Buffer.from(text)
  const options = { parser, malformedShare: 1 }

  test.each([undefined, even])(
    'loses no record and counts none twice, wherever it is stopped (filter %o)',
    { timeout: 60_000 },
    async (filter) => {
      const steps = { ...options, ...(filter && { filter }) }
      const truth = memorySink()
      const whole = await ingest({ ...steps, source: memorySource(memoryObject({ key: 'a', body })), sink: truth })
      expect(whole.counts).toMatchObject({ read: count, malformed: Math.floor(count / 7) })
      let resumed = 0

      const property = async (stops: number[], chunkBytes: number) => {
        const memory = memorySink()
        let from: Position | undefined
        let written = 0
        for (const [part, stopAt] of [...stops, Number.POSITIVE_INFINITY].entries()) {
          const { sink, signal } = stoppingSink(memory, stopAt, part)
          const object = { ...memoryObject({ key: 'a', body, chunkBytes: chunkBytes + part }), ...(from && { from }) }
          const report = await ingest({ ...steps, source: memorySource(object), sink, signal, batchBytes: 500 })
          const [one] = report.messages[0]!.objects
          expect(addsUp(report.counts)).toBe(true)
          expect(one!.from).toBe(from?.records)
          written += one!.counts.written
          if (one!.status === 'done') break
          expect(one!.position?.records ?? 0).toBeGreaterThanOrEqual(from?.records ?? 0)
          from = one!.position
          if (from) resumed++
        }
        expect(new Map(memory.documents)).toEqual(new Map(truth.documents))
        expect(written).toBe(truth.documents.size)
      }
      const stops = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 })
      await fc.assert(fc.asyncProperty(stops, fc.integer({ min: 50, max: 800 }), property), { numRuns: 6 })
      expect(resumed).toBeGreaterThan(4)
    },
  )
})

const own = files[3]![1]
const report = async (object: SourceObject, sink: Sink<unknown> = memorySink()): Promise<ObjectReport> =>
  (await ingest({ source: memorySource(object), parser: own, sink })).messages[0]!.objects[0]!

describe('a position', () => {
  const object = memoryObject({ key: 'a', body: 'a\nb\nc\nd\ne\n', etag: 'now' })

  test('skips the records before it, uncounted, and keeps the ids', async () => {
    const all = memorySink()
    const rest = memorySink()
    await report(object, all)
    expect(await report({ ...object, from: { etag: 'now', records: 3 } }, rest)).toMatchObject({
      status: 'done',
      from: 3,
      counts: { read: 2, written: 2 },
    })
    expect([...rest.documents]).toEqual([...all.documents].slice(3))
  })

  test('in other bytes is none', async () => {
    const one = await report({ ...object, from: { etag: 'before', records: 3 } })
    expect(one).toMatchObject({ status: 'done', counts: { read: 5, written: 5 } })
    expect(one).not.toHaveProperty('from')
  })

  test('behind the last record leaves nothing to do', async () => {
    expect(await report({ ...object, from: { etag: 'now', records: 5 } })).toMatchObject({
      status: 'done',
      counts: { read: 0 },
    })
  })

  test('does not pass a record that was not stored, and a refused one fails the object even at the deadline', async () => {
    const stop = new AbortController()
    const refusing = (rejected: boolean): Sink<unknown> => ({
      write: async ([slice]): Promise<Outcome> => {
        if (rejected) stop.abort(new FlowferryError('DEADLINE', 'Time is over'))
        const { length } = slice!
        return rejected
          ? {
              slices: [
                { written: length - 1, duplicate: 0, rejected: [{ index: 0, type: 't', reason: 'r' }], unfinished: 0 },
              ],
            }
          : { slices: [{ written: length - 1, duplicate: 0, rejected: [], unfinished: 1 }] }
      },
    })
    const unfinished = await report(object, refusing(false))
    expect(unfinished).toMatchObject({ status: 'failed', error: { code: 'TARGET_FAILED' } })
    expect(unfinished).not.toHaveProperty('position')
    const refused = await ingest({
      source: memorySource(object),
      parser: own,
      sink: refusing(true),
      signal: stop.signal,
    })
    expect(refused.messages[0]!.objects[0]!.error?.code).toBe('RECORDS_REJECTED')
  })
})

test('dead records that are kept do not hold it up, and those that are not fail the object', async () => {
  const run = async (kept: boolean, from?: Position) => {
    const end = Date.now() + 500
    const dead: string[] = []
    const sink: Sink<unknown> = {
      write: async ([slice]) => {
        const rejected = slice!.ordinals[0] === 1 ? [{ index: 0, type: 't', reason: 'r' }] : []
        return { slices: [{ written: slice!.length - rejected.length, duplicate: 0, rejected, unfinished: 0 }] }
      },
    }
    const body = async function* () {
      yield Buffer.from('x\na\nb\n')
      if (!from) await new Promise(() => undefined)
      yield Buffer.from('x\nc\n')
    }
    const object: SourceObject = {
      bucket: 'b',
      key: 'a',
      open: async () => ({ etag: 'e', body: body() }),
      ...(from && { from }),
    }
    const deadRecords = {
      write: async (records: readonly { fate: string; ordinal: number }[]) => {
        if (!kept) throw new Error('the place is full')
        for (const { fate, ordinal } of records) dead.push(`${fate} ${ordinal}`)
      },
    }
    const options = { batchBytes: 1, malformedShare: 1, deadline: { getRemainingTimeInMillis: () => end - Date.now() } }
    const result = await ingest({ source: memorySource(object), parser: own, sink, deadRecords, ...options })
    return { one: result.messages[0]!.objects[0]!, dead }
  }
  const first = await run(true)
  expect(first.one).toMatchObject({
    error: { code: 'DEADLINE' },
    position: { etag: 'e', records: 3 },
    counts: { rejected: 1 },
  })
  expect(first.dead.sort()).toEqual(['malformed 0', 'rejected 1'])
  const second = await run(true, first.one.position)
  expect(second.one).toMatchObject({ status: 'done', from: 3, counts: { read: 2, written: 1, malformed: 1 } })
  expect(second.dead).toEqual(['malformed 3'])
  const lost = await run(false)
  expect(lost.one).toMatchObject({ status: 'failed', error: { code: 'DEAD_RECORDS_FAILED' } })
  expect(lost.one).not.toHaveProperty('position')
})

test('a sink that ends quietly at the deadline leaves the deadline as the reason', async () => {
  const quiet: Sink<unknown> = {
    write: async (batch, signal) => {
      await new Promise((resolve) => signal!.addEventListener('abort', resolve))
      return { slices: batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length })) }
    },
  }
  const end = Date.now() + 200
  const deadline = { getRemainingTimeInMillis: () => end - Date.now() }
  const source = memorySource(memoryObject({ key: 'a', body: 'a\nb' }))
  const result = await ingest({ source, parser: own, sink: quiet, deadline })
  expect(result).toMatchObject({
    counts: { unfinished: 2 },
    messages: [{ objects: [{ error: { code: 'DEADLINE' } }] }],
  })
})

describe('an object that a source may do without', () => {
  const throwing = (code: 'OBJECT_NOT_FOUND' | 'OBJECT_SUPERSEDED' | 'OBJECT_FORBIDDEN'): SourceObject => ({
    bucket: 'b',
    key: code,
    skip: ['OBJECT_NOT_FOUND', 'OBJECT_SUPERSEDED'],
    open: async () => {
      throw new FlowferryError(code, 'x')
    },
  })

  test('is named in the report, and its message is done', async () => {
    const source = [
      { messageId: '1', objects: [throwing('OBJECT_NOT_FOUND'), memoryObject({ key: 'a', body: 'a' })] },
      { messageId: '2', objects: [throwing('OBJECT_SUPERSEDED')] },
      { messageId: '3', objects: [throwing('OBJECT_FORBIDDEN')] },
    ]
    const result = await ingest({ source, parser: own, sink: memorySink() })
    expect(result).toMatchObject({
      ok: false,
      objects: 4,
      statuses: { done: 1, failed: 1, skipped: 1, superseded: 1 },
      messages: [
        { status: 'done', objects: [{ status: 'skipped', error: { code: 'OBJECT_NOT_FOUND' } }, { status: 'done' }] },
        { status: 'done', objects: [{ status: 'superseded', error: { code: 'OBJECT_SUPERSEDED' } }] },
        { status: 'failed', objects: [{ status: 'failed', error: { code: 'OBJECT_FORBIDDEN' } }] },
      ],
    })
  })
})

describe('messages of a group', () => {
  test('are read one after the other, the others at once', async () => {
    let open = 0
    let most = 0
    const order: string[] = []
    const object = (key: string): SourceObject => {
      const inner = memoryObject({ key, body: 'a' })
      return {
        ...inner,
        open: async () => {
          most = Math.max(most, ++open)
          await sleep(5)
          open--
          return inner.open()
        },
      }
    }
    const run = (group: (n: number) => string | undefined) => {
      most = 0
      order.length = 0
      const source = Array.from({ length: 6 }, (_, n): SourceMessage => {
        const name = group(n)
        return { messageId: `${n}`, objects: [object(`${n}`)], ...(name && { group: name }) }
      })
      return ingest({ source, parser: own, sink: memorySink(), onObject: ({ key }) => order.push(key) })
    }
    const grouped = await run(() => 'g')
    expect([most, order]).toEqual([1, ['0', '1', '2', '3', '4', '5']])
    expect(grouped.messages.map(({ group }) => group)).toEqual(Array(6).fill('g'))
    await run((n) => `g${n % 3}`)
    expect(most).toBeGreaterThan(1)
    await run(() => undefined)
    expect(most).toBe(4)
  })
})

test('a source that broke says so by a code of its own', async () => {
  const source = async function* (): AsyncGenerator<SourceMessage> {
    yield { objects: [memoryObject({ key: 'a', body: 'a' })] }
    throw new Error('the listing ended')
  }
  const result = await ingest({ source: source(), parser: own, sink: memorySink() })
  expect(result).toMatchObject({
    ok: false,
    incomplete: true,
    stopped: { code: 'SOURCE_FAILED' },
    counts: { written: 1 },
  })
})
