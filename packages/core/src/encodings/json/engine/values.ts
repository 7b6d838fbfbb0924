import { extensionAt } from '../../engine/extension.ts'
import { COLON, isDigit, QUOTE } from '../../engine/json-bytes.ts'
import { odd } from '../../engine/memo.ts'
import { copy, copyLong, load8, load32, loadWord, store8 } from '../../engine/memory.ts'
import { putEpoch, putTime } from '../../engine/times.ts'
import { putJavaText } from './json-write.ts'
import { beginKept, keptEnd, keptOf, keptStart } from './kept.ts'
import {
  classBits,
  holed,
  opBare,
  opCopy,
  opExtension,
  opHoled,
  opHoledText,
  opHostName,
  opMilliseconds,
  opName,
  opObjects,
  opPairs,
  opPicked,
  opPickedHost,
  opQuote,
  opReverseName,
  opSeconds,
  opSession,
  opSessionEmail,
  opText,
  opTime,
} from './map.ts'
import { behindName, forgetObjects, putObjects, putPairs, putPicked } from './objects.ts'

/** A value of the record at hand as a target holds it. */

let record: i32 = 0

export function beginValues(recordAt: i32): void {
  record = recordAt
  beginKept()
  forgetObjects()
}

/** The offset behind what the operation writes of an entry's value, or `odd`. */
export function putValue(op: i32, entry: i32, target: i32, to: i32): i32 {
  const start = record + load32(entry + 4)
  const end = record + load32(entry + 8)
  const length = end - start
  if (op === opText) return putJavaText(start, end, to)
  if (op === opTime) return putTime(start, end, to)
  if (op === opQuote) {
    store8(to, QUOTE)
    copy(to + 1, start, length)
    store8(to + 1 + length, QUOTE)
    return to + length + 2
  }
  if (op === opBare) {
    copy(to, start + 1, length - 2)
    return to + length - 2
  }
  if (op === opSeconds || op === opMilliseconds) {
    const inner = load8(start) === QUOTE ? 1 : 0
    return putEpoch(start + inner, end - inner, op === opSeconds ? 1000 : 1, to)
  }
  if (op === opCopy) {
    if (length > 512) copyLong(to, start, length)
    else copy(to, start, length)
    return to + length
  }
  if (op === opSession) return putSession(start + 1, end, to)
  if (op === opSessionEmail) return putSessionEmail(start + 1, end, to)
  if (op === opExtension) return putExtension(start + 1, end - 1, to)
  if (op === opName || op === opHostName || op === opReverseName) return putName(op, start, end, to)
  const isHoled = op === opHoled || op === opHoledText || (load32(entry) & ((1 << classBits) - 1)) === holed
  if (isHoled) {
    // Each stands where the one before it was.
    forgetObjects()
    if (!keptOf(entry, start, end)) return odd
  }
  const from = isHoled ? keptStart() : start
  const behind = isHoled ? keptEnd() : end
  if (op === opHoledText) return putJavaText(from, behind, to)
  if (op === opObjects) return putObjects(target, from, behind, to)
  if (op === opPairs) return putPairs(target, from, behind, to)
  if (op === opPicked || op === opPickedHost) {
    const written = putPicked(load32(target), load32(target + 4), load32(target + 8), from, behind, to)
    return op === opPickedHost && hasColon(to, written) ? odd : written
  }
  if (behind - from > 512) copyLong(to, from, behind - from)
  else copy(to, from, behind - from)
  return to + behind - from
}

/** With its quotes. */
function putName(op: i32, start: i32, end: i32, to: i32): i32 {
  const behind = behindName(start, end)
  if (op !== opName && isInArpa(start + 1, behind)) return odd
  if (op === opReverseName) return to
  const length = behind - start
  if (length > 512) copyLong(to, start, length)
  else copy(to, start, length)
  store8(to + length, QUOTE)
  return to + length + 1
}

const POINT: i32 = 0x2e
const AT: i32 = 0x40
/** `arpa`, as a word. */
const arpaWord: i32 = 0x61707261

/** Whether it ends in `.arpa`, in any case. */
function isInArpa(start: i32, end: i32): boolean {
  if (end - start < 5 || load8(end - 5) !== POINT) return false
  return (loadWord(end - 4) | 0x20202020) === arpaWord
}

function hasColon(start: i32, end: i32): boolean {
  for (let at = start; at < end; at++) if (load8(at) === COLON) return true
  return false
}

/** `AROA`, as a word. */
const roleWord: i32 = 0x414f5241
const accountDigits: i32 = 12

/** What stands behind the colon of a role's id or an account's, with the quote at the end; nothing of any other text. */
function putSession(start: i32, end: i32, to: i32): i32 {
  const isRole = loadWord(start) === roleWord
  let colon = start
  while (isDigit(load8(colon)) || (isRole && isCapital(load8(colon)))) colon++
  const name = colon + 1
  if (load8(colon) !== COLON || !(isRole || colon - start === accountDigits) || name === end - 1) return to
  store8(to, QUOTE)
  copy(to + 1, name, end - name)
  return to + 1 + end - name
}

/** The same where it has one `@`, and something on both sides of it. */
function putSessionEmail(start: i32, end: i32, to: i32): i32 {
  const behind = putSession(start, end, to)
  let signs = 0
  for (let at = to + 1; at < behind - 1; at++) if (load8(at) === AT) signs++
  return signs === 1 && load8(to + 1) !== AT && load8(behind - 2) !== AT ? behind : to
}

/** Nothing where a `%` is in it: what is decoded is recalled. */
function putExtension(start: i32, end: i32, to: i32): i32 {
  const from = extensionAt(start, end)
  if (from < 0 || from === end) return to
  store8(to, QUOTE)
  copy(to + 1, from, end - from)
  store8(to + 1 + end - from, QUOTE)
  return to + 2 + end - from
}

function isCapital(letter: i32): boolean {
  return letter >= 0x41 && letter <= 0x5a
}

/** Where an entry's value begins and ends. */
export function valueStart(entry: i32): i32 {
  return record + load32(entry + 4)
}
export function valueEnd(entry: i32): i32 {
  return record + load32(entry + 8)
}
