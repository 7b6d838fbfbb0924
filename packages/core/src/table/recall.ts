/** Texts longer than this are computed each time: they would push many short ones out. */
const longestKey = 256
/** Results longer than this are left to the plain path, so that the room a document needs has a bound. */
export const longestFragment = 1024

/** What a pure function once gave, as JSON: for each of its targets the bytes, or none. */
export interface Recalled {
  /** For each target, the items that it adds: one for a value, any number for a list; as JSON, a comma behind it. */
  readonly items: readonly (readonly DataView[])[]
  /** True where a result is too long for the fast path. */
  readonly tooLong: boolean
}

interface Slot {
  readonly hash: number
  readonly key: Uint8Array
  readonly value: Recalled
}

/**
 * Remembers what `compute` gave for the bytes of its input, in a table of fixed size: a newer key takes the place of an
 * older one. Dates, look-ups and decoding cost a hash and a comparison instead of strings and objects.
 */
export function createRecall(compute: (text: string) => Recalled, size = 4096) {
  const slots: (Slot | undefined)[] = new Array(size).fill(undefined)
  const mask = size - 1

  return (bytes: Uint8Array, start: number, end: number): Recalled => {
    const length = end - start
    let hash = length
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    hash ^= hash >>> 15
    const slot = slots[hash & mask]
    if (slot !== undefined && slot.hash === hash && slot.key.length === length) {
      const { key } = slot
      let at = 0
      while (at < length && key[at] === bytes[start + at]) at++
      if (at === length) return slot.value
    }
    const value = compute(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1'))
    if (length <= longestKey) slots[hash & mask] = { hash, key: bytes.slice(start, end), value }
    return value
  }
}
