import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { describe, expect, it } from 'vitest'
import { rootUsed } from './audit.ts'
import { portScan } from './network.ts'
import { serviceUnanswered } from './unanswered.ts'
import { latenessOf, type WindowOptions, windowsOf } from './windows.ts'

const minute = 60_000
const now = Date.parse('2026-11-22T12:00:00Z')
const options: WindowOptions = { now, late: 60 * minute, threshold: 100, time: 'record' }
const at = (minutes: number) => new Date(now + minutes * minute).toISOString()
const spans = (...args: Parameters<typeof windowsOf>) =>
  windowsOf(...args).windows.map(({ span: { from, to } }) =>
    [from, to].map((time) => (Date.parse(time) - now) / minute),
  )

describe('windows', () => {
  it('of one record reach from now as far back as it may be late', () => {
    expect(spans(rootUsed, { ...options, threshold: 1 })).toEqual([[-65, 0]])
  })

  it('of counted records end as long ago as records are late', () => {
    expect(spans(portScan, options)).toEqual([[-75, -60]])
    expect(spans(rootUsed, { ...options, threshold: 5 })).toEqual([[-65, -60]])
    // The same again and again overlap, so that nothing is between two.
    expect(spans(portScan, { ...options, before: now - 65 * minute })).toEqual([[-75, -60]])
  })

  it('by arrival end now, and read what came late, but no backfill', () => {
    const { windows } = windowsOf(portScan, { ...options, time: 'ingested' })
    expect(windows).toEqual([
      {
        span: { from: at(-15), to: at(0) },
        now: { field: 'event.ingested', range: { gte: at(-15), lt: at(0) } },
        readsFrom: at(-15 - 24 * 60),
      },
    ])
    // Several questions are told by the time of the records.
    expect(spans(serviceUnanswered, { ...options, time: 'ingested' })).toEqual([[-75, -60]])
  })

  it('make up for those that were left out, as far as it goes, and say what they cannot', () => {
    expect(spans(portScan, { ...options, before: now - 95 * minute })).toEqual([
      [-75, -60],
      [-90, -75],
      [-105, -90],
    ])
    const long = windowsOf(portScan, { ...options, before: now - 400 * minute })
    expect(long.windows).toHaveLength(12)
    expect(long.missed).toEqual({ from: at(-400), to: at(-240) })
    const event = { ...options, threshold: 1 }
    expect(spans(rootUsed, { ...event, before: now - 300 * minute })).toEqual([[-360, 0]])
    const days = windowsOf(rootUsed, { ...event, before: now - 3000 * minute })
    expect(days.missed).toEqual({ from: at(-3060), to: at(-65 - 24 * 60) })
  })

  it('begin never earlier than those before: what is over does not come again', () => {
    let [before, from] = [now, Number.NEGATIVE_INFINITY]
    for (const pause of [5, 5, 47, 6, 200, 5, 5]) {
      const next = before + pause * minute
      const { windows } = windowsOf(rootUsed, { ...options, threshold: 1, now: next, before })
      const begin = Date.parse(windows[0]!.span.from)
      expect(begin).toBeGreaterThanOrEqual(from)
      ;[before, from] = [next, begin]
    }
  })

  it('know from the formats how late records come', () => {
    const formats = [...vpcFlow.formats, ...cloudTrail.formats]
    expect(latenessOf(['aws.vpcflow'], formats)).toBe(60 * minute)
    expect(latenessOf(['aws.vpcflow', 'aws.cloudtrail'], formats)).toBe(120 * minute)
    expect(latenessOf(['custom.notes'], formats)).toBe(60 * minute)
  })
})
