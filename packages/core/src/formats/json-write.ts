import { copy } from '../table/text.ts'
import { behindLiteral, behindString, firstStop, QUOTE, stopsIn } from './json-bytes.ts'

const COMMA = 0x2c
const COLON = 0x3a
const EQUALS = 0x3d
const SPACE = 0x20
const BACKSLASH = 0x5c
const ARRAY_OPEN = 0x5b
const OBJECT_OPEN = 0x7b

/**
 * A JSON value without white space as Java prints it, as a JSON string: quotes go, `:` is `=`, and a space follows a
 * comma; brackets are the same. What is escaped stays so, since the result is a string too.
 */
export function putJavaText(
  bytes: Uint8Array,
  from: DataView,
  start: number,
  end: number,
  target: Uint8Array,
  view: DataView,
  offset: number,
): number {
  let o = offset
  target[o++] = QUOTE
  for (let at = start; at < end; ) {
    const byte = bytes[at++]!
    if (byte === QUOTE) {
      for (;;) {
        // Four bytes at a time; what is too much is overwritten.
        while (at + 4 <= end) {
          const word = from.getInt32(at, true)
          const stops = stopsIn(word)
          view.setInt32(o, word, true)
          if (stops !== 0) {
            const length = firstStop(stops)
            at += length
            o += length
            break
          }
          at += 4
          o += 4
        }
        const inner = bytes[at++]!
        if (inner === QUOTE) break
        target[o++] = inner
        if (inner === BACKSLASH) target[o++] = bytes[at++]!
      }
    } else if (byte === COMMA) {
      target[o++] = COMMA
      target[o++] = SPACE
    } else target[o++] = byte === COLON ? EQUALS : byte
  }
  target[o] = QUOTE
  return o + 1
}

/** Behind the value that `putKept` read last. */
let behind = 0

/** A regular JSON value without what is null or empty in it; nothing where it is empty. */
export function putKept(
  bytes: Uint8Array,
  from: DataView,
  start: number,
  target: Uint8Array,
  view: DataView,
  offset: number,
): number {
  const first = bytes[start]!
  if (first === OBJECT_OPEN || first === ARRAY_OPEN) {
    // In ASCII both closing brackets stand two behind their opening ones.
    const closing = first + 2
    let o = offset
    target[o++] = first
    let at = start + 1
    let any = false
    while (bytes[at] !== closing) {
      const begin = o
      if (any) target[o++] = COMMA
      if (first === OBJECT_OPEN) {
        const end = behindString(bytes, from, at + 1) + 1
        copy(from, at, end - at, view, o)
        o += end - at
        at = end
      }
      const value = o
      o = putKept(bytes, from, at, target, view, o)
      if (o === value) o = begin
      else any = true
      at = behind
      if (bytes[at] === COMMA) at++
    }
    behind = at + 1
    if (!any) return offset
    target[o] = closing
    return o + 1
  }
  if (first === QUOTE) behind = behindString(bytes, from, start + 1)
  else behind = behindLiteral(bytes, start)
  const length = behind - start
  if (first === 0x6e || (first === QUOTE && length === 2)) return offset
  copy(from, start, length, view, offset)
  return offset + length
}
