import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FlowferryError } from '../errors.ts'
import { memorySlice } from '../testing/index.ts'
import type { Outcome, Sink, Slice, SliceOutcome } from '../types.ts'
import { byteBudget } from './budget.ts'
import type { ObjectProgress } from './progress.ts'
import { createWriter, type WriterOptions } from './writer.ts'

type Told = { outcome: SliceOutcome; error: FlowferryError | undefined }
const slice = (key: string, bytes = 10): Slice<unknown> => ({ ...memorySlice({ records: 1, key }), bytes })
const stored = (batch: readonly Slice<unknown>[], more: Partial<Outcome> = {}): Outcome => ({
  slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })),
  ...more,
})

/** An object that notes what it is told of its slices. `taken` is what its rejected documents wait for. */
function object(taken?: Promise<void>) {
  const told: Told[] = []
  const progress = {
    place: { key: 'k' },
    sendSlice: () => undefined,
    addOutcome: (_: Slice<unknown>, outcome: SliceOutcome, error: FlowferryError | undefined) => {
      told.push({ outcome, error })
      return taken
    },
  } as unknown as ObjectProgress
  return { progress, told }
}

function writer(options: Partial<WriterOptions> & { write?: Sink<unknown>['write'] } = {}) {
  const writes: string[][] = []
  const stops: FlowferryError[] = []
  const { write = async (batch) => stored(batch), ...more } = options
  const sink: Sink<unknown> = {
    write: (batch, signal) => {
      writes.push(batch.map(({ object }) => object.key))
      return write(batch, signal)
    },
  }
  const budget = byteBudget(1000)
  const { signal } = new AbortController()
  const all = { budget, batchBytes: 31, batchSeconds: 1, signal, onStop: (error: FlowferryError) => stops.push(error) }
  return { ...createWriter(sink, { ...all, ...more }), writes, stops, budget: options.budget ?? budget }
}
const settled = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a batch', () => {
  test('is written when its bytes are reached, and the next one begins at none', async () => {
    const { bufferFor, writes } = writer()
    const buffer = bufferFor(object().progress)
    for (let n = 1; n <= 4; n++) {
      expect(writes).toHaveLength(0)
      await buffer.add(slice('a'))
    }
    expect(writes).toEqual([Array(4).fill('a')])
    for (let n = 1; n <= 8; n++) await buffer.add(slice('b'))
    expect(writes.slice(1)).toEqual([Array(4).fill('b'), Array(4).fill('b')])
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([30, 31])('of %i bytes is full at that', async (batchBytes) => {
    const { bufferFor, writes } = writer({ batchBytes })
    const [first, second] = [bufferFor(object().progress), bufferFor(object().progress)]
    for (let n = 1; n <= 4; n++) await first.add(slice('a'))
    first.flush()
    await vi.advanceTimersByTimeAsync(1000)
    const before = writes.flat().length
    for (let n = 1; n <= 3; n++) await second.add(slice('b'))
    expect(writes.flat().length - before).toBe(batchBytes === 30 ? 3 : 0)
  })

  test('that is not full is written batchSeconds after its first slice, and not by the timer of another', async () => {
    const { bufferFor, writes } = writer()
    const buffer = bufferFor(object().progress)
    for (let n = 1; n <= 4; n++) await buffer.add(slice('a'))
    await buffer.add(slice('b'))
    await vi.advanceTimersByTimeAsync(500)
    for (let n = 1; n <= 3; n++) await buffer.add(slice('b'))
    expect(writes).toEqual([Array(4).fill('a'), Array(4).fill('b')])
    await vi.advanceTimersByTimeAsync(100)
    await buffer.add(slice('c'))
    await vi.advanceTimersByTimeAsync(999)
    expect(writes).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(writes[2]).toEqual(['c'])
  })

  test('of nothing is not written', async () => {
    const { flush, writes } = writer()
    flush()
    await settled()
    expect(writes).toEqual([])
  })
})

