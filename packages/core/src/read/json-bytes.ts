import { ARRAY_CLOSE, ARRAY_OPEN, COLON, COMMA, LF, OBJECT_CLOSE, OBJECT_OPEN, QUOTE } from './ascii.ts'

export const SPACE = 0x20
export const TAB = 0x09
export const CR = 0x0d
export const byteOrderMark = [0xef, 0xbb, 0xbf]

/** What a byte is outside of strings. */
export const plain = 0
export const space = 1
export const quote = 2
export const opens = 3
export const closes = 4
export const comma = 5
export const classOf = new Uint8Array(256)
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) classOf[byte] = space
classOf[QUOTE] = quote
classOf[COMMA] = comma
classOf[ARRAY_OPEN] = classOf[OBJECT_OPEN] = opens
classOf[ARRAY_CLOSE] = classOf[OBJECT_CLOSE] = closes

/** How far back an object's place is looked for. */
const lookBack = 256

/**
 * In the first value of a file, where an object begins in a place that no JSON has it, at the beginning of a line: the end
 * of the line before, which was cut short; below 0 where that stands in an earlier chunk. Else undefined. `pieces` are
 * the value's bytes in earlier chunks.
 */
export function cutBefore(
  chunk: Buffer,
  open: number,
  pieces: readonly Buffer[],
  inObject: boolean,
): number | undefined {
  let bytes = chunk.subarray(Math.max(0, open - lookBack), open)
  for (let i = pieces.length - 1; i >= 0 && bytes.length < Math.min(open, lookBack) + lookBack; i--)
    bytes = Buffer.concat([pieces[i]!.subarray(-lookBack), bytes])
  let at = bytes.length - 1
  while (at >= 0 && (bytes[at] === SPACE || bytes[at] === TAB)) at--
  if (at < 0 || bytes[at] !== LF) return undefined
  let before = at
  while (before >= 0 && classOf[bytes[before]!] === space) before--
  const byte = bytes[before]
  const isPlace = byte === undefined || byte === (inObject ? COLON : COMMA) || (!inObject && byte === ARRAY_OPEN)
  return isPlace ? undefined : open - (bytes.length - at)
}

/** Whether a text stands before `end` in the chunk, or in the last pieces before it and the chunk. */
export function endsWith(chunk: Buffer, end: number, pieces: readonly Buffer[], wanted: Buffer): boolean {
  if (end >= wanted.length) return wanted.compare(chunk, end - wanted.length, end) === 0
  let text = chunk.subarray(0, end)
  // From the last piece back: a value of many chunks may have such a string at the end of each.
  for (let i = pieces.length; text.length < wanted.length; ) text = Buffer.concat([pieces[--i]!, text])
  return wanted.equals(text.subarray(text.length - wanted.length))
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** As an error shows it. */
export function show(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `byte 0x${byte.toString(16).padStart(2, '0')}`
}
