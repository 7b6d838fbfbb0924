import type { FlowferryError } from '../errors.ts'
import type { Malformed } from '../types.ts'
import type { Rejection } from './sink.ts'
import type { Position } from './source.ts'

/** `read = written + duplicate + rejected + filtered + malformed + unfinished`, always. */
export interface Counts {
  /** Lines or elements found, malformed ones included. */
  read: number
  written: number
  duplicate: number
  rejected: number
  filtered: number
  malformed: number
  unfinished: number
}

/**
 * `done`: every record is stored, filtered, or malformed within the limit. Of the others `error` says why: `failed`;
 * `skipped`, since the source may do without it; `superseded`: overwritten while it was read, and its new version comes
 * with an event of its own. All but `failed` are successes.
 */
export type ObjectStatus = 'done' | 'failed' | 'skipped' | 'superseded'

export interface ObjectReport {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag?: string
  /** The `kind`s of record that it held. */
  readonly kinds: readonly string[]
  readonly status: ObjectStatus
  /** Set when the work stopped before it was this object's turn: nobody tried to read it. */
  readonly notBegun?: true
  /** Records that were skipped at the beginning, since an earlier reading had stored them. */
  readonly from?: number
  /** Of an object that failed: where a later reading can go on. */
  readonly position?: Position
  readonly counts: Readonly<Counts>
  /** Stored bytes read. */
  readonly bytes: number
  /** From the beginning of its reading to the fate of its last record. */
  readonly milliseconds: number
  /** When its last record had its fate, ISO 8601. */
  readonly finishedAt: string
  /**
   * The earlier and the later `@timestamp` of the object's first and last record, ISO 8601: the oldest and the newest
   * where it is in order of time, near them where it is not. Read before filters; none where neither has a time.
   */
  readonly eventTime?: { readonly oldest: string; readonly newest: string }
  /** When its message was put into the queue, ISO 8601. */
  readonly sentAt?: string
  /** Records that had no time and took the object's. */
  readonly untimed: number
  /** Fields that no table of ours knows, with the number of records that had them; `…` is all beyond the first 1,000. */
  readonly unknownFields: Readonly<Record<string, number>>
  /** The first five. */
  readonly malformed: readonly Malformed[]
  /** The first five, with the id that the document would have had. */
  readonly rejected: readonly (Rejection & { readonly id: string; readonly ordinal: number })[]
  readonly error?: FlowferryError
}

export interface MessageReport {
  readonly messageId?: string
  readonly group?: string
  /** `failed` when its body was not understood or any of its objects failed. */
  readonly status: 'done' | 'failed'
  readonly objects: readonly ObjectReport[]
  readonly ignored: readonly string[]
  readonly error?: FlowferryError
}

/** What became of every message and every object. */
export interface Report {
  /** True when every message is done, and the source was read to its end. */
  readonly ok: boolean
  /** In the order in which they came; with `keepReports: 'failed'`, those alone. */
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
  /** Set when the source was not read to its end: what else it had is in no message here, and is not done. */
  readonly incomplete?: true
}
