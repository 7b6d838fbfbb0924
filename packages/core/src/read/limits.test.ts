import { describe, expect, test } from 'vitest'
import { parseContext } from './limits.ts'

describe('parseContext', () => {
  test('has a default for each limit, and asks for no original text', () => {
    const { limits, originals, ...rest } = parseContext()
    expect(limits).toEqual({
      objectBytes: 64 * 2 ** 30,
      expansionRatio: 1100,
      recordBytes: 2 * 2 ** 20,
      depth: 256,
      values: 32_768,
      columns: 1000,
    })
    expect([originals, rest]).toEqual([false, {}])
  })

  test('takes single limits, and leaves the others as they are', () => {
    const { signal } = new AbortController()
    const context = parseContext({ limits: { depth: 5 }, originals: true, signal })
    expect(context.limits).toEqual({ ...parseContext().limits, depth: 5 })
    expect([context.originals, context.signal]).toEqual([true, signal])
    expect(parseContext().limits.depth).toBe(256)
  })

  test.each([
    ['another name', { lineBytes: 10 }, 'There is no limit "lineBytes"; the limits are objectBytes, expansionRatio'],
    ['a member of every object', { constructor: 1 }, 'There is no limit "constructor"'],
    ['nothing', { depth: 0 }, 'limits.depth is 0'],
    ['half', { columns: 1.5 }, 'limits.columns is 1.5'],
    ['no value', { values: undefined }, 'limits.values is undefined'],
    ['text', { recordBytes: '10' }, 'limits.recordBytes is 10'],
  ])('refuses %s', (_, limits, message) => {
    expect(() => parseContext({ limits: limits as object })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    )
  })
})
