import { ARRAY_CLOSE, ARRAY_OPEN, BACKSLASH, COLON, COMMA, OBJECT_CLOSE, OBJECT_OPEN, QUOTE } from '../bytes.ts'
import type { ErrorCode, FlowferryError } from '../errors.ts'
import type { Limits } from '../types.ts'

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

const byteOrderMark = [0xef, 0xbb, 0xbf]

const noTape = new Int32Array(0)

/** What a byte is outside of strings. */
const plain = 0
const space = 1
const quote = 2
const opens = 3
const closes = 4
const comma = 5
const classOf = new Uint8Array(256)
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) classOf[byte] = space
classOf[QUOTE] = quote
classOf[COMMA] = comma
classOf[ARRAY_OPEN] = classOf[OBJECT_OPEN] = opens
classOf[ARRAY_CLOSE] = classOf[OBJECT_CLOSE] = closes

/**
 * Where the splitter stands: between top-level values, behind the `[` of the array of records, behind one of its commas,
 * behind one of its records, in a value with brackets or quotes, or in a number or literal.
 */
type State = 'top' | 'first' | 'next' | 'after' | 'value' | 'scalar'

/** What a value is: a record in the array, a whole top-level object, or what follows the array in its object. */
type Role = 'element' | 'whole' | 'suffix'

/** How much of `"Records":[` has been seen in a top-level object. */
type Probe = 'none' | 'key' | 'colon'

/**
 * Finds where JSON values begin and end in a stream of bytes, cut anywhere. It looks at quotes and brackets alone and
 * leaves what is between them to JSON.parse. No byte of UTF-8's longer sequences can be one of them (RFC 3629, 3).
 */
export class JsonSplitter {
  private at: State = 'top'
  private role: Role = 'whole'
  private probe: Probe = 'none'
  /** Whether the array of records stands in an object, whose end is still to come. */
  private wrapped = false
  private inString = false
  private escaped = false
  private depth = 0
  /** Members and elements of the current value so far. */
  private values = 0
  /** The closing bracket that each open level waits for. */
  private readonly levels: Uint8Array
  /** Offset of the current string's first byte. */
  private stringStart = 0
  /** Bytes of the current value in earlier chunks. */
  private pieces: Buffer[] = []
  private pending = 0
  /** Offset of the current value's first byte, and of the current chunk's. */
  private start = 0
  private offset = 0
  private reported = 0
  private ordinal = 0
  private places = new Int32Array(3 * 256)
  private count = 0
  private whole: Buffer | undefined
  private readonly keyBytes: Buffer

  constructor(
    key: string,
    private readonly limits: Pick<Limits, 'recordBytes' | 'depth' | 'values'>,
    private readonly error: (code: ErrorCode, what: string, ordinal: number, offset: number) => FlowferryError,
    private readonly scanner?: JsonScanner,
  ) {
    this.keyBytes = Buffer.from(key)
    this.levels = new Uint8Array(limits.depth + 1)
  }

  /** The values that end in this chunk. */
  push(chunk: Buffer): ValueBlock {
    this.count = 0
    this.whole = undefined
    this.scanner?.begin(chunk)
    let i = 0
    while (i < chunk.length) {
      if (this.at === 'value') i = this.readValue(chunk, i)
      else if (this.at === 'scalar') i = this.readScalar(chunk, i)
      else i = this.readBetween(chunk, i)
    }
    if (this.at === 'value' || this.at === 'scalar') {
      const from = Math.max(0, this.start - this.offset)
      // A copy, since the chunk is far larger than the part of a value that stays.
      this.pieces.push(from === 0 ? chunk : Buffer.from(chunk.subarray(from)))
      this.pending += chunk.length - from
      this.checkSize(this.pending)
    }
    const { offset, count, whole, scanner } = this
    const places = this.places.slice(0, count * 3)
    const end = count === 0 ? this.reported : offset + places[count * 3 - 2]!
    const tape = scanner?.tape() ?? noTape
    const unknownFields = scanner?.unknownFields()
    const block = { chunk, offset, length: count, places, whole, tape, unknownFields, bytes: end - this.reported }
    this.offset += chunk.length
    this.reported = end
    return block
  }

