import { load8, loadWord, multiply, stopFrom } from './memory.ts'

/** JSON as bytes: what stands there in the very form that JSON.stringify would give it. Part of the engines. */

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const BACKSLASH = 0x5c
export const ARRAY_OPEN = 0x5b
export const ARRAY_CLOSE = 0x5d
export const OBJECT_OPEN = 0x7b
export const OBJECT_CLOSE = 0x7d
export const SLASH = 0x2f
const MINUS = 0x2d
const POINT = 0x2e
/** FNV-1a's. */
export const hashPrime = 0x01000193

/**
 * Whether a string had `\/` since `forgetSlashes` was called. JSON.stringify writes `/` for it, so that its bytes are not
 * copied as they stand.
 */
export let hasSlashes = false

export function forgetSlashes(): void {
  hasSlashes = false
}

/** Escapes that JSON.stringify writes as well: `"`, `\`, and \b \f \n \r \t. It writes few of `\u`. */
function isEscape(letter: i32): boolean {
  return (
    letter === QUOTE ||
    letter === BACKSLASH ||
    letter === 0x62 ||
    letter === 0x66 ||
    letter === 0x6e ||
    letter === 0x72 ||
    letter === 0x74
  )
}

/** The hash of a name: of its whole words, and of what is behind them. */
export function nameHash(start: i32, end: i32): i32 {
  let hash = end - start
  let at = start
  for (; at + 4 <= end; at += 4) hash = multiply(hash ^ loadWord(at), hashPrime)
  for (; at < end; at++) hash = multiply(hash ^ load8(at), hashPrime)
  return hash ^ (hash >>> 15)
}

/** The offset behind the closing quote of the string whose first byte is at `from`, or -1: not complete or not regular. */
export function behindString(from: i32, end: i32): i32 {
  const at = stopFrom(from, end)
  return at < end && load8(at) === QUOTE ? at + 1 : behindOdd(at, end)
}

function behindOdd(from: i32, end: i32): i32 {
  for (let at = from; at < end; at = stopFrom(at, end)) {
    const byte = load8(at)
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) {
      if (at + 1 >= end) return -1
      if (load8(at + 1) === SLASH) hasSlashes = true
      else if (!isEscape(load8(at + 1))) return -1
      at += 2
    } else if (byte < 0x20) return -1
    else {
      const length = characterAt(at)
      if (length === 0 || at + length > end) return -1
      at += length
    }
  }
  return -1
}

function follows(at: i32): boolean {
  return (load8(at) & 0xc0) === 0x80
}

/** Bytes of the character beyond ASCII at `at`, or 0 where they are no UTF-8 (RFC 3629, 4). */
function characterAt(at: i32): i32 {
  const first = load8(at)
  const second = load8(at + 1)
  if (first < 0xc2 || first > 0xf4 || !follows(at + 1)) return 0
  if (first < 0xe0) return 2
  if (!follows(at + 2)) return 0
  if (first < 0xf0) return (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) ? 0 : 3
  return !follows(at + 3) || (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) ? 0 : 4
}

/** `null`, `true` and the last letters of `false`, as little-endian numbers. */
const nullWord: i32 = 0x6c6c756e
const trueWord: i32 = 0x65757274
const alseWord: i32 = 0x65736c61

/** Behind null, true, false or a number that JSON.stringify would write in the same way; -1 where it is not complete. */
export function behindLiteral(at: i32, end: i32): i32 {
  const byte = load8(at)
  let behind: i32 = -1
  if (byte === 0x6e) behind = loadWord(at) === nullWord ? at + 4 : -1
  else if (byte === 0x74) behind = loadWord(at) === trueWord ? at + 4 : -1
  else if (byte === 0x66) behind = loadWord(at + 1) === alseWord ? at + 5 : -1
  else behind = behindNumber(at)
  return behind < end ? behind : -1
}

/**
 * The offset behind a number that JavaScript writes in the same way: at most 15 digits, no exponent, no idle zeros. A whole
 * number of 16 digits, as many ids are, is one below 9,000,000,000,000,000: 2^53 lies above.
 */
export function behindNumber(from: i32): i32 {
  let at = from
  if (load8(at) === MINUS) at++
  const first = at
  while (isDigit(load8(at)) && at - first <= 16) at++
  let digits = at - first
  if (digits === 0 || digits > 16 || (load8(first) === 0x30 && digits > 1)) return -1
  if (digits === 16) {
    if (load8(first) === 0x39 || load8(at) === POINT) return -1
    digits = 15
  }
  if (load8(at) === POINT) {
    const point = at++
    let small = load8(first) === 0x30
    while (isDigit(load8(at)) && at - point <= 15) {
      if (load8(at) !== 0x30 && at - point <= 6) small = false
      at++
    }
    const decimals = at - point - 1
    // Below 0.000001 JavaScript writes an exponent.
    if (decimals === 0 || small || load8(at - 1) === 0x30) return -1
    digits += decimals
  } else if (load8(first) === 0x30 && first > from) return -1
  const next = load8(at)
  return digits > 15 || isDigit(next) || next === 0x65 || next === 0x45 ? -1 : at
}

export function isDigit(byte: i32): boolean {
  return byte >= 0x30 && byte <= 0x39
}
