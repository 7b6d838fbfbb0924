import { COMMA, hashOf, isDigit, QUOTE } from './json-bytes.ts'
import { putJavaText, putKept } from './json-write.ts'
import {
  classBits,
  entryBytes,
  holed,
  holedAt,
  keptAt,
  kindPlaces,
  kindSpecial,
  longestInput,
  maxHoled,
  memoAt,
  memoBytes,
  memoHash,
  memoInput,
  memoLength,
  memoResult,
  memoSlots,
  opCopy,
  opDerived,
  opHoled,
  opHoledText,
  opList,
  opQuote,
  opResources,
  opText,
  opTime,
  shapeAfter,
  shapeAfterLength,
  shapeCodes,
  shapeEntries,
  shapeKey,
  shapeOdd,
  shapePresence,
  shapeSlots,
  shapeSpecial,
  shapeSteps,
  shapeStepsEnd,
  shapesAt,
  stepBytes,
  stepEntry,
  stepLength,
  stepOp,
  stepTarget,
  tapeEntries,
  tapeHash,
} from './map.ts'
import { compileShape, compute, copy, isSame, load8, load32, store8, store32 } from './memory.ts'
import { putResources } from './resources.ts'

/** Writes a record that was scanned, by its shape's steps. Part of the engine. */

let record: i32 = 0
let recordEnd: i32 = 0
let entries: i32 = 0
/** Values with holes that this record has so far. */
let holedCount: i32 = 0

/**
 * The document's members, each with a comma behind it, behind an open brace: the offset behind, or -1 for the plain path.
 * No value becomes an object or goes through JSON.stringify: docs/fast-path.md has what that saves.
 */
export function encode(recordAt: i32, length: i32, tape: i32, to: i32): i32 {
  record = recordAt
  recordEnd = recordAt + length
  entries = tape + tapeEntries
  holedCount = 0
  const shape = shapeOf(tape)
  if (shape === 0 || load32(shape + shapeOdd) !== 0) return -1
  const derived = derivedFor(shape)
  if (derived === 0) return -1
  const behind = load32(shape + shapeStepsEnd)
  let o = to
  for (let step = load32(shape + shapeSteps); step < behind; step += stepBytes) {
    const literal = load32(step + stepLength)
    copy(o, load32(step), literal)
    o += literal
    const op = load32(step + stepOp)
    const entry = entries + load32(step + stepEntry) * entryBytes
    const start = record + load32(entry + 4)
    const end = record + load32(entry + 8)
    if (op === opCopy) {
      copy(o, start, end - start)
      o += end - start
    } else if (op === opDerived) {
      const at = derived + 4 + load32(step + stepTarget) * 8
      copy(o, load32(at), load32(at + 4))
      o += load32(at + 4)
    } else {
      o = putOther(op, step, entry, start, end, o)
      if (o === -1) return -1
    }
  }
  const after = load32(shape + shapeAfterLength)
  copy(o, load32(shape + shapeAfter), after)
  return o + after
}

function putOther(op: i32, step: i32, entry: i32, start: i32, end: i32, to: i32): i32 {
  if (op === opText) return putJavaText(start, end, to)
  if (op === opTime && isPlainTime(start, end)) {
    copy(to, start, 20)
    // `.000Z"`
    store32(to + 20, 0x3030302e)
    store32(to + 24, 0x225a)
    return to + 26
  }
  if (op === opQuote) {
    store8(to, QUOTE)
    copy(to + 1, start, end - start)
    store8(to + 1 + end - start, QUOTE)
    return to + end - start + 2
  }
  if (op === opHoled || op === opHoledText) {
    const kept = keptOf(entry, start, end)
    if (kept === -1) return -1
    const from = load32(kept + 4)
    const length = load32(kept + 8) - from
    if (op === opHoledText) return putJavaText(from, from + length, to)
    copy(to, from, length)
    return to + length
  }
  if (op === opList) return putList(load32(step + stepTarget), to)
  if (op === opResources) {
    if ((load32(entry) & ((1 << classBits) - 1)) !== holed) return putResources(start, end, to)
    const kept = keptOf(entry, start, end)
    return kept === -1 ? -1 : putResources(load32(kept + 4), load32(kept + 8), to)
  }
  const result = recall(kindPlaces + (load32(entry) >> classBits), start, end - start)
  const at = result + 4 + (op === opTime ? 0 : load32(step + stepTarget)) * 8
  if (result === 0 || load32(result) === 0) return -1
  copy(to, load32(at), load32(at + 4))
  return to + load32(at + 4)
}

/** The shape of the record with this tape: nearly always known. */
function shapeOf(tape: i32): i32 {
  const hash = load32(tape + tapeHash)
  let slot = hash & (shapeSlots - 1)
  let shape = load32(shapesAt + slot * 4)
  while (shape !== 0 && !(load32(shape) === hash && isShape(shape, tape))) {
    slot = (slot + 1) & (shapeSlots - 1)
    shape = load32(shapesAt + slot * 4)
  }
  if (shape !== 0) return shape
  shape = compileShape(tape)
  store32(shapesAt + slot * 4, shape)
  return shape
}

