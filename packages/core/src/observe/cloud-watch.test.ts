import { describe, expect, test } from 'vitest'
import { observed, seconds, unauthorized } from '../../test/observed.ts'
import { ingest } from '../ingest/ingest.ts'
import { memorySink } from '../testing/index.ts'
import { cloudWatch } from './cloud-watch.ts'

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
    await ingest({ source: [{ objects: [gone] }], parser: seconds, sink: memorySink(), onObject })
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
