import type { Meter } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'
import { observed, unauthorized } from '../../test/observed.ts'
import { openTelemetry } from './open-telemetry.ts'

describe('openTelemetry', () => {
  async function exported(run: (meter: Meter) => Promise<unknown>) {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    await run(provider.getMeter('flowferry'))
    await provider.forceFlush()
    const [resource] = exporter.getMetrics()
    await provider.shutdown()
    return Object.fromEntries(
      resource!.scopeMetrics[0]!.metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        { unit: descriptor.unit, points: dataPoints.map(({ attributes, value }) => ({ attributes, value })) },
      ]),
    )
  }

  test('counts and distributes under its names and units, by the real SDK', async () => {
    const found = await exported((meter) => observed(openTelemetry(meter)))
    const attributes = { 'aws.s3.bucket': 'logs', 'flowferry.kind': 'number' }
    expect(found['flowferry.objects']).toEqual({ unit: '{object}', points: [{ attributes, value: 2 }] })
    expect(found['flowferry.records']).toEqual({
      unit: '{record}',
      points: [
        { attributes: { ...attributes, 'flowferry.fate': 'written' }, value: 6 },
        { attributes: { ...attributes, 'flowferry.fate': 'malformed' }, value: 2 },
      ],
    })
    const histogram = (name: string) => found[name]!.points[0]!.value as { count: number; sum: number }
    expect(found['flowferry.record.lag']!.unit).toBe('s')
    expect(histogram('flowferry.record.lag').count).toBe(2)
    expect(histogram('flowferry.record.lag').sum / 2).toBeCloseTo(110, -1)
    expect(histogram('flowferry.queue.age').sum / 2).toBeCloseTo(60, -1)
    expect(histogram('flowferry.object.size').count).toBe(2)
    expect(histogram('flowferry.object.duration').sum).toBeLessThan(60)
  })

  test('tells failures apart by error.type', async () => {
    const found = await exported((meter) => observed(openTelemetry(meter), unauthorized))
    expect(found['flowferry.objects']!.points).toEqual([
      { attributes: { 'aws.s3.bucket': 'logs', 'flowferry.kind': 'number', 'error.type': 'TARGET_FAILED' }, value: 2 },
    ])
  })
})
