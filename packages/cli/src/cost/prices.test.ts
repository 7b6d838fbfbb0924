import { describe, expect, it } from 'vitest'
import { dollarsFor, type Price, prices, priceWords } from './prices.ts'

const gigabyte = 2 ** 30

describe('the price table', () => {
  it.each(Object.entries<Price>(prices))('%s says where and when, and its tiers rise to an open end', (_, price) => {
    expect(price.source).toMatch(/^https:\/\/aws\.amazon\.com\/[a-z0-9]+\/pricing\/$/)
    expect(price.checked).toMatch(/^20\d\d-\d\d(-\d\d)?$/)
    const ends = price.tiers.map(({ upTo }) => upTo ?? Number.POSITIVE_INFINITY)
    expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b))
    expect(ends.at(-1)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('dollarsFor', () => {
  it('charges each tier for its own part: 72 TB of vended logs', () => {
    const tiers = [10 * 1024 * 0.25, 20 * 1024 * 0.15, 20 * 1024 * 0.075, 22 * 1024 * 0.05]
    const sum = tiers.reduce((total, tier) => total + tier, 0)
    expect(dollarsFor(prices.vendedToS3, 72 * 1024 * gigabyte)).toBeCloseTo(sum, 6)
  })

  it('charges what ends within the first tier, and nothing for nothing', () => {
    expect(dollarsFor(prices.vendedToS3, 4 * gigabyte)).toBeCloseTo(1, 10)
    expect(dollarsFor(prices.sqsStandard, 2_500_000)).toBeCloseTo(1, 10)
    expect(dollarsFor(prices.vendedToS3, 0)).toBe(0)
  })
})

it('says a price with its unit, place and day', () => {
  expect(priceWords(prices.sqsFifo)).toBe('$0.5 per million requests, us-east-1 2026-06-13')
  expect(priceWords(prices.vendedToS3)).toBe('$0.25 per GB (first 10,240), us-east-1 2025-10-28')
})
