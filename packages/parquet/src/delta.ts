import { Invalid } from './faults.ts'

/** Bytes that are read from front to back. */
export interface Reader {
  readonly bytes: Buffer
  at: number
}

/**
 * Whole numbers as differences from the one before, in blocks. Parquet's version 2 writers have it.
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#DELTAENC
 *
 * @param count How many the page has
 */
export function readDeltas(reader: Reader, count: number, add: (value: bigint) => void, bits: 32 | 64 = 64): void {
  const { bytes } = reader
  const blockSize = varint(reader)
  const miniblocks = Number(varint(reader))
  const stated = Number(varint(reader))
  if (stated < count) throw new Invalid(`${stated} differences for ${count} values`)
  const inEach = Number(blockSize) / miniblocks
  if (!Number.isInteger(inEach) || inEach % 8 !== 0 || inEach === 0 || miniblocks > 1024)
    throw new Invalid(`blocks of ${blockSize} differences in ${miniblocks} parts`)
  let value = zigzag(reader)
  if (count === 0) return
  add(value)
  for (let done = 1; done < count; ) {
    const least = zigzag(reader)
    const widths = reader.at
    reader.at += miniblocks
    if (reader.at > bytes.length) throw new Invalid('differences that end too early')
    for (let part = 0; part < miniblocks && done < count; part++) {
      const width = bytes[widths + part]!
      if (width > 64) throw new Invalid(`differences of ${width} bits`)
      const size = (inEach * width) / 8
      const here = Math.min(inEach, count - done)
      if (reader.at + Math.ceil((here * width) / 8) > bytes.length) throw new Invalid('differences that end too early')
      for (let i = 0; i < here; i++) {
        value = BigInt.asIntN(bits, value + least + wideBits(bytes, reader.at, i * width, width))
        add(value)
      }
      done += here
      reader.at += size
    }
  }
}

function wideBits(bytes: Buffer, from: number, bit: number, width: number): bigint {
  let result = 0n
  for (let done = 0; done < width; ) {
    const at = bit + done
    const skip = at & 7
    const take = Math.min(8 - skip, width - done)
    result |= BigInt((bytes[from + (at >> 3)]! >> skip) & ((1 << take) - 1)) << BigInt(done)
    done += take
  }
  return result
}

function varint(reader: Reader): bigint {
  let result = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (reader.at >= reader.bytes.length) throw new Invalid('differences that end too early')
    const byte = reader.bytes[reader.at++]!
    result |= BigInt(byte & 127) << shift
    if (byte < 128) return result
  }
  throw new Invalid('a number of more than 64 bits')
}

function zigzag(reader: Reader): bigint {
  const value = varint(reader)
  return (value >> 1n) ^ -(value & 1n)
}
