/**
 * From lines of bytes to lines of a bulk body, by a program of numbers that `program.ts` makes. This one source runs as
 * a wasm module and, where there is none, as JavaScript: it is written in what AssemblyScript and TypeScript share, and
 * sees nothing but one memory. `memory.ts` and `memory.as` are the two ways to reach it.
 */
import { clearEntries, lookUp } from './entries.ts'
import { scan } from './lines.ts'
import * as map from './map.ts'
import { copy, copyText, find, firstMark, isSame, load8, load16, load32, settle, store8, store32 } from './memory.ts'

export { clearEntries, scan }

const QUOTE: i32 = 0x22
const PERCENT: i32 = 0x25
const COMMA: i32 = 0x2c
const BACKSLASH: i32 = 0x5c
const AT: i32 = 0x40
const CLOSE_LIST: i32 = 0x5d
const CLOSE_OBJECT: i32 = 0x7d
/** Of the record that is being written. */
let lineStart: i32 = 0
let valueEnds: i32 = 0
let absentByte: i32 = 0
let stamp: i32 = 0
/**
 * Writes the documents of `count` records, of at most `limit` bytes together, and gives how many. Behind `leadLength`
 * bytes of lead each has its ordinal in base 36 and the end of an action line; without any, the documents stand alone.
 * Where it stopped early, the status is 1 if the next line has to take the plain path, and 0 if there was no room.
 */
export function encodeRun(program: i32, count: i32, limit: i32, leadLength: i32, tailLength: i32, withAdded: i32): i32 {
  const columns = load32(program + map.columnsWord)
  const room = load32(program + map.roomWord) + leadLength + tailLength
  const copies = load32(program + map.copiesWord)
  absentByte = load32(program + map.absentWord)
  forget(program)
  store32(map.status, 0)
  let offset = map.output
  let from = map.added
  let again = false
  for (let record = 0; record < count; record++) {
    const line = load32(map.lines + record * 4)
    lineStart = map.input + load32(map.starts + line * 4)
    valueEnds = map.ends + line * columns * 2
    const to = withAdded === 0 ? from : map.added + load32(map.addedEnds + record * 4)
    const length = load16(valueEnds + columns * 2 - 2)
    if (offset + room + length * copies + to - from > map.output + map.mostOutput) {
      // With nothing before it, it never has room.
      if (record === 0) store32(map.status, 1)
      return record
    }
    let o = offset
    if (leadLength > 0) {
      copyText(o, map.lead, leadLength)
      o = putOrdinal(load32(map.ordinals + record * 4), o + leadLength)
      copyText(o, map.behindId, 4)
      o += 4
    }
    const begin = o
    o = encodeLine(stepsFor(program, line), o)
    if (o === map.full && !again) {
      clearEntries()
      again = true
      record--
      continue
    }
    again = false
    // Its time, if it has one, is a document's first member. Without, the plain path sees to it.
    if (o < 0 || load8(begin + 2) !== AT) {
      store32(map.status, 1)
      return record
    }
    copyText(o, map.tail, tailLength)
    o += tailLength
    if (to > from) {
      copy(o, from, to - from)
      o += to - from
      from = to
    }
    if (leadLength > 0) store8(o++, map.LF)
    if (o - map.output > limit) return record
    offset = o
    store32(map.writtenEnds + record * 4, o - map.output)
  }
  return count
}

/** What was found for the last record of another run. */
function forget(program: i32): void {
  stamp = 0
  const columns = load32(program + map.columnsWord)
  for (let column = 0; column < columns; column++) store32(map.checked + column * 4, 0)
  const groups = load32(program + map.groupsWord)
  const count = load32(program + map.groupCountWord)
  for (let i = 0; i < count; i++) store32(load32(groups + i * 4) + map.stampWord, 0)
}

/** Digits of 0 to 2^31 - 1 in base 36. */
function putOrdinal(ordinal: i32, offset: i32): i32 {
  let digits = 1
  for (let rest = ordinal; rest >= 36; rest = (rest / 36) | 0) digits++
  let rest = ordinal
  for (let at = offset + digits - 1; at >= offset; at--) {
    const tens: i32 = (rest / 36) | 0
    const digit: i32 = rest - tens * 36
    store8(at, digit < 10 ? map.ZERO + digit : 0x57 + digit)
    rest = tens
  }
  return offset + digits
}

