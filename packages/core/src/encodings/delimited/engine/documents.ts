/**
 * From lines of bytes to lines of a bulk body, by a program of numbers that `program.ts` makes. This one source runs as
 * a wasm module and, where there is none, as JavaScript: it is written in what AssemblyScript and TypeScript share, and
 * sees nothing but one memory. `memory.ts` and `memory.as` are the two ways to reach it.
 */

import { isIPv4 as isIPv4Text } from '../../engine/addresses.ts'
import { beginsAccount, closesNothing, closingBytes, endsAccount, writesClosing } from '../../engine/closings.ts'
import { isRepeat } from '../../engine/items.ts'
import { QUOTE } from '../../engine/json-bytes.ts'
import { clearMemo, full, odd, openMemo } from '../../engine/memo.ts'
import { copy, copyText, isSame, load8, load32, store8, store32 } from '../../engine/memory.ts'
import { putCommunityId } from './community-id.ts'
import { settle } from './host-calls.ts'
import { putTime } from './kinds.ts'
import { scan } from './lines.ts'
import * as map from './map.ts'
import { split } from './parts.ts'
import { putRecalled } from './recall.ts'
import {
  absents,
  isNothing,
  isOwnNothing,
  isWrapped,
  nextStamp,
  openLine,
  openProgram,
  stamp,
  valueEnd,
  valueStart,
  wraps,
} from './record.ts'

export { clearMemo, openMemo, scan }

const PERCENT: i32 = 0x25
const COMMA: i32 = 0x2c
const AT: i32 = 0x40
const OPEN_LIST: i32 = 0x5b
const CLOSE_LIST: i32 = 0x5d
const CLOSE_OBJECT: i32 = 0x7d

/**
 * Writes the documents of `count` records, of at most `limit` bytes together, and gives how many. Behind `leadLength`
 * bytes of lead each has its ordinal in base 36 and the end of an action line; without any, the documents stand alone.
 * Where it stopped early, the status is 1 if the next line has to take the plain path, and 0 if there was no room.
 */