  /** Throws unless the JSON is complete. */
  end(): void {
    if (this.at === 'top') return
    const what = this.at === 'value' || this.at === 'scalar' ? 'in the middle of a value' : 'before its array is closed'
    throw this.invalid(`The JSON ends ${what}`, this.offset)
  }

  /** One byte between values. */
  private readBetween(chunk: Buffer, i: number): number {
    const byte = chunk[i]!
    const offset = this.offset + i
    if (classOf[byte] === space) return i + 1
    if (this.at === 'top') {
      if (offset < 3 && byte === byteOrderMark[offset]) return i + 1
      if (byte === OBJECT_OPEN && this.scanner) {
        const end = this.scan(i)
        if (end !== -1) return end
      }
      if (byte === ARRAY_OPEN) this.enterArray(false)
      else if (byte === OBJECT_OPEN) this.begin('whole', offset)
      else throw this.invalid(`Expected { or [ and found ${show(byte)}`, offset)
      return byte === ARRAY_OPEN ? i + 1 : i
    }
    if (byte === ARRAY_CLOSE && this.at !== 'next') {
      this.at = 'top'
      if (this.wrapped) {
        this.begin('suffix', offset + 1)
        this.depth = 1
        this.levels[1] = OBJECT_CLOSE
      }
      return i + 1
    }
    if (this.at === 'after') {
      if (byte !== COMMA) throw this.invalid(`Expected , or ] and found ${show(byte)}`, offset)
      this.at = 'next'
      return i + 1
    }
    if (byte === COMMA || byte === COLON || classOf[byte] === closes)
      throw this.invalid(`Expected a value and found ${show(byte)}`, offset)
    if (byte === OBJECT_OPEN && this.scanner) {
      const end = this.scan(i)
      if (end !== -1) {
        this.at = 'after'
        return end
      }
    }
    this.begin('element', offset)
    if (classOf[byte] === plain) this.at = 'scalar'
    return i
  }

  /** A whole regular record that begins here, or -1. */
  private scan(i: number): number {
    const mark = this.scanner!.mark()
    const end = this.scanner!.scan(i)
    if (end === -1 || end - i > this.limits.recordBytes) return -1
    this.add(i, end, mark)
    return end
  }

  private add(start: number, end: number, mark: number): void {
    const at = this.count++ * 3
    if (at === this.places.length) {
      const longer = new Int32Array(at * 2)
      longer.set(this.places)
      this.places = longer
    }
    this.places[at] = start
    this.places[at + 1] = end
    this.places[at + 2] = mark
    this.ordinal++
  }

  private enterArray(wrapped: boolean): void {
    this.at = 'first'
    this.wrapped = wrapped
  }

  private begin(role: Role, offset: number): void {
    this.at = 'value'
    this.role = role
    this.probe = 'none'
    this.depth = 0
    this.values = 0
    this.start = offset
  }

  /** Runs through a bracketed or quoted value; gives the position behind it, or the chunk's end. */
  private readValue(chunk: Buffer, from: number): number {
    const { levels } = this
    const end = chunk.length
    let { depth, values } = this
    let i = from
    while (i < end) {
      if (this.inString) {
        i = this.readString(chunk, i)
        if (this.inString) break
        if (depth === 0) return this.finish(chunk, i)
        if (depth === 1 && this.role !== 'element' && this.isKey(chunk, i)) this.probe = 'key'
        continue
      }
      const byte = chunk[i]!
      const kind = classOf[byte]!
      if (this.probe !== 'none' && kind !== space) {
        if (this.probe === 'colon' && byte === ARRAY_OPEN) {
          this.closePrefix(chunk, i + 1)
          return i + 1
        }
        this.probe = this.probe === 'key' && byte === COLON ? 'colon' : 'none'
      }
      i++
      if (kind < quote) continue
      if (kind === quote) {
        this.inString = true
        this.stringStart = this.offset + i
      } else if (kind === comma) {
        if (++values > this.limits.values) throw this.tooMany()
      } else if (kind === opens) {
        if (++depth > this.limits.depth) throw this.tooDeep()
        if (++values > this.limits.values) throw this.tooMany()
        // In ASCII both closing brackets stand two behind their opening ones.
        levels[depth] = byte + 2
      } else {
        if (levels[depth] !== byte)
          throw this.invalid(`Found ${show(byte)} where it closes nothing`, this.offset + i - 1)
        if (--depth === 0) return this.finish(chunk, i)
      }
    }
    this.depth = depth
    this.values = values
    return end
  }

