/**
 * The messages of log events as bytes. This one source runs as a wasm module and, where there is none, as JavaScript: it is
 * written in what AssemblyScript and TypeScript share.
 */
import { BACKSLASH, OBJECT_CLOSE, QUOTE } from '../../encodings/engine/json-bytes.ts'
import { copyToStop, digitsAt, isSame, load8, stopFrom, store8, store32 } from '../../encodings/engine/memory.ts'
import {
  beforeIdAt,
  beforeIdLength,
  beforeMessageAt,
  beforeMessageLength,
  beforeTimeAt,
  beforeTimeLength,
  escapesAt,
  lineEndsAt,
  messageEndAt,
} from './map.ts'

const LF: i32 = 0x0a
const CR: i32 = 0x0d
const ZERO: i32 = 0x30
/** Digits that are looked at. A time in milliseconds has 13. */
const mostDigits: i32 = 16

/**
 * Reads the event at `from`: gives the offset behind it, and writes its message at `to`, without what JSON escapes; -1 where
 * it is written in another way, or goes on behind `end`, where zeros stand.
 */
export function readEvent(from: i32, end: i32, to: i32): i32 {
  if (!isSame(from, beforeIdAt, beforeIdLength)) return -1
  let at = stopFrom(from + beforeIdLength, end)
  if (!isSame(at, beforeTimeAt, beforeTimeLength)) return -1
  at += beforeTimeLength
  const digits = digitsAt(at)
  // No number of JSON is without a digit, nor begins with a 0 and goes on.
  if (digits === 0 || digits === mostDigits || (digits > 1 && load8(at) === ZERO)) return -1
  at += digits
  if (!isSame(at, beforeMessageAt, beforeMessageLength)) return -1
  at += beforeMessageLength
  let o = to
  let lineEnds = 0
  while (true) {
    const plain = copyToStop(at, o)
    at += plain
    o += plain
    const byte = load8(at)
    if (byte === QUOTE) break
    if (byte > 0x7f) {
      store8(o++, byte)
      at++
      continue
    }
    if (byte !== BACKSLASH) return -1
    const meant = load8(escapesAt + load8(at + 1))
    if (meant === 0) return -1
    if (meant === LF || meant === CR) lineEnds++
    store8(o++, meant)
    at += 2
  }
  if (load8(at + 1) !== OBJECT_CLOSE) return -1
  store32(messageEndAt, o)
  store32(lineEndsAt, lineEnds)
  return at + 2
}
