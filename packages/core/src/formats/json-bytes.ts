/** JSON as bytes: what stands there in the very form that JSON.stringify would give it. */

export const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const POINT = 0x2e
/** FNV-1a's. */
export const hashPrime = 0x01000193

/** Bytes at which a look at a string has to stop: the quote, the backslash, what JSON does not allow, all but ASCII. */
const stopAt = new Uint8Array(256).fill(1, 0x80).fill(1, 0, 0x20)
stopAt[QUOTE] = stopAt[BACKSLASH] = 1

/** Escapes that JSON.stringify writes as well: `"`, `\`, and \b \f \n \r \t. It never writes `\/`, nor most of `\u`. */
const escapes = new Uint8Array(256)
for (const letter of '"\\bfnrt') escapes[letter.charCodeAt(0)] = 1

/**
 * For four bytes of a string, little-endian: 0 where the string goes on behind them. Else the lowest bit that is set is in
 * the first byte at which a look has to stop. Half the price of one byte at a time.
 */
export function stopsIn(word: number): number {
  const quotes = word ^ 0x22222222
  const escapes = word ^ 0x5c5c5c5c
  return (word | (word - 0x20202020) | (quotes - 0x01010101) | (escapes - 0x01010101)) & 0x80808080
}

/** Which of the four bytes it is. */
export function firstStop(stops: number): number {
  return (31 - Math.clz32(stops & -stops)) >> 3
}

/** The first byte from `from` on at which a look at a string has to stop, or `end`. */
export function stopFrom(view: DataView, from: number, end: number): number {
  let at = from
  for (; at + 4 <= end; at += 4) {
    const stops = stopsIn(view.getInt32(at, true))
    if (stops !== 0) return at + firstStop(stops)
  }
  while (at < end && stopAt[view.getUint8(at)] === 0) at++
  return at
}

/** A name's hash: of its whole words, and of what is behind them. */
export function hashOf(view: DataView, start: number, end: number): number {
  let hash = end - start
  let at = start
  for (; at + 4 <= end; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), hashPrime)
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), hashPrime)
  return hash ^ (hash >>> 15)
}

/** The offset behind the closing quote of the string whose first byte is at `from`, or -1: not complete or not regular. */
export function behindString(bytes: Uint8Array, view: DataView, from: number): number {
  const end = bytes.length
  const at = stopFrom(view, from, end)
  return at < end && bytes[at] === QUOTE ? at + 1 : behindOdd(bytes, view, at)
}

function behindOdd(bytes: Uint8Array, view: DataView, from: number): number {
  const end = bytes.length
  for (let at = from; ; at = stopFrom(view, at, end)) {
    if (at >= end) return -1
    const byte = bytes[at]!
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) {
      if (at + 1 >= end || escapes[bytes[at + 1]!] === 0) return -1
      at += 2
    } else if (byte < 0x20) return -1
    else {
      const length = characterAt(bytes, at)
      if (length === 0) return -1
      at += length
    }
  }
}

/** Bytes of the character beyond ASCII at `at`, or 0 where they are no UTF-8 (RFC 3629, 4). */
function characterAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  const second = bytes[at + 1] ?? 0
  const follows = (offset: number) => ((bytes[at + offset] ?? 0) & 0xc0) === 0x80
  if (first < 0xc2 || first > 0xf4 || !follows(1)) return 0
  if (first < 0xe0) return 2
  if (!follows(2)) return 0
  if (first < 0xf0) return (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) ? 0 : 3
  return !follows(3) || (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) ? 0 : 4
}

/** Behind null, true, false or a number that JSON.stringify would write in the same way. */
export function behindLiteral(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === 0x6e) return bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c ? at + 4 : -1
  if (byte === 0x74) return bytes[at + 1] === 0x72 && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x65 ? at + 4 : -1
  if (byte === 0x66)
    return bytes[at + 1] === 0x61 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x73 && bytes[at + 4] === 0x65
      ? at + 5
      : -1
  return behindNumber(bytes, at)
}

/** The offset behind a number that JavaScript writes in the same way: at most 15 digits, no exponent, no idle zeros. */
function behindNumber(bytes: Uint8Array, from: number): number {
  let at = from
  if (bytes[at] === MINUS) at++
  const first = at
  while (isDigit(bytes[at])) at++
  let digits = at - first
  if (digits === 0 || (bytes[first] === 0x30 && digits > 1)) return -1
  if (bytes[at] === POINT) {
    const point = at++
    while (isDigit(bytes[at])) at++
    const decimals = at - point - 1
    // Below 0.000001 JavaScript writes an exponent.
    if (decimals === 0 || decimals > 6 || bytes[at - 1] === 0x30) return -1
    digits += decimals
  } else if (bytes[first] === 0x30 && first > from) return -1
  const next = bytes[at]
  return digits > 15 || next === undefined || next === 0x65 || next === 0x45 ? -1 : at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
