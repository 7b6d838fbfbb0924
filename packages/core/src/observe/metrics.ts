import type { ObjectReport } from '../types.ts'
import { type ObjectEvent, objectEvent } from './event.ts'

/** An observer of objects, for `onObject` of `ingest`. A promise that it gives is awaited. */
export type Observer = (report: ObjectReport) => unknown

/** One measurement of one object: a counter adds it up, a histogram keeps its distribution. */
export interface Measurement {
  readonly metric: MetricName
  readonly value: number
  /** The outcome of the records, for the counter `records` alone. */
  readonly fate?: (typeof fates)[number]
}

export const fates = ['written', 'duplicate', 'rejected', 'filtered', 'malformed', 'unfinished'] as const

/**
 * The metrics, in the order in which adapters show them. Units are UCUM's, as OpenTelemetry wants them:
 * https://opentelemetry.io/docs/specs/semconv/general/metrics/
 */
export const metrics = {
  objects: { type: 'counter', unit: '{object}', description: 'Objects read to their end or failed' },
  records: { type: 'counter', unit: '{record}', description: 'Records by their outcome' },
  unknown: {
    type: 'counter',
    unit: '{record}',
    description: 'Records with a field that the format does not declare, once for each field',
  },
  size: { type: 'histogram', unit: 'By', description: 'Stored bytes of an object' },
  duration: { type: 'histogram', unit: 's', description: 'From opening an object to the outcome of its last record' },
  lag: { type: 'histogram', unit: 's', description: "From the oldest record's time to the outcome of the last" },
  queueAge: { type: 'histogram', unit: 's', description: 'From the sending of a message to the end of its object' },
} as const satisfies Record<string, { type: 'counter' | 'histogram'; unit: string; description: string }>
export type MetricName = keyof typeof metrics

/** An object's measurements, and its event. */
export function measure(report: ObjectReport): { readonly event: ObjectEvent; readonly all: readonly Measurement[] } {
  const event = objectEvent(report)
  const { lagMilliseconds, queueMilliseconds } = event
  const unknown = Object.values(report.unknownFields).reduce((sum, records) => sum + records, 0)
  const all: Measurement[] = [
    { metric: 'objects', value: 1 },
    ...fates
      .filter((fate) => event[fate] > 0)
      .map((fate) => ({ metric: 'records' as const, value: event[fate], fate })),
    ...(unknown > 0 ? [{ metric: 'unknown' as const, value: unknown }] : []),
    { metric: 'size', value: event.bytes },
    { metric: 'duration', value: event.milliseconds / 1000 },
  ]
  if (lagMilliseconds !== undefined) all.push({ metric: 'lag', value: lagMilliseconds / 1000 })
  if (queueMilliseconds !== undefined) all.push({ metric: 'queueAge', value: queueMilliseconds / 1000 })
  return { event, all }
}
