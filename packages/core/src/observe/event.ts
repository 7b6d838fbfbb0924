import type { ObjectReport } from '../types.ts'

/** An object's report as one flat line of a log: what happened, where, how much and how late. */
export interface ObjectEvent {
  /** When the last record had its fate, ISO 8601. */
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
  /** From the oldest record's time to `time`: how long its longest-waiting record took to be searchable. */
  readonly lagMilliseconds?: number
  /** From the sending of the message to `time`. Of a worker's objects, the largest is the age of what it has in hand. */
  readonly queueMilliseconds?: number
  /** Records without a time of their own. */
  readonly untimed: number
  /** Fields that no table knows, the first twenty, with the number of records that had them. */
  readonly unknownFields: Readonly<Record<string, number>>
  /** Why it failed. */
  readonly code?: string
  readonly message?: string
}

const shownFields = 20

/** For logs: `ingest({ onObject: (report) => console.log(JSON.stringify(objectEvent(report))) })`. */
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

/** Clocks differ: nothing is indexed before it happened. */
function since(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from))
}
