import { describe, expect, it } from 'vitest'
import { usualOf } from './spikes.ts'

const hour = 3_600_000
const begin = Date.parse('2026-11-22T10:00:00Z')
const ago = (hours: number, bytes: number) => ({ at: begin - hours * hour, bytes })

describe('what an hour usually has', () => {
  it('is the median of all hours, of which those without records have nothing', () => {
    const each = Array.from({ length: 168 }, (_, n) => ago(n + 1, n % 2 === 0 ? 100 : 300))
    expect(usualOf(each, begin, 7)).toBe(300)
    expect(usualOf(each.slice(0, 80), begin, 7)).toBe(0)
    expect(usualOf([], begin, 7)).toBe(0)
  })

  it('is that of the same time of the days, where it is more: it has to be there on most of them', () => {
    const nightly = (days: number) => Array.from({ length: days }, (_, n) => ago((n + 1) * 24, 1000 + n))
    expect(usualOf(nightly(7), begin, 7)).toBe(1003)
    expect(usualOf(nightly(4), begin, 7)).toBe(1000)
    expect(usualOf(nightly(3), begin, 7)).toBe(0)
    expect(usualOf([ago(23, 500)], begin, 1)).toBe(500)
    expect(usualOf([ago(20, 500)], begin, 1)).toBe(0)
  })
})
