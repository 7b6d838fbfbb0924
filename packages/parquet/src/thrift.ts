import { Invalid } from './faults.ts'

/**
 * Thrift's compact protocol, in which a file's footer and its pages' heads are written. Only what is asked for is made into
 * values: a footer may be written by anybody, and what it holds beside costs a walk over its bytes.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

/** The fields of a struct that are wanted, by their numbers: a value, or the wanted ones of a struct in it. */
export interface Wanted {
  readonly [field: number]: 'value' | Wanted
}

export type ThriftValue = number | boolean | Buffer | readonly ThriftValue[] | ThriftStruct
export interface ThriftStruct {
  readonly [field: number]: ThriftValue
}

/** The bytes end before the struct does. */
export class Short extends Error {}

const [yes, no, byte, i16, i32, i64, double, binary, list, set, map, struct] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
/** A footer's deepest struct is four structs in. */
const mostDepth = 16
/** Values that are kept: a footer of 30 columns has some 300 for each row group. */
const mostKept = 1_000_000

export class ThriftReader {
  readonly #bytes: Buffer
  #kept = 0
  /** Where the next byte is read. */
  at: number
  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.at = at
  }

  /**
   * @throws Short where the bytes end in the struct
   * @throws Invalid for what no writer writes
   */
  struct(wanted: Wanted | undefined, depth = 0): ThriftStruct {
    if (depth > mostDepth) throw new Invalid(`it is nested deeper than ${mostDepth}`)
    const found: Record<number, ThriftValue> = {}
    for (let field = 0; ; ) {
      const head = this.#byte()
      const type = head & 15
      if (type === 0) return found
      field = head >> 4 === 0 ? this.#integer() : field + (head >> 4)
      const want = wanted && Object.hasOwn(wanted, field) ? wanted[field] : undefined
      const value = this.#value(type, want, depth, false)
      if (want) {
        this.#keep()
        found[field] = value
      }
    }
  }

  #keep(): void {
    if (++this.#kept > mostKept) throw new Invalid(`it has more than ${mostKept} values`)
  }

  #value(type: number, want: 'value' | Wanted | undefined, depth: number, inList: boolean): ThriftValue {
    switch (type) {
      case yes:
      case no:
        return inList ? this.#byte() === yes : type === yes
      case byte:
        return (this.#byte() << 24) >> 24
      case i16:
      case i32:
      case i64:
        return this.#integer()
      case double:
        this.#skip(8)
        return 0
      case binary: {
        const length = this.#varint()
        const start = this.at
        this.#skip(length)
        return this.#bytes.subarray(start, this.at)
      }
      case list:
      case set:
        return this.#list(want, depth + 1)
      case struct:
        return this.struct(typeof want === 'object' ? want : undefined, depth + 1)
      case map:
        return this.#map(depth + 1)
      default:
        throw new Invalid(`it has a value of the unknown type ${type}`)
    }
  }

  #list(want: 'value' | Wanted | undefined, depth: number): ThriftValue {
    if (depth > mostDepth) throw new Invalid(`it is nested deeper than ${mostDepth}`)
    const head = this.#byte()
    const count = head >> 4 === 15 ? this.#varint() : head >> 4
    // Each takes a byte at least.
    if (count > this.#bytes.length - this.at) throw new Short()
    const items: ThriftValue[] = []
    for (let i = 0; i < count; i++) {
      const item = this.#value(head & 15, want, depth, true)
      if (!want) continue
      this.#keep()
      items.push(item)
    }
    return items
  }

  #map(depth: number): ThriftValue {
    const count = this.#varint()
    if (count > this.#bytes.length - this.at) throw new Short()
    const types = count > 0 ? this.#byte() : 0
    for (let i = 0; i < count; i++) {
      this.#value(types >> 4, undefined, depth, true)
      this.#value(types & 15, undefined, depth, true)
    }
    return []
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new Short()
    return this.#bytes[this.at++]!
  }

  #skip(length: number): void {
    if (!(length <= this.#bytes.length - this.at)) throw new Short()
    this.at += length
  }

  /** At most 64 bits; above 2^53 it is not exact, and no count or offset of a file. */
  #varint(): number {
    let result = 0
    for (let i = 0, factor = 1; i < 10; i++, factor *= 128) {
      const byte = this.#byte()
      result += (byte & 127) * factor
      if (byte < 128) return result
    }
    throw new Invalid('it has a number of more than 64 bits')
  }

  #integer(): number {
    const zigzag = this.#varint()
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }
}
