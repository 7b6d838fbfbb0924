import type { ErrorCode, FlowferryError } from '../errors.ts'
import type { Limits } from '../types.ts'
import { ARRAY_CLOSE, ARRAY_OPEN, BACKSLASH, COLON, COMMA, LF, OBJECT_CLOSE, OBJECT_OPEN, QUOTE } from './ascii.ts'
import type { JsonScanner, Probe, Regime, Role, State, ValueBlock } from './json.ts'
import {
  byteOrderMark,
  CR,
  classOf,
  closes,
  comma,
  cutBefore,
  endsWith,
  isJson,
  opens,
  plain,
  quote,
  SPACE,
  show,
  space,
  TAB,
} from './json-bytes.ts'

const noTape = new Int32Array(0)

/**
 * Finds where JSON values begin and end in a stream of bytes, cut anywhere. It looks at quotes and brackets alone and
 * leaves what is between them to JSON.parse. No byte of UTF-8's longer sequences can be one of them (RFC 3629, 3).
 */
export class JsonSplitter {
  private at: State = 'top'
  private regime: Regime = 'unknown'
  /** Whether the first value has ended, without a line's end in it. */
  private ended = false
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
  private around: { index: number; prefix: Buffer | undefined }[] = []
  private count = 0
  private whole: Buffer | undefined
  private readonly keyBytes: readonly Buffer[]

  constructor(
    keys: readonly string[],
    private readonly limits: Pick<Limits, 'recordBytes' | 'depth' | 'values'>,
    private readonly error: (code: ErrorCode, what: string, ordinal: number, offset: number) => FlowferryError,
    private readonly scanner?: JsonScanner,
    lineEach = false,
  ) {
    if (lineEach) this.regime = 'lines'
    this.keyBytes = keys.map((key) => Buffer.from(key))
    this.levels = new Uint8Array(limits.depth + 1)
  }

  /** The values that end in this chunk. */
  push(chunk: Buffer): ValueBlock {
    this.count = 0
    this.around = []
    this.whole = undefined
    this.scanner?.begin(chunk)
    let i = 0
    while (i < chunk.length) {
      if (this.at === 'value') i = this.readValue(chunk, i)
      else if (this.at === 'scalar') i = this.readScalar(chunk, i)
      else if (this.at === 'junk') i = this.readJunk(chunk, i)
      else i = this.readBetween(chunk, i)
    }
    if (this.at === 'value' || this.at === 'scalar' || this.at === 'junk') {
      const from = Math.max(0, this.start - this.offset)
      // A copy, since the chunk is far larger than the part of a value that stays.
      this.pieces.push(from === 0 ? chunk : Buffer.from(chunk.subarray(from)))
      this.pending += chunk.length - from
      this.checkSize(this.pending)
    }
    const block = this.block(chunk)
    this.offset += chunk.length
    return block
  }

  private block(chunk: Buffer): ValueBlock {
    const { offset, count, whole, around, scanner } = this
    const places = this.places.slice(0, count * 3)
    const end = count === 0 ? this.reported : offset + places[count * 3 - 2]!
    const tape = scanner?.tape() ?? noTape
    const unknownFields = scanner?.unknownFields()
    const bytes = end - this.reported
    const block = { chunk, offset, length: count, places, whole, tape, unknownFields, bytes, around }
    this.reported = end
    return block
  }

  /** A last line that is cut short, in a file of lines. Throws unless the JSON is complete. */
  end(): ValueBlock | undefined {
    if (this.at === 'top') return undefined
    if (this.regime === 'lines') {
      const nothing = Buffer.alloc(0)
      this.count = 0
      this.around = []
      this.scanner?.begin(nothing)
      this.breakOff(nothing, 0)
      return this.block(nothing)
    }
    const what = this.at === 'value' || this.at === 'scalar' ? 'in the middle of a value' : 'before its array is closed'
    throw this.invalid(`The JSON ends ${what}`, this.offset)
  }

