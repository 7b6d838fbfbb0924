import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asTime } from '../../schema/time.ts'
import { buffer } from './memory.ts'
import { putEpoch, putTime } from './times.ts'

const bytes = Buffer.from(buffer)
const to = 1024

/** What is written for a JSON text that stands in the engine's memory. */
function written(text: string, put: (start: number, end: number) => number): string | undefined {
  const end = bytes.write(text, 64) + 64
  bytes.fill(0, end, end + 64)
  const behind = put(64, end)
  return behind === -1 ? undefined : bytes.toString('latin1', to, behind)
}
const epoch = (digits: string, unit: number) => written(digits, (start, end) => putEpoch(start, end, unit, to))
const time = (text: string) => written(JSON.stringify(text), (start, end) => putTime(start, end, to))

describe('times are written as Date writes them', () => {
  test('seconds and milliseconds since 1970', () => {
    const days = fc.integer({ min: 0, max: 253_402_300_799 })
    fc.assert(
      fc.property(days, fc.integer({ min: 0, max: 999 }), (seconds, rest) => {
        expect(epoch(String(seconds), 1000)).toBe(JSON.stringify(new Date(seconds * 1000)))
        expect(epoch(String(seconds * 1000 + rest), 1)).toBe(JSON.stringify(new Date(seconds * 1000 + rest)))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([0, 951_782_400, 951_868_800, 4_107_542_399, 4_107_542_400, 253_402_300_799])(
    'at the edge: %d',
    (seconds) => {
      expect(epoch(String(seconds), 1000)).toBe(JSON.stringify(new Date(seconds * 1000)))
    },
  )

  test('ISO 8601 in any spelling, as the plain path reads it, or not at all', () => {
    const digits = (length: number) =>
      fc.integer({ min: 0, max: 10 ** length - 1 }).map((n) => `${n}`.padStart(length, '0'))
    const text = fc
      .tuple(
        fc.constantFrom('1970', '2024', '2025', '2026', '2000', '2100', '9998', '1969', '9999'),
        fc.constantFrom('-', ''),
        fc.tuple(digits(2), digits(2), digits(2), digits(2), digits(2)),
        fc.constantFrom('T', ' ', 'x'),
        fc.constantFrom('', '.', '.1', ',25', '.123', '.123456'),
        fc.constantFrom('', 'Z', '+00:00', '-0930', '+14:00', '+1', 'z'),
      )
      .map(([year, dash, [month, day, ...clock], between, fraction, zone]) => {
        const date = [
          year,
          `${(Number(month) % 13) + 0}`.padStart(2, '0'),
          `${Number(day) % 33}`.padStart(2, '0'),
        ].join(dash)
        return `${date}${between}${clock.map((n) => `${Number(n) % 62}`.padStart(2, '0')).join(dash ? ':' : '')}${fraction}${zone}`
      })
    let taken = 0
    fc.assert(
      fc.property(text, (value) => {
        const own = time(value)
        if (own === undefined) return
        taken++
        expect(own).toBe(JSON.stringify(asTime(value)))
      }),
      { numRuns: 5000 },
    )
    expect(taken).toBeGreaterThan(300)
  })

  test.each([
    ['2025-07-31T08:01:12Z', '2025-07-31T08:01:12.000Z'],
    ['2025-07-31T08:01:12.5+0000', '2025-07-31T08:01:12.500Z'],
    ['2025-12-31 23:30:00-01:00', '2026-01-01T00:30:00.000Z'],
    ['20131102T010628Z', '2013-11-02T01:06:28.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2025-02-29T00:00:00Z', undefined],
    ['2025-07-31', undefined],
  ])('%s', (text, iso) => {
    expect(time(text)).toBe(iso && JSON.stringify(iso))
  })
})
