import { describe, expect, test } from 'vitest'
import { byteBudget } from './budget.ts'

/** Whether the promise is resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false
  void promise.then(() => {
    done = true
  })
  await new Promise(setImmediate)
  return done
}

describe('byteBudget', () => {
  test('grants bytes while they fit, and takes them back', async () => {
    const budget = byteBudget(10)
    expect([budget.tryTake(6), budget.tryTake(4), budget.tryTake(1)]).toEqual([true, true, false])
    budget.give(4)
    expect([budget.tryTake(5), budget.tryTake(4)]).toEqual([false, true])
    expect(await isDone(byteBudget(10).take(10))).toBe(true)
  })

  test('grants more than all of it alone', async () => {
    const budget = byteBudget(10)
    expect(budget.tryTake(25)).toBe(true)
    expect(budget.tryTake(1)).toBe(false)
    const next = budget.take(25)
    expect(await isDone(next)).toBe(false)
    budget.give(25)
    expect(await isDone(next)).toBe(true)
  })

  test('serves those who wait in their order: a small slice does not pass a large one', async () => {
    const budget = byteBudget(10)
    budget.tryTake(8)
    const large = budget.take(9)
    expect(budget.tryTake(1)).toBe(false)
    const small = budget.take(1)
    expect(budget.tryTake(1)).toBe(false)
    expect([await isDone(large), await isDone(small)]).toEqual([false, false])
    budget.give(8)
    expect([await isDone(large), await isDone(small)]).toEqual([true, true])
  })

  test('an abort ends the waiting with its reason, and lets the next one in', async () => {
    const budget = byteBudget(10)
    budget.tryTake(8)
    const stop = new AbortController()
    const large = budget.take(9, stop.signal)
    const small = budget.take(2)
    expect(await isDone(small)).toBe(false)
    stop.abort(new Error('enough'))
    await expect(large).rejects.toThrow('enough')
    expect(await isDone(small)).toBe(true)
    expect(budget.tryTake(1)).toBe(false)
    budget.give(10)
    expect(budget.tryTake(10)).toBe(true)
  })

  test('an abort after the bytes were granted takes nothing back, and ends no waiting of another', async () => {
    const budget = byteBudget(10)
    budget.tryTake(10)
    const stop = new AbortController()
    const granted = budget.take(10, stop.signal)
    budget.give(10)
    await granted
    const next = budget.take(10)
    stop.abort()
    expect(await isDone(next)).toBe(false)
    budget.give(10)
    expect(await isDone(next)).toBe(true)
  })

  test('with an aborted signal waits for nothing', async () => {
    const budget = byteBudget(10)
    budget.tryTake(10)
    await expect(budget.take(1, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    budget.give(10)
    expect(budget.tryTake(10)).toBe(true)
  })

  test.each([0, -1, 1.5, Number.NaN, '10' as never])('refuses a size of %s', (bytes) => {
    expect(() => byteBudget(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
