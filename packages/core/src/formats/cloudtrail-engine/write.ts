import { COMMA, hashOf, isDigit, QUOTE } from './json-bytes.ts'
import { putJavaText, putKept } from './json-write.ts'
import {
  classBits,
  entryBytes,
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
import { byteAt, compileShape, compute, copy, isSame, putByte, putWord, wordAt } from './memory.ts'
import { putResources } from './resources.ts'

/** Writes a record that was scanned, by its shape's steps. Part of the engine. */

let record: i32 = 0
let recordEnd: i32 = 0
let entries: i32 = 0
/** Values with holes that this record has so far. */
let holedCount: i32 = 0

/** The document's members, each with a comma behind it, behind an open brace: the offset behind, or -1 for the plain path. */
export function encode(recordAt: i32, length: i32, tape: i32, to: i32): i32 {
  record = recordAt
  recordEnd = recordAt + length
  entries = tape + tapeEntries
  holedCount = 0
  const shape = shapeOf(tape)
  if (shape === 0 || wordAt(shape + shapeOdd) !== 0) return -1
  const derived = derivedFor(shape)
  if (derived === 0) return -1
  const behind = wordAt(shape + shapeStepsEnd)
  let o = to
  for (let step = wordAt(shape + shapeSteps); step < behind; step += stepBytes) {
    const literal = wordAt(step + stepLength)
    copy(wordAt(step), literal, o)
    o += literal
    const op = wordAt(step + stepOp)
    const entry = entries + wordAt(step + stepEntry) * entryBytes
    const start = record + wordAt(entry + 4)
    const end = record + wordAt(entry + 8)
    if (op === opCopy) {
      copy(start, end - start, o)
      o += end - start
    } else if (op === opDerived) {
      const at = derived + 4 + wordAt(step + stepTarget) * 8
      copy(wordAt(at), wordAt(at + 4), o)
      o += wordAt(at + 4)
    } else {
      o = putOther(op, step, entry, start, end, o)
      if (o === -1) return -1
    }
  }
  const after = wordAt(shape + shapeAfterLength)
  copy(wordAt(shape + shapeAfter), after, o)
  return o + after
}

function putOther(op: i32, step: i32, entry: i32, start: i32, end: i32, to: i32): i32 {
  if (op === opText) return putJavaText(start, end, to)
  if (op === opTime && isPlainTime(start, end)) {
    copy(start, 20, to)
    // `.000Z"`
    putWord(to + 20, 0x3030302e)
    putWord(to + 24, 0x225a)
    return to + 26
  }
  if (op === opQuote) {
    putByte(to, QUOTE)
    copy(start, end - start, to + 1)
    putByte(to + 1 + end - start, QUOTE)
    return to + end - start + 2
  }
  if (op === opHoled || op === opHoledText) {
    const kept = keptOf(entry, start, end)
    if (kept === -1) return -1
    const from = wordAt(kept + 4)
    const length = wordAt(kept + 8) - from
    if (op === opHoledText) return putJavaText(from, from + length, to)
    copy(from, length, to)
    return to + length
  }
  if (op === opList) return putList(wordAt(step + stepTarget), to)
  if (op === opResources) return putResources(start, end, to)
  const result = recall(kindPlaces + (wordAt(entry) >> classBits), start, end - start)
  const at = result + 4 + (op === opTime ? 0 : wordAt(step + stepTarget)) * 8
  if (result === 0 || wordAt(result) === 0) return -1
  copy(wordAt(at), wordAt(at + 4), to)
  return to + wordAt(at + 4)
}

/** The shape of the record with this tape: nearly always known. */
function shapeOf(tape: i32): i32 {
  const hash = wordAt(tape + tapeHash)
  let slot = hash & (shapeSlots - 1)
  let shape = wordAt(shapesAt + slot * 4)
  while (shape !== 0 && !(wordAt(shape) === hash && isShape(shape, tape))) {
    slot = (slot + 1) & (shapeSlots - 1)
    shape = wordAt(shapesAt + slot * 4)
  }
  if (shape !== 0) return shape
  shape = compileShape(tape)
  putWord(shapesAt + slot * 4, shape)
  return shape
}

function isShape(shape: i32, tape: i32): boolean {
  const count = wordAt(shape + shapeEntries)
  if (count * 3 !== wordAt(tape) - (tapeEntries >> 2)) return false
  for (let i = 0; i < count; i++)
    if (wordAt(shape + shapeCodes + i * 4) !== wordAt(tape + tapeEntries + i * entryBytes)) return false
  return true
}

/** The result for what is computed from the record's key, or 0 where it is too long. */
function derivedFor(shape: i32): i32 {
  if (wordAt(shape + shapeSpecial) !== 0) {
    const result = compute(kindSpecial, record, recordEnd - record)
    return result === 0 || wordAt(result) === 0 ? 0 : result
  }
  const key = wordAt(shape + shapeKey)
  const entry = entries + key * entryBytes
  const start = key === -1 ? record : record + wordAt(entry + 4)
  const length = key === -1 ? 0 : record + wordAt(entry + 8) - start
  const result = recall(wordAt(shape + shapePresence), start, length)
  return result === 0 || wordAt(result) === 0 ? 0 : result
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
    const result = wordAt(slot + memoResult)
    if (result === 0) break
    if (
      wordAt(slot + memoHash) === hash &&
      wordAt(slot) === kind &&
      wordAt(slot + memoLength) === length &&
      isSame(wordAt(slot + memoInput), at, length)
    )
      return result
  }
  const result = compute(kind, at, length)
  // The input stands behind the result.
  if (result !== 0) {
    putWord(slot, kind)
    putWord(slot + memoInput, result + 4 + wordAt(result) * 8)
    putWord(slot + memoLength, length)
    putWord(slot + memoResult, result)
    putWord(slot + memoHash, hash)
  }
  return result
}

