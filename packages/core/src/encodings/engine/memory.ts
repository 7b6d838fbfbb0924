/// <reference path="./globals.d.ts" />
/**
 * The engines' memory where they run as JavaScript: the same functions as in `memory.as`, which the compiled modules have
 * in their place. Words are 32 bits wide, little-endian.
 */

/** Pages of 64 KiB: those of the delimited encoding's engine, behind them those of JSON's, and those of log events'. */
export const delimitedPages: i32 = 29
export const jsonPages: i32 = 96
const eventPages: i32 = 9

/** One for all engines, which have their places apart in it. Untouched, and so without cost, where wasm modules run. */
export const buffer = new ArrayBuffer((delimitedPages + jsonPages + eventPages) * 65_536)

/**
 * For four bytes of a string: 0 where all are ASCII but control bytes, the quote and the backslash. Else the lowest bit
 * that is set is in the first byte that is not.
 */
function stopsIn(word: i32): i32 {
  const quotes = word ^ 0x22222222
  const escapes = word ^ 0x5c5c5c5c
  return (word | (word - 0x20202020) | (quotes - 0x01010101) | (escapes - 0x01010101)) & 0x80808080
}

/** Which of a word's four bytes has the lowest bit that is set. */
function firstByte(bits: i32): i32 {
  return (31 - Math.clz32(bits & -bits)) >> 3
}

/**
 * In a function, since bundlers make variables of a module's constants: V8 then looks them up for every byte.
 */
