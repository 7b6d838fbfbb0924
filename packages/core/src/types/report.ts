import type { FlowferryError } from '../errors.ts'
import type { Malformed } from './format.ts'
import type { Rejection } from './sink.ts'
import type { Position } from './source.ts'

/** Numbers of records. `read = written + duplicate + rejected + filtered + malformed + unfinished`, always. */
export interface Counts {
  /** Lines or elements found, malformed ones included. */
  read: number
  /** Stored. */
  written: number
  /** Stored before under the same id. */
  duplicate: number
  /** Refused by the store for good. */
  rejected: number
  /** Dropped by `filter`. */
  filtered: number
  /** Not of the format. */
  malformed: number
  /** Not stored, and not refused: the store was away, time ran out, or a step threw. */
  unfinished: number
}

/**
 * `done`: every record is stored, filtered, kept by `deadRecords`, or malformed within the limit. `skipped`: the source
 * may do without the object. `superseded`: it was overwritten while it was read, and its new version has an event of its
 * own. `failed`: its message comes again. `error` says why an object is not done; all but `failed` are successes.
 */
export type ObjectStatus = 'done' | 'failed' | 'skipped' | 'superseded'

/** The outcome of one object. */
export interface ObjectReport {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag?: string
  /** The `kind`s of record that it held. */
  readonly kinds: readonly string[]
  readonly status: ObjectStatus
  /** Set when the work stopped before the object was opened. */
  readonly notBegun?: true
  /** Number of leading records that were skipped, since an earlier reading had stored them. */
  readonly from?: number
  /** Where a later reading of a failed object can go on. */
  readonly position?: Position
  readonly counts: Readonly<Counts>
  /** Stored bytes read. */
  readonly bytes: number
  /** From the beginning of its reading to the outcome of its last record. */
  readonly milliseconds: number
  /** When the outcome of its last record was known, ISO 8601. */
  readonly finishedAt: string
  /**
   * The earlier and the later `@timestamp` of the object's first and last record, ISO 8601. AWS's files are in order of
   * time, or nearly, so these are the oldest and the newest. Filtered records count; none where neither has a time.
   */
  readonly eventTime?: { readonly oldest: string; readonly newest: string }
  /** When its message was put into the queue, ISO 8601. */
  readonly sentAt?: string
  /** Records that had no time and took the object's. */
  readonly untimed: number
  /** Fields that the format does not declare, with the number of records that had them; `…` is all beyond 1,000 names. */
  readonly unknownFields: Readonly<Record<string, number>>
  /** The first five malformed records. */
  readonly malformed: readonly Malformed[]
  /** The first five rejected documents, with the ids that they would have had. */
  readonly rejected: readonly (Rejection & { readonly id: string; readonly ordinal: number })[]
  /** The first five documents that a pipeline of the store's owner dropped. @default none: the filter is yours */
  readonly filtered?: readonly (Rejection & { readonly id: string; readonly ordinal: number })[]
  /** Why the object is not done. */
  readonly error?: FlowferryError
}

/** The outcome of one message and its objects. */
export interface MessageReport {
  readonly messageId?: string
  readonly group?: string
  /** `failed` when its body was not understood or any of its objects failed. */
  readonly status: 'done' | 'failed'
  readonly objects: readonly ObjectReport[]
  /** Events of the message that name nothing to read. */
  readonly ignored: readonly string[]
  /** Why its body was not understood. */
  readonly error?: FlowferryError
}

/** The outcome of every message and every object. */
export interface Report {
  /** True when every message is done, and the source was read to its end. */
  readonly ok: boolean
  /** In the order in which they came; with `keepReports: 'failed'`, the failed ones alone. */
  readonly messages: readonly MessageReport[]
  /** Sums over all objects. */
  readonly counts: Readonly<Counts>
  /** Number of objects. */
  readonly objects: number
  /** Number of objects of each status: together `objects`. */
  readonly statuses: Readonly<Record<ObjectStatus, number>>
  /** Stored bytes read. */
  readonly bytes: number
  readonly milliseconds: number
  /** Set when the pipeline stopped early: the store is away, the deadline is near, the signal aborted, the source broke. */
  readonly stopped?: FlowferryError
  /** Set when the source was not read to its end: its other messages are not in the report, and are not done. */
  readonly incomplete?: true
}
