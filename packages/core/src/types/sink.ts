import type { FlowferryError } from '../errors.ts'
import type { DocumentEncoder } from './encoder.ts'
import type { Format, LogDocument } from './format.ts'

/** The names of an object: for documents' ids, for errors, and for a user's filter and `enrich`. */
export interface ObjectIdentity {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag: string
  readonly lastModified?: Date
  /** 128 bits over bucket, key and ETag, in 22 characters. Ids of records without an id of their own begin with it. */
  readonly idPrefix: string
}

/** A batch on its way to a sink, after filters and enrichment. */
export interface Slice<T> {
  readonly object: ObjectIdentity
  readonly format: Format
  /** The data stream of the documents: `logs-aws.vpcflow-default`. A sink with an `index` of its own ignores it. */
  readonly dataStream: string
  /** Number of records. */
  readonly length: number
  /** The parser's records. Some are made when they are asked for, so a sink of documents takes `document` and `id`. */
  readonly records: readonly T[]
  /** Position of each record in its object, from 0, malformed and filtered ones counted; ascending. */
  readonly ordinals: ArrayLike<number>
  /** Decompressed bytes that the batch took. */
  readonly bytes: number
  /** The `_id` of `records[index]`: the same for every delivery of the same object. At most 512 bytes. */
  readonly id: (index: number) => string
  /** The document of `records[index]`, complete with `@timestamp`. */
  readonly document: (index: number) => LogDocument
  /** Writes the same documents, and ids of their own, as bytes. @default none: the format writes no bytes */
  readonly encoder?: DocumentEncoder
  /**
   * Whether `format.mapping` names every field of the documents, but for `data_stream`.
   *
   * @default it is not known: a step, or AWS, may have added fields
   */
  readonly mapped?: boolean
  /** Dotted fields of `format.mapping` that the documents may have, where `mapped` is true. @default any of them */
  readonly fields?: ReadonlySet<string>
}

/** A document that the store refused for good. */
export interface Rejection {
  /** Index of the document in its slice, from 0. */
  readonly index: number
  /** The store's own type of the failure: `document_parsing_exception`. */
  readonly type: string
  /** The store's own words. */
  readonly reason: string
}

/**
 * The outcome of a slice: `written + duplicate + rejected.length + unfinished`, and `filtered.length` where there is one,
 * are its `length`.
 */
export interface SliceOutcome {
  /** Stored by this write. */
  readonly written: number
  /** Stored before under the same id. A success. */
  readonly duplicate: number
  /** Refused for good, each document once. */
  readonly rejected: readonly Rejection[]
  /**
   * Dropped by the store because its owner says so, as a filter would: an ingest pipeline with a `drop` processor. A
   * success, with its reason.
   * @default none
   */
  readonly filtered?: readonly Rejection[]
  /** Not stored, and not refused: the store was away, or time ran out. The object fails and comes again. */
  readonly unfinished: number
}

/** The outcome of a batch. */
export interface Outcome {
  /** One for each slice, in the batch's order. */
  readonly slices: readonly SliceOutcome[]
  /** Why records are unfinished. @default TARGET_FAILED, without a reason */
  readonly error?: FlowferryError
  /** True when no later write can succeed either (401, 403, 404, no answer): the pipeline stops. @default false */
  readonly stop?: boolean
}

/**
 * Stores documents. `sinkContract` of `@flowferry/core/testing` tests what every sink keeps.
 *
 * @example
 * const report = await ingest({ source, parser, sink: elasticsearch({ client }) })
 */
export interface Sink<T> {
  /**
   * Writes a batch, and resolves when the outcome of each record is known: partial failure is a value. A rejection is for
   * a programmer's error: each object of the batch is then written by itself, and fails where that rejects too. The same
   * slice again must store nothing twice: the id decides. Several writes may run at once. Soon after the signal aborts,
   * `write` has to resolve, with the rest as `unfinished`.
   */
  readonly write: (batch: readonly Slice<T>[], signal?: AbortSignal) => Promise<Outcome>
}