/** The steps for the line's absent columns: those of the line before, of another one, or new ones. */
function stepsFor(program: i32, line: i32): i32 {
  const low = load32(map.absences + line * 8)
  const high = load32(map.absences + line * 8 + 4)
  const count = load32(program + map.shapeCountWord)
  for (let i = 0; i < count; i++) {
    const shape = program + map.shapesWord + i * map.shapeBytes
    if (load32(shape) === low && load32(shape + 4) === high) return load32(shape + 8)
  }
  if (count === map.mostShapes) return load32(program + map.stepsWord)
  const steps = settle(program, low, high)
  const shape = program + map.shapesWord + count * map.shapeBytes
  store32(shape, low)
  store32(shape + 4, high)
  store32(shape + 8, steps)
  store32(program + map.shapeCountWord, count + 1)
  return steps
}

/**
 * An open brace, and every member with a comma behind it; the offset behind, or `odd` or `full`. No JSON.stringify, and no
 * object for it: docs/fast-path.md has what that saves.
 */
function encodeLine(steps: i32, offset: i32): i32 {
  stamp++
  let o = offset
  let depth = 0
  let begin = 0
  let first = 0
  let step = steps
  while (true) {
    const head = load32(step)
    const is = head & map.isMask
    const length = head >>> map.lengthShift
    o -= (head >>> map.backShift) & 1
    copyText(o, load32(step + map.beforeWord), length)
    o += length
    if (is === map.isSure) {
      const column = load32(step + map.columnWord)
      const start = valueStart(column)
      const bytes = lineStart + load16(valueEnds + column * 2) - start
      copy(o, start, bytes)
      o += bytes
      step += map.stepBytes
      continue
    }
    const before = o
    switch (is) {
      case map.isEnd:
        return o
      case map.isClose:
        depth--
        if (load8(o - 1) === COMMA) {
          store8(o - 1, CLOSE_OBJECT)
          store8(o++, COMMA)
        } else o = load32(map.opened + depth * 4)
        break
      case map.isText:
        o = putText(step, o)
        if (load32(step + map.repeatableWord) === 1 && isRepeat(first, before, o)) o = before
        break
      case map.isOpen:
        store32(map.opened + depth * 4, o)
        depth++
        o = putText(step, o)
        break
      case map.isList:
        begin = o
        o = putText(step, o)
        first = o
        break
      case map.isListEnd:
        if (o > first) {
          store8(o - 1, CLOSE_LIST)
          store8(o++, COMMA)
        } else o = begin
        break
      case map.isRecall:
        o = putRecalled(step, load32(step + map.textLengthWord), first, o)
        break
      default:
        o = putColumn(step, is, first, o)
    }
    if (o < 0) return o
    step = o > before ? load32(step + map.nextWord) : step + map.stepBytes
  }
}

function putText(step: i32, offset: i32): i32 {
  const length = load32(step + map.textLengthWord)
  copyText(offset, load32(step + map.textWord), length)
  return offset + length
}

function valueStart(column: i32): i32 {
  return column === 0 ? lineStart : lineStart + load16(valueEnds + column * 2 - 2) + 1
}

function putColumn(step: i32, is: i32, first: i32, offset: i32): i32 {
  const column = load32(step + map.columnWord)
  const start = valueStart(column)
  const end = lineStart + load16(valueEnds + column * 2)
  if (end - start === 1 && load8(start) === absentByte) return offset
  const quoted = load32(step + map.quotedWord)
  if (
    (is === map.isAddress && !isIPv4(column, start, end)) ||
    (is === map.isUndecoded && contains(start, end, PERCENT))
  )
    // The text ends in the quote that a copy needs, and that what is recalled has.
    return putRecalled(step, load32(step + map.textLengthWord) - 1, first, offset)
  let o = putText(step, offset)
  copy(o, start, end - start)
  o += end - start
  if (quoted === 1) store8(o++, QUOTE)
  store8(o++, COMMA)
  return load32(step + map.repeatableWord) === 1 && isRepeat(first, offset, o) ? offset : o
}

function contains(start: i32, end: i32, byte: i32): boolean {
  for (let at = start; at < end; at++) if (load8(at) === byte) return true
  return false
}

/** Whether it is one is asked by up to four places of a document. */
function isIPv4(column: i32, start: i32, end: i32): boolean {
  const known = load32(map.checked + column * 4)
  if (known >> 1 === stamp) return (known & 1) === 1
  const is = isAddressText(start, end)
  store32(map.checked + column * 4, (stamp << 1) | (is ? 1 : 0))
  return is
}

