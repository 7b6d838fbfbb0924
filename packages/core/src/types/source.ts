import type { ErrorCode, FlowferryError } from '../errors.ts'

/** Bytes `start` to `end`, both inclusive as in HTTP's Range, or the `last` n bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly last: number }

/** An opened object, as it stands in the store now. */
export interface OpenObject {
  /** The ETag of the bytes in `body`, without quotes. It is part of every record's identity. */
  readonly etag: string
  /** Bytes that `body` will give. A body of another length fails the object. @default unknown, and not checked */
  readonly size?: number
  /** The time of records that have none. @default the time at which reading began */
  readonly lastModified?: Date
  /** The object's own metadata, names in lower case, where the source knows it: digests of CloudTrail have their signature there. */
  readonly metadata?: Readonly<Record<string, string>>
  /** The object's stored bytes, still compressed. */
  readonly body: AsyncIterable<Uint8Array>
}

/** How far the reading of an object came, so that a later reading goes on from there. */
export interface Position {
  /** ETag of the bytes that were read. Where the object has another one now, reading begins at its first record. */
  readonly etag: string
  /** Number of leading records, malformed ones counted, that are stored, filtered or malformed. */
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
  /** Where an earlier reading stopped: records before it are skipped and not counted. @default the first record */
  readonly from?: Position
  /**
   * Errors with which the object counts as `skipped` (`superseded`, for OBJECT_SUPERSEDED) and not as failed.
   *
   * @default none: every error fails the object
   */
  readonly skip?: readonly ErrorCode[]
  /**
   * Opens the object, or a part of it. A rejection fails this object alone. The body has to end with an error when the
   * signal aborts.
   */
  readonly open: (range?: ByteRange, signal?: AbortSignal) => Promise<OpenObject>
}

/** The unit that is acknowledged: a queue's message with the objects that it names, or a local file as its only object. */
export interface SourceMessage {
  /** None when there is no queue: S3 invoked the Lambda itself, or the object is a local file. */
  readonly messageId?: string
  readonly objects: readonly SourceObject[]
  /** Messages of one group of a FIFO queue are read one after the other, in their order. @default all at once */
  readonly group?: string
  /** When the message was put into its queue: `queueMilliseconds` of an event is counted from then. */
  readonly sentAt?: Date
  /** Events of the message that name nothing to read, for the report: `s3:TestEvent`, `ObjectRemoved:Delete`, … */
  readonly ignored?: readonly string[]
  /** Set when the body of the message cannot be understood. The message fails. */
  readonly error?: FlowferryError
}

/** Messages, all at once or as they come. An error ends the pipeline: messages given before have their reports. */
export type Source = Iterable<SourceMessage> | AsyncIterable<SourceMessage>
