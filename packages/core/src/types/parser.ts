import type { DocumentEncoder } from './encoder.ts'
import type { Format, LogDocument, Malformed } from './format.ts'
import type { SourceObject } from './source.ts'

/**
 * Consecutive records of one object, behind all records of the batch before: about one chunk of bytes, since nothing is
 * awaited per record. `records[i]` stood at `ordinals[i]`, and `document(i)` is its document.
 */
export interface Batch<T> {
  /** The format of all its records; the next batch may have another. */
  readonly format: Format
  /** Number of records, from 0. */
  readonly length: number
  /** The records. A getter may make them on demand: nobody asks for them where no step needs objects. */
  readonly records: readonly T[]
  /** Position of each record in its object, from 0, malformed ones counted; ascending. */
  readonly ordinals: ArrayLike<number>
  /** The ECS document of `records[index]`, made on demand; without `@timestamp` where the record has no time. */
  readonly document: (index: number) => LogDocument
  /**
   * The record's own id, where the format has one (CloudTrail's `eventID`); longer than 512 bytes it is hashed.
   *
   * @default the id is made of the object and the ordinal
   */
  readonly recordId?: (index: number) => string | undefined
  /**
   * The record for a filter or an enrichment. It may read its fields when they are asked for, and cannot be written to.
   *
   * @default `records[index]`
   */
  readonly view?: (index: number) => T
  /**
   * Writes the members of a document, each with a comma behind it, and no closing brace: more members follow. `members`
   * are the names that it may write.
   *
   * @default none: documents are written by `JSON.stringify`
   */
  readonly encoder?: DocumentEncoder & { readonly members: ReadonlySet<string> }
  /** Offset of a record's first byte in the decompressed object. @default not known */
  readonly offsetOf?: (index: number) => number
  /**
   * Dotted fields that a record's document gets, of what stood around the record, where it has none of that name;
   * `format.mapping` has them. The same object for records that have the same.
   *
   * @default nothing stood around them
   */
  readonly around?: (index: number) => Readonly<Record<string, string>> | undefined
  /** Dotted fields that its documents may have, where it is known that they have no others. @default any of the mapping */
  readonly fields?: ReadonlySet<string>
  /** The record's own text, for `event.original`. Asked for where `ParseContext.originals` is set. */
  readonly original?: (index: number) => string
  /**
   * Each column of a record, in order, by the name that the file or layout has for it, and its text as it stands; undefined
   * where the line ends before it, or a row has no value. `index` is that of a record; with `malformed`, of `malformed`.
   *
   * @default the records have no columns
   */
  readonly columns?: (index: number, malformed?: 'malformed') => readonly (readonly [name: string, text?: string])[]
  /** Last part of the data stream's name, for a record that knows it. @default the option of `ingest` */
  readonly namespace?: string
  /** Decompressed bytes that these records took, a whole number from 0. The memory budget counts them. */
  readonly bytes: number
  /** Lines or elements among them that are not of the format; their ordinals ascend. @default none */
  readonly malformed?: readonly Malformed[]
  /** The text of `malformed[index]`, made on demand, for `deadRecords`. @default it is kept without its text */
  readonly malformedText?: (index: number) => string
  /**
   * Fields that AWS added since this format was written, and those whose value no place of the document holds: AWS's name,
   * and how many records had it. Their values are kept. Values are refused while documents are made, so that counts may grow
   * until the batch is stored.
   *
   * @default none
   */
  readonly unknownFields?: Readonly<Record<string, number>>
}

/** Bounds of the cost of a hostile or broken file. Every limit is a whole number from 1; above it the object fails. */
export interface Limits {
  /** Decompressed bytes of one object. @default 64 GiB: Transit Gateway's largest files are 75 MB */
  readonly objectBytes: number
  /** Decompressed bytes for each stored byte, checked from 16 MiB on. @default 1,100: gzip reaches 1,032 */
  readonly expansionRatio: number
  /**
   * Bytes of one line or one JSON record, which are worked through without a pause: the event loop stands still meanwhile.
   *
   * @default 2 MiB: AWS's largest is 1 MB, a CloudTrail event with expanded size
   */
  readonly recordBytes: number
  /** Nesting of one JSON record. @default 256 */
  readonly depth: number
  /**
   * Members and elements of all objects and arrays in one JSON record; an empty one counts as one.
   *
   * @default 32,768: an event of CloudTrail has some hundred
   */
  readonly values: number
  /** Fields that a header line may name. @default 1,000 */
  readonly columns: number
}

/** Limits and wishes of the caller of a parser: `parseContext()` makes one. */
export interface ParseContext {
  readonly limits: Limits
  /** Whether `Batch.original` is asked for. @default false: it doubles the index */
  readonly originals: boolean
  /**
   * Whether each line is one for itself, as a message of an envelope is: whatever stands in it, it is malformed alone. A
   * parser that reads lines in any case need not heed it.
   *
   * @default false: an object whose beginning is of another format fails
   */
  readonly lineEach?: boolean
  /** Aborted when nothing more is to be read. A parser hands it to `object.open`. */
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

/** How near an object comes to a format that does not claim its content. */
export interface NearMiss {
  /** How much of it is as in the format, from 0 to 1: of its names, or of the values of its first line. */
  readonly share: number
  /** What is otherwise, in words: `16 values where the layout has 14`. It may hold names of the object's. */
  readonly lacks: string
}

/**
 * Reads the records of an object. Most parsers are made by `format()` or `lines()`.
 *
 * @example
 * const report = await ingest({ source, parser: detect([vpcFlow, nginx]), sink })
 */
export interface Parser<T> {
  /** Every format that its batches may have: what `setup` installs templates for. */
  readonly formats: readonly Format[]
  /**
   * Whether this parser reads the object with this beginning: `content` when its bytes say so, `key` when only its key
   * does. A claim by content wins over one by key. Asked by `detect` alone.
   */
  readonly claims: (head: ObjectHead) => 'content' | 'key' | undefined
  /**
   * How near an object comes whose content the parser does not claim: for people who ask why not.
   *
   * @default nothing is told
   */
  readonly near?: (head: ObjectHead) => NearMiss | undefined
  /**
   * Of several parsers the one that reads an object with this beginning; none where no parser does.
   *
   * @throws FlowferryError FORMAT_AMBIGUOUS
   * @default the parser is one
   */
  readonly chosen?: (head: ObjectHead) => Parser<T> | undefined
  /**
   * Gives an object's records in batches, in the order of their ordinals. It may be called for many objects at once, and
   * keeps no state between them. It throws when the object cannot be read on; records that it gave before are stored.
   */
  readonly parse: (object: SourceObject, context: ParseContext) => AsyncIterable<Batch<T>>
}

/** The record type of a parser: `RecordOf<typeof vpcFlow>`. */
export type RecordOf<P> = P extends Parser<infer T> ? T : never