describe('a small object', () => {
  test('is held until it was read whole, and its bytes come back when it is discarded', async () => {
    const { bufferFor, flush, writes, budget } = writer()
    const { progress, told } = object()
    const buffer = bufferFor(progress)
    for (let n = 1; n <= 3; n++) await buffer.add(slice('a'))
    flush()
    expect(writes).toEqual([])
    buffer.discard()
    buffer.discard()
    buffer.flush()
    flush()
    expect(writes).toEqual([])
    const left = { outcome: { written: 0, duplicate: 0, rejected: [], unfinished: 1 }, error: undefined }
    expect(told).toEqual([left, left, left])
    expect(budget.tryTake(1000)).toBe(true)
  })

  test('is written once', async () => {
    const { bufferFor, flush, writes, budget } = writer()
    const { progress, told } = object()
    const buffer = bufferFor(progress)
    await buffer.add(slice('a'))
    buffer.flush()
    buffer.flush()
    flush()
    await settled()
    expect(writes).toEqual([['a']])
    expect(told).toEqual([{ outcome: stored([slice('a')]).slices[0], error: undefined }])
    expect(budget.tryTake(1000)).toBe(true)
  })
})

describe('a reader that waits for bytes', () => {
  test('gets those of slices that are held or gathered, of its own object and of others', async () => {
    const budget = byteBudget(20)
    const { bufferFor, writes } = writer({ budget, batchBytes: 1000, batchSeconds: 1000 })
    const [first, second] = [bufferFor(object().progress), bufferFor(object().progress)]
    await first.add(slice('a'))
    first.flush()
    await second.add(slice('b'))
    await second.add(slice('c'))
    expect(writes).toEqual([['a', 'b']])
    await second.add(slice('d'))
    await second.add(slice('e'))
    expect(writes).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
    // Nobody waits now, so the last one fills its batch.
    await settled()
    expect(writes).toHaveLength(2)
  })

  test('gets those of a slice that is gathered while it waits', async () => {
    const budget = byteBudget(20)
    const { bufferFor, writes } = writer({ budget, batchBytes: 1000, batchSeconds: 1000 })
    const [first, second] = [bufferFor(object().progress), bufferFor(object().progress)]
    await first.add(slice('a', 20))
    const waiting = second.add(slice('b'))
    await settled()
    expect(writes).toEqual([])
    first.flush()
    await waiting
    expect(writes).toEqual([['a']])
  })

  test('waits for a write that is on its way, and what is gathered meanwhile goes after it', async () => {
    const budget = byteBudget(20)
    const answers: (() => void)[] = []
    const write: Sink<unknown>['write'] = (batch) =>
      new Promise((resolve) => void answers.push(() => resolve(stored(batch))))
    const { bufferFor, flush, writes } = writer({ budget, batchBytes: 1000, batchSeconds: 1000, write })
    const buffer = (key: string, bytes: number) => {
      const one = bufferFor(object().progress)
      const added = one.add(slice(key, bytes))
      return { added, flush: one.flush }
    }
    const first = buffer('a', 10)
    first.flush()
    flush()
    const second = buffer('b', 10)
    const third = buffer('c', 15)
    second.flush()
    await settled()
    expect(writes).toEqual([['a']])
    answers[0]!()
    await settled()
    expect(writes).toEqual([['a'], ['b']])
    answers[1]!()
    await third.added
  })

  test.each<[string, unknown, string]>([
    ['an error of ours', new FlowferryError('DEADLINE', 'x'), 'DEADLINE'],
    ['another', new Error('x'), 'ABORTED'],
  ])('and is stopped by %s leaves its slice unfinished, and reading ends', async (_, reason, code) => {
    const stop = new AbortController()
    const budget = byteBudget(10)
    budget.tryTake(10)
    const { bufferFor } = writer({ budget, signal: stop.signal })
    const { progress, told } = object()
    const added = bufferFor(progress).add(slice('a'))
    stop.abort(reason)
    await expect(added).rejects.toMatchObject({ code })
    expect(told).toMatchObject([{ outcome: { written: 0, unfinished: 1 }, error: { code } }])
  })
})

