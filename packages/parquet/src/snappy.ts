import { Invalid } from './faults.ts'

/**
 * A block of Snappy's, into as many bytes as the page says that it has.
 * https://github.com/google/snappy/blob/main/format_description.txt
 */
export function unsnappy(bytes: Buffer, size: number): Buffer {
  const output = Buffer.allocUnsafeSlow(size)
  let at = 0
  // Its size, which the page has told already.
  while (at < bytes.length && bytes[at++]! >= 128);
  let end = 0
  while (at < bytes.length) {
    const tag = bytes[at++]!
    if ((tag & 3) === 0) {
      let length = tag >> 2
      if (length >= 60) {
        const more = length - 59
        if (at + more > bytes.length) throw early()
        length = bytes.readUIntLE(at, more)
        at += more
      }
      length++
      if (length > bytes.length - at || length > size - end) throw early()
      bytes.copy(output, end, at, at + length)
      at += length
      end += length
      continue
    }
    const wide = tag & 3
    const more = wide === 1 ? 1 : wide === 2 ? 2 : 4
    if (at + more > bytes.length) throw early()
    const length = wide === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const back = wide === 1 ? ((tag >> 5) << 8) | bytes[at]! : bytes.readUIntLE(at, more)
    at += more
    if (back === 0 || back > end || length > size - end) throw early()
    // A copy may reach into itself: it repeats what it wrote.
    if (back >= length) output.copy(output, end, end - back, end - back + length)
    else for (let i = 0; i < length; i++) output[end + i] = output[end - back + i]!
    end += length
  }
  if (end !== size) throw early()
  return output
}

const early = () => new Invalid('its Snappy data is damaged')