export function encodeRun(program: i32, count: i32, limit: i32, leadLength: i32, tailLength: i32, withAdded: i32): i32 {
  const columns = load32(program + map.columnsWord)
  const closings = load32(map.closingLengths) + load32(map.closingLengths + 4)
  const room = load32(program + map.roomWord) + leadLength + tailLength + closings
  const copies = load32(program + map.copiesWord)
  openProgram(program)
  forget(program)
  store32(map.status, 0)
  let offset = map.output
  let from = map.added
  let again = false
  for (let record = 0; record < count; record++) {
    const line = load32(map.lines + record * 4)
    const length = openLine(line, columns)
    const to = withAdded === 0 ? from : map.added + load32(map.addedEnds + record * 4)
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
    if (o === full && !again) {
      clearMemo(map.memo)
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
  const columns = load32(program + map.columnsWord)
  for (let column = 0; column < columns; column++) store32(map.checked + column * 4, 0)
  const groups = load32(program + map.groupsWord)
  const count = load32(program + map.groupCountWord)
  for (let i = 0; i < count; i++) store32(load32(groups + i * 4) + map.stampWord, 0)
  for (let slot = 0; slot < map.mostSlots; slot++) store32(map.parts + slot * map.slotBytes, 0)
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
  nextStamp()
  let o = offset
  let depth = 0
  let begin = 0
  let first = 0
  /** Where an account may begin; -1 where there is one. */
  let account = 0
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
      let start = valueStart(column)
      let bytes = valueEnd(column) - start
      if (wraps !== 0 && isWrapped(start, start + bytes)) {
        start++
        bytes -= 2
      }
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
      case map.isCase:
        // The step behind it is left out where the case is another one.
        o = holds(step, o)
        if (o < 0) return o
        step = o === before ? load32(step + map.nextWord) : step + map.stepBytes
        o = before
        continue
      case map.isClosing: {
        const what = load32(step + map.partWord) >> 1
        const which = load32(step + map.partWord) & 1
        const length = load32(map.closingLengths + which * 4)
        if (length > 0) {
          if (what === beginsAccount) account = o
          else if (what === endsAccount) account = o > account ? -1 : 0
          else if (what === closesNothing) return odd
          else if (what === writesClosing || account !== -1) {
            // An object of nothing else is not there.
            if (load8(o - 1) !== COMMA) return odd
            copyText(o, map.closings + which * closingBytes, length)
            o += length
          }
        }
        step += map.stepBytes
        continue
      }
      case map.isTime:
      case map.isPart:
        o = putRead(step, is, first, o)
        break
      case map.isCommunityId:
        o = putHash(step, first, o)
        break
      case map.isOfBatch: {
        const which = load32(step + map.partWord)
        const length = load32(map.batchLengths + which * 4)
        copyText(o, map.batchTexts + which * map.batchTextBytes, length)
        o += length
        break
      }
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

function putColumn(step: i32, is: i32, first: i32, offset: i32): i32 {
  const column = load32(step + map.columnWord)
  let start = valueStart(column)
  let end = valueEnd(column)
  if (wraps !== 0 && isWrapped(start, end)) {
    start++
    end--
  }
  if (isNothing(start, end) || (absents !== 0 && isOwnNothing(column, start, end))) return offset
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

/** Behind the offset where the case's column has its text, at the offset where it has not; or `odd`. */
function holds(step: i32, offset: i32): i32 {
  const column = load32(step + map.columnWord)
  let start = valueStart(column)
  let end = valueEnd(column)
  if (wraps !== 0 && isWrapped(start, end)) {
    start++
    end--
  }
  if (isNothing(start, end) || (absents !== 0 && isOwnNothing(column, start, end))) return offset
  // What is decoded may be the text; nobody writes it so.
  if (load32(step + map.partWord) === 1 && contains(start, end, PERCENT)) return odd
  const length = load32(step + map.textLengthWord)
  return end - start === length && isSame(start, load32(step + map.textWord), length) ? offset + 1 : offset
}

/** A time, or a part of the column's value: what is read here, since it is new in nearly every line. */
function putRead(step: i32, is: i32, first: i32, offset: i32): i32 {
  const column = load32(step + map.columnWord)
  let start = valueStart(column)
  let end = valueEnd(column)
  if (wraps !== 0 && isWrapped(start, end)) {
    start++
    end--
  }
  if (isNothing(start, end) || (absents !== 0 && isOwnNothing(column, start, end))) return offset
  if (is === map.isPart) return putPart(step, start, end, first, offset)
  return close(step, first, offset, putTime(load32(step + map.partWord), start, end, putText(step, offset)))
}

function putHash(step: i32, first: i32, offset: i32): i32 {
  const begin = putText(step, offset)
  const end = putCommunityId(load32(step + map.groupWord), load32(step + map.partWord), begin)
  if (end < 0) return end
  return end === begin ? offset : close(step, first, offset, end)
}

function putPart(step: i32, start: i32, end: i32, first: i32, offset: i32): i32 {
  const word = load32(step + map.partWord)
  const slot = map.parts + ((word >>> map.slotShift) & 255) * map.slotBytes
  if (load32(slot) !== stamp) {
    store32(slot, stamp)
    split(word, start, end, slot)
  }
  const part = slot + map.partsWord + (word & map.partMask) * 8
  const from = load32(part)
  const to = load32(part + 4)
  if (to === 0) return offset
  const asked =
    to === map.isAsked ||
    ((word & map.addressBit) !== 0 && !isIPv4Text(from, to)) ||
    ((word & map.numberBit) !== 0 && to - from > 1 && load8(from) === map.ZERO)
  if (asked) return putRecalled(step, load32(step + map.textLengthWord) - load32(step + map.quotedWord), first, offset)
  if ((word & map.nameBit) !== 0 && (load8(from) === OPEN_LIST || isIPv4Text(from, to))) return offset
  const o = putText(step, offset)
  copy(o, from, to - from)
  return close(step, first, offset, o + to - from)
}

/** Ends a value; gives the offset before it where its list has it already. */
function close(step: i32, first: i32, before: i32, behind: i32): i32 {
  let o = behind
  if (load32(step + map.quotedWord) === 1) store8(o++, QUOTE)
  store8(o++, COMMA)
  return load32(step + map.repeatableWord) === 1 && isRepeat(first, before, o) ? before : o
}

function contains(start: i32, end: i32, byte: i32): boolean {
  for (let at = start; at < end; at++) if (load8(at) === byte) return true
  return false
}

/** Whether it is one is asked by up to four places of a document. */
function isIPv4(column: i32, start: i32, end: i32): boolean {
  const known = load32(map.checked + column * 4)
  if (known >> 1 === stamp) return (known & 1) === 1
  const is = isIPv4Text(start, end)
  store32(map.checked + column * 4, (stamp << 1) | (is ? 1 : 0))
  return is
}