/** The value without its holes, which is asked for twice, as text and as JSON; -1 where there are too many of them. */
function keptOf(entry: i32, start: i32, end: i32): i32 {
  let at = holedAt
  const behind = holedAt + holedCount * 12
  for (; at < behind; at += 12) if (wordAt(at) === entry) return at
  if (holedCount === maxHoled) return -1
  const from = holedCount === 0 ? keptAt : wordAt(at - 4)
  putWord(at, entry)
  putWord(at + 4, from)
  putWord(at + 8, putKept(start, end + 1, from))
  holedCount++
  return at
}

function putList(list: i32, to: i32): i32 {
  const count = wordAt(list)
  let o = to
  for (let i = 0; i < count; i++) {
    const entry = entries + wordAt(list + 4 + i * 4) * entryBytes
    const start = wordAt(entry + 4)
    const length = wordAt(entry + 8) - start
    let repeated = false
    for (let other = 0; other < i && !repeated; other++) {
      const at = entries + wordAt(list + 4 + other * 4) * entryBytes
      const begin = wordAt(at + 4)
      repeated = wordAt(at + 8) - begin === length && isSame(record + begin, record + start, length)
    }
    if (repeated) continue
    if (i > 0) putByte(o++, COMMA)
    copy(record + start, length, o)
    o += length
  }
  return o
}

/** Digits of `"2025-07-31T08:01:12Z"`, in quotes, that name a day of every year and a time of it. */
function isPlainTime(start: i32, end: i32): boolean {
  if (end - start !== 22) return false
  const at = start + 1
  if (byteAt(at + 4) !== 0x2d || byteAt(at + 7) !== 0x2d || byteAt(at + 10) !== 0x54) return false
  if (byteAt(at + 13) !== 0x3a || byteAt(at + 16) !== 0x3a || byteAt(at + 19) !== 0x5a) return false
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
  const tens = byteAt(at)
  const ones = byteAt(at + 1)
  return isDigit(tens) && isDigit(ones) ? tens * 10 + ones - 528 : -1
}
