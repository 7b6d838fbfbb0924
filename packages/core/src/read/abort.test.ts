import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { never } from '../../test/numbers.ts'
import { unlessAborted } from './abort.ts'

describe('unlessAborted', () => {
  test('gives the result or the error of the function, and leaves the signal', async () => {
    const { signal } = new AbortController()
    expect(await unlessAborted(async () => 5, undefined)).toBe(5)
    expect(await unlessAborted(async () => 5, signal)).toBe(5)
    await expect(unlessAborted(() => Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    await new Promise(setImmediate)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test("gives the signal's reason at once, though the function hangs", async () => {
    const controller = new AbortController()
    const waiting = unlessAborted(never, controller.signal)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })

  test('does not call the function where the signal was aborted before', async () => {
    const run = vi.fn(async () => 5)
    await expect(unlessAborted(run, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    expect(run).not.toHaveBeenCalled()
  })
})
