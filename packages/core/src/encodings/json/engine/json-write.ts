import {
  ARRAY_OPEN,
  BACKSLASH,
  behindLiteral,
  behindString,
  COLON,
  COMMA,
  OBJECT_OPEN,
  QUOTE,
  SLASH,
} from '../../engine/json-bytes.ts'
import { copy, copyToStop, load8, store8 } from '../../engine/memory.ts'

const EQUALS = 0x3d
const SPACE = 0x20

/**
 * A regular JSON value as Java prints it, as a JSON string: quotes go, `:` is `=`, and a space follows a comma; brackets
 * are the same. What is escaped stays so, since the result is a string too.
 */
export function putJavaText(start: i32, end: i32, to: i32): i32 {
  let o = to
  store8(o++, QUOTE)
  for (let at = start; at < end; ) {
    const byte = load8(at++)
    if (byte === QUOTE) {
      for (;;) {
        const length = copyToStop(at, o)
        at += length
        o += length
        const inner = load8(at++)
        if (inner === QUOTE) break
        store8(o++, inner)
        if (inner === BACKSLASH) store8(o++, load8(at++))
      }
    } else if (byte === COMMA) {
      store8(o++, COMMA)
      store8(o++, SPACE)
    } else store8(o++, byte === COLON ? EQUALS : byte)
  }
  store8(o, QUOTE)
  return o + 1
}

/** Behind the value that `putKept` read last. */
let behind: i32 = 0

/**
 * A regular JSON value that ends before `end`, without what is null or empty in it and without backslashes before slashes;
 * nothing where it is empty.
 */
export function putKept(start: i32, end: i32, to: i32): i32 {
  const first = load8(start)
  if (first === OBJECT_OPEN || first === ARRAY_OPEN) {
    // In ASCII both closing brackets stand two behind their opening ones.
    const closing = first + 2
    let o = to
    store8(o++, first)
    let at = start + 1
    let any = false
    while (load8(at) !== closing) {
      const begin = o
      if (any) store8(o++, COMMA)
      if (first === OBJECT_OPEN) {
        const value = behindString(at + 1, end) + 1
        copy(o, at, value - at)
        o += value - at
        at = value
      }
      const value = o
      o = putKept(at, end, o)
      if (o === value) o = begin
      else any = true
      at = behind
      if (load8(at) === COMMA) at++
    }
    behind = at + 1
    if (!any) return to
    store8(o, closing)
    return o + 1
  }
  behind = first === QUOTE ? behindString(start + 1, end) : behindLiteral(start, end)
  const length = behind - start
  if (first === 0x6e || (first === QUOTE && length === 2)) return to
  if (first === QUOTE) return putString(start, to)
  copy(to, start, length)
  return to + length
}

function putString(start: i32, to: i32): i32 {
  let o = to
  let at = start + 1
  let byte: i32 = QUOTE
  store8(o++, byte)
  do {
    const length = copyToStop(at, o)
    at += length
    o += length
    byte = load8(at++)
    if (byte !== BACKSLASH) store8(o++, byte)
    else {
      if (load8(at) !== SLASH) store8(o++, BACKSLASH)
      store8(o++, load8(at++))
    }
  } while (byte !== QUOTE)
  return o
}