/**
 * Four numbers of 0 to 255 without leading zeros: what node:net's isIPv4 takes. Their lengths cannot be foreseen, so
 * that a loop over their digits would mispredict its ends.
 */
function isAddressText(start: i32, end: i32): boolean {
  let at = start
  let wrong = 0
  for (let part = 0; part < 4; part++) {
    wrong |= part > 0 && load8(at - 1) !== map.POINT ? 1 : 0
    const first = load8(at) - map.ZERO
    const second = load8(at + 1) - map.ZERO
    const third = load8(at + 2) - map.ZERO
    const two = isDigit(second)
    const three = two & isDigit(third)
    const number = three === 1 ? first * 100 + second * 10 + third : first
    wrong |= (isDigit(first) ^ 1) | (first === 0 ? two : 0) | (number > 255 ? 1 : 0)
    at += 2 + two + three
  }
  return wrong === 0 && at - 1 === end
}

function isDigit(value: i32): i32 {
  return value >= 0 && value <= 9 ? 1 : 0
}

/** A recalled value, or the items of a recalled list that are not there yet. */
function putRecalled(step: i32, textLength: i32, first: i32, offset: i32): i32 {
  const group = load32(step + map.groupWord)
  const entry = recall(group)
  if (entry <= 0) return entry === 0 ? offset : entry
  const target = load32(step + map.targetWord)
  const textEnds = load32(entry + 12)
  const texts = textEnds + load32(group + map.targetsWord) * 4
  const from = texts + (target === 0 ? 0 : load32(textEnds + target * 4 - 4))
  const to = texts + load32(textEnds + target * 4)
  if (from === to) return offset
  copyText(offset, load32(step + map.textWord), textLength)
  let o = offset + textLength
  if (load32(step + map.repeatableWord) === 0) {
    copyText(o, from, to - from)
    return o + to - from
  }
  for (let item = from; item < to; ) {
    const next = behindItem(item)
    copy(o, item, next - item)
    if (!isRepeat(first, o, o + next - item)) o += next - item
    item = next
  }
  return o
}

/** Whether the item from `start` to `end` stands among the list's items before it, which begin at `first`. */
function isRepeat(first: i32, start: i32, end: i32): boolean {
  for (let at = first; at < start; at = behindItem(at)) if (isSame(at, start, end - start)) return true
  return false
}

/** The offset behind an item of a list and its comma. */
function behindItem(start: i32): i32 {
  if (load8(start) !== QUOTE) return find(start, COMMA) + 1
  let at = find(start + 1, QUOTE)
  if (load8(at - 1) !== BACKSLASH) return at + 2
  for (at = start + 1; load8(at) !== QUOTE; at++) if (load8(at) === BACKSLASH) at++
  return at + 2
}

/** The group's entry for the record's values; 0 where one is absent, or `odd` or `full`. */
function recall(group: i32): i32 {
  if (load32(group + map.stampWord) === stamp) return load32(group + map.entryWord)
  const count = load32(group + map.inputCountWord)
  const neighbours = load32(group + map.neighboursWord) === 1
  let at = map.key
  let end = 0
  let from = 0
  for (let i = 0; i < count; i++) {
    const one = group + map.inputsWord + i * map.inputBytes
    const column = load32(one)
    const start = valueStart(column)
    end = lineStart + load16(valueEnds + column * 2)
    if (end - start === 1 && load8(start) === absentByte) return known(group, 0)
    if (i === 0) from = start
    if (neighbours) continue
    if (i > 0) store8(at++, 0)
    const marks = load32(one + 4)
    if (marks !== 0) {
      const facet = firstMark(start, end, marks, load32(one + 8))
      if (facet < 0) return known(group, 0)
      store8(at++, map.facetBase + facet)
    } else {
      if (at - map.key + end - start > map.longestKey) return map.odd
      copy(at, start, end - start)
      at += end - start
    }
  }
  return neighbours
    ? known(group, end - from > map.longestKey ? map.odd : lookUp(group, from, end - from))
    : known(group, lookUp(group, map.key, at - map.key))
}

function known(group: i32, entry: i32): i32 {
  store32(group + map.stampWord, stamp)
  store32(group + map.entryWord, entry)
  return entry
}
