import { isRepeat } from '../../engine/items.ts'
import { BACKSLASH, behindString, COLON, COMMA, isDigit, QUOTE } from '../../engine/json-bytes.ts'
import { copy, isSame, load8, loadWord, store8 } from '../../engine/memory.ts'
import { entityKindsAt, entityList } from './map.ts'

/** Ids of what an event touches: what `schema/related-entity.ts` finds, from the bytes of free-form values. */

const DASH: i32 = 0x2d
/** `arn:` and `:aws`, as words. */
const arnWord: i32 = 0x3a6e7261
const awsWord: i32 = 0x7377613a

/** How many the list has that is being written. */
let count: i32 = 0

export function beginEntities(): void {
  count = 0
}

/** The ids among the value's texts, as items of a list that begins at `first`. What a colon follows is a name. */
export function putEntities(start: i32, end: i32, first: i32, to: i32): i32 {
  let o = to
  for (let at = start; at < end && count < entityList; ) {
    if (load8(at) !== QUOTE) {
      at++
      continue
    }
    const behind = behindString(at + 1, end)
    const isName = behind < end && load8(behind) === COLON
    if (!isName && isEntity(at + 1, behind - 1)) {
      const before = o
      copy(o, at, behind - at)
      o += behind - at
      store8(o++, COMMA)
      if (isRepeat(first, before, o)) o = before
      else count++
    }
    at = behind
  }
  return o
}

function isEntity(start: i32, end: i32): boolean {
  const first = load8(start)
  if (first !== DASH && !isLetter(first)) return false
  let at = end - 1
  while (at > start && isHexadecimal(load8(at))) at--
  if (load8(at) === DASH && at < end - 1 && isPrefix(start, at)) return isKind(start, at - start)
  return loadWord(start) === arnWord && loadWord(start + 3) === awsWord && isArn(start + 7, end)
}

/** Whether nothing but letters and dashes stands between them. */
function isPrefix(start: i32, end: i32): boolean {
  for (let at = start; at < end; at++) if (load8(at) !== DASH && !isLetter(load8(at))) return false
  return end > start
}

/** The kinds stand one behind the other, each behind its length, and a zero behind the last. */
function isKind(start: i32, length: i32): boolean {
  for (let at = entityKindsAt; load8(at) !== 0; at += 1 + load8(at))
    if (load8(at) === length && isSame(at + 1, start, length)) return true
  return false
}

/** What stands behind `arn:aws`: a partition's name goes on, and service, region, account and resource follow. */
function isArn(start: i32, end: i32): boolean {
  let at = start
  while (at < end && (load8(at) === DASH || isLetter(load8(at)))) at++
  let colons = 0
  if (load8(at) !== COLON) return false
  for (; at < end; at++) {
    const byte = load8(at)
    if (byte <= 0x20 || byte >= 0x7f || byte === BACKSLASH) return false
    if (byte === COLON) colons++
  }
  return colons > 3
}

function isLetter(byte: i32): boolean {
  return byte >= 0x61 && byte <= 0x7a
}

function isHexadecimal(byte: i32): boolean {
  return isDigit(byte) || (byte >= 0x61 && byte <= 0x66)
}
