import type { SourceObject } from './types/source.ts'

// The contract: how an object becomes records here; what is told of it, what stores it and where it comes from beside.
export type * from './types/report.ts'
export type * from './types/sink.ts'
export type * from './types/source.ts'

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
  /** What is added to a record's document, or nothing where it has to take `document`. */
  readonly added?: ((index: number) => Added | undefined) | undefined
}

/** What is added to one document. */
export interface Added {
  /** What ends it: members, each behind a comma, and the closing brace. */
  readonly end: Uint8Array
  /** What goes into the document that ends so: fields of objects that it may have already. */
  readonly join?: {
    /** How many bytes longer it gets at most. */
    readonly most: number
    /**
     * Moves what stands from `from` to `stop` to `offset`, with what is added, and gives the offset behind; -1 where the
     * record has to take `document`. The document's braces stand at `open` and `close`; `from` is `most` or more bytes
     * behind `offset`.
     */
    readonly write: (
      buffer: Uint8Array,
      from: number,
      open: number,
      close: number,
      stop: number,
      offset: number,
    ) => number
  }
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
  /**
   * One record for a step: alike in all but that it may read fields when they are asked for, and cannot be written to or
   * cloned. Default: `records[index]`.
   */
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
  /** Fields that AWS added since this format was written: AWS's name to records that had it. Their values are kept. */
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
  /**
   * Members and elements of all objects and arrays in one JSON record, where an empty one counts as well. Default
   * 100,000: an event of CloudTrail has some hundred.
   */
  readonly values: number
  /** Fields that a header line may name. Default 1,000. */
  readonly columns: number
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
