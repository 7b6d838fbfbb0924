import { isDigit, QUOTE } from './json-bytes.ts'
import { copy, load8, store8, wholeOf } from './memory.ts'

/** Times as a date field takes them, `"2026-11-22T09:15:32.000Z"`: nearly unique, so that no memo would help. */

const ZERO: i32 = 0x30
const MINUS: i32 = 0x2d
const PLUS: i32 = 0x2b
const POINT: i32 = 0x2e
const COMMA: i32 = 0x2c
const COLON: i32 = 0x3a
const T: i32 = 0x54
const Z: i32 = 0x5a
const SPACE: i32 = 0x20
const dayMilliseconds: f64 = 86_400_000
/** Bytes of such a time with its quotes. */
export const timeBytes: i32 = 26

/** Digits of milliseconds since 1970, or of seconds where `unit` is 1000: below the year 10000. */
export function putEpoch(start: i32, end: i32, unit: f64, to: i32): i32 {
  let value: f64 = 0
  for (let at = start; at < end; at++) value = value * 10 + (load8(at) - ZERO)
  return putMilliseconds(value * unit, to)
}

function putMilliseconds(milliseconds: f64, to: i32): i32 {
  const days = wholeOf(milliseconds / dayMilliseconds)
  const rest = wholeOf(milliseconds - days * dayMilliseconds)
  // Days since March 1st of the year 0: leap days stand at the end of years that begin so.
  const since = days + 719_468
  const era: i32 = (since / 146_097) | 0
  const dayOfEra = since - era * 146_097
  const leaps: i32 = ((dayOfEra / 1460) | 0) - ((dayOfEra / 36_524) | 0) + ((dayOfEra / 146_096) | 0)
  const yearOfEra: i32 = ((dayOfEra - leaps) / 365) | 0
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0))
  const month: i32 = ((5 * dayOfYear + 2) / 153) | 0
  const day = dayOfYear - (((153 * month + 2) / 5) | 0) + 1
  const year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
  const seconds: i32 = (rest / 1000) | 0
  const minutes: i32 = (seconds / 60) | 0
  const hours: i32 = (minutes / 60) | 0
  store8(to, QUOTE)
  const century: i32 = (year / 100) | 0
  putTwo(century, to + 1)
  putTwo(year - century * 100, to + 3)
  store8(to + 5, MINUS)
  putTwo(month < 10 ? month + 3 : month - 9, to + 6)
  store8(to + 8, MINUS)
  putTwo(day, to + 9)
  store8(to + 11, T)
  putTwo(hours, to + 12)
  store8(to + 14, COLON)
  putTwo(minutes - hours * 60, to + 15)
  store8(to + 17, COLON)
  putTwo(seconds - minutes * 60, to + 18)
  store8(to + 20, POINT)
  const thousandths = rest - seconds * 1000
  const tenths: i32 = (thousandths / 10) | 0
  putTwo(tenths, to + 21)
  store8(to + 23, ZERO + thousandths - tenths * 10)
  store8(to + 24, Z)
  store8(to + 25, QUOTE)
  return to + timeBytes
}

function putTwo(value: i32, to: i32): void {
  const tens: i32 = (value / 10) | 0
  store8(to, ZERO + tens)
  store8(to + 1, ZERO + value - tens * 10)
}

/** Days since 1970 of a day from then on. */
function daysOf(year: i32, month: i32, day: i32): i32 {
  const shifted = month > 2 ? year : year - 1
  const era: i32 = (shifted / 400) | 0
  const yearOfEra = shifted - era * 400
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function lastDay(year: i32, month: i32): i32 {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** The number of two digits, or -1. */
function two(at: i32): i32 {
  const tens = load8(at)
  const ones = load8(at + 1)
  return isDigit(tens) && isDigit(ones) ? tens * 10 + ones - 528 : -1
}

/**
 * A JSON string that holds a time as ISO 8601 writes it, basic or extended, with `T` or a space, with a fraction and an
 * offset or without, from 1970 to 9998. Gives -1 for every other.
 */
export function putTime(start: i32, end: i32, to: i32): i32 {
  let at = start + 1
  const stop = end - 1
  if (stop - at < 14) return -1
  const century = two(at)
  const years = two(at + 2)
  at += 4
  if (load8(at) === MINUS) at++
  const month = two(at)
  at += 2
  if (load8(at) === MINUS) at++
  const day = two(at)
  const between = load8(at + 2)
  at += 3
  const hour = two(at)
  at += 2
  if (load8(at) === COLON) at++
  const minute = two(at)
  at += 2
  if (load8(at) === COLON) at++
  const second = two(at)
  at += 2
  const year = century * 100 + years
  if (century === -1 || years === -1 || year < 1970 || year > 9998 || month < 1 || month > 12) return -1
  if (day < 1 || day > lastDay(year, month) || (between !== T && between !== SPACE)) return -1
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || at > stop) return -1
  let thousandths = 0
  if (load8(at) === POINT || load8(at) === COMMA) {
    const first = ++at
    let weight = 100
    for (; isDigit(load8(at)); at++) {
      thousandths += (load8(at) - ZERO) * weight
      weight = (weight / 10) | 0
    }
    if (at === first) return -1
  }
  let offset = 0
  const sign = load8(at)
  if (sign === Z) at++
  else if (sign === PLUS || sign === MINUS) {
    const hours = two(at + 1)
    at += 3
    if (load8(at) === COLON) at++
    const minutes = two(at)
    at += 2
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1
    offset = (hours * 60 + minutes) * (sign === PLUS ? -1 : 1)
  }
  if (at !== stop) return -1
  if (offset === 0 && end - start === 22 && load8(start + 5) === MINUS && between === T && sign === Z) {
    copy(to, start, 20)
    store8(to + 20, POINT)
    store8(to + 21, ZERO)
    store8(to + 22, ZERO)
    store8(to + 23, ZERO)
    store8(to + 24, Z)
    store8(to + 25, QUOTE)
    return to + timeBytes
  }
  const minutes: f64 = (hour * 60 + minute + offset) * 60_000
  const milliseconds = daysOf(year, month, day) * dayMilliseconds + minutes + (second * 1000 + thousandths)
  return milliseconds < 0 ? -1 : putMilliseconds(milliseconds, to)
}
