import type { ValueKind } from '@flowferry/core/internal'
import { Invalid } from './faults.ts'
import type { ValueType } from './footer.ts'

/** What `write` gives where the bytes have no room, and what it gives for a text that no line holds. */
export const full = -1
export const odd = -2

/** The values of a page or a dictionary: each is written as the text that a log file has for it. */
export interface Values {
  readonly count: number
  /** Writes a value at an offset, and gives the offset behind it; `full` or `odd` where it cannot. */
  readonly write: (index: number, out: Buffer, at: number) => number
  /** The same as a string, whatever is in it; undefined for none. */
  readonly text: (index: number) => string | undefined
  /** The same values, each made into text once. */
  readonly asDictionary: () => Values
}

/**
 * @param lengths Of texts: their lengths, or that each stands before its text
 * @throws Invalid where the bytes are too few
 */
export function valuesOf(
  type: ValueType,
  bytes: Buffer,
  count: number,
  lengths: Int32Array | 'before each' = 'before each',
): Values {
  if (type.is === 'text') return new Texts(bytes, count, lengths, type.none ?? false)
  if (type.is === 'integer') return new Integers(bytes, count, type)
  return new Others(count, othersOf(type, bytes))
}

const dash = 0x2d

class Texts implements Values {
  readonly count: number
  readonly #bytes: Buffer
  /** Behind each text, from the beginning on. */
  readonly #ends: Int32Array
  /** Bytes in front of each, which are its length. */
  readonly #gap: number
  readonly #none: boolean
  constructor(bytes: Buffer, count: number, lengths: Int32Array | 'before each', none: boolean) {
    this.count = count
    this.#bytes = bytes
    this.#ends = new Int32Array(count + 1)
    this.#gap = lengths === 'before each' ? 4 : 0
    this.#none = none
    let at = 0
    for (let i = 0; i < count; i++) {
      let length: number
      if (lengths === 'before each') {
        if (at + 4 > bytes.length) throw new Invalid('a page ends before its values')
        length = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) + bytes[at + 3]! * 0x1000000
        at += 4
      } else length = lengths[i]!
      if (length > bytes.length - at) throw new Invalid('a page ends before its values')
      at += length
      this.#ends[i + 1] = at
    }
  }

  write(index: number, out: Buffer, at: number): number {
    const bytes = this.#bytes
    let from = this.#ends[index]! + this.#gap
    const end = this.#ends[index + 1]!
    if (at + end - from >= out.length) return full
    if (from === end || (this.#none && end - from === 4 && bytes.toString('latin1', from, end) === 'None')) {
      if (at + 1 >= out.length) return full
      out[at] = dash
      return at + 1
    }
    let to = at
    while (from < end) {
      const byte = bytes[from++]!
      if (byte < 0x0e && (byte === 0x09 || byte === 0x0a || byte === 0x0d)) return odd
      out[to++] = byte
    }
    return to
  }

  text(index: number): string | undefined {
    const text = this.#bytes.toString('utf8', this.#ends[index]! + this.#gap, this.#ends[index + 1])
    return text === '' || (this.#none && text === 'None') ? undefined : text
  }

  asDictionary(): Values {
    return this
  }
}

class Integers implements Values {
  readonly count: number
  readonly #words: Int32Array
  readonly #wide: boolean
  readonly #signed: boolean
  constructor(bytes: Buffer, count: number, { bytes: width, signed }: Extract<ValueType, { is: 'integer' }>) {
    this.count = count
    this.#wide = width === 8
    this.#signed = signed
    this.#words = wordsOf(bytes, (count * width) / 4)
  }

  /** Undefined where it is not exact. */
  #number(index: number): number | undefined {
    if (!this.#wide) return this.#signed ? this.#words[index]! : this.#words[index]! >>> 0
    const high = this.#words[index * 2 + 1]!
    const number = (this.#signed ? high : high >>> 0) * 0x100000000 + (this.#words[index * 2]! >>> 0)
    return Number.isSafeInteger(number) ? number : undefined
  }

  write(index: number, out: Buffer, at: number): number {
    if (at + 24 > out.length) return full
    const number = this.#number(index)
    if (number === undefined || number < 0 || number > 0x7fffffff) return at + out.write(this.text(index), at, 'latin1')
    return writeDigits(number, out, at)
  }

  text(index: number): string {
    const number = this.#number(index)
    if (number !== undefined) return String(number)
    const low = BigInt(this.#words[index * 2]! >>> 0)
    const bits = (BigInt(this.#words[index * 2 + 1]!) << 32n) | low
    return String(this.#signed ? bits : BigInt.asUintN(64, bits))
  }

  asDictionary(): Values {
    return this
  }
}

/** Digits of a number below 2^31, the last first: a string for each would cost more than the rest of the row. */
function writeDigits(number: number, out: Buffer, at: number): number {
  let end = at + 1
  for (let rest = number; rest > 9; rest = (rest / 10) | 0) end++
  let rest = number
  for (let i = end - 1; i >= at; i--) {
    const next = (rest / 10) | 0
    out[i] = 0x30 + rest - next * 10
    rest = next
  }
  return end
}

/** Words in the order of this machine's, which is that of the file on all that Node runs on. */
function wordsOf(bytes: Buffer, count: number): Int32Array {
  if (bytes.byteOffset % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, count)
  return new Int32Array(Uint8Array.prototype.slice.call(bytes, 0, count * 4).buffer)
}

/** Values that are rare in logs: each becomes a string. */
class Others implements Values {
  readonly count: number
  readonly text: (index: number) => string | undefined
  constructor(count: number, text: (index: number) => string | undefined) {
    this.count = count
    this.text = text
  }

  write(index: number, out: Buffer, at: number): number {
    const text = this.text(index) ?? '-'
    return at + text.length >= out.length ? full : at + out.write(text, at, 'latin1')
  }

  asDictionary(): Values {
    const texts = Array.from({ length: this.count }, (_, index) => this.text(index))
    return new Others(this.count, (index) => texts[index])
  }
}

function othersOf(
  type: Exclude<ValueType, { is: 'text' | 'integer' }>,
  bytes: Buffer,
): (index: number) => string | undefined {
  switch (type.is) {
    case 'boolean':
      return (index) => (bytes[index] === 1 ? 'true' : 'false')
    case 'float':
      return (index) => decimal(shortest(bytes.readFloatLE(index * 4)))
    case 'double':
      return (index) => decimal(bytes.readDoubleLE(index * 8))
    case 'uuid':
      return (index) =>
        bytes.toString('hex', index * 16, index * 16 + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    case 'date':
      return (index) => isoOf(bytes.readInt32LE(index * 4) * 86_400_000)?.slice(0, 10)
    case 'time':
      return (index) => {
        const milliseconds = Number(integerAt(bytes, index, type.bytes)) / (type.perSecond / 1000)
        return isoOf(milliseconds)?.slice(11, milliseconds % 1000 === 0 ? 19 : 23)
      }
    case 'timestamp':
      return (index) => {
        const milliseconds =
          type.bytes === 12
            ? julianAt(bytes, index)
            : Number(integerAt(bytes, index, type.bytes)) / (type.perSecond / 1000)
        return timeAs(type.as, Math.floor(milliseconds))
      }
  }
}

function integerAt(bytes: Buffer, index: number, width: 4 | 8): number | bigint {
  return width === 4 ? bytes.readInt32LE(index * 4) : bytes.readBigInt64LE(index * 8)
}

/** Nanoseconds of a Julian day: what Impala and older Sparks write. */
function julianAt(bytes: Buffer, index: number): number {
  const days = bytes.readInt32LE(index * 12 + 8) - 2_440_588
  return days * 86_400_000 + Number(bytes.readBigInt64LE(index * 12) / 1_000_000n)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A time as the field reads it in a log. */
function timeAs(kind: ValueKind | undefined, milliseconds: number): string | undefined {
  if (kind === 'milliseconds') return String(milliseconds)
  if (kind === 'seconds') return String(Math.floor(milliseconds / 1000))
  // Either, told by its size.
  if (kind === 'epoch') return String(milliseconds % 1000 === 0 ? milliseconds / 1000 : milliseconds)
  const iso = isoOf(milliseconds)
  if (kind !== 'commonLogTime' || !iso) return iso
  return `${iso.slice(8, 10)}/${months[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}

/** Undefined for a time that no date holds. */
function isoOf(milliseconds: number): string | undefined {
  const date = new Date(Math.floor(milliseconds))
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

/** The shortest number that is the same in 32 bits: 0.1, where 64 bits have 0.10000000149011612. */
function shortest(number: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(number.toPrecision(digits))
    if (Math.fround(short) === number) return short
  }
  return number
}

/** A number as logs have it: without an exponent, and with as many places as a field reads. NaN is a table's "no value". */
function decimal(number: number): string | undefined {
  if (Number.isNaN(number)) return undefined
  const text = String(number)
  if (/^-?\d+(\.\d{1,15})?$/.test(text) || Math.abs(number) >= 1e15) return text
  return number.toFixed(15).replace(/\.?0+$/, '')
}
