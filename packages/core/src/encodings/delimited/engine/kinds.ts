import { digitsAt, load8, store8 } from '../../engine/memory.ts'
import * as map from './map.ts'

/** Values of a kind: whether they are as most are written, and how they are written in JSON. */

const MINUS: i32 = 0x2d
const PLUS: i32 = 0x2b
const SLASH: i32 = 0x2f
const COLON: i32 = 0x3a
const SPACE: i32 = 0x20
const T: i32 = 0x54
const Z: i32 = 0x5a

/** Above 0, a kind is the most digits that a whole number has. */
export function isKind(kind: i32, from: i32, to: i32): boolean {
  if (kind > 0) {
    const digits = digitsAt(from)
    return from + digits === to && digits <= kind && (digits === 1 || load8(from) !== map.ZERO)
  }
  if (kind === map.isDecimalKind) return isDecimal(from, to)
  if (kind === map.isTimeKind) return isTime(from, to)
  return kind === map.isCommonLogTimeKind ? isCommonLogTime(from, to) : isHexadecimal(from, to)
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

function isHexadecimal(from: i32, to: i32): boolean {
  if (to - from > 13) return false
  for (let at = from; at < to; at++) {
    const byte = load8(at)
    const letter = byte | 0x20
    if ((byte < map.ZERO || byte > 0x39) && (letter < 0x61 || letter > 0x66)) return false
  }
  return true
}

/** The number of two digits, or -1. */
function two(at: i32): i32 {
  const tens = load8(at) - map.ZERO
  const ones = load8(at + 1) - map.ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** A day that every year has. */
function isDay(month: i32, day: i32): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  if (day <= 28) return true
  if (month === 2) return false
  return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31)
}

function isClock(at: i32): boolean {
  const hour = two(at)
  const minute = two(at + 3)
  const second = two(at + 6)
  if (load8(at + 2) !== COLON || load8(at + 5) !== COLON) return false
  return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60
}

/** `2018-07-02T22:23:00.186641Z`, with a fraction or without, with `Z` or nothing at its end. */
function isTime(from: i32, to: i32): boolean {
  if (to - from < 19 || load8(from + 10) !== T || load8(from + 4) !== MINUS || load8(from + 7) !== MINUS) return false
  if (two(from) < 0 || two(from + 2) < 0 || !isDay(two(from + 5), two(from + 8)) || !isClock(from + 11)) return false
  let at = from + 19
  if (at < to && load8(at) === map.POINT) {
    const digits = digitsAt(at + 1)
    if (digits === 0 || digits > 15) return false
    at += 1 + digits
  }
  if (at < to && load8(at) === Z) at++
  return at === to
}

/** `06/Feb/2019:00:00:38 +0000` */
function isCommonLogTime(from: i32, to: i32): boolean {
  if (to - from !== 26 || load8(from + 2) !== SLASH || load8(from + 6) !== SLASH) return false
  if (load8(from + 11) !== COLON || load8(from + 20) !== SPACE || load8(from + 21) !== PLUS) return false
  if (two(from + 22) !== 0 || two(from + 24) !== 0 || two(from + 7) < 0 || two(from + 9) < 0) return false
  return isDay(monthOf(from + 3), two(from)) && isClock(from + 12)
}

/** 1 to 12; 0 for what is no month's name. */
function monthOf(at: i32): i32 {
  const name = (load8(at) << 16) | (load8(at + 1) << 8) | load8(at + 2)
  switch (name) {
    case 0x4a616e:
      return 1
    case 0x466562:
      return 2
    case 0x4d6172:
      return 3
    case 0x417072:
      return 4
    case 0x4d6179:
      return 5
    case 0x4a756e:
      return 6
    case 0x4a756c:
      return 7
    case 0x417567:
      return 8
    case 0x536570:
      return 9
    case 0x4f6374:
      return 10
    case 0x4e6f76:
      return 11
    case 0x446563:
      return 12
  }
  return 0
}

/** Writes a time that `isKind` takes as `2018-07-02T22:23:00.186Z`, and gives the offset behind. */
export function putTime(kind: i32, from: i32, to: i32, offset: i32): i32 {
  if (kind === map.isCommonLogTimeKind) {
    for (let i = 0; i < 4; i++) store8(offset + i, load8(from + 7 + i))
    const month = monthOf(from + 3)
    store8(offset + 5, month > 9 ? 0x31 : map.ZERO)
    store8(offset + 6, map.ZERO + (month > 9 ? month - 10 : month))
    store8(offset + 8, load8(from))
    store8(offset + 9, load8(from + 1))
    for (let i = 0; i < 8; i++) store8(offset + 11 + i, load8(from + 12 + i))
  } else for (let i = 0; i < 19; i++) store8(offset + i, load8(from + i))
  store8(offset + 4, MINUS)
  store8(offset + 7, MINUS)
  store8(offset + 10, T)
  store8(offset + 19, map.POINT)
  for (let i = 20; i < 23; i++) {
    const digit = kind === map.isTimeKind && from + i < to ? load8(from + i) : 0
    store8(offset + i, digit >= map.ZERO && digit <= 0x39 ? digit : map.ZERO)
  }
  store8(offset + 23, Z)
  return offset + 24
}
