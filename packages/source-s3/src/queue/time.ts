import { setMaxListeners } from 'node:events'

/** Resolves after some milliseconds, or when the signal aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal?.addEventListener('abort', end)
  })
}

/**
 * A request that ends when the signal aborts, and after some seconds without a response: a connection may die without a
 * word, and the SDK's own `requestTimeout` only warns by default.
 */
export async function answerWithin<T>(
  seconds: number,
  signal: AbortSignal | undefined,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  let reject!: (reason: unknown) => void
  const aborted = new Promise<never>((_, rejectWith) => {
    reject = rejectWith
  })
  const end = (reason: unknown) => {
    stop.abort(reason)
    reject(reason)
  }
  const onTimeout = () => end(Object.assign(new Error(`no answer within ${seconds} s`), { name: 'TimeoutError' }))
  const timer = setTimeout(onTimeout, seconds * 1000)
  const onAbort = () => end(signal?.reason)
  // Not AbortSignal.any: a worker's signal lives for months, and would keep a reference to each request's signal.
  signal?.addEventListener('abort', onAbort)
  try {
    // A race, since the client may not heed its signal: it does not while it gets credentials.
    return await Promise.race([send({ abortSignal: stop.signal }), aborted])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Whether `answerWithin` ended a request that had no response. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}

/**
 * A signal that aborts with the user's, for many listeners at once: the user's own gets one of them, until `end`.
 */
export function ownSignal(signal: AbortSignal | undefined): { readonly signal: AbortSignal; readonly end: () => void } {
  const own = new AbortController()
  setMaxListeners(0, own.signal)
  const onAbort = () => own.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)
  return { signal: own.signal, end: () => signal?.removeEventListener('abort', onAbort) }
}

/** Resolves when either signal aborts, and listens to neither then: `signal` may live for months. */
export function untilAborted(signal: AbortSignal, finished?: AbortSignal): Promise<void> {
  if (signal.aborted || finished?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    // Not the option `signal` of addEventListener: Node holds its listener weakly, and a collection in between loses it.
    const end = () => {
      signal.removeEventListener('abort', end)
      finished?.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
    finished?.addEventListener('abort', end)
  })
}

export interface Backoff {
  /** The next pause in milliseconds. */
  readonly next: () => number
  readonly reset: () => void
}

/** Pauses in milliseconds that double from `minimum` to `maximum`, each shortened by up to half at random. */
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

/** A function that waits until `count` more messages may be sent. It catches up on one second's worth at most. */
export function createPace(
  perSecond: number | undefined,
  signal: AbortSignal | undefined,
): (count: number) => Promise<void> {
  if (perSecond === undefined) return () => Promise.resolve()
  let nextAt = performance.now()
  return async (count) => {
    const sendAt = Math.max(nextAt, performance.now() - 1000)
    nextAt = sendAt + (count * 1000) / perSecond
    await sleep(sendAt - performance.now(), signal)
  }
}
