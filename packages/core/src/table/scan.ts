import { type ByteClass, byteClassOf } from './fields.ts'
import type { AnyField } from './layout.ts'

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

/** 0: a byte of a value that is its own JSON. 1: may end a value or line. 2: makes the line irregular. */
function byteKinds(delimiter: number): Uint8Array {
  const kinds = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++)
    kinds[byte] = byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c ? 2 : 0
  kinds[LF] = 1
  kinds[delimiter] = 1
  return kinds
}

/**
 * Finds lines and values in a block of whole lines. A line with anything odd (a control or non-ASCII byte, a quote, a
 * backslash, an empty value, a wrong number of values, a number that is not canonical) is not regular, and left to the
 * plain path. One table look-up a byte; slices, strings and promises per line cost ten times as much.
 */
export function createScanner({ delimiter, absent, classes }: ScanProgram): (bytes: Buffer) => Scan {
  const kinds = byteKinds(delimiter)
  const columns = classes.length
  const checked = classes.flatMap((name, column) =>
    name === 'digits' || name === 'seconds' || name === 'decimal' ? [{ column, name }] : [],
  )
  let linesExpected = 256

  return (bytes) => {
    const length = bytes.length
    let starts = new Uint32Array(linesExpected)
    let stops = new Uint32Array(linesExpected)
    let regular = new Uint8Array(linesExpected)
    let ends = new Uint32Array(linesExpected * columns)
    let line = 0
    for (let at = 0; at < length; ) {
      if (line === starts.length) {
        const size = line * 2
        starts = grow(starts, size)
        stops = grow(stops, size)
        ends = grow(ends, size * columns)
        const more = new Uint8Array(size)
        more.set(regular)
        regular = more
      }
      const start = at
      const base = line * columns
      let column = 0
      let valueStart = at
      let odd = false
      for (; at < length; at++) {
        const kind = kinds[bytes[at]!]!
        if (kind === 0) continue
        if (kind === 2) {
          odd = true
          continue
        }
        if (bytes[at] === LF) break
        if (column < columns) ends[base + column] = at
        if (at === valueStart) odd = true
        column++
        valueStart = at + 1
      }
      const stop = at
      at++
      if (stop === start || (stop === start + 1 && bytes[start] === 0x0d)) continue
      if (column < columns) ends[base + column] = stop
      starts[line] = start
      stops[line] = stop
      regular[line] =
        !odd && column === columns - 1 && stop > valueStart && typed(bytes, starts[line]!, ends, base) ? 1 : 0
      line++
    }
    linesExpected = Math.max(256, line + 64)
    return { bytes, view: viewOf(bytes), lines: line, starts, stops, ends, regular, columns }
  }

  function typed(bytes: Uint8Array, start: number, ends: Uint32Array, base: number): boolean {
    for (let i = 0; i < checked.length; i++) {
      const { column, name } = checked[i]!
      const from = column === 0 ? start : ends[base + column - 1]! + 1
      const to = ends[base + column]!
      if (to - from === 1 && bytes[from] === absent) continue
      if (
        name === 'decimal' ? !isDecimal(bytes, from, to) : !isCanonical(bytes, from, to, name === 'seconds' ? 11 : 15)
      )
        return false
    }
    return true
  }
}

const none = new Uint32Array(0)

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
    columns: 0,
  }
}

/** The same bytes for reads of four at a time. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function grow(array: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(size)
  larger.set(array)
  return larger
}

/** Digits that JSON writes the same: no leading zero, and few enough to be exact. */
function isCanonical(bytes: Uint8Array, from: number, to: number, most: number): boolean {
  const length = to - from
  if (length > most || (length > 1 && bytes[from] === ZERO)) return false
  for (let at = from; at < to; at++) if (bytes[at]! - ZERO > 9 || bytes[at]! < ZERO) return false
  return true
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
