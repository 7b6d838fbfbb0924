import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { never, numbers, object, written } from '../../test/numbers.ts'
import { detect } from '../detect.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { memorySink, memorySource } from '../testing/index.ts'
import type { Parser, SourceMessage, SourceObject } from '../types.ts'
import { byteBudget } from './budget.ts'
import { ingest } from './ingest.ts'
import { addsUp } from './report.ts'

describe('the byte budget', () => {
  test('ends the waiting for a large slice, also when an object ends meanwhile and leaves its slices gathered', async () => {
    const format = numbers.formats[0]!
    const batch = (bytes: number, ordinal: number) => ({
      format,
      length: 1,
      records: [{ kind: 'number' as const, value: ordinal }],
      ordinals: [ordinal],
      bytes,
      document: () => ({ '@timestamp': '2026-01-01T00:00:00.000Z' }),
    })
    const parser: Parser<{ kind: 'number'; value: number }> = {
      formats: [format],
      claims: () => undefined,
      async *parse(one, context) {
        await one.open(undefined, context.signal)
        if (one.key === 'small') {
          yield batch(10, 0)
          await sleep(50)
        } else {
          await sleep(20)
          yield batch(1000, 0)
        }
      },
    }
    const report = await ingest({
      source: memorySource(object('small'), object('large')),
      parser,
      sink: { write: async (all) => written(all) },
      budget: byteBudget(100),
      signal: AbortSignal.timeout(1000),
    })
    expect(report).toMatchObject({ ok: true, counts: { written: 2 } })
  })

  test('an abort ends the waiting for bytes that another ingest keeps', async () => {
    const budget = byteBudget(100)
    await budget.take(100)
    const report = await ingest({
      source: memorySource(object('a')),
      parser: numbers,
      sink: memorySink(),
      budget,
      signal: AbortSignal.timeout(30),
    })
    expect(report).toMatchObject({ ok: false, stopped: { code: 'ABORTED' }, counts: { read: 3, unfinished: 3 } })
    expect(addsUp(report.counts)).toBe(true)
    budget.give(100)
    expect(budget.tryTake(100)).toBe(true)
  })
})

