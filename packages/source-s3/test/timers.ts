import { afterEach, beforeEach, vi } from 'vitest'

/** Moves fake timers until the promise is settled, and passes its outcome on. */
export async function elapse<T>(promise: Promise<T>, stepMilliseconds = 250): Promise<T> {
  let settled = false
  const end = () => {
    settled = true
  }
  promise.then(end, end)
  while (!settled) await vi.advanceTimersByTimeAsync(stepMilliseconds)
  return promise
}

/** Fake timers for each test, and pauses of their full length: none is shortened by chance. */
export function fakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(Math, 'random').mockReturnValue(1)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
}
