import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { never, numbers, object, written } from '../../test/numbers.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Parser, Sink } from '../types.ts'
import { byteBudget } from './budget.ts'
import { ingest } from './ingest.ts'

type NumberRecord = { kind: 'number'; value: number }

afterEach(() => {
  vi.useRealTimers()
})

const turns = async () => {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate)
}

/** A parser that heeds no signal, of so many batches of one record; calls `onBatch` before each. */
const batches = (count: number, onBatch: (ordinal: number) => void, bytes = 10): Parser<NumberRecord> => ({
  formats: numbers.formats,
  claims: () => undefined,
  async *parse(one) {
    await one.open()
    for (let ordinal = 0; ordinal < count; ordinal++) {
      onBatch(ordinal)
      yield {
        format: numbers.formats[0]!,
        length: 1,
        records: [{ kind: 'number', value: ordinal }],
        ordinals: [ordinal],
        bytes,
        document: () => ({ '@timestamp': '2026-01-01T00:00:00.000Z' }),
      }
    }
  },
})

describe('an object', () => {
  test('is read no further while nothing more may be held', async () => {
    let begun = 0
    let release!: () => void
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const sink: Sink<unknown> = {
      write: async (all) => {
        await gate
        return written(all)
      },
    }
    const parser = batches(50, () => begun++, 60)
    const running = ingest({ source: memorySource(object('a')), parser, sink, budget: byteBudget(100), batchBytes: 1 })
    await turns()
    expect(begun).toBeLessThan(5)
    release()
    expect(await running).toMatchObject({ ok: true, counts: { written: 50 } })
  })

  test('is read no further once the signal is aborted, by whatever parser', async () => {
    const stop = new AbortController()
    let begun = 0
    const parser = batches(50, (ordinal) => {
      begun++
      if (ordinal === 2) stop.abort()
    })
    const source = memorySource(object('a'))
    const report = await ingest({ source, parser, sink: memorySink(), signal: stop.signal })
    expect(report).toMatchObject({ ok: false, stopped: { code: 'ABORTED' }, counts: { read: 3 } })
    expect(begun).toBe(3)
  })

  test('that is the last is written at once, not after `batchSeconds`', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const sink = memorySink()
    let report: unknown
    const running = ingest({ source: memorySource(object('a')), parser: numbers, sink, batchSeconds: 60 })
    void running.then((given) => {
      report = given
    })
    await turns()
    expect(report).toMatchObject({ ok: true, counts: { written: 3 } })
  })

  test('may begin with more malformed records than its whole may have', async () => {
    const body = `x\n1\n${'2\n'.repeat(40)}`
    const source = memorySource(memoryObject({ key: 'a', body, chunkBytes: 4 }))
    const report = await ingest({ source, parser: numbers, sink: memorySink() })
    expect(report).toMatchObject({ ok: true, counts: { written: 41, malformed: 1 } })
  })
})

describe('dead records', () => {
  const body = `x\n${'1\n'.repeat(20)}`

  test('are kept before an object is done', async () => {
    let kept = 0
    const deadRecords = {
      write: async (records: readonly unknown[]) => {
        await turns()
        kept += records.length
      },
    }
    const source = memorySource(object('a', body))
    const report = await ingest({ source, parser: numbers, sink: memorySink(), deadRecords })
    expect(report).toMatchObject({ ok: true, counts: { malformed: 1 } })
    expect(kept).toBe(1)
  })

  test('that are refused fail the object, however late', async () => {
    const deadRecords = {
      write: async () => {
        await turns()
        throw new Error('the place is full')
      },
    }
    const source = memorySource(object('a', body))
    const report = await ingest({ source, parser: numbers, sink: memorySink(), deadRecords })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'DEAD_RECORDS_FAILED' })
  })

  test('are kept where a deadline ends reading, since the next one begins behind them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    async function* chunks() {
      yield Buffer.from('x\n1\n')
      await never()
    }
    const run = async (write: () => Promise<void>) => {
      const running = ingest({
        source: memorySource({ bucket: 'b', key: 'a', open: async () => ({ etag: 'e', body: chunks() }) }),
        parser: numbers,
        sink: memorySink(),
        malformedShare: 1,
        batchBytes: 1,
        deadRecords: { write },
        deadline: { getRemainingTimeInMillis: () => 1000 },
      })
      await turns()
      await vi.advanceTimersByTimeAsync(800)
      const { messages } = await running
      return messages[0]!.objects[0]!
    }
    let kept = 0
    const write = async () => {
      await turns()
      kept++
    }
    expect(await run(write)).toMatchObject({ error: { code: 'DEADLINE' }, position: { records: 2 } })
    expect(kept).toBe(1)
    const lost = await run(() => Promise.reject(new Error('the place is full')))
    expect(lost.error).toMatchObject({ code: 'DEAD_RECORDS_FAILED' })
    expect(lost).not.toHaveProperty('position')
  })

  test('hold reading up while their place takes no more', async () => {
    let read = 0
    async function* chunks() {
      while (read < 50) {
        read++
        yield Buffer.from(`${'x'.repeat(60_000)}\n`)
      }
    }
    let release!: () => void
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const running = ingest({
      source: memorySource({ bucket: 'b', key: 'a', open: async () => ({ etag: 'e', body: chunks() }) }),
      parser: numbers,
      sink: memorySink(),
      malformedShare: 1,
      deadRecords: { write: () => gate },
    })
    await turns()
    expect(read).toBeLessThan(20)
    release()
    expect(await running).toMatchObject({ ok: true, counts: { malformed: 50 } })
  })
})

test('limits hold for the parser', async () => {
  const source = memorySource(object('a', '1'.repeat(500)))
  const report = await ingest({ source, parser: numbers, sink: memorySink(), limits: { recordBytes: 100 } })
  expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'LIMIT_EXCEEDED' })
})

test('a report that is given leaves no listener on the signal, and no timer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { signal } = new AbortController()
  const deadline = { getRemainingTimeInMillis: () => 60_000 }
  await ingest({ source: memorySource(object('a')), parser: numbers, sink: memorySink(), signal, deadline })
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('an async source is not drawn from while all slots are taken', async () => {
  const stop = new AbortController()
  let drawn = 0
  async function* endless() {
    for (;;) yield { objects: [{ bucket: 'b', key: `${++drawn}`, open: never }] }
  }
  const options = { source: endless(), parser: numbers, sink: memorySink(), concurrency: 2, signal: stop.signal }
  const running = ingest(options)
  await turns()
  expect(drawn).toBe(3)
  stop.abort()
  expect(await running).toMatchObject({ ok: false, stopped: { code: 'ABORTED' } })
})
