import { Invalid } from './faults.ts'

/**
 * Small numbers in runs: one value many times, or many packed into bits.
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE
 *
 * @param width Bits of a number, 0 to 32
 * @param output Filled wholly, or the bytes are wrong
 */
export function readRuns(bytes: Buffer, width: number, output: Uint8Array | Uint16Array | Int32Array): void {
  if (width > 32) throw new Invalid(`numbers of ${width} bits`)
  if (width === 0) {
    output.fill(0)
    return
  }
  const size = (width + 7) >> 3
  let at = 0
  for (let filled = 0; filled < output.length; ) {
    let head = 0
    for (let factor = 1; ; factor *= 128) {
      if (at >= bytes.length || factor > 128 ** 4) throw new Invalid('runs of values that end too early')
      const byte = bytes[at++]!
      head += (byte & 127) * factor
      if (byte < 128) break
    }
    const left = output.length - filled
    if (head % 2 === 0) {
      if (at + size > bytes.length) throw new Invalid('runs of values that end too early')
      const count = Math.min(head / 2, left)
      output.fill(bytes.readUIntLE(at, size) | 0, filled, filled + count)
      at += size
      filled += count
      continue
    }
    // Eight at a time, of which the last may be none.
    const packed = ((head - 1) / 2) * 8
    const count = Math.min(packed, left)
    if (at + Math.ceil((count * width) / 8) > bytes.length) throw new Invalid('runs of values that end too early')
    unpack(bytes, at, width, output, filled, count)
    at += (packed * width) / 8
    filled += count
  }
}

/** Numbers of so many bits, the lowest first. */
function unpack(
  bytes: Buffer,
  from: number,
  width: number,
  output: Uint8Array | Uint16Array | Int32Array,
  first: number,
  count: number,
): void {
  if (width > 24) {
    for (let i = 0; i < count; i++) output[first + i] = bitsAt(bytes, from * 8 + i * width, width)
    return
  }
  const mask = (1 << width) - 1
  let held = 0
  let bits = 0
  let at = from
  for (let i = 0; i < count; i++) {
    while (bits < width) {
      held |= bytes[at++]! << bits
      bits += 8
    }
    output[first + i] = held & mask
    held >>>= width
    bits -= width
  }
}

/** A number of up to 53 bits that begins at this bit. */
export function bitsAt(bytes: Buffer, bit: number, width: number): number {
  let result = 0
  for (let done = 0; done < width; ) {
    const byte = bytes[Math.floor((bit + done) / 8)]!
    const skip = (bit + done) & 7
    const take = Math.min(8 - skip, width - done)
    result += ((byte >> skip) & ((1 << take) - 1)) * 2 ** done
    done += take
  }
  return result
}