function functionsOver(buffer: ArrayBuffer) {
  const u8 = new Uint8Array(buffer)
  const u16 = new Uint16Array(buffer)
  const i32 = new Int32Array(buffer)
  const view = new DataView(buffer)

  return {
    load8(at: i32): i32 {
      return u8[at]!
    },
    store8(at: i32, byte: i32): void {
      u8[at] = byte
    },
    /** Of an even address. */
    load16(at: i32): i32 {
      return u16[at >> 1]!
    },
    store16(at: i32, value: i32): void {
      u16[at >> 1] = value
    },
    /** Of an address that is a multiple of four. */
    load32(at: i32): i32 {
      return i32[at >> 2]!
    },
    store32(at: i32, value: i32): void {
      i32[at >> 2] = value
    },
    /** Of any address. */
    loadWord(at: i32): i32 {
      return view.getInt32(at, true)
    },
    storeWord(at: i32, value: i32): void {
      view.setInt32(at, value, true)
    },

    /**
     * Copies the program's own text, at least `length` bytes; what comes next overwrites the rest. It is UTF-8, of which
     * eight bytes are never a NaN, whose bits might change: that takes 0xff, or 0x7f behind 0xf0 or more.
     */
    copyText(to: i32, from: i32, length: i32): void {
      for (let at = 0; at < length; at += 8) view.setFloat64(to + at, view.getFloat64(from + at, true), true)
    },

    /**
     * Copies at least `length` bytes of UTF-8 or of small numbers, up to 16 more: what comes next overwrites them.
     */
    copy(to: i32, from: i32, length: i32): void {
      let at = 0
      for (; at + 8 <= length; at += 8) view.setFloat64(to + at, view.getFloat64(from + at, true), true)
      // Whole numbers: what stands behind may make a NaN of the rest, whose bits might change.
      view.setInt32(to + at, view.getInt32(from + at, true), true)
      view.setInt32(to + at + 4, view.getInt32(from + at + 4, true), true)
    },

    /** The same for a value that may be long. */
    copyLong(to: i32, from: i32, length: i32): void {
      u8.copyWithin(to, from, from + length)
    },

    /** The first byte from `from` on at which a look at a string has to stop, or `end`. */
    stopFrom(from: i32, end: i32): i32 {
      for (let at = from; at < end; at += 4) {
        const stops = stopsIn(view.getInt32(at, true))
        if (stops !== 0) return Math.min(at + firstByte(stops), end)
      }
      return end
    },

    /** Copies up to the first such byte, which there must be, and up to 16 bytes more; gives how many there were before it. */
    copyToStop(from: i32, to: i32): i32 {
      for (let at = 0; ; at += 4) {
        const word = view.getInt32(from + at, true)
        view.setInt32(to + at, word, true)
        const stops = stopsIn(word)
        if (stops !== 0) return at + firstByte(stops)
      }
    },

    isSame(a: i32, b: i32, length: i32): boolean {
      let at = 0
      for (; at + 4 <= length; at += 4) if (view.getInt32(a + at, true) !== view.getInt32(b + at, true)) return false
      for (; at < length; at++) if (u8[a + at] !== u8[b + at]) return false
      return true
    },

    /**
     * The words of a block that SHA-1's rounds take from the 32nd on: of those far enough behind that the module makes
     * four at once.
     */
    putLaterWords(block: i32): void {
      const first = block >> 2
      for (let at = first + 32; at < first + 80; at++) {
        const word = i32[at - 6]! ^ i32[at - 16]! ^ i32[at - 28]! ^ i32[at - 32]!
        i32[at] = (word << 2) | (word >>> 30)
      }
    },

    /** The offset of the first such byte from `at` on; there is one. */
    find(at: i32, byte: i32): i32 {
      let found = at
      while (u8[found] !== byte) found++
      return found
    },

    /** The offset of the first byte from `at` on that is the delimiter or not its own JSON. */
    ordinaryEnd(at: i32, delimiter: i32): i32 {
      const delimiters = Math.imul(delimiter, 0x01010101)
      for (let end = at; ; end += 4) {
        const word = view.getInt32(end, true)
        const quotes = (word ^ 0x22222222) - 0x01010101
        const escapes = (word ^ 0x5c5c5c5c) - 0x01010101
        const separators = (word ^ delimiters) - 0x01010101
        const odd = (word | (word - 0x20202020) | quotes | escapes | separators) & 0x80808080
        if (odd !== 0) return end + firstByte(odd)
      }
    },

    /** How many decimal digits stand at `at`; 16 for more. */
    digitsAt(at: i32): i32 {
      for (let count = 0; count < 16; count += 4) {
        const values = view.getInt32(at + count, true) ^ 0x30303030
        const others = (values | (values + 0x76767676)) & 0x80808080
        if (others !== 0) return count + firstByte(others)
      }
      return 16
    },

    /** Which of the marks stands first in the value; -1 for none. */
    firstMark(start: i32, end: i32, marks: i32, count: i32): i32 {
      for (let at = start; at < end; at++) for (let i = 0; i < count; i++) if (u8[marks + i] === u8[at]) return i
      return -1
    },

    /** Not the same number as the wasm module's. */
    hashOf(at: i32, length: i32, seed: i32): i32 {
      let hash = Math.imul(seed ^ (length << 16), 0x2c1b3c6d)
      let i = 0
      for (; i + 4 <= length; i += 4) {
        hash = Math.imul(hash ^ view.getInt32(at + i, true), 0x297a2d39)
        hash ^= hash >>> 15
      }
      for (; i < length; i++) hash = Math.imul(hash ^ u8[at + i]!, 0x01000193)
      return Math.imul(hash ^ (hash >>> 13), 0x5bd1e995) >>> 8
    },
  }
}

export const {
  load8,
  store8,
  load16,
  store16,
  load32,
  store32,
  loadWord,
  storeWord,
  copyText,
  copy,
  copyLong,
  stopFrom,
  copyToStop,
  putLaterWords,
  isSame,
  find,
  ordinaryEnd,
  digitsAt,
  firstMark,
  hashOf,
} = functionsOver(buffer)

/** The lower half of the product. */
export function multiply(a: i32, b: i32): i32 {
  return Math.imul(a, b)
}

/** The word, turned to the left. */
export function rotate(word: i32, bits: i32): i32 {
  return (word << bits) | (word >>> (32 - bits))
}

/** A number without its fraction, which is below 2^31. */
export function wholeOf(value: f64): i32 {
  return Math.trunc(value)
}

/** By the address of an engine's memo: the engines share their JavaScript. */
const computes = new Map<number, (group: number, key: number, length: number) => number>()
export function setCompute(memo: i32, compute: (group: number, key: number, length: number) => number): void {
  computes.set(memo, compute)
}
export function compute(memo: i32, group: i32, key: i32, length: i32): i32 {
  return computes.get(memo)!(group, key, length)
}
