import { digitsAt, find, isSame, load8, load32, ordinaryEnd, store8, store16, store32 } from '../../engine/memory.ts'
import { isKind } from './kinds.ts'
import * as map from './map.ts'
import { closeOf, QUOTE } from './wraps.ts'

const CR: i32 = 0x0d

/**
 * Finds lines and values in the input's whole lines, as many as there is room for. A line with anything odd (a control
 * or non-ASCII byte, a quote, a backslash, a value in quotes whose column has none, an empty value, too few values, one
 * behind the last column that is not absent, a number or a time that is not canonical) is not regular. Blank lines are left
 * out. It makes no string and no object; what that saves: docs/fast-path.md.
 */
export function scan(program: i32, length: i32): i32 {
  const columns = load32(program + map.columnsWord)
  const most: i32 = (map.mostEnds / 2 / columns) | 0
  const end = map.input + length
  const bare = load32(program + map.wrapsWord) === 0 && load32(program + map.absentsWord) === 0
  let at = map.input
  let line = 0
  while (at < end && line < map.mostLines && line < most) {
    const start = at
    const valueEnds = map.ends + line * columns * 2
    const bits = map.absences + line * 8
    let stop = bare ? scanBareLine(program, start, valueEnds, bits) : scanLine(program, start, valueEnds, bits)
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

/**
 * The offset of the line's end where it is regular, else -1. It knows no quotes and no texts of a column's own that say
 * "no value": what these ask of each value costs flow logs a twentieth of their time.
 */
function scanBareLine(program: i32, start: i32, valueEnds: i32, bits: i32): i32 {
  const delimiter = load32(program + map.delimiterWord)
  const absent = load32(program + map.absentWord)
  const columns = load32(program + map.columnsWord)
  let at = start
  let low = 0
  let high = 0
  let column = 0
  while (true) {
    const from = at
    const kind = load32(program + map.kindsWord + column * 4)
    if (kind > 0) {
      const digits = digitsAt(at)
      at += digits
      if (digits === 0) {
        if (load8(at) !== absent) return -1
        at++
      } else if (digits > kind || (digits > 1 && load8(from) === map.ZERO)) return -1
    } else {
      at = ordinaryEnd(at, delimiter)
      if (at === from) return -1
      if (kind < 0 && !isKind(kind, from, at) && (at - from > 1 || load8(from) !== absent)) return -1
    }
    if (at - from === 1 && load8(from) === absent) {
      if (column < 32) low |= 1 << column
      else if (column < 64) high |= 1 << (column - 32)
    }
    store16(valueEnds + column * 2, at - start)
    column++
    if (column === columns || load8(at) !== delimiter) break
    at++
  }
  store32(bits, low)
  store32(bits + 4, high)
  return load8(at) === map.LF && column === columns
    ? endAt(at, start)
    : lineEnd(program, start, at, column, valueEnds, bits)
}

/** The same for every line. */
function scanLine(program: i32, start: i32, valueEnds: i32, bits: i32): i32 {
  const delimiter = load32(program + map.delimiterWord)
  const absent = load32(program + map.absentWord)
  const columns = load32(program + map.columnsWord)
  const wraps = load32(program + map.wrapsWord)
  const absents = load32(program + map.absentsWord)
  let at = start
  let low = 0
  let high = 0
  let quotedLow = 0
  let quotedHigh = 0
  let column = 0
  while (true) {
    const kind = load32(program + map.kindsWord + column * 4)
    const own = absents === 0 ? 0 : load32(absents + column * 4)
    const close = closeOf(load8(at), wraps)
    const from = close === 0 ? at : at + 1
    const to = ordinaryEnd(from, close === 0 ? delimiter : close)
    if (to === from || (close !== 0 && load8(to) !== close)) return -1
    at = close === 0 ? to : to + 1
    if (close === QUOTE) {
      if (column < 32) quotedLow |= 1 << column
      else if (column < 64) quotedHigh |= 1 << (column - 32)
    }
    if ((to - from === 1 && load8(from) === absent) || (own !== 0 && isOwnAbsent(own, from, to - from))) {
      if (column < 32) low |= 1 << column
      else if (column < 64) high |= 1 << (column - 32)
    } else if (kind !== 0 && !isKind(kind, from, to)) return -1
    store16(valueEnds + column * 2, at - start)
    column++
    if (column === columns || load8(at) !== delimiter) break
    at++
  }
  store32(bits, low)
  store32(bits + 4, high)
  const end = lineEnd(program, start, at, column, valueEnds, bits)
  return areInPlace(program, 0, quotedLow, load32(bits)) && areInPlace(program, 4, quotedHigh, load32(bits + 4))
    ? end
    : -1
}

/** Whether quotes stand around no column but those that may have them, and around all that have to and are not absent. */
function areInPlace(program: i32, word: i32, quoted: i32, absent: i32): boolean {
  const may = load32(program + map.quotesWord + word)
  const must = load32(program + map.quotesWord + 8 + word)
  return ((quoted & ~may) | (must & ~(quoted | absent))) === 0
}

/** Offsets of values have 16 bits. */
function endAt(at: i32, start: i32): i32 {
  return at - start >= 65535 ? -1 : at
}

/** The line's end behind so many columns: the others are absent, and so is each value behind the last one; else -1. */
function lineEnd(program: i32, start: i32, behind: i32, read: i32, valueEnds: i32, bits: i32): i32 {
  const columns = load32(program + map.columnsWord)
  if (load8(behind) !== map.LF) {
    if (read < columns || load8(behind) !== load32(program + map.delimiterWord)) return -1
    const at = behindTrailing(program, behind + 1)
    return at < 0 ? -1 : endAt(at, start)
  }
  if (read < load32(program + map.leastWord)) return -1
  for (let column = read; column < columns; column++) {
    const word = bits + (column < 32 ? 0 : 4)
    if (column < 64) store32(word, load32(word) | (1 << (column & 31)))
    store16(valueEnds + column * 2, behind - start)
  }
  return endAt(behind, start)
}

/** Whether the value is one of the texts that stand for no value in its column: each behind its length, 0 at the end. */
export function isOwnAbsent(texts: i32, from: i32, length: i32): boolean {
  for (let at = texts; load8(at) !== 0; at += 1 + load8(at))
    if (load8(at) === length && isSame(at + 1, from, length)) return true
  return false
}

/** The line's end where nothing but absent values stands from here on; else -1. */
function behindTrailing(program: i32, from: i32): i32 {
  const delimiter = load32(program + map.delimiterWord)
  const absent = load32(program + map.absentWord)
  const wraps = load32(program + map.wrapsWord)
  let at = from
  while (true) {
    const close = closeOf(load8(at), wraps)
    if (close !== 0) {
      if (load8(at + 1) === absent) at++
      if (load8(at + 1) !== close) return -1
      at += 2
    } else if (load8(at) === absent) at++
    const next = load8(at)
    if (next === map.LF) return at
    if (next !== delimiter) return -1
    at++
  }
}
