import type { ErrorCode, FlowferryError } from './errors.ts'

// ── Where the data comes from ────────────────────────────────────────────────────────────────────────────────────────

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

// ── From an object to records ────────────────────────────────────────────────────────────────────────────────────────

/** A parsed line or element. `kind` tells the members of a union apart. */
export interface LogRecord {
  readonly kind: string
}

/** An ECS document, nested as it is indexed. Its dates are text as `toISOString()` writes it: `2026-11-22T09:15:32.000Z`. */
export interface LogDocument {
  [field: string]: unknown
}

/** A mapping property of the search engines; `flattened` becomes `flat_object` on OpenSearch. */
export interface MappingProperty {
  readonly type: MappingType
  readonly ignore_above?: number
  readonly index?: boolean
  readonly doc_values?: boolean
  readonly fields?: Readonly<Record<string, { readonly type: MappingType; readonly norms?: boolean }>>
}
export type MappingType = 'keyword' | 'text' | 'ip' | 'long' | 'integer' | 'double' | 'boolean' | 'date' | 'flattened'

/** One line of a format's documentation. */
export interface FieldDoc {
  /** AWS's name. */
  readonly name: string
  /** AWS's type and unit, in words: `long, bytes`. */
  readonly type: string
  /** Dotted names of the document's fields that it fills. */
  readonly targets: readonly string[]
  readonly description: string
}

/** What is known of a format without a record: enough to install templates, create columns and print a table. */
export interface Format {
  /** The `kind` of its records: `vpcflow`. */
  readonly kind: string
  /** The data stream's dataset: `aws.vpcflow` is written to `logs-aws.vpcflow-default`. */
  readonly dataset: string
  /**
   * Dotted document field to mapping: what `setup` installs, and what DuckDB has columns for. Of a field that is not in
   * it the engines guess the type; DuckDB keeps it in `document`.
   */
  readonly mapping: Readonly<Record<string, MappingProperty>>
  /** One row a field of AWS's, in AWS's order. */
  readonly fields: readonly FieldDoc[]
}

/** A line or element that is not a record of the format. It is counted and keeps its ordinal. */
export interface Malformed {
  /** Position among the object's records, malformed ones counted, from 0. */
  readonly ordinal: number
  /** Offset of its first byte in the decompressed object. */
  readonly offset: number
  /** What is wrong with it, naming the field where there is one. Never the whole line: it may hold secrets. */
  readonly reason: string
}

/** Writes documents as bytes, where a format can: the same bytes as `JSON.stringify(document(index))`. */
export interface DocumentEncoder {
  /** Bytes that `encode` needs at most, from its offset. */
  readonly room: (index: number) => number
  /** Writes the document and gives the offset behind it, or -1 where this record has to take `document`. */
  readonly encode: (index: number, target: Uint8Array, view: DataView, offset: number) => number
  /**
   * Writes the record's own id, at most 512 bytes as they stand in a JSON string, and gives the offset behind it or -1 as
   * `encode` does. Default: ids are the object's `idPrefix` and the ordinal in base 36.
   */
  readonly id?: (index: number, target: Uint8Array, view: DataView, offset: number) => number
  /**
   * Adds consecutive records, from `index` on, to a bulk body: as many as it can in one go, where a call for each would
   * cost more than the record. `full`: the next one has no room; `odd`: it takes `document`. Ids are the default ones.
   */
  readonly encodeRun?: (
    index: number,
    count: number,
    run: DocumentRun,
    completion: Completion,
  ) => 'done' | 'full' | 'odd'
}

/** A bulk body that is being filled. */
export interface DocumentRun {
  /** What stands before each record's ordinal in base 36; behind it come `"}}`, a line end, and the document's line. */
  readonly lead: Uint8Array
  readonly buffer: Uint8Array
  /** Bytes of the buffer that may be filled. */
  readonly limit: number
  /** Bytes that are filled. */
  size: number
  /** Offset behind each record's line end; there is room for those of the run. */
  readonly ends: Uint32Array
  /** How many records there are. */
  length: number
}

