import { CR, LF } from '../bytes.ts'

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
  /** Behind each value, from its line's start: `ends[line * columns + column]`. Only regular lines have them all. */
  readonly ends: Uint16Array
  /** Two words a line: bits for those of its first 64 columns that are absent. */
  readonly absences: Int32Array
  readonly columns: number
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
  }
}
