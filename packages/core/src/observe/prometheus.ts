import type { Observer } from './metrics.ts'
import { type OpenTelemetryMeter, openTelemetry } from './open-telemetry.ts'

/** Metrics of this process, for Prometheus to fetch. */
export interface Prometheus {
  /** Counts an object: `onObject` of `ingest`. */
  readonly onObject: Observer
  /** The metrics as they are now, in Prometheus's text format 0.0.4, with a line end behind each. */
  readonly text: () => string
}

interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** Sum of all values. */
  sum: number
  /** Number of values. */
  count: number
  /** Numbers of values up to each bound of the histogram; empty for a counter. */
  readonly buckets: number[]
}
interface Metric {
  readonly name: string
  readonly description: string
  /** Upper bounds of a histogram's buckets. */
  readonly bounds?: readonly number[]
  readonly series: Map<string, Series>
}

/**
 * Counts objects for Prometheus. The metrics are those of `openTelemetry`, under the names that OpenTelemetry's exporter
 * gives them: `flowferry_records_total`, `flowferry_record_lag_seconds`. Labels are `flowferry_kind`, `flowferry_fate`
 * and `error_type`, which have few values. The bucket is none: whoever may send messages may name any number of them,
 * and each would be kept.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * @example
 * const { onObject, text } = prometheus()
 * await ingest({ source, parser, sink, onObject })
 * response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(text())
 */
export function prometheus(): Prometheus {
  const all: Metric[] = []
  const meter: OpenTelemetryMeter = {
    createCounter: (name, { unit, description }) => {
      const metric = { name: `${nameOf(name, unit)}_total`, description, series: new Map() }
      all.push(metric)
      return { add: (value, attributes) => add(metric, value, attributes) }
    },
    createHistogram: (name, { unit, description, advice }) => {
      const bounds = advice?.explicitBucketBoundaries ?? []
      const metric = { name: nameOf(name, unit), description, bounds, series: new Map() }
      all.push(metric)
      return { record: (value, attributes) => add(metric, value, attributes) }
    },
  }
  return { onObject: openTelemetry(meter), text: () => all.flatMap(linesOf).join('') }
}

const unitNames: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' }

/** `flowferry.record.lag` in `s` is `flowferry_record_lag_seconds`; what is counted, `{record}`, has no suffix. */
function nameOf(name: string, unit: string): string {
  return name.replaceAll('.', '_') + (unitNames[unit] ?? '')
}

function add(metric: Metric, value: number, { 'aws.s3.bucket': _, ...attributes }: Record<string, string>): void {
  const key = JSON.stringify(attributes)
  let series = metric.series.get(key)
  if (!series) {
    const labels = Object.fromEntries(
      Object.entries(attributes).map(([name, text]) => [name.replaceAll('.', '_'), text]),
    )
    series = { labels, sum: 0, count: 0, buckets: metric.bounds?.map(() => 0) ?? [] }
    metric.series.set(key, series)
  }
  series.sum += value
  series.count++
  metric.bounds?.forEach((bound, index) => {
    if (value <= bound) series.buckets[index]!++
  })
}

function linesOf({ name, description, bounds, series }: Metric): string[] {
  const lines = [`# HELP ${name} ${description}\n`, `# TYPE ${name} ${bounds ? 'histogram' : 'counter'}\n`]
  for (const { labels, sum, count, buckets } of series.values()) {
    if (!bounds) {
      lines.push(sample(name, labels, sum))
      continue
    }
    for (const [index, bound] of bounds.entries())
      lines.push(sample(`${name}_bucket`, { ...labels, le: String(bound) }, buckets[index]!))
    lines.push(sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count))
    lines.push(sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, count))
  }
  return lines
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const shown = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${shown.length > 0 ? `{${shown.join(',')}}` : ''} ${value}\n`
}

/** A parser of a user's own may name its kind as it likes. */
function escaped(text: string): string {
  return text.replace(/["\\\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