describe('a signal', () => {
  test('ends an object whose open never resolves', async () => {
    const stuck: SourceObject = { bucket: 'b', key: 'stuck', open: never }
    const report = await ingest({
      source: memorySource(stuck, object('a')),
      parser: numbers,
      sink: memorySink(),
      deadline: { getRemainingTimeInMillis: () => 100 },
    })
    expect(report.messages.map(({ status }) => status)).toEqual(['failed', 'done'])
  })

  test('closes a body that is opened too late', async () => {
    let closed = false
    const late: SourceObject = {
      bucket: 'b',
      key: 'late',
      open: async () => {
        await sleep(60)
        const body = async function* () {
          try {
            yield Buffer.from('1\n')
            await never()
          } finally {
            closed = true
          }
        }
        return { etag: 'e', body: body() }
      },
    }
    await ingest({ source: memorySource(late), parser: numbers, sink: memorySink(), signal: AbortSignal.timeout(20) })
    await sleep(80)
    expect(closed).toBe(true)
  })

  test('fails an object whose parser ends quietly when it is aborted', async () => {
    const controller = new AbortController()
    const quiet: typeof numbers = {
      ...numbers,
      async *parse(one, context) {
        controller.abort()
        if (!context.signal!.aborted) yield* numbers.parse(one, context)
      },
    }
    const report = await ingest({
      source: memorySource(object('a')),
      parser: quiet,
      sink: memorySink(),
      signal: controller.signal,
    })
    expect(report.messages[0]!.status).toBe('failed')
  })

  test('is not listened to after an option was refused', async () => {
    const { signal } = new AbortController()
    const bad = ingest({ source: [], parser: numbers, sink: memorySink(), limits: { depth: 0 }, signal })
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('a deadline beyond what a timer takes is none', async () => {
    const slow = object('a')
    const open: SourceObject['open'] = async (...args) => {
      await sleep(20)
      return slow.open(...args)
    }
    const report = await ingest({
      source: memorySource({ ...slow, open }),
      parser: numbers,
      sink: memorySink(),
      deadline: { getRemainingTimeInMillis: () => Number.POSITIVE_INFINITY },
    })
    expect(report.ok).toBe(true)
  })
})

describe('a source', () => {
  const failing = async function* (): AsyncGenerator<SourceMessage> {
    yield { messageId: '1', objects: [object('a')] }
    throw new Error('the listing broke')
  }
  const failingSync = function* (): Generator<SourceMessage> {
    yield { messageId: '1', objects: [object('a')] }
    throw new Error('the listing broke')
  }

  test.each([
    ['async', failing],
    ['sync', failingSync],
  ])('that throws in its middle (%s) leaves a report that says so', async (_, source) => {
    const report = await ingest({ source: source(), parser: numbers, sink: memorySink() })
    expect(report).toMatchObject({ ok: false, incomplete: true, counts: { written: 3 } })
    expect(report.messages.map(({ status }) => status)).toEqual(['done'])
    expect(report.stopped!.message).toContain('the listing broke')
  })

  test('that gives nothing more is left when the signal aborts', async () => {
    let returned = false
    const source: AsyncIterable<SourceMessage> = {
      [Symbol.asyncIterator]: () => {
        let given = false
        return {
          next: () => {
            if (given) return never()
            given = true
            return Promise.resolve({ done: false, value: { messageId: '1', objects: [object('a')] } })
          },
          return: async () => {
            returned = true
            return { done: true, value: undefined }
          },
        }
      },
    }
    const report = await ingest({ source, parser: numbers, sink: memorySink(), signal: AbortSignal.timeout(50) })
    expect(report).toMatchObject({ ok: false, incomplete: true, counts: { written: 3 }, stopped: { code: 'ABORTED' } })
    expect(returned).toBe(true)
  })

  test('that is read to its end leaves nothing to be said', async () => {
    const report = await ingest({ source: memorySource(object('a')), parser: numbers, sink: memorySink() })
    expect(report).not.toHaveProperty('incomplete')
  })
})

describe('a body', () => {
  test.each([
    ['plain', Buffer.from('1\n2\n')],
    ['gzip', gzipSync('1\n2\n')],
  ])('that errors behind its last byte fails the object (%s)', async (_, bytes) => {
    const body = async function* () {
      yield bytes
      throw new Error('checksum mismatch')
    }
    const sink = memorySink()
    const report = await ingest({
      source: memorySource({ bucket: 'b', key: 'a', open: async () => ({ etag: 'e', body: body() }) }),
      parser: numbers,
      sink,
    })
    expect(report.messages[0]!.objects[0]).toMatchObject({ status: 'failed', error: { code: 'OBJECT_UNREADABLE' } })
    expect(addsUp(report.counts)).toBe(true)
    expect(sink.documents.size).toBe(0)
  })

  test('is closed when a claim throws, and when the chosen parser does not read it', async () => {
    const claiming = (claims: Parser<unknown>['claims'], parse: Parser<unknown>['parse']) =>
      detect([{ formats: numbers.formats, claims, parse }])
    const parsers = [
      claiming(() => {
        throw new Error('cannot tell')
      }, numbers.parse),
      claiming(
        () => 'content',
        () => {
          throw new Error('cannot parse')
        },
      ),
    ]
    for (const parser of parsers) {
      let closed = false
      const body = async function* () {
        try {
          yield Buffer.alloc(100_000, '1\n')
          yield Buffer.alloc(100_000, '1\n')
        } finally {
          closed = true
        }
      }
      const open = async () => ({ etag: 'e', body: body() })
      const report = await ingest({ source: memorySource({ bucket: 'b', key: 'a', open }), parser, sink: memorySink() })
      await sleep(1)
      expect(report.ok).toBe(false)
      expect(closed).toBe(true)
    }
  })
})

describe('a body that stalls', () => {
  test.each([
    // As many lines as a file without a header is known by.
    ['plain', Buffer.from('nonsense\n'.repeat(8))],
    ['gzip', gzipSync('nonsense\n'.repeat(8))],
  ])('does not hold up an object that failed already (%s)', async (_, bytes) => {
    const body = async function* () {
      yield bytes
      await never()
    }
    const stalling = { bucket: 'b', key: 'a', open: async () => ({ etag: 'e', body: body() }) }
    const report = await ingest({ source: memorySource(stalling), parser: vpcFlow, sink: memorySink() })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'FORMAT_MISMATCH' })
  })
})
