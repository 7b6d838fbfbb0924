/**
 * Text that is written often, in float64s of eight bytes; `set` costs 30 ns a call.
 * Eight bytes of UTF-8 are never a NaN, whose bits might change: that takes 0xff, or 0x7f behind 0xf0 or more.
 */
export interface Text {
  readonly words: Float64Array
  readonly length: number
}

export function textOf(string: string): Text {
  const bytes = Buffer.from(string)
  const words = new Float64Array(Math.max(4, Math.ceil(bytes.length / 8)))
  const padded = Buffer.concat([bytes, Buffer.alloc(32, 0x20)])
  for (let i = 0; i < words.length; i++) words[i] = padded.readDoubleLE(i * 8)
  return { words, length: bytes.length }
}

/** What `put` and `copy` may write behind their end; what comes next overwrites it. */
export const overrun = 32

/** Gives the offset behind the text. */
export function put({ words, length }: Text, view: DataView, offset: number): number {
  // Most are no longer than this; a loop of the right length would be mispredicted.
  view.setFloat64(offset, words[0]!, true)
  view.setFloat64(offset + 8, words[1]!, true)
  view.setFloat64(offset + 16, words[2]!, true)
  view.setFloat64(offset + 24, words[3]!, true)
  for (let i = 4; i < words.length; i++) view.setFloat64(offset + i * 8, words[i]!, true)
  return offset + length
}

/**
 * A record's bytes. Most are fewer than 16, which are copied without a look at how many of them count: a loop of the
 * right length would often be mispredicted.
 */
export function copy(from: DataView, start: number, length: number, to: DataView, offset: number): void {
  if (start + length + overrun > from.byteLength) {
    copyExactly(from, start, length, to, offset)
    return
  }
  to.setFloat64(offset, from.getFloat64(start, true), true)
  if (length <= 8) return
  to.setFloat64(offset + 8, from.getFloat64(start + 8, true), true)
  if (length > 16) copyRest(from, start, length, to, offset)
}

/** What is behind a value's first 16 bytes. */
function copyRest(from: DataView, start: number, length: number, to: DataView, offset: number): void {
  for (let at = 16; at < length; at += 8) to.setFloat64(offset + at, from.getFloat64(start + at, true), true)
}

/** The last values of a block: there is nothing behind them to read. */
function copyExactly(from: DataView, start: number, length: number, to: DataView, offset: number): void {
  for (let at = 0; at < length; at++) to.setUint8(offset + at, from.getUint8(start + at))
}

/** Four numbers of 0 to 255 without leading zeros: what node:net's isIPv4 takes. */
export function isIPv4(bytes: Uint8Array, start: number, end: number): boolean {
  let parts = 0
  for (let at = start; at < end; at++) {
    const first = bytes[at]! - 0x30
    if (first < 0 || first > 9) return false
    let number = first
    let digit = ++at < end ? bytes[at]! - 0x30 : -1
    while (digit >= 0 && digit <= 9) {
      number = number * 10 + digit
      if (first === 0 || number > 255) return false
      digit = ++at < end ? bytes[at]! - 0x30 : -1
    }
    parts++
    if (at === end) return parts === 4
    if (digit !== -2) return false
  }
  return false
}
