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
