import type { ObjectReport } from '../types.ts'
import { type ObjectEvent, objectEvent } from './event.ts'

/** Takes an object's report: what `ingest`'s `onObject` calls, and waits for where it gives a promise. */
export type Observer = (report: ObjectReport) => unknown

/** One measurement of one object: added up, or its distribution kept. */
export interface Measurement {
  readonly metric: MetricName
  readonly value: number
  /** What the record counter is told apart by. */
  readonly fate?: (typeof fates)[number]
}

export const fates = ['written', 'duplicate', 'rejected', 'filtered', 'malformed', 'unfinished'] as const

/**
 * What is measured, in the order in which adapters show it. A `counter` is added up, a `histogram` distributed; units are
 * UCUM's, as OpenTelemetry wants them: https://opentelemetry.io/docs/specs/semconv/general/metrics/
 */
export const metrics = {
  objects: { type: 'counter', unit: '{object}', description: 'Objects read to their end or failed' },
  records: { type: 'counter', unit: '{record}', description: 'Records by what became of them' },
  unknown: { type: 'counter', unit: '{record}', description: 'Records with a field that no table knows, once a field' },
  size: { type: 'histogram', unit: 'By', description: 'Stored bytes of an object' },
  duration: { type: 'histogram', unit: 's', description: 'From opening an object to the fate of its last record' },
  lag: { type: 'histogram', unit: 's', description: "From the oldest record's time to the fate of the last" },
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