/** How each document of a run ends, and which records it has. */
export interface Completion {
  /** The records' indices, where they are not consecutive. */
  readonly kept?: readonly number[] | undefined
  /** Written behind the last member's comma: members, and the closing brace unless `added` has it. */
  readonly tail: Uint8Array
  /** What else ends a record's document, or nothing where it has to take `document`. */
  readonly added?: ((index: number) => Uint8Array | undefined) | undefined
}

/**
 * Consecutive records of one object, as a parser gives them: behind all records of the batch before.
 * `records[i]` stood at `ordinals[i]`, and `document(i)` is its document.
 */
export interface Batch<T> {
  readonly format: Format
  /** Number of records. */
  readonly length: number
  /** May be made on demand: whoever needs no record does not ask for them. */
  readonly records: readonly T[]
  /** Position of each record in its object, from 0, malformed ones counted; ascending. */
  readonly ordinals: ArrayLike<number>
  /** The ECS document of `records[index]`, made on demand; without `@timestamp` where the record has no time. */
  readonly document: (index: number) => LogDocument
  /** An identity of the record's own, where the format has one (CloudTrail's `eventID`). */
  readonly recordId?: (index: number) => string | undefined
  /** One record as a view that reads fields when they are asked for; default: `records[index]`. */
  readonly view?: (index: number) => T
  /**
   * Writes the members of a document, each with a comma behind it, and no closing brace: so that more can follow.
   * `members` are the names that it may write.
   */
  readonly encoder?: DocumentEncoder & { readonly members: ReadonlySet<string> }
  /** The record's own text, when `ParseContext.originals` asks for it: `event.original`. */
  readonly original?: (index: number) => string
  /** Last part of the data stream's name, where it is not for `ingest` to say. */
  readonly namespace?: string
  /** Decompressed bytes that these records took: what the memory budget counts. */
  readonly bytes: number
  readonly malformed?: readonly Malformed[]
  /** The text of `malformed[position]`, made on demand, for the place of dead records. Default: none is kept. */
  readonly malformedText?: (position: number) => string
  /** Fields that AWS added since this format was written: name to records that had it. Their values are kept. */
  readonly unknownFields?: Readonly<Record<string, number>>
}

/** What a hostile or broken file may cost. */
export interface Limits {
  /** Decompressed bytes of one object. Default 64 GiB. */
  readonly objectBytes: number
  /** Decompressed bytes a stored byte may become, once 16 MiB have come out. Default 1,100: gzip reaches 1,032. */
  readonly expansionRatio: number
  /** Bytes of one line or one JSON record. Default 16 MiB. */
  readonly recordBytes: number
  /** Nesting of one JSON record. Default 256. */
  readonly depth: number
}

export interface ParseContext {
  readonly limits: Limits
  /** Whether `Batch.original` is wanted. Default false: it doubles the index. */
  readonly originals: boolean
  readonly signal?: AbortSignal
}

/** The beginning of an object, from which a parser is chosen. */
export interface ObjectHead {
  readonly bucket: string
  readonly key: string
  /** The first stored bytes, at most 64 KiB. */
  readonly stored: Uint8Array
  /** The first bytes after gzip, at most 64 KiB, one character a byte. */
  readonly text: string
}

/**
 * Reads the records of an object. Most are made by `table()`, `lines()` or `jsonArray()`.
 *
 * `parse` may be called for many objects at once and must keep no state between them.
 * It throws when the object cannot be read on; records given before stay written.
 */
export interface Parser<T> {
  /** Every format that its batches may have: what `setup` installs templates for. */
  readonly formats: readonly Format[]
  /**
   * Whether this parser reads the object with this beginning: `content` when its bytes say so, `key` when only its key
   * does. A claim by content wins over one by key.
   */
  readonly claims: (head: ObjectHead) => 'content' | 'key' | undefined
  readonly parse: (object: SourceObject, context: ParseContext) => AsyncIterable<Batch<T>>
}

/** The record type of a parser: `RecordOf<typeof vpcFlow>`. */
export type RecordOf<P> = P extends Parser<infer T> ? T : never

// ── From records to a store ──────────────────────────────────────────────────────────────────────────────────────────

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

// ── What happened ────────────────────────────────────────────────────────────────────────────────────────────────────

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
