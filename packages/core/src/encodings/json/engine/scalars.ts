import { isIPv4 } from '../../engine/addresses.ts'
import {
  ARRAY_CLOSE,
  BACKSLASH,
  behindNumber,
  behindString,
  COLON,
  COMMA,
  forgetSlashes,
  hasSlashes,
  isDigit,
  QUOTE,
} from '../../engine/json-bytes.ts'
import { isSame, load8, load32 } from '../../engine/memory.ts'
import { isAddress } from './host-calls.ts'
import {
  absent,
  address,
  asIs,
  bare,
  checkAbsent,
  checkBytes,
  checkEnds,
  holed,
  kindAddress,
  kindBoolean,
  kindDecimal,
  kindDigits,
  kindEncoded,
  kindFreeForm,
  kindInput,
  kindMilliseconds,
  kindRecall,
  kindSeconds,
  kindText,
  kindTime,
  list,
  placeChecks,
  placeId,
  quoted,
  recalled,
} from './map.ts'
import { push, takeId } from './tape.ts'

/** Strings, numbers and literals: what a place takes of them, and how its value is written. */

const PERCENT: i32 = 0x25
const MINUS: i32 = 0x2d
const POINT: i32 = 0x2e
/** Digits of seconds and of milliseconds that stay below the year 10000. */
const secondsDigits: i32 = 11
const millisecondsDigits: i32 = 14
/** A string that is kept whole; longer ones are cut by the plain path. */
export const maxString: i32 = 8191
/** Of a flattened field; longer ones are left out by the plain path. */
export const maxPath: i32 = 2000

/** A string that is not empty, with its quotes; gives the offset behind, or -1. */
export function text(place: i32, kind: i32, at: i32, behind: i32): i32 {
  const from = at + 1
  const to = behind - 1
  if (load32(place + placeChecks) !== 0) {
    const found = check(place, from, to)
    if (found === checkEnds || hasSlashes) return -1
    if (found === checkAbsent) return behind
  }
  let how = asIs
  if (kind === kindText || kind === kindFreeForm) {
    const rank = load32(place + placeId)
    if (rank !== 0 && to - from <= 128 && isVisible(from, to)) takeId(from, to, rank)
  } else if (kind === kindAddress) {
    if (isAddressAt(from, to)) how = address
  } else if (kind === kindEncoded) {
    if (contains(from, to, PERCENT)) how = recalled
  } else if (kind === kindDigits || kind === kindSeconds || kind === kindMilliseconds || kind === kindDecimal) {
    if (behindNumber(from) !== to || !isNumber(kind, from, to)) return -1
    // As text a whole number is not negative.
    if (kind === kindDigits && load8(from) === MINUS) return -1
    how = bare
  } else if (kind === kindBoolean) {
    if (!isLiteral(from, to)) return -1
    how = bare
  } else if (kind !== kindTime && kind !== kindRecall && kind !== kindInput) return -1
  if (hasSlashes) {
    if (how !== asIs || (kind !== kindText && kind !== kindEncoded)) return -1
    forgetSlashes()
    how = holed
  }
  push(place, how, at, behind)
  return behind
}

/** Whether an index of type `ip` takes the text. */
export function isAddressAt(from: i32, to: i32): boolean {
  return isIPv4(from, to) || (contains(from, to, COLON) && isAddress(from, to - from) !== 0)
}

/** A number, or true or false. */
export function literal(place: i32, kind: i32, at: i32, behind: i32): i32 {
  if (load32(place + placeChecks) !== 0) {
    const found = check(place, at, behind)
    if (found === checkEnds) return -1
    if (found === checkAbsent) return behind
  }
  const isBoolean = load8(at) === 0x74 || load8(at) === 0x66
  if (kind === kindText || kind === kindFreeForm || kind === kindAddress || kind === kindEncoded)
    push(place, quoted, at, behind)
  else if (kind === kindRecall || kind === kindInput) push(place, asIs, at, behind)
  else if (kind === kindBoolean) {
    if (!isBoolean) return -1
    push(place, asIs, at, behind)
  } else {
    if (isBoolean || !isNumber(kind, at, behind)) return -1
    push(place, asIs, at, behind)
  }
  return behind
}

/** A list of strings, of which none is empty; gives the offset behind, or -1. */
export function texts(place: i32, kind: i32, from: i32, end: i32): i32 {
  if ((kind !== kindText && kind !== kindEncoded) || load32(place + placeChecks) !== 0) return -1
  let at = from + 1
  for (;;) {
    if (load8(at) !== QUOTE) return -1
    const behind = behindString(at + 1, end)
    if (behind === -1 || behind === at + 2 || hasSlashes) return -1
    at = behind + 1
    if (load8(behind) === ARRAY_CLOSE) break
    if (load8(behind) !== COMMA) return -1
  }
  push(place, list, from, at)
  return at
}

/** Whether a number, which stands as JSON.stringify writes it, is one of the kind. */
function isNumber(kind: i32, from: i32, to: i32): boolean {
  if (kind === kindDecimal) return true
  if (kind !== kindDigits && kind !== kindSeconds && kind !== kindMilliseconds) return false
  if (contains(from, to, POINT)) return false
  if (kind === kindDigits) return true
  return load8(from) !== MINUS && to - from <= (kind === kindSeconds ? secondsDigits : millisecondsDigits)
}

/** `true` or `false`, as JSON writes them. */
function isLiteral(from: i32, to: i32): boolean {
  const length = to - from
  if (length === 4)
    return load8(from) === 0x74 && load8(from + 1) === 0x72 && load8(from + 2) === 0x75 && load8(from + 3) === 0x65
  return (
    length === 5 &&
    load8(from) === 0x66 &&
    load8(from + 1) === 0x61 &&
    load8(from + 2) === 0x6c &&
    load8(from + 3) === 0x73 &&
    load8(from + 4) === 0x65
  )
}

/** What the place's texts say about a value: the check that it meets first, or -1. A case is pushed. */
function check(place: i32, from: i32, to: i32): i32 {
  const checks = load32(place + placeChecks)
  const behind = checks + 4 + load32(checks) * checkBytes
  for (let at = checks + 4; at < behind; at += checkBytes) {
    const is = load32(at)
    const length = load32(at + 8)
    if (is === checkEnds) {
      if (to - from < length || !isSame(to - length, load32(at + 4), length)) return is
      continue
    }
    if (to - from !== length || !isSame(from, load32(at + 4), length)) continue
    if (is === checkAbsent) return is
    push(load32(at + 12), absent, from, to)
  }
  return -1
}

function contains(from: i32, to: i32, byte: i32): boolean {
  for (let at = from; at < to; at++) if (load8(at) === byte) return true
  return false
}

/** Part of every document's identity, so nothing that a store might take amiss. */
function isVisible(from: i32, to: i32): boolean {
  for (let at = from; at < to; at++) {
    const byte = load8(at)
    if (byte < 0x21 || byte > 0x7e || byte === BACKSLASH) return false
  }
  return true
}

/** JavaScript puts members named by a whole number before all others. */
export function isIndex(from: i32, to: i32): boolean {
  for (let at = from; at < to; at++) if (!isDigit(load8(at))) return false
  return from < to
}
