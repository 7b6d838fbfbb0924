import { expect, test, vi } from 'vitest'
import { once } from './once.ts'

test('once computes at the first call, and keeps the value, undefined as well', () => {
  for (const value of [{}, undefined]) {
    const compute = vi.fn(() => value)
    const get = once(compute)
    expect(compute).not.toHaveBeenCalled()
    expect([get(), get()]).toEqual([value, value])
    expect(get()).toBe(value)
    expect(compute).toHaveBeenCalledTimes(1)
  }
})

test('once computes again after a throw', () => {
  const compute = vi
    .fn(() => 5)
    .mockImplementationOnce(() => {
      throw new Error('not yet')
    })
  const get = once(compute)
  expect(get).toThrow('not yet')
  expect(get()).toBe(5)
})
