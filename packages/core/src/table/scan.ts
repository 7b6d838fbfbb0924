import { type ByteClass, byteClassOf } from './fields.ts'
import type { AnyField } from './layout.ts'
import { viewOf } from './recall.ts'
import { overrun } from './text.ts'

const LF = 0x0a
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30

/** Where the values of one block of whole lines stand: found in one pass, so that no string is made of them. */
export interface Scan {
  readonly bytes: Buffer
  readonly view: DataView
  /** Number of lines, blank ones left out. */
  readonly lines: number
  /** Offset of each line's first byte. */
  readonly starts: Uint32Array
  /** Offset behind each line's last byte, its line end left out. */
  readonly stops: Uint32Array
  /** Offset behind each value: `ends[line * columns + column]`. Only lines that are regular have them all. */
  readonly ends: Uint32Array
  /** 1 where the line is regular: its columns' number, bytes and types are as the program expects. */
  readonly regular: Uint8Array
  /** A bit for each of a regular line's columns that is absent, as two numbers of 32; further columns have none. */
  readonly absences: Int32Array
  readonly columns: number
}

/** What the scanner expects of a line. */
export interface ScanProgram {
  readonly delimiter: number
  readonly absent: number
  readonly classes: readonly ByteClass[]
}

/** The program for the columns of a header; none where a column reads in a way of its own. */
export function scanProgram(delimiter: string, absent: string, fields: readonly AnyField[]): ScanProgram | undefined {
  const classes = fields.map(byteClassOf)
  const plain = [delimiter, absent].every((text) => text.length === 1 && text.charCodeAt(0) < 0x7f)
  return plain && classes.every((name) => name !== undefined)
    ? { delimiter: delimiter.charCodeAt(0), absent: absent.charCodeAt(0), classes }
    : undefined
}

/** 1: a byte of a value that is its own JSON. 3: a digit. */
function byteKinds(delimiter: number): Uint8Array {
  const kinds = new Uint8Array(256)
  for (let byte = 0x20; byte < 0x7f; byte++) kinds[byte] = byte === 0x22 || byte === 0x5c ? 0 : 1
  for (let digit = 0; digit < 10; digit++) kinds[ZERO + digit] = 3
  kinds[delimiter] = 0
  return kinds
}

/** Most digits that are exact; those of seconds up to the year 9999 are fewer than 12. */
const mostDigits: Partial<Record<ByteClass, number>> = { digits: 15, seconds: 11 }

/**
 * Finds lines and values in a block of whole lines. A line with anything odd (a control or non-ASCII byte, a quote, a
 * backslash, an empty value, a wrong number of values, a number that is not canonical) is not regular, and left to the
 * plain path. One table look-up a byte; slices, strings and promises per line cost ten times as much.
 */
