import type { FlowferryError } from '../errors.ts'
import type { DocumentEncoder, Format, LogDocument } from '../types.ts'

/** What names an object in documents' ids, in errors and to a user's `enrich`. */
export interface ObjectIdentity {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly etag: string
  readonly lastModified?: Date
  /** 128 bits over bucket, key and etag, 22 characters: what ids without one of their own begin with. */
  readonly idPrefix: string
}

/** A batch on its way to a sink, after filters and enrichment. */
export interface Slice<T> {
  readonly object: ObjectIdentity
  readonly format: Format
  /** Where the format's documents belong: `logs-aws.vpcflow-default`. */
  readonly dataStream: string
  /** Number of records. */
  readonly length: number
  /** May be made on demand, at a price: a sink that stores documents needs `document` and `id` alone. */
  readonly records: readonly T[]
  readonly ordinals: ArrayLike<number>
  readonly bytes: number
  /** The `_id` of `records[index]`: the same for every delivery of the same object. At most 512 bytes. */
  readonly id: (index: number) => string
  /** The document of `records[index]`, complete with `@timestamp`. */
  readonly document: (index: number) => LogDocument
  /** Writes the same document as bytes; not every format has it. It says where ids come from. */
  readonly encoder?: DocumentEncoder
}

/** A document that the store refused for good. */
export interface Rejection {
  /** Index into the slice's records. */
  readonly index: number
  /** The store's own type of the failure: `document_parsing_exception`. */
  readonly type: string
  readonly reason: string
}

/** What became of a slice: `written + duplicate + rejected.length + unfinished` is its `length`. */
export interface SliceOutcome {
  readonly written: number
  /** Already there under the same id. A success. */
  readonly duplicate: number
  readonly rejected: readonly Rejection[]
  /** Not stored, nothing wrong with them: the store was away, or time ran out. */
  readonly unfinished: number
}

export interface Outcome {
  /** One a slice, in the batch's order. */
  readonly slices: readonly SliceOutcome[]
  /** Why something is unfinished. */
  readonly error?: FlowferryError
  /** True when no later write can succeed either (401, 403, 404, no answer at all): the pipeline stops. */
  readonly stop?: boolean
}

/**
 * Stores documents. Writing the same slice twice must store nothing twice: the id decides.
 *
 * `write` resolves when each record's fate is known; partial failure is a value. It rejects only for a programmer's
 * error. Several writes may run at once. It must return soon after the signal aborts, with the rest as `unfinished`.
 */
export interface Sink<T> {
  readonly write: (batch: readonly Slice<T>[], signal?: AbortSignal) => Promise<Outcome>
}