describe('a sink', () => {
  const gathered = async (one: ReturnType<typeof writer>, ...objects: ReturnType<typeof object>[]) => {
    for (const [index, { progress }] of objects.entries()) {
      const buffer = one.bufferFor(progress)
      await buffer.add(slice(`o${index}`))
      buffer.flush()
    }
    one.flush()
    await settled()
  }

  test('that stops gets nothing more, and its error is that of all that follows', async () => {
    const error = new FlowferryError('TARGET_BLOCKED', 'x')
    const one = writer({ write: async (batch) => stored(batch, { error, stop: true }) })
    const [first, second] = [object(), object()]
    await gathered(one, first)
    expect(one.stops).toEqual([error])
    await gathered(one, second)
    expect(one.writes).toEqual([['o0']])
    expect(second.told).toEqual([{ outcome: { written: 0, duplicate: 0, rejected: [], unfinished: 1 }, error }])
  })

  test('that stops without a reason has one of ours', async () => {
    const one = writer({ write: async (batch) => stored(batch, { stop: true }) })
    await gathered(one, object())
    expect(one.stops).toMatchObject([{ code: 'TARGET_FAILED' }])
  })

  test('is not asked once the writing is stopped', async () => {
    const stop = new AbortController()
    const one = writer({ signal: stop.signal })
    const error = new FlowferryError('DEADLINE', 'x')
    stop.abort(error)
    const only = object()
    await gathered(one, only)
    expect(one.writes).toEqual([])
    expect(only.told).toMatchObject([{ outcome: { unfinished: 1 }, error }])
  })

  test.each([undefined, new FlowferryError('TARGET_FAILED', 'own')])(
    'that ends at the stop has its reason, unless it gives one: %s',
    async (own) => {
      const stop = new AbortController()
      const error = new FlowferryError('DEADLINE', 'x')
      const write: Sink<unknown>['write'] = async (batch) => {
        stop.abort(error)
        const slices = batch.map(() => ({ written: 0, duplicate: 0, rejected: [], unfinished: 1 }))
        return { slices, ...(own && { error: own }) }
      }
      const only = object()
      await gathered(writer({ signal: stop.signal, write }), only)
      expect(only.told[0]!.error).toBe(own ?? error)
    },
  )

  test('that throws is asked again for each object by itself', async () => {
    const write: Sink<unknown>['write'] = async (batch) => {
      if (batch.some(({ object }) => object.key === 'o1')) throw new Error('a document of o1')
      return stored(batch)
    }
    const one = writer({ write })
    const [first, second] = [object(), object()]
    await gathered(one, first, second)
    expect(one.writes).toEqual([['o0', 'o1'], ['o0'], ['o1']])
    expect(first.told).toMatchObject([{ outcome: { written: 1 }, error: undefined }])
    expect(second.told).toMatchObject([{ outcome: { unfinished: 1 }, error: { code: 'SINK_FAILED' } }])
    expect(second.told[0]!.error!.message).toContain('The sink threw: a document of o1')
  })

  test('that is asked again for each object keeps the bytes until it has answered for all', async () => {
    let answer!: () => void
    const write: Sink<unknown>['write'] = (batch) =>
      batch.length > 1
        ? Promise.reject(new Error('no'))
        : new Promise((resolve) => {
            answer = () => resolve(stored(batch))
          })
    const one = writer({ write })
    await gathered(one, object(), object())
    expect(one.writes).toEqual([['o0', 'o1'], ['o0']])
    expect(one.budget.tryTake(1000)).toBe(false)
    answer()
    await settled()
    answer()
    await settled()
    expect(one.budget.tryTake(1000)).toBe(true)
  })

  test('that told its outcome keeps the bytes until the rejected documents are taken', async () => {
    let take!: () => void
    const taken = new Promise<void>((resolve) => {
      take = resolve
    })
    const one = writer()
    await gathered(one, object(taken))
    expect(one.budget.tryTake(1000)).toBe(false)
    take()
    await settled()
    expect(one.budget.tryTake(1000)).toBe(true)
  })
})
