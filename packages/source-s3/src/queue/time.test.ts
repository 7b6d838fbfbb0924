import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerWithin, backoff, createPace, isTimeout, ownSignal, sleep, untilAborted } from './time.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

/** Milliseconds after which a promise resolves, on fake timers. */
async function duration(start: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let took: number | undefined
  const running = start().then(() => {
    took = performance.now() - began
  })
  for (let step = 0; took === undefined && step < 10_000; step++) await vi.advanceTimersByTimeAsync(10)
  await running
  return took!
}

describe('sleep', () => {
  it('takes its time, and ends with the signal', async () => {
    expect(await duration(() => sleep(500))).toBe(500)
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 200)
    expect(await duration(() => sleep(500, stop.signal))).toBe(200)
    expect(await duration(() => sleep(500, stop.signal))).toBe(0)
    expect(await duration(() => sleep(-1))).toBe(0)
    expect(await duration(() => sleep(1))).toBe(1)
  })

  it('leaves no timer and no listener behind', async () => {
    const stop = new AbortController()
    await duration(() => sleep(100, stop.signal))
    expect(listeners(stop.signal)).toBe(0)
    const sleeping = sleep(60_000, stop.signal)
    stop.abort()
    await sleeping
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('answerWithin', () => {
  const never = () => new Promise<never>(() => undefined)

  it('gives the response, and leaves no timer and no listener behind', async () => {
    const { signal } = new AbortController()
    expect(await answerWithin(5, signal, async () => 'x')).toBe('x')
    expect(listeners(signal)).toBe(0)
    await expect(answerWithin(5, undefined, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends a request without a response, even where the client does not heed its signal', async () => {
    const error = answerWithin(5, undefined, never).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(5000)
    expect(isTimeout(await error)).toBe(true)
    expect(await error).toMatchObject({ message: 'no answer within 5 s' })
    expect(isTimeout(new Error('other'))).toBe(false)
  })

  it("ends with the signal's reason, and passes it on", async () => {
    const stop = new AbortController()
    let passed: AbortSignal | undefined
    const error = answerWithin(5, stop.signal, ({ abortSignal }) => {
      passed = abortSignal
      return never()
    }).catch((error: unknown) => error)
    const reason = new Error('stopped')
    stop.abort(reason)
    expect(await error).toBe(reason)
    expect(passed!.reason).toBe(reason)
    const sent = vi.fn(never)
    await expect(answerWithin(5, stop.signal, sent)).rejects.toBe(reason)
    expect(sent).not.toHaveBeenCalled()
  })
})

describe('untilAborted', () => {
  it.each(['first', 'second', 'aborted before'])('resolves with the %s signal', async (which) => {
    const [first, second] = [new AbortController(), new AbortController()]
    if (which === 'aborted before') first.abort()
    const waiting = duration(() => untilAborted(first.signal, second.signal))
    setTimeout(() => (which === 'second' ? second : first).abort(), 300)
    expect(await waiting).toBe(which === 'aborted before' ? 0 : 300)
    expect([listeners(first.signal), listeners(second.signal)]).toEqual([0, 0])
  })
})

describe('ownSignal', () => {
  it("aborts with the user's signal and its reason, before or later", () => {
    const stop = new AbortController()
    const { signal } = ownSignal(stop.signal)
    expect(signal.aborted).toBe(false)
    const reason = new Error('stopped')
    stop.abort(reason)
    expect(signal.reason).toBe(reason)
    expect(ownSignal(stop.signal).signal.reason).toBe(reason)
  })

  it("takes any number of listeners, and is the one on the user's signal until its end", async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    const user = new AbortController()
    const { signal, end } = ownSignal(user.signal)
    for (let n = 0; n < 20; n++) void untilAborted(signal)
    await vi.advanceTimersByTimeAsync(0)
    process.off('warning', note)
    expect(warnings).toEqual([])
    expect(listeners(user.signal)).toBe(1)
    end()
    expect(listeners(user.signal)).toBe(0)
  })
})

describe('backoff', () => {
  it('doubles up to its maximum, with jitter, and begins again', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON)
    const pauses = backoff(100, 500)
    const next = (count: number) => Array.from({ length: count }, () => Math.round(pauses.next()))
    expect(next(5)).toEqual([100, 200, 400, 500, 500])
    random.mockReturnValue(0)
    expect(next(1)).toEqual([250])
    pauses.reset()
    expect(next(3)).toEqual([100, 100, 200])
  })
})

describe('createPace', () => {
  it('spreads what is sent over time', async () => {
    const pace = createPace(10, undefined)
    const took = await duration(async () => {
      for (let batch = 0; batch < 5; batch++) await pace(5)
    })
    expect(took).toBe(2000)
  })

  it("catches up on a second's worth at most after a break", async () => {
    const pace = createPace(10, undefined)
    await pace(1)
    await vi.advanceTimersByTimeAsync(60_000)
    const took = await duration(async () => {
      for (let batch = 0; batch < 3; batch++) await pace(10)
    })
    expect(took).toBe(1000)
  })

  it('does not wait without a limit, and ends with the signal', async () => {
    const free = createPace(undefined, undefined)
    expect(await duration(() => free(1_000_000))).toBe(0)
    void free(1_000_000)
    expect(vi.getTimerCount()).toBe(0)
    const stop = new AbortController()
    const pace = createPace(0.1, stop.signal)
    await pace(1)
    setTimeout(() => stop.abort(), 100)
    expect(await duration(() => pace(1))).toBe(100)
  })
})
