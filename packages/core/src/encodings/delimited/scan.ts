import { CR, LF } from '../../read/ascii.ts'
import { closeOf } from './engine/wraps.ts'

/** Where the values of a block of whole lines stand, so that no string is made of them. */
export interface Scan {
  readonly bytes: Buffer
  /** Number of lines, blank ones left out. */
  readonly lines: number
  /** Offset of each line's first byte. */
  readonly starts: Uint32Array
  /** Offset behind each line's last byte, its line end left out. */
  readonly stops: Uint32Array
  /** 1 where the line is regular: its columns' number, bytes and types are as the program expects. */
  readonly regular: Uint8Array
  /**
   * Behind each value, from its line's start: `ends[line * columns + column]`. Only regular lines have them all; a column
   * that a line does not reach ends where the one before does. A value in quotes or brackets has them.
   */
  readonly ends: Uint16Array
  /** Two words a line: bits for those of its first 64 columns that are absent. */
  readonly absences: Int32Array
  readonly columns: number
  /** Bits for what opens a value that ends in another such byte: `quotesBit`, `bracketsBit`. */
  readonly wraps: number
}

function rawStart({ starts, ends, columns }: Scan, line: number, column: number): number {
  const start = starts[line]!
  return column === 0 ? start : start + ends[line * columns + column - 1]! + 1
}

/** Where a value of a regular line begins, behind its quote or bracket. */
export function valueStart(scan: Scan, line: number, column: number): number {
  const start = rawStart(scan, line, column)
  return scan.wraps === 0 || closeOf(scan.bytes[start]!, scan.wraps) === 0 ? start : start + 1
}

/** Where the value that begins there ends; before its beginning where the line does not reach the column. */
export function valueEnd(scan: Scan, line: number, column: number, start: number): number {
  const end = scan.starts[line]! + scan.ends[line * scan.columns + column]!
  return scan.wraps === 0 || start === rawStart(scan, line, column) ? end : end - 1
}

/** Whether a regular line has nothing in a column, or what says so. */
export function isAbsent(scan: Scan, line: number, column: number, absent: number): boolean {
  const start = valueStart(scan, line, column)
  const length = valueEnd(scan, line, column, start) - start
  return length <= 0 || (length === 1 && scan.bytes[start] === absent)
}

const none = new Uint16Array(0)
const none32 = new Int32Array(0)

/** The lines of a block and nothing more: none is regular, so that all take the plain path. */
export function scanLines(bytes: Buffer): Scan {
  const starts: number[] = []
  const stops: number[] = []
  for (let start = 0; start < bytes.length; ) {
    const lf = bytes.indexOf(LF, start)
    const stop = lf === -1 ? bytes.length : lf
    const blank = stop === start || (stop === start + 1 && bytes[start] === CR)
    if (!blank) {
      starts.push(start)
      stops.push(stop)
    }
    start = stop + 1
  }
  const lines = starts.length
  return {
    bytes,
    lines,
    starts: Uint32Array.from(starts),
    stops: Uint32Array.from(stops),
    regular: new Uint8Array(lines),
    ends: none,
    absences: none32,
    columns: 0,
    wraps: 0,
  }
}
