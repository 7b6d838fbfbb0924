import { describe, expect, test } from 'vitest'
import { observed, unauthorized } from '../../test/observed.ts'
import { fates, measure, metrics } from './metrics.ts'

describe('measure', () => {
  test('gives each metric once, and the records once for each outcome that occurs', async () => {
    const [report] = await observed(() => undefined)
    const { all } = measure({ ...report!, unknownFields: { a: 2, b: 3 } })
    expect(all.map(({ metric, fate }) => fate ?? metric)).toEqual([
      'objects',
      'written',
      'malformed',
      'unknown',
      'size',
      'duration',
      'lag',
      'queueAge',
    ])
    const value = (name: string) => all.find(({ metric, fate }) => (fate ?? metric) === name)!.value
    expect([value('objects'), value('written'), value('malformed'), value('unknown')]).toEqual([1, 3, 1, 5])
    expect(value('size')).toBe(report!.bytes)
  })

  test('gives seconds where the report has milliseconds', async () => {
    const [first] = await observed(() => undefined)
    const report = {
      ...first!,
      milliseconds: 1500,
      finishedAt: '2026-01-01T00:01:00.000Z',
      sentAt: '2026-01-01T00:00:30.000Z',
      eventTime: { oldest: '2026-01-01T00:00:00.000Z', newest: '2026-01-01T00:00:00.000Z' },
    }
    const values = Object.fromEntries(measure(report).all.map(({ metric, value }) => [metric, value]))
    expect(values).toMatchObject({ duration: 1.5, lag: 60, queueAge: 30 })
  })

  test('leaves out what is not known', async () => {
    const [report] = await observed(() => undefined, unauthorized)
    const { eventTime: _, sentAt: __, ...unknown } = report!
    const names = measure({ ...unknown, unknownFields: {} }).all.map(({ metric }) => metric)
    expect(names).toEqual(['objects', 'records', 'records', 'size', 'duration'])
  })

  test('has an outcome for every record that was read', async () => {
    const [report] = await observed(() => undefined)
    const { read, ...outcomes } = report!.counts
    expect(Object.keys(outcomes).sort()).toEqual([...fates].sort())
    expect(fates.reduce((sum, fate) => sum + report!.counts[fate], 0)).toBe(read)
  })

  test('measures only what is described', async () => {
    const [report] = await observed(() => undefined)
    for (const { metric } of measure(report!).all) expect(metrics[metric].description).toBeTruthy()
  })
})
