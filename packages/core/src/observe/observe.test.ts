import type { Meter } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'
import { ingest } from '../ingest.ts'
import { lines } from '../records/lines.ts'
import { memoryObject, memorySink } from '../testing.ts'
import type { ObjectReport, Sink } from '../types.ts'
import { cloudWatch } from './cloud-watch.ts'
import { objectEvent } from './event.ts'
import type { Observer } from './metrics.ts'
import { openTelemetry } from './open-telemetry.ts'

const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => (/^\d+$/.test(line) ? { value: Number(line) } : undefined),
  document: ({ value }) => ({ '@timestamp': new Date(value * 1000).toISOString(), custom: { value } }),
})
const unauthorized: Sink<unknown> = {
  write: async (batch) => ({
    slices: batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length })),
  }),
}

/** Two objects, sent a minute ago; their newest record is ten seconds old, their oldest 110. */
async function observed(onObject: Observer, sink: Sink<unknown> = memorySink()): Promise<ObjectReport[]> {
  const now = Math.floor(Date.now() / 1000)
  const body = `${now - 110}\n${now - 50}\n?\n${now - 10}\n`
  const report = await ingest({
    source: ['a.log', 'b.log'].map((key) => ({
      objects: [memoryObject({ key, body, bucket: 'logs' })],
      sentAt: new Date((now - 60) * 1000),
    })),
    parser: numbers,
    sink,
    malformedShare: 1,
    onObject,
  })
  return report.messages.flatMap(({ objects }) => objects)
}

describe('objectEvent', () => {
  test('says what, where, how much, how late', async () => {
    const [first] = await observed(() => undefined)
    const event = objectEvent(first!)
    expect(event).toEqual({
      time: first!.finishedAt,
      status: 'done',
      bucket: 'logs',
      key: 'a.log',
      etag: first!.etag,
      kinds: ['number'],
      read: 4,
      written: 3,
      duplicate: 0,
      rejected: 0,
      filtered: 0,
      malformed: 1,
      unfinished: 0,
      bytes: first!.bytes,
      milliseconds: expect.any(Number),
      oldest: first!.eventTime!.oldest,
      newest: first!.eventTime!.newest,
      lagMilliseconds: expect.any(Number),
      queueMilliseconds: expect.any(Number),
      untimed: 0,
      unknownFields: {},
    })
    expect(event.lagMilliseconds! / 1000).toBeCloseTo(110, -1)
    expect(event.queueMilliseconds! / 1000).toBeCloseTo(60, -1)
    expect(Date.parse(event.newest!) - Date.parse(event.oldest!)).toBe(100_000)
    expect(JSON.parse(JSON.stringify(event))).toEqual(event)
  })

  test('names a failing object with its code, and is no later than now', async () => {
    const [first] = await observed(() => undefined, unauthorized)
    expect(objectEvent(first!)).toMatchObject({
      status: 'failed',
      bucket: 'logs',
      key: 'a.log',
      code: 'TARGET_FAILED',
      message: expect.stringContaining('s3://logs/a.log'),
    })
    const early = { ...first!, sentAt: '2999-01-01T00:00:00.000Z', eventTime: undefined as never }
    expect(objectEvent(early)).toMatchObject({ queueMilliseconds: 0 })
    expect(objectEvent(early)).not.toHaveProperty('lagMilliseconds')
  })

  test('shows twenty unknown fields of a thousand', async () => {
    const [first] = await observed(() => undefined)
    const unknownFields = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`f${n}`, 1]))
    expect(Object.keys(objectEvent({ ...first!, unknownFields }).unknownFields)).toHaveLength(20)
  })
})

describe('the times of records', () => {
  test('cost two documents an object, and none a record', async () => {
    let documents = 0
    const counted = lines({
      kind: 'counted',
      dataset: 'custom.counted',
      record: (line) => ({ value: Number(line) }),
      document: ({ value }) => {
        documents++
        return { '@timestamp': new Date(value).toISOString() }
      },
    })
    const body = Array.from({ length: 10_000 }, (_, n) => `${n}\n`).join('')
    const object = memoryObject({ key: 'n', body, chunkBytes: body.length / 4 })
    const report = await ingest({ source: [{ objects: [object] }], parser: counted, sink: unauthorized })
    expect(documents).toBe(2)
    expect(report.messages[0]!.objects[0]!.eventTime).toEqual({
      oldest: '1970-01-01T00:00:00.000Z',
      newest: '1970-01-01T00:00:09.999Z',
    })
  })

  test('are not there where records have none, or cannot be read', async () => {
    for (const document of [
      () => ({}),
      () => {
        throw new Error('no')
      },
    ]) {
      const parser = lines({ kind: 'x', dataset: 'x', record: () => ({}), document })
      const source = [{ objects: [memoryObject({ key: 'n', body: 'x\n' })] }]
      const report = await ingest({ source, parser, sink: memorySink() })
      expect(report.messages[0]!.objects[0]).not.toHaveProperty('eventTime')
    }
  })
})

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

