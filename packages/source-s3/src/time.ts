/** Waits; ends early, without an error, when the signal aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal?.addEventListener('abort', end, { once: true })
  })
}

/**
 * A request that ends when the signal aborts, and after so many seconds without an answer: a connection may die in
 * silence, and the SDK's own `requestTimeout` only warns unless it is told to throw.
 */
export async function answerWithin<T>(
  seconds: number,
  signal: AbortSignal | undefined,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  const late = () => stop.abort(Object.assign(new Error(`no answer within ${seconds} s`), { name: 'TimeoutError' }))
  const timer = setTimeout(late, seconds * 1000)
  const onAbort = () => stop.abort(signal?.reason)
  // Not AbortSignal.any: a worker's signal lives for months, and must not keep what every request hung on it.
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const aborted = new Promise<never>((_, reject) => {
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true })
    })
    // The client's word is not waited for: it may hang where it heeds no signal, while it gets credentials.
    return await Promise.race([send({ abortSignal: stop.signal }), aborted])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Whether a request was given up because no answer came. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}

/** Resolves when the signal aborts, or the other one, after which nobody asks. */
export function untilAborted(signal: AbortSignal, finished?: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, ...(finished && { signal: finished }) })
    finished?.addEventListener('abort', () => resolve(), { once: true })
  })
}

export interface Backoff {
  /** The next pause in milliseconds. */
  readonly next: () => number
  readonly reset: () => void
}

/** Pauses that double from `minimum` to `maximum` milliseconds, each cut at random by up to half, never below `minimum`. */
export function backoff(minimum = 1000, maximum = 60_000): Backoff {
  let ceiling = minimum
  return {
    next: () => {
      const pause = Math.max(minimum, ceiling * (0.5 + Math.random() / 2))
      ceiling = Math.min(ceiling * 2, maximum)
      return pause
    },
    reset: () => {
      ceiling = minimum
    },
  }
}

/** Waits until so many more messages may be sent. What was not sent in time is made up for by at most one second's worth. */
export function createPace(
  perSecond: number | undefined,
  signal: AbortSignal | undefined,
): (count: number) => Promise<void> {
  if (perSecond === undefined) return () => Promise.resolve()
  let next = performance.now()
  return async (count) => {
    const at = Math.max(next, performance.now() - 1000)
    next = at + (count * 1000) / perSecond
    await sleep(at - performance.now(), signal)
  }
}
