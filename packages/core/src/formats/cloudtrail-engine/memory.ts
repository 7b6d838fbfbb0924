/**
 * The engine's memory and host where it runs as JavaScript: the same functions as in `memory.as`, which the compiled
 * module has in their place. Words are 32 bits wide, little-endian.
 */
import { memoryBytes } from './map.ts'

/** What the engine cannot do itself; addresses are of its memory. */
export interface Host {
  /** The shape of the record with this tape, or 0. */
  readonly compileShape: (tape: i32) => i32
  /** The result of a function of these bytes, or 0. */
  readonly compute: (kind: i32, at: i32, length: i32) => i32
  readonly isAddress: (at: i32, length: i32) => i32
  /** The place of a member that the table does not know, below a place that it knows; or 0: the plain path has to. */
  readonly learn: (parent: i32, at: i32, length: i32) => i32
}

/** Untouched, and so without cost, where the wasm module runs. */
export const buffer = new ArrayBuffer(memoryBytes)

/**
 * In a function, since bundlers make variables of a module's constants: V8 then looks them up for every byte, which
 * costs a twelfth of the whole.
 */
function functionsOver(buffer: ArrayBuffer) {
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)

  return {
    load8(at: i32): i32 {
      return bytes[at]!
    },
    /** Of any address. */
    load32(at: i32): i32 {
      return view.getInt32(at, true)
    },
    store8(at: i32, value: i32): void {
      bytes[at] = value
    },
    store32(at: i32, value: i32): void {
      view.setInt32(at, value, true)
    },

    /** The first byte from `from` on at which a look at a string has to stop, or `end`. */
    stopFrom(from: i32, end: i32): i32 {
      for (let at = from; at < end; at += 4) {
        const stops = stopsIn(view.getInt32(at, true))
        if (stops !== 0) return Math.min(at + firstStop(stops), end)
      }
      return end
    },

    /** Copies up to the first such byte, which there must be, and up to 16 bytes more; gives how many there were before it. */
    copyToStop(from: i32, to: i32): i32 {
      for (let at = 0; ; at += 4) {
        const word = view.getInt32(from + at, true)
        view.setInt32(to + at, word, true)
        const stops = stopsIn(word)
        if (stops !== 0) return at + firstStop(stops)
      }
    },

    /** Copies at least `length` bytes, up to 16 more: what comes next overwrites them. */
    copy(to: i32, from: i32, length: i32): void {
      if (length > 128) bytes.copyWithin(to, from, from + length)
      else for (let at = 0; at < length; at += 4) view.setInt32(to + at, view.getInt32(from + at, true), true)
    },

    isSame(a: i32, b: i32, length: i32): boolean {
      if (length < 4) {
        for (let at = 0; at < length; at++) if (bytes[a + at] !== bytes[b + at]) return false
        return true
      }
      const last = length - 4
      for (let at = 0; at < last; at += 4) if (view.getInt32(a + at) !== view.getInt32(b + at)) return false
      return view.getInt32(a + last) === view.getInt32(b + last)
    },
  }
}

export const { load8, load32, store8, store32, stopFrom, copyToStop, copy, isSame } = functionsOver(buffer)

/** The lower half of the product. */
export function multiply(a: i32, b: i32): i32 {
  return Math.imul(a, b)
}

/**
 * For four bytes of a string: 0 where all are ASCII but control bytes, the quote and the backslash. Else the lowest bit
 * that is set is in the first byte that is not.
 */
function stopsIn(word: i32): i32 {
  const quotes = word ^ 0x22222222
  const escapes = word ^ 0x5c5c5c5c
  return (word | (word - 0x20202020) | (quotes - 0x01010101) | (escapes - 0x01010101)) & 0x80808080
}

/** Which of the four bytes it is. */
function firstStop(stops: i32): i32 {
  return (31 - Math.clz32(stops & -stops)) >> 3
}

/** Set by the host. */
let host: Host
export function setHost(functions: Host): void {
  host = functions
}

export function compileShape(tape: i32): i32 {
  return host.compileShape(tape)
}

export function compute(kind: i32, at: i32, length: i32): i32 {
  return host.compute(kind, at, length)
}

export function isAddress(at: i32, length: i32): i32 {
  return host.isAddress(at, length)
}

export function learn(parent: i32, at: i32, length: i32): i32 {
  return host.learn(parent, at, length)
}
