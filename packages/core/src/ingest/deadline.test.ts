import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FlowferryError } from '../errors.ts'
import { startDeadline } from './deadline.ts'

const left = (milliseconds: number) => ({ getRemainingTimeInMillis: () => milliseconds })

describe('startDeadline', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Milliseconds after which reading and writing end. */
  const ends = (remaining: number) => {
    const stop = startDeadline(left(remaining), undefined)
    const began = Date.now()
    const at: number[] = []
    for (const signal of [stop.reading, stop.writing])
      signal.addEventListener('abort', () => at.push(Date.now() - began), { once: true })
    vi.advanceTimersByTime(remaining)
    expect(stop.reason()).toMatchObject({ code: 'DEADLINE' })
    stop.clear()
    return at
  }

  test('keeps a fifth of the time for writing, and a twentieth for the answer', () => {
    expect(ends(10_000)).toEqual([8000, 9500])
  })

  test('keeps no more than 15 s and 2 s of a long time', () => {
    expect(ends(900_000)).toEqual([885_000, 898_000])
  })

  test('stops at once where no time is left', () => {
    const stop = startDeadline(left(-5), undefined)
    vi.advanceTimersByTime(1)
    expect([stop.reading.aborted, stop.writing.aborted]).toEqual([true, true])
    stop.clear()
  })

  test('never stops without a deadline and a signal', () => {
    const stop = startDeadline(undefined, undefined)
    vi.advanceTimersByTime(10 ** 9)
    expect([stop.reading.aborted, stop.writing.aborted, stop.reason()]).toEqual([false, false, undefined])
  })

  test.each([Number.NaN, undefined, '1000'])('refuses a remaining time of %s', (remaining) => {
    expect(() => startDeadline(left(remaining as number), undefined)).toThrow('INVALID_OPTION')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('clear ends the timers and leaves the signal', () => {
    const { signal } = new AbortController()
    const stop = startDeadline(left(1000), signal)
    expect(vi.getTimerCount()).toBe(2)
    stop.clear()
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('a stop', () => {
  test('may have as many listeners as there are objects', () => {
    const warning = vi.spyOn(process, 'emitWarning')
    const stop = startDeadline(undefined, undefined)
    for (const signal of [stop.reading, stop.writing])
      for (let count = 0; count < 30; count++) signal.addEventListener('abort', () => undefined)
    expect(warning).not.toHaveBeenCalled()
    warning.mockRestore()
  })

  test('by the sink ends reading and not writing; the first reason stays', () => {
    const stop = startDeadline(undefined, undefined)
    const away = new FlowferryError('TARGET_UNREACHABLE', 'x')
    stop.now(away)
    stop.now(new FlowferryError('TARGET_FAILED', 'y'))
    expect(stop.reason()).toBe(away)
    expect([stop.reading.aborted, stop.reading.reason, stop.writing.aborted]).toEqual([true, away, false])
  })

  test('by the signal ends both, with the reason where that is an error of ours', () => {
    const own = new FlowferryError('DEADLINE', 'x')
    for (const [reason, expected] of [
      [own, own],
      [new Error('other'), expect.objectContaining({ code: 'ABORTED' })],
    ] as const) {
      const controller = new AbortController()
      const stop = startDeadline(undefined, controller.signal)
      controller.abort(reason)
      expect(stop.reason()).toEqual(expected)
      expect([stop.reading.aborted, stop.writing.aborted]).toEqual([true, true])
    }
  })

  test('is there from the start where the signal was aborted before', () => {
    const stop = startDeadline(undefined, AbortSignal.abort())
    expect(stop.reason()).toMatchObject({ code: 'ABORTED' })
    expect(stop.writing.aborted).toBe(true)
  })
})