export function createScanner({ delimiter, absent, classes }: ScanProgram): (bytes: Buffer) => Scan {
  const kinds = byteKinds(delimiter)
  const columns = classes.length
  /** Of a column of digits, how many it may have; else 0, or -1 for a decimal number. */
  const digits = Int8Array.from(classes, (name) => (name === 'decimal' ? -1 : (mostDigits[name] ?? 0)))
  let linesExpected = 256

  return (block) => {
    // Every loop below ends at a line end, which the last line of an object may lack.
    const whole = block.length === 0 || block[block.length - 1] === LF
    const bytes = whole ? block : Buffer.concat([block, Buffer.of(LF)])
    const length = bytes.length
    let starts = new Uint32Array(linesExpected)
    let stops = new Uint32Array(linesExpected)
    let regular = new Uint8Array(linesExpected)
    let absences = new Int32Array(linesExpected * 2)
    let ends = new Uint32Array(linesExpected * columns)
    let line = 0
    for (let at = 0; at < length; ) {
      if (line === starts.length) {
        const size = line * 2
        starts = grown(starts, new Uint32Array(size))
        stops = grown(stops, new Uint32Array(size))
        regular = grown(regular, new Uint8Array(size))
        absences = grown(absences, new Int32Array(size * 2))
        ends = grown(ends, new Uint32Array(size * columns))
      }
      const start = at
      const stop = scanLine(bytes, start, ends, line * columns, absences, line * 2)
      if (stop >= 0) {
        regular[line] = 1
        at = stop
      } else {
        at = bytes.indexOf(LF, start)
        regular[line] = 0
        // Only an irregular line can hold what `copy` must not meet behind a regular one.
        for (let before = line - 1; before >= 0 && stops[before]! + overrun > start; before--)
          if (hasHighByte(bytes, start, stops[before]! + overrun)) regular[before] = 0
      }
      const end = at++
      if (end === start || (end === start + 1 && bytes[start] === 0x0d)) continue
      starts[line] = start
      stops[line] = end
      line++
    }
    linesExpected = Math.max(256, line + 64)
    return { bytes, view: viewOf(bytes), lines: line, starts, stops, ends, regular, absences, columns }
  }

  /** The offset of the line's end where it is regular, else -1. */
  function scanLine(
    bytes: Uint8Array,
    start: number,
    ends: Uint32Array,
    base: number,
    absences: Int32Array,
    place: number,
  ): number {
    const last = columns - 1
    let at = start
    let low = 0
    let high = 0
    for (let column = 0; column < columns; column++) {
      const from = at
      const most = digits[column]!
      const first = bytes[from]!
      if (most > 0 && kinds[first] === 3) {
        let digit: number
        do digit = bytes[++at]! - ZERO
        while (digit >= 0 && digit <= 9)
        if (at - from > most || (first === ZERO && at - from > 1)) return -1
      } else {
        while (kinds[bytes[at]!]! !== 0) at++
        if (at === from) return -1
        const wrong = most > 0 || (most < 0 && !isDecimal(bytes, from, at))
        if (wrong && !(at - from === 1 && first === absent)) return -1
      }
      if (first === absent && at - from === 1) {
        if (column < 32) low |= 1 << column
        else if (column < 64) high |= 1 << (column - 32)
      }
      ends[base + column] = at
      if (bytes[at] !== (column === last ? LF : delimiter)) return -1
      at++
    }
    absences[place] = low
    absences[place + 1] = high
    return at - 1
  }
}

/** Bytes that could make a NaN of eight. */
function hasHighByte(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to && at < bytes.length; at++) if (bytes[at]! >= 0x7f) return true
  return false
}

const none = new Uint32Array(0)
const none32 = new Int32Array(0)

/** The lines of a block and nothing more: none is regular, so that all take the plain path. */
export function scanLines(bytes: Buffer): Scan {
  const starts: number[] = []
  const stops: number[] = []
  for (let start = 0; start < bytes.length; ) {
    const lf = bytes.indexOf(LF, start)
    const stop = lf === -1 ? bytes.length : lf
    const blank = stop === start || (stop === start + 1 && bytes[start] === 0x0d)
    if (!blank) {
      starts.push(start)
      stops.push(stop)
    }
    start = stop + 1
  }
  const lines = starts.length
  return {
    bytes,
    view: viewOf(bytes),
    lines,
    starts: Uint32Array.from(starts),
    stops: Uint32Array.from(stops),
    ends: none,
    regular: new Uint8Array(lines),
    absences: none32,
    columns: 0,
  }
}

function grown<A extends Uint8Array | Int32Array | Uint32Array>(array: A, larger: A): A {
  larger.set(array)
  return larger
}

function isDecimal(bytes: Uint8Array, from: number, to: number): boolean {
  let at = bytes[from] === MINUS ? from + 1 : from
  let digits = 0
  for (; at < to && bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9; at++) digits++
  if (digits === 0 || digits > 15) return false
  if (at === to) return true
  if (bytes[at] !== POINT) return false
  digits = to - ++at
  for (; at < to; at++) if (bytes[at]! < ZERO || bytes[at]! > ZERO + 9) return false
  return digits > 0 && digits <= 15
}