function isShape(shape: i32, tape: i32): boolean {
  const count = load32(shape + shapeEntries)
  if (count * 3 !== load32(tape) - (tapeEntries >> 2)) return false
  for (let i = 0; i < count; i++)
    if (load32(shape + shapeCodes + i * 4) !== load32(tape + tapeEntries + i * entryBytes)) return false
  return true
}

/** The result for what is computed from the record's key, or 0 where it is too long. */
function derivedFor(shape: i32): i32 {
  if (load32(shape + shapeSpecial) !== 0) {
    const result = compute(kindSpecial, record, recordEnd - record)
    return result === 0 || load32(result) === 0 ? 0 : result
  }
  const key = load32(shape + shapeKey)
  const entry = entries + key * entryBytes
  const start = key === -1 ? record : record + load32(entry + 4)
  const length = key === -1 ? 0 : record + load32(entry + 8) - start
  const result = recall(load32(shape + shapePresence), start, length)
  return result === 0 || load32(result) === 0 ? 0 : result
}

/** What a pure function gave for these bytes: it is asked once for the same. */
function recall(kind: i32, at: i32, length: i32): i32 {
  if (length > longestInput) return compute(kind, at, length)
  const hash = hashOf(at, at + length) ^ kind
  const first = (hash >>> 3) & (memoSlots - 1)
  let slot = memoAt
  // Beyond some neighbours, the newer takes the place of the older.
  for (let i = 0; i < 8; i++) {
    slot = memoAt + ((first + i) & (memoSlots - 1)) * memoBytes
    const result = load32(slot + memoResult)
    if (result === 0) break
    if (
      load32(slot + memoHash) === hash &&
      load32(slot) === kind &&
      load32(slot + memoLength) === length &&
      isSame(load32(slot + memoInput), at, length)
    )
      return result
  }
  const result = compute(kind, at, length)
  // The input stands behind the result.
  if (result !== 0) {
    store32(slot, kind)
    store32(slot + memoInput, result + 4 + load32(result) * 8)
    store32(slot + memoLength, length)
    store32(slot + memoResult, result)
    store32(slot + memoHash, hash)
  }
  return result
}

/** The value as `putKept` writes it, which is asked for twice, as text and as JSON; -1 where there are too many of them. */
function keptOf(entry: i32, start: i32, end: i32): i32 {
  let at = holedAt
  const behind = holedAt + holedCount * 12
  for (; at < behind; at += 12) if (load32(at) === entry) return at
  if (holedCount === maxHoled) return -1
  const from = holedCount === 0 ? keptAt : load32(at - 4)
  store32(at, entry)
  store32(at + 4, from)
  store32(at + 8, putKept(start, end + 1, from))
  holedCount++
  return at
}

function putList(list: i32, to: i32): i32 {
  const count = load32(list)
  let o = to
  for (let i = 0; i < count; i++) {
    const entry = entries + load32(list + 4 + i * 4) * entryBytes
    const start = load32(entry + 4)
    const length = load32(entry + 8) - start
    let repeated = false
    for (let other = 0; other < i && !repeated; other++) {
      const at = entries + load32(list + 4 + other * 4) * entryBytes
      const begin = load32(at + 4)
      repeated = load32(at + 8) - begin === length && isSame(record + begin, record + start, length)
    }
    if (repeated) continue
    if (i > 0) store8(o++, COMMA)
    copy(o, record + start, length)
    o += length
  }
  return o
}

/** Digits of `"2025-07-31T08:01:12Z"`, in quotes, that name a day of every year and a time of it. */
function isPlainTime(start: i32, end: i32): boolean {
  if (end - start !== 22) return false
  const at = start + 1
  if (load8(at + 4) !== 0x2d || load8(at + 7) !== 0x2d || load8(at + 10) !== 0x54) return false
  if (load8(at + 13) !== 0x3a || load8(at + 16) !== 0x3a || load8(at + 19) !== 0x5a) return false
  if (two(at) === -1 || two(at + 2) === -1) return false
  const month = two(at + 5)
  const day = two(at + 8)
  const hour = two(at + 11)
  const minute = two(at + 14)
  const second = two(at + 17)
  if (month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23) return false
  if (minute < 0 || minute > 59 || second < 0 || second > 59) return false
  return (
    day <= 28 ||
    (month !== 2 && (day <= 30 || (day === 31 && month !== 4 && month !== 6 && month !== 9 && month !== 11)))
  )
}

/** The number of two digits, or -1. */
function two(at: i32): i32 {
  const tens = load8(at)
  const ones = load8(at + 1)
  return isDigit(tens) && isDigit(ones) ? tens * 10 + ones - 528 : -1
}
