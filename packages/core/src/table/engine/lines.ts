import * as map from './map.ts'
import { digitsAt, find, load8, load32, ordinaryEnd, store8, store16, store32 } from './memory.ts'

const CR: i32 = 0x0d
const MINUS: i32 = 0x2d

/**
 * Finds lines and values in the input's whole lines, as many as there is room for. A line with anything odd (a control
 * or non-ASCII byte, a quote, a backslash, an empty value, a wrong number of values, a number that is not canonical) is
 * not regular. Blank lines are left out. It makes no string and no object; what that saves: docs/fast-path.md.
 */
export function scan(program: i32, length: i32): i32 {
  const columns = load32(program + map.columnsWord)
  const most: i32 = (map.mostEnds / 2 / columns) | 0
  const end = map.input + length
  let at = map.input
  let line = 0
  while (at < end && line < map.mostLines && line < most) {
    const start = at
    let stop = scanLine(program, start, map.ends + line * columns * 2, map.absences + line * 8)
    store8(map.regular + line, stop < 0 ? 0 : 1)
    if (stop < 0) stop = find(start, map.LF)
    at = stop + 1
    if (stop === start || (stop === start + 1 && load8(start) === CR)) continue
    store32(map.starts + line * 4, start - map.input)
    store32(map.stops + line * 4, stop - map.input)
    line++
  }
  store32(map.status, at - map.input)
  return line
}

/** The offset of the line's end where it is regular, else -1. */
function scanLine(program: i32, start: i32, valueEnds: i32, bits: i32): i32 {
  const delimiter = load32(program + map.delimiterWord)
  const absent = load32(program + map.absentWord)
  const columns = load32(program + map.columnsWord)
  let at = start
  let low = 0
  let high = 0
  for (let column = 0; column < columns; column++) {
    const from = at
    const most = load32(program + map.kindsWord + column * 4)
    if (most > 0) {
      const digits = digitsAt(at)
      at += digits
      if (digits === 0) {
        if (load8(at) !== absent) return -1
        at++
      } else if (digits > most || (digits > 1 && load8(from) === map.ZERO)) return -1
    } else {
      at = ordinaryEnd(at, delimiter)
      if (at === from) return -1
      if (most < 0 && !isDecimal(from, at) && (at - from > 1 || load8(from) !== absent)) return -1
    }
    if (at - from === 1 && load8(from) === absent) {
      if (column < 32) low |= 1 << column
      else if (column < 64) high |= 1 << (column - 32)
    }
    store16(valueEnds + column * 2, at - start)
    if (load8(at) !== (column === columns - 1 ? map.LF : delimiter)) return -1
    at++
  }
  store32(bits, low)
  store32(bits + 4, high)
  return at - start > 65535 ? -1 : at - 1
}

function isDecimal(from: i32, to: i32): boolean {
  let at = from
  if (load8(at) === MINUS) at++
  let digits = digitsAt(at)
  at += digits
  if (digits === 0 || digits > 15) return false
  if (at === to) return true
  if (load8(at) !== map.POINT) return false
  at++
  digits = digitsAt(at)
  return digits > 0 && digits <= 15 && at + digits === to
}
