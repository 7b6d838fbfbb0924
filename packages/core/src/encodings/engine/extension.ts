import { isDigit } from './json-bytes.ts'
import { load8 } from './memory.ts'

const PERCENT: i32 = 0x25
const POINT: i32 = 0x2e
/** Bytes that an extension has at most. `schema/parts.ts` says the same of text. */
const longest: i32 = 16
/** It may begin in the middle of what a percent-encoded byte leaves: two digits. */
const farthest: i32 = longest + 2

/**
 * Where the extension of a path begins, behind the point; the path's end where it has none, and -1 where that has to be
 * decoded to tell.
 */
export function extensionAt(start: i32, end: i32): i32 {
  let at = end
  let hasLetter = false
  while (at > start && end - at <= farthest) {
    const byte = load8(at - 1)
    if (byte === POINT) return hasLetter && end - at <= longest ? at : end
    if (byte === PERCENT) return -1
    const letter = byte | 0x20
    if (letter >= 0x61 && letter <= 0x7a) hasLetter = true
    else if (!isDigit(byte)) return end
    at--
  }
  return end
}
