import { type MetricName, measure, metrics, type Observer } from './metrics.ts'

/** The part of a `Meter` of `@opentelemetry/api` that is used. */
export interface OpenTelemetryMeter {
  readonly createCounter: (name: string, options: InstrumentOptions) => { add: Record_ }
  readonly createHistogram: (name: string, options: InstrumentOptions) => { record: Record_ }
}
type Record_ = (value: number, attributes: Record<string, string>) => void
interface InstrumentOptions {
  readonly unit: string
  readonly description: string
  readonly advice?: { explicitBucketBoundaries: number[] }
}

const names: Readonly<Record<MetricName, string>> = {
  objects: 'flowferry.objects',
  records: 'flowferry.records',
  unknown: 'flowferry.unknown_fields',
  size: 'flowferry.object.size',
  duration: 'flowferry.object.duration',
  lag: 'flowferry.record.lag',
  queueAge: 'flowferry.queue.age',
}

/** Boundaries of the histograms' buckets, to a week and to 10 GB: OpenTelemetry's default ones end at 10,000. */
const seconds = [0.01, 0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 86_400, 604_800]
const bytes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]

/**
 * Reports objects to OpenTelemetry.
 *
 * Attributes are `aws.s3.bucket` and `error.type`, as the semantic conventions have them, `flowferry.kind` (`mixed` for
 * an object of several kinds), and `flowferry.fate` of the metric `flowferry.records`. Keys are no attribute: each would
 * be a time series.
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/aws/
 *
 * @example
 * const onObject = openTelemetry(metrics.getMeter('flowferry'))
 * await ingest({ source, parser, sink, onObject })
 */
export function openTelemetry(meter: OpenTelemetryMeter): Observer {
  const instruments = Object.fromEntries(
    Object.entries(metrics).map(([metric, { type, unit, description }]) => {
      const name = names[metric as MetricName]
      if (type === 'counter') {
        const counter = meter.createCounter(name, { unit, description })
        return [metric, (...args: Parameters<Record_>) => counter.add(...args)]
      }
      const advice = { explicitBucketBoundaries: unit === 's' ? seconds : bytes }
      const histogram = meter.createHistogram(name, { unit, description, advice })
      return [metric, (...args: Parameters<Record_>) => histogram.record(...args)]
    }),
  ) as Record<MetricName, Record_>
  return (report) => {
    const { event, all } = measure(report)
    const [kind = 'unknown', ...others] = event.kinds
    const attributes = {
      'aws.s3.bucket': event.bucket,
      'flowferry.kind': others.length > 0 ? 'mixed' : kind,
      ...(event.code !== undefined && { 'error.type': event.code }),
    }
    for (const { metric, value, fate } of all)
      instruments[metric](value, fate ? { ...attributes, 'flowferry.fate': fate } : attributes)
  }
}
