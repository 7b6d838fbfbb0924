import type { ErrorCode, FlowferryError } from '../errors.ts'

/** Bytes `start` to `end`, both inclusive as in HTTP's Range, or the `last` n bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly last: number }

/** What `open` resolves with: the object as it stands in the store now. */
export interface OpenObject {
  /** The ETag of the bytes in `body`, without quotes. It is part of every record's identity. */
  readonly etag: string
  /** Bytes that `body` will give. When stated, a body of another length fails the object. */
  readonly size?: number
  /** Time of a record that carries none. */
  readonly lastModified?: Date
  /** The object's stored bytes, still compressed. */
  readonly body: AsyncIterable<Uint8Array>
}

/** How far an object came: with it, a later reading goes on where an earlier one was stopped. */
export interface Position {
  /** Of the bytes that were read. Where the object has another now, reading begins at its first record. */
  readonly etag: string
  /** So many leading records, malformed ones counted, have their fate for good: stored, filtered or malformed. */
  readonly records: number
}

/** A log file, not yet opened. */
export interface SourceObject {
  readonly bucket: string
  /** Decoded: what GetObject takes. */
  readonly key: string
  readonly versionId?: string
  /** As a notification or listing stated it; the identity uses what `open` answers. */
  readonly etag?: string
  /** Stored bytes, as a notification or listing stated them. */
  readonly size?: number
  /** Where an earlier reading stopped: the records before are skipped, and not counted. */
  readonly from?: Position
  /** Errors with which the object counts as `skipped` (`superseded`, for OBJECT_SUPERSEDED) and not as failed. */
  readonly skip?: readonly ErrorCode[]
  /**
   * Opens the object, or a part of it. A rejection fails this object alone.
   * The body must end with an error when the signal aborts.
   */
  readonly open: (range?: ByteRange, signal?: AbortSignal) => Promise<OpenObject>
}

/** The unit that is acknowledged: a queue's message with the objects that it names, or a local file as its only object. */
export interface SourceMessage {
  /** None when there is no queue: S3 invoked the Lambda itself, or the object is a local file. */
  readonly messageId?: string
  readonly objects: readonly SourceObject[]
  /** Messages of one group are read one after the other, in their order: a FIFO queue's. Default: all at once. */
  readonly group?: string
  /** When it was put into its queue. */
  readonly sentAt?: Date
  /** What the message named that is not to be read, for the report: `s3:TestEvent`, `ObjectRemoved:Delete`, … */
  readonly ignored?: readonly string[]
  /** Set when the message itself cannot be understood. It then fails. */
  readonly error?: FlowferryError
}

export type Source = Iterable<SourceMessage> | AsyncIterable<SourceMessage>
