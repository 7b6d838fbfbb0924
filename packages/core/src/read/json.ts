/** JSON values that ended in one chunk, still bytes. */
export interface ValueBlock {
  readonly chunk: Buffer
  /** Of the chunk's first byte in the decompressed object. */
  readonly offset: number
  readonly length: number
  /** Three numbers a value: where in the chunk it begins and ends, and where on the tape it is, or -1: not scanned. */
  readonly places: Int32Array
  /** The first value's bytes, where it began in an earlier chunk: below 0. */
  readonly whole: Buffer | undefined
  /** What a scanner found in the values. */
  readonly tape: Int32Array
  readonly unknownFields: ReadonlyMap<string, number> | undefined
  /** Decompressed bytes that they took. */
  readonly bytes: number
  /**
   * Where an object around an array of records begins or ends: before the value with this index. Its own members before
   * the array, as they stand, up to the array's bracket; none behind its end.
   */
  readonly around: readonly { readonly index: number; readonly prefix: Buffer | undefined }[]
}

/** A value's own bytes. */
export function valueAt({ chunk, places, whole }: ValueBlock, index: number): Buffer {
  const start = places[index * 3]!
  return start < 0 ? whole! : chunk.subarray(start, places[index * 3 + 1])
}

/** A format's own look at a record's bytes, instead of a first one for its end and a second for its members. */
export interface JsonScanner {
  /** Takes a chunk to scan objects in; forgets what was scanned before. */
  readonly begin: (bytes: Buffer) => void
  /** The offset behind the object that begins at `from`, or -1 where it does not end in the chunk or is not regular. */
  readonly scan: (from: number) => number
  /** Whether these bytes, of an object that lay in more than one chunk, are regular. */
  readonly scanWhole: (bytes: Buffer) => boolean
  /** Where on the tape the next object will be. */
  readonly mark: () => number
  /** What was found since `begin`. */
  readonly tape: () => Int32Array
  /** Members of the records scanned since `begin` that the format does not know, and how many records have each. */
  readonly unknownFields: () => ReadonlyMap<string, number> | undefined
}

/**
 * Where the splitter stands: between top-level values, behind the `[` of the array of records, behind one of its commas,
 * behind one of its records, in a value with brackets or quotes, in a number or literal, or in a line that is no JSON.
 */
export type State = 'top' | 'first' | 'next' | 'after' | 'value' | 'scalar' | 'junk'

/**
 * Whether the values at the top are a line each. The first one says so, by ending where its line does. In a file of lines
 * a value ends with its line, whatever it is: one that is cut short is malformed alone.
 */
export type Regime = 'unknown' | 'lines' | 'values'

/** What a value is: a record in the array, a whole top-level object, or what follows the array in its object. */
export type Role = 'element' | 'whole' | 'suffix'

/** How much of `"Records":[` has been seen in a top-level object. */
export type Probe = 'none' | 'key' | 'colon'