describe('cloudWatch', () => {
  test('writes a line an object, as the embedded metric format wants it', async () => {
    const written: string[] = []
    const reports = await observed(cloudWatch({ write: (line) => void written.push(line) }))
    await observed(
      cloudWatch({
        namespace: 'my/logs',
        dimensions: [[], ['bucket', 'status']],
        write: (line) => void written.push(line),
      }),
      unauthorized,
    )
    expect(written).toHaveLength(4)
    for (const line of written) requireEmf(line)
    const first = JSON.parse(written[0]!)
    expect(first).toMatchObject({
      _aws: { Timestamp: Date.parse(reports.find(({ key }) => key === first.key)!.finishedAt) },
      kind: 'number',
      bucket: 'logs',
      objects: 1,
      failed: 0,
      malformed: 1,
    })
    const last = JSON.parse(written[3]!)
    expect(last).toMatchObject({ failed: 1, code: 'TARGET_FAILED', status: 'failed', unfinished: 3 })
    expect(last._aws.CloudWatchMetrics[0]).toMatchObject({
      Namespace: 'my/logs',
      Dimensions: [[], ['bucket', 'status']],
    })
  })

  test('has text for every dimension, also of what could not be read', async () => {
    const written: string[] = []
    const gone = { bucket: '', key: 'k', open: () => Promise.reject(new Error(`gone ${'x'.repeat(10_000)}`)) }
    const onObject = cloudWatch({ dimensions: [['kind', 'bucket']], write: (line) => void written.push(line) })
    await ingest({ source: [{ objects: [gone] }], parser: numbers, sink: memorySink(), onObject })
    requireEmf(written[0]!)
    expect(JSON.parse(written[0]!)).toMatchObject({ kind: 'unknown', bucket: 'none', code: 'OBJECT_UNREADABLE' })
    expect(written[0]!.length).toBeLessThan(5000)
  })

  test('fails the object whose line is not written, also where that is known later', async () => {
    for (const write of [() => Promise.reject(new Error('no disk')), () => expect.fail('no disk')]) {
      const [first] = await observed(cloudWatch({ write }))
      expect(first).toMatchObject({ status: 'failed', counts: { written: 3 }, error: { code: 'STEP_FAILED' } })
    }
  })

  test('refuses a wrong option', () => {
    expect(() => cloudWatch({ namespace: 'a b' })).toThrow('INVALID_OPTION')
    expect(() => cloudWatch({ dimensions: [['key' as never]] })).toThrow('INVALID_OPTION')
  })
})

const cloudWatchUnits = ['Seconds', 'Milliseconds', 'Bytes', 'Count', 'Percent', 'None']

/**
 * The rules of the format's specification and its JSON schema.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function requireEmf(line: string): void {
  expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true)
  expect(Buffer.byteLength(line)).toBeLessThan(256 * 1024)
  const root = JSON.parse(line)
  expect(Object.keys(root._aws).sort()).toEqual(['CloudWatchMetrics', 'Timestamp'])
  expect(Number.isInteger(root._aws.Timestamp)).toBe(true)
  expect(Math.abs(Date.now() - root._aws.Timestamp)).toBeLessThan(60_000)
  for (const directive of root._aws.CloudWatchMetrics) {
    expect(Object.keys(directive).sort()).toEqual(['Dimensions', 'Metrics', 'Namespace'])
    expect(directive.Namespace).toMatch(/^.{1,1024}$/)
    expect(directive.Dimensions.length).toBeGreaterThan(0)
    for (const set of directive.Dimensions) {
      expect(set.length).toBeLessThanOrEqual(30)
      for (const name of set) expect(root[name], name).toMatch(/^.{1,1024}$/)
    }
    expect(directive.Metrics.length).toBeGreaterThan(0)
    expect(directive.Metrics.length).toBeLessThanOrEqual(100)
    const names = directive.Metrics.map(({ Name }: { Name: string }) => Name)
    expect(new Set(names).size).toBe(names.length)
    for (const { Name, Unit, ...rest } of directive.Metrics) {
      expect(rest).toEqual({})
      expect(Number.isFinite(root[Name]), Name).toBe(true)
      expect(cloudWatchUnits).toContain(Unit)
    }
  }
}
