import type { Text } from './text.ts'

/** Texts longer than this are computed each time: they would push many short ones out. */
const longestKey = 256
/** Results longer than this are left to the plain path, so that the room a document needs has a bound. */
export const longestFragment = 1024

/** What pure functions of the same input once gave, as JSON with a comma behind each item. */
export interface Recalled {
  /** For each target all that it adds, or nothing. */
  readonly texts: readonly (Text | undefined)[]
  /** The same item by item, for lists that may hold some of them already. */
  readonly items: readonly (readonly Text[])[]
  /** True where a result is too long for the fast path. */
  readonly tooLong: boolean
}

/** What was recalled for an input. Its first and last eight bytes stand as numbers, the rest only where it is longer. */
interface Slot {
  readonly length: number
  readonly head: number
  readonly head2: number
  readonly tail2: number
  readonly tail: number
  readonly middle: DataView
  readonly value: Recalled
}

/** Short keys have none; so that all slots are of one shape. */
const noMiddle = new DataView(new ArrayBuffer(0))

/** Gives what the functions gave for these bytes of the view. */
export type Recall = (view: DataView, start: number, length: number) => Recalled

/**
 * Remembers what `compute` gave for the bytes of its input, in a table of fixed size: a newer key takes the place of an
 * older one, which has a second place beside it (or two of a minute's seconds would push each other out all the time).
 * Dates, look-ups and decoding cost a hash and a comparison instead of strings and objects.
 */
export function createRecall(compute: (text: string) => Recalled, size = 4096): Recall {
  const slots: (Slot | undefined)[] = new Array(size).fill(undefined)
  const shift = Math.clz32(size) + 1

  return (view, start, length) => {
    let head = 0
    let head2 = 0
    let tail2 = 0
    let tail = 0
    let hash = length
    if (length >= 4) {
      head = view.getInt32(start, true)
      tail = view.getInt32(start + length - 4, true)
      if (length > 8) {
        head2 = view.getInt32(start + 4, true)
        tail2 = view.getInt32(start + length - 8, true)
        for (let at = 8; at < length - 8; at += 4)
          hash = Math.imul(hash ^ view.getInt32(start + at, true), 0x01000193) ^ (hash >>> 13)
      }
    } else for (let at = 0; at < length; at++) head = (head << 8) | view.getUint8(start + at)
    hash = Math.imul(hash ^ head, 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 15) ^ head2, 0x2c1b3c6d)
    hash = Math.imul(hash ^ (hash >>> 13) ^ tail2, 0x297a2d39)
    hash = Math.imul(hash ^ (hash >>> 14) ^ tail, 0x5bd1e995)
    // Of a product, the upper bits depend on all that was multiplied.
    const place = hash >>> shift
    for (let other = 0; other < 2; other++) {
      const slot = slots[place ^ other]
      if (
        slot !== undefined &&
        slot.tail === tail &&
        slot.head === head &&
        slot.length === length &&
        slot.head2 === head2 &&
        slot.tail2 === tail2 &&
        isSame(slot.middle, view, start + 8)
      )
        return slot.value
    }
    const bytes = Buffer.from(view.buffer, view.byteOffset + start, length)
    const value = compute(bytes.toString('latin1'))
    if (length <= longestKey) {
      const middle = length > 16 ? viewOf(Uint8Array.prototype.slice.call(bytes, 8, length - 8)) : noMiddle
      const used = slots[place] !== undefined
      const free = used && slots[place ^ 1] === undefined
      if (used && !free) slots[place ^ 1] = slots[place]
      slots[free ? place ^ 1 : place] = { length, head, head2, tail2, tail, middle, value }
    }
    return value
  }
}

function isSame(middle: DataView, view: DataView, start: number): boolean {
  const length = middle.byteLength
  let at = 0
  for (; at + 4 <= length; at += 4) if (middle.getInt32(at) !== view.getInt32(start + at)) return false
  for (; at < length; at++) if (middle.getUint8(at) !== view.getUint8(start + at)) return false
  return true
}

/** The same bytes for reads of several at a time. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
