/** Writes documents as bytes: the same as `JSON.stringify(document(index))`, without making the document. */
export interface DocumentEncoder {
  /** Bytes that `encode` needs at most, from its offset. */
  readonly room: (index: number) => number
  /**
   * Writes the document. Gives the offset behind it, or -1 where this record has to be written from `document`.
   *
   * @param closing What goes into it besides, but for its end, where the encoder `takesClosing`
   */
  readonly encode: (index: number, buffer: Uint8Array, view: DataView, offset: number, closing?: Closing) => number
  /** Whether it writes what stood around records. @default false: that is put into what it wrote */
  readonly takesClosing?: boolean
  /**
   * Writes the record's own id, at most 512 bytes as they stand in a JSON string. Gives the offset behind it, or -1 as
   * `encode` does.
   *
   * @default ids are the object's `idPrefix` and the ordinal in base 36
   */
  readonly id?: (index: number, buffer: Uint8Array, view: DataView, offset: number) => number
  /**
   * Adds consecutive records, from `index` on, to a bulk body in one call: a call for each would cost more than the
   * record. `full`: the next record has no room. `odd`: the next record has to be written from `document`. Ids are the
   * default ones.
   *
   * @default `encode` is called for each record
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
  /** Bytes before each record's ordinal in base 36. Behind the ordinal come `"}}`, a line end, and the document's line. */
  readonly lead: Uint8Array
  readonly buffer: Uint8Array
  /** Bytes of the buffer that may be filled. */
  readonly limit: number
  /** Bytes that are filled. */
  size: number
  /** Offset behind each record's line end, with room for all records of the run. */
  readonly ends: Uint32Array
  /** Number of records in the buffer. */
  length: number
}

/** The records of a run, and the end of each document. */
export interface Completion {
  /** The records' indices in their batch. @default they are consecutive */
  readonly kept?: readonly number[] | undefined
  /** Written behind the last member's comma: members, and the closing brace unless `added` or `closing` writes it. */
  readonly tail: Uint8Array
  /** Members to add to a record's document; undefined where the record has to be written from `document`. */
  readonly added?: ((index: number) => Added | undefined) | undefined
  /**
   * What stood around a record, for an encoder that `takesClosing`: the same object where it is the same; undefined where
   * the record has to be written from `document`.
   *
   * @default nothing stood around them
   */
  readonly closing?: ((index: number) => Closing | undefined) | undefined
}

/** Members that are added to one document. */
export interface Added {
  /** The document's end: members, each behind a comma, and the closing brace. */
  readonly end: Uint8Array
  /** Fields of objects that the document may have already. @default there are none */
  readonly join?: {
    /** Bytes by which the document gets longer at most. */
    readonly most: number
    /**
     * Moves the bytes from `from` to `stop` to `offset`, adds the fields on the way, and gives the offset behind them; -1
     * where the record has to be written from `document`. The document's braces stand at `open` and `close`. `from` is at
     * least `most` bytes behind `offset`.
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
 * What stood around records as text that an engine puts into their documents: members, each with a comma behind it. It is
 * made once for all records of a log stream; looking for its places in the bytes of each document took as long as writing
 * the document.
 */
export interface Closing {
  /** Goes to the end of the document's object `aws`. */
  readonly aws: Uint8Array
  /** Goes to the end of `cloud`, where that has no account. */
  readonly cloud: Uint8Array
  /** Members each behind a comma, and the closing brace: the document's end. */
  readonly end: Uint8Array
}