  /** One byte between values. */
  private readBetween(chunk: Buffer, i: number): number {
    const byte = chunk[i]!
    const offset = this.offset + i
    if (this.ended && byte !== SPACE && byte !== TAB && byte !== CR) {
      this.regime = byte === LF ? 'lines' : 'values'
      this.ended = false
    }
    if (classOf[byte] === space) return i + 1
    if (this.at === 'top') {
      if (offset < 3 && byte === byteOrderMark[offset]) return i + 1
      const end = byte === OBJECT_OPEN && this.scanner ? this.scan(i) : -1
      if (end !== -1) return end
      if (this.regime === 'lines' && byte !== OBJECT_OPEN) {
        this.begin('whole', offset)
        this.at = 'junk'
        return i
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
    const end = byte === OBJECT_OPEN && this.scanner ? this.scan(i) : -1
    if (end !== -1) {
      this.at = 'after'
      return end
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
    if (this.at === 'top') this.ended = this.regime === 'unknown'
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
    this.regime = 'values'
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
    const stop = this.lineStop(chunk, from)
    const end = stop === -1 ? chunk.length : stop
    let { depth, values } = this
    let i = from
    while (i < end) {
      if (this.inString) {
        const begin = i
        i = this.readString(chunk, i, end)
        if (this.regime === 'unknown') {
          // No string of JSON has a line's end in it: the line is cut short, and the file one of lines.
          const cut = chunk.subarray(begin, i).indexOf(LF)
          if (cut !== -1) return this.breakOff(chunk, begin + cut)
        }
        if (this.inString) break
        if (depth === 0) return this.finish(chunk, i)
        if (depth === 1 && this.role !== 'element' && this.regime !== 'lines' && this.isKey(chunk, i))
          this.probe = 'key'
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
        if (this.regime === 'unknown' && byte === OBJECT_OPEN && depth > 0) {
          const cut = cutBefore(chunk, i - 1, this.pieces, levels[depth] === OBJECT_CLOSE)
          if (cut !== undefined) return this.breakOff(chunk, cut)
        }
        if (++depth > this.limits.depth) throw this.tooDeep()
        if (++values > this.limits.values) throw this.tooMany()
        // In ASCII both closing brackets stand two behind their opening ones.
        levels[depth] = byte + 2
      } else {
        if (levels[depth] !== byte && this.regime === 'lines') {
          this.at = 'junk'
          return i
        }
        if (levels[depth] !== byte)
          throw this.invalid(`Found ${show(byte)} where it closes nothing`, this.offset + i - 1)
        if (--depth === 0) return this.finish(chunk, i)
      }
    }
    this.depth = depth
    this.values = values
    return stop === -1 ? end : this.breakOff(chunk, stop)
  }

  /** Where the current line ends, which ends a value that is one of lines; -1 where nothing does. */
  private lineStop(chunk: Buffer, from: number): number {
    return this.regime === 'lines' && this.role === 'whole' ? chunk.indexOf(LF, from) : -1
  }

  /** The line ends before its value does: what there is of it is a value that nobody can read. */
  private breakOff(chunk: Buffer, end: number): number {
    this.regime = 'lines'
    this.role = 'whole'
    this.inString = false
    this.escaped = false
    if (end >= 0) return this.finish(chunk, end)
    const all = Buffer.concat(this.pieces)
    this.pieces = [all.subarray(0, all.length + end)]
    return this.finish(chunk, 0)
  }

  private readJunk(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LF, from)
    return end === -1 ? chunk.length : this.breakOff(chunk, end)
  }

  /** The position behind the string's closing quote, with `inString` false, or `end`. */
  private readString(chunk: Buffer, from: number, end: number): number {
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

  /** Whether the string that ends before `end` is a wanted key; what follows it shows whether it is a key at all. */
  private isKey(chunk: Buffer, end: number): boolean {
    const length = this.offset + end - 1 - this.stringStart
    for (const bytes of this.keyBytes)
      if (length === bytes.length && endsWith(chunk, end - 1, this.pieces, bytes)) return true
    return false
  }

  /** The array of records begins: what came before it in its object is checked and dropped. */
  private closePrefix(chunk: Buffer, end: number): void {
    const prefix = this.take(chunk, end)
    this.checkAround(prefix, ']}')
    this.around.push({ index: this.count, prefix })
    this.enterArray(true)
  }

  private finish(chunk: Buffer, end: number): number {
    const { role, start } = this
    const bytes = this.take(chunk, end)
    if (role === 'suffix') {
      this.checkAround(bytes, '')
      this.around.push({ index: this.count, prefix: undefined })
      this.at = 'top'
    } else {
      if (role === 'whole' && this.regime === 'unknown') {
        // An empty object is written alike by all.
        this.ended = bytes.includes(QUOTE) && !bytes.includes(LF)
        if (bytes.includes(LF)) this.regime = 'values'
      }
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
    if (!isJson(`${this.role === 'suffix' ? '{"":[]' : ''}${bytes.toString('utf8')}${closing}`))
      throw this.invalid('The object around the array of records is no JSON', this.start)
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
