import type { ObjectReport } from '../types.ts'

/** An object's report as one flat line of a log: what happened, where, how much and how late. */
export interface ObjectEvent {
  /** When the outcome of the last record was known, ISO 8601. */
  readonly time: string
  readonly status: ObjectReport['status']
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag?: string
  /** The kinds of its records. */
  readonly kinds: readonly string[]
  readonly read: number
  readonly written: number
  readonly duplicate: number
  readonly rejected: number
  readonly filtered: number
  readonly malformed: number
  readonly unfinished: number
  /** Stored bytes. */
  readonly bytes: number
  readonly milliseconds: number
  /** `@timestamp` of the oldest and newest record, as `ObjectReport.eventTime` has them. */
  readonly oldest?: string
  readonly newest?: string
  /** From the oldest record's time to `time`: the record that waited longest was searchable after that. */
  readonly lagMilliseconds?: number
  /** From the sending of the message to `time`. The largest of a worker is the age of the oldest message in work. */
  readonly queueMilliseconds?: number
  /** Records without a time of their own. */
  readonly untimed: number
  /** The first twenty fields that the format does not declare, with the number of records that had them. */
  readonly unknownFields: Readonly<Record<string, number>>
  /** Code of the error of an object that is not done. */
  readonly code?: string
  /** Its message. */
  readonly message?: string
}

const shownFields = 20

/**
 * An object's report as a log line shows it.
 *
 * @example
 * const onObject = (report) => console.log(JSON.stringify(objectEvent(report)))
 * await ingest({ source, parser, sink, onObject })
 */
export function objectEvent(report: ObjectReport): ObjectEvent {
  const { status, bucket, key, versionId, etag, kinds, counts, bytes, milliseconds, finishedAt } = report
  const { eventTime, sentAt, untimed, unknownFields, error } = report
  return {
    time: finishedAt,
    status,
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
    ...(etag !== undefined && { etag }),
    kinds,
    ...counts,
    bytes,
    milliseconds,
    ...(eventTime && { ...eventTime, lagMilliseconds: since(eventTime.oldest, finishedAt) }),
    ...(sentAt !== undefined && { queueMilliseconds: since(sentAt, finishedAt) }),
    untimed,
    unknownFields: Object.fromEntries(Object.entries(unknownFields).slice(0, shownFields)),
    ...(error && { code: error.code, message: error.message }),
  }
}

/** Milliseconds, from 0: clocks differ, and nothing is indexed before it happened. */
function since(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from))
}
