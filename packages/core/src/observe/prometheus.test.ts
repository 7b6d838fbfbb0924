import { describe, expect, test } from 'vitest'
import { observed, unauthorized } from '../../test/observed.ts'
import type { ObjectReport } from '../types.ts'
import { prometheus } from './prometheus.ts'

/** The lines of a text, as a scraper reads them: `name{labels}` to value. */
function samples(text: string): Record<string, number> {
  const read: Record<string, number> = {}
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('#')) continue
    const [, name, value] = /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})?) ([\d.e+-]+)$/.exec(line)!
    expect(read, line).not.toHaveProperty([name!])
    read[name!] = Number(value)
  }
  return read
}

describe('prometheus', () => {
  test('has the metrics of OpenTelemetry under the names of its exporter', async () => {
    const { onObject, text } = prometheus()
    const reports = await observed(onObject)
    const found = samples(text())
    const bytes = reports.reduce((sum, report) => sum + report.bytes, 0)
    expect(found).toMatchObject({
      'flowferry_objects_total{flowferry_kind="number"}': 2,
      'flowferry_records_total{flowferry_kind="number",flowferry_fate="written"}': 6,
      'flowferry_records_total{flowferry_kind="number",flowferry_fate="malformed"}': 2,
      'flowferry_object_size_bytes_count{flowferry_kind="number"}': 2,
      'flowferry_object_size_bytes_sum{flowferry_kind="number"}': bytes,
      'flowferry_object_size_bytes_bucket{flowferry_kind="number",le="+Inf"}': 2,
      'flowferry_record_lag_seconds_bucket{flowferry_kind="number",le="60"}': 0,
      'flowferry_record_lag_seconds_bucket{flowferry_kind="number",le="600"}': 2,
      'flowferry_queue_age_seconds_count{flowferry_kind="number"}': 2,
    })
    const heads = [...text().matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
    expect(heads).toEqual([
      'flowferry_objects_total counter',
      'flowferry_records_total counter',
      'flowferry_unknown_fields_total counter',
      'flowferry_object_size_bytes histogram',
      'flowferry_object_duration_seconds histogram',
      'flowferry_record_lag_seconds histogram',
      'flowferry_queue_age_seconds histogram',
    ])
  })

  test('tells failures apart by their code', async () => {
    const { onObject, text } = prometheus()
    await observed(onObject, unauthorized)
    expect(samples(text())).toMatchObject({
      'flowferry_objects_total{flowferry_kind="number",error_type="TARGET_FAILED"}': 2,
    })
  })

  test('keeps no more of a thousand buckets than of one, and escapes what a parser names', async () => {
    const { onObject, text } = prometheus()
    const [report] = await observed(() => undefined)
    for (let n = 0; n < 1000; n++) onObject({ ...report!, bucket: `bucket-${n}`, kinds: ['a"b\\c\nd'] } as ObjectReport)
    expect(text()).not.toContain('bucket-')
    expect(samples(text())).toMatchObject({ 'flowferry_objects_total{flowferry_kind="a\\"b\\\\c\\nd"}': 1000 })
  })
})