  /** The position behind the string's closing quote, with `inString` false, or the chunk's end. */
  private readString(chunk: Buffer, from: number): number {
    const end = chunk.length
    let i = from
    if (this.escaped) {
      this.escaped = false
      i++
    }
    // A native search for the quote loses here: strings in logs are short, and long ones hold JSON with quotes of its own.
    while (i < end) {
      const byte = chunk[i++]
      if (byte === QUOTE) {
        this.inString = false
        return i
      }
      if (byte === BACKSLASH) i++
    }
    this.escaped = i > end
    return end
  }

  private readScalar(chunk: Buffer, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (byte === COMMA || classOf[byte] === space || classOf[byte] === closes) return this.finish(chunk, i)
    }
    return chunk.length
  }

  /** Whether the string that ends before `end` is the wanted key; what follows it shows whether it is a key at all. */
  private isKey(chunk: Buffer, end: number): boolean {
    const { keyBytes } = this
    if (this.offset + end - 1 - this.stringStart !== keyBytes.length) return false
    const from = this.stringStart - this.offset
    if (from >= 0) return keyBytes.compare(chunk, from, end - 1) === 0
    let text = chunk.subarray(0, end - 1)
    // From the last piece back: a value of many chunks may have such a string at the end of each.
    for (let i = this.pieces.length; text.length < keyBytes.length; ) text = Buffer.concat([this.pieces[--i]!, text])
    return keyBytes.equals(text.subarray(text.length - keyBytes.length))
  }

  /** The array of records begins: what came before it in its object is checked and dropped. */
  private closePrefix(chunk: Buffer, end: number): void {
    this.checkAround(this.take(chunk, end), ']}')
    this.enterArray(true)
  }

  private finish(chunk: Buffer, end: number): number {
    const { role, start } = this
    const bytes = this.take(chunk, end)
    if (role === 'suffix') {
      this.checkAround(bytes, '')
      this.at = 'top'
    } else {
      this.at = role === 'whole' ? 'top' : 'after'
      const { scanner } = this
      let mark = -1
      if (start < this.offset) {
        this.whole = bytes
        // Within one chunk it was looked at already.
        if (scanner && bytes[0] === OBJECT_OPEN) {
          mark = scanner.mark()
          if (!scanner.scanWhole(bytes)) mark = -1
        }
      }
      this.add(start - this.offset, end, mark)
    }
    return end
  }

  /** The current value's bytes, from where it began to `end` in this chunk. */
  private take(chunk: Buffer, end: number): Buffer {
    const last = chunk.subarray(Math.max(0, this.start - this.offset), end)
    const bytes = this.pieces.length === 0 ? last : Buffer.concat([...this.pieces, last])
    this.pieces = []
    this.pending = 0
    this.checkSize(bytes.length)
    return bytes
  }

  /** The members before and after the array belong to no record; they are complete JSON with the array taken out. */
  private checkAround(bytes: Buffer, closing: string): void {
    const opening = this.role === 'suffix' ? '{"":[]' : ''
    try {
      JSON.parse(opening + bytes.toString('utf8') + closing)
    } catch {
      throw this.invalid('The object around the array of records is no JSON', this.start)
    }
  }

  private checkSize(bytes: number): void {
    const { recordBytes } = this.limits
    if (bytes > recordBytes) throw this.limit(`A JSON record is above limits.recordBytes, ${recordBytes}`)
  }

  private tooDeep(): FlowferryError {
    return this.limit(`A JSON record is nested deeper than limits.depth, ${this.limits.depth}`)
  }

  private tooMany(): FlowferryError {
    return this.limit(`A JSON record has more members and elements than limits.values, ${this.limits.values}`)
  }

  private limit(what: string): FlowferryError {
    return this.error('LIMIT_EXCEEDED', what, this.ordinal, this.start)
  }

  private invalid(what: string, offset: number): FlowferryError {
    return this.error('JSON_INVALID', what, this.ordinal, offset)
  }
}

function show(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `byte 0x${byte.toString(16).padStart(2, '0')}`
}
