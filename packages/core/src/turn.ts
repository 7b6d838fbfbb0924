/** Milliseconds for which a turn of the event loop may last: timers, sockets and heartbeats wait for its end. */
const longestTurn = 25

let since: number | undefined

/**
 * A promise of the next turn of the event loop, where this one lasts too long already; nothing, else. Whoever works
 * through many records asks between two of them: an awaited promise that has settled ends no turn.
 */
export function nextTurn(): Promise<void> | undefined {
  if (since === undefined) {
    since = performance.now()
    setImmediate(() => {
      since = undefined
    })
    return undefined
  }
  if (performance.now() - since < longestTurn) return undefined
  return new Promise((resolve) => setImmediate(resolve))
}
