import { isRepeat } from '../../engine/items.ts'
import {
  ARRAY_CLOSE,
  ARRAY_OPEN,
  behindString,
  COMMA,
  OBJECT_CLOSE,
  OBJECT_OPEN,
  QUOTE,
} from '../../engine/json-bytes.ts'
import { copy, copyLong, isSame, load8, load32, store8, store32 } from '../../engine/memory.ts'
import {
  addressesShift,
  maxObjects,
  memberIsDotless,
  memberTells,
  nameBytes,
  objectsAt,
  objectsMembers,
  objectsNames,
  objectsTable,
  objectWidth,
  whereShift,
} from './map.ts'
import { isAddressAt, maxPath } from './scalars.ts'

const POINT: i32 = 0x2e

/** Lists of objects with strings that the table names. Each function gives -1 for the plain path. */

/** The table of the list at hand. */
let names: i32 = 0
let namesCount: i32 = 0
let members: i32 = 0
let width: i32 = 0

function useTable(table: i32): void {
  namesCount = load32(table + objectsNames)
  width = load32(table + objectsMembers)
  names = table + objectsTable
  members = names + namesCount * nameBytes
}

/** The list whose members are known, since several steps of a record read one, and how many objects it has. */
let readStart: i32 = 0
let readMembers: i32 = 0
let readCount: i32 = 0

/** Before other bytes stand where a list was. */
export function forgetObjects(): void {
  readStart = 0
}

/** Finds the members of all objects; gives how many objects there are, or -1 where one has anything else. */
function readObjects(start: i32, end: i32): i32 {
  if (start === readStart && members === readMembers) return readCount
  const count = foundObjects(start, end)
  readStart = start
  readMembers = members
  readCount = count
  return count
}

function foundObjects(start: i32, end: i32): i32 {
  let count: i32 = 0
  let at = start
  if (load8(at) !== ARRAY_OPEN) return -1
  for (;;) {
    if (load8(++at) !== OBJECT_OPEN || count === maxObjects) return -1
    const object = memberAt(count++, 0)
    for (let i = 0; i < width; i++) store32(object + i * 8, 0)
    do {
      at++
      const name = nameAt(at)
      if (name === 0) return -1
      const begin = at + load32(name + 4)
      const found = object + load32(name + 8) * 8
      if (load8(begin) !== QUOTE || load32(found) !== 0) return -1
      at = behindString(begin + 1, end)
      if (at - begin === 2) return -1
      store32(found, begin)
      store32(found + 4, at)
    } while (load8(at) === COMMA)
    if (load8(at++) !== OBJECT_CLOSE) return -1
    if (load8(at) === ARRAY_CLOSE) break
    if (load8(at) !== COMMA) return -1
  }
  return count
}

/** The objects with the document's names, each once. */
export function putObjects(table: i32, start: i32, end: i32, to: i32): i32 {
  useTable(table)
  const count = readObjects(start, end)
  if (count === -1) return -1
  let o = to
  store8(o++, ARRAY_OPEN)
  for (let one: i32 = 0; one < count; one++) {
    if (count > 1 && !isDistinct(one)) return -1
    if (one > 0) store8(o++, COMMA)
    store8(o++, OBJECT_OPEN)
    let any = false
    for (let member: i32 = 0; member < width; member++) {
      const found = memberAt(one, member)
      const begin = load32(found)
      if (begin === 0) continue
      if (any) store8(o++, COMMA)
      any = true
      const ours = members + member * nameBytes
      copy(o, load32(ours), load32(ours + 4))
      o += load32(ours + 4)
      o = (load32(ours + 8) & memberIsDotless) === 0 ? putValue(found, o) : putName(found, o)
    }
    store8(o++, OBJECT_CLOSE)
  }
  store8(o, ARRAY_CLOSE)
  return o + 1
}

/** One member of each object, as items of a list that begins at `first`. */
export function putMemberItems(table: i32, member: i32, start: i32, end: i32, first: i32, to: i32): i32 {
  useTable(table)
  const count = readObjects(start, end)
  if (count === -1) return -1
  let o = to
  for (let one: i32 = 0; one < count; one++) {
    const found = memberAt(one, member)
    if (load32(found) === 0) continue
    const before = o
    o = putValue(found, o)
    store8(o++, COMMA)
    if (isRepeat(first, before, o)) o = before
  }
  return o
}

/**
 * Values of the objects whose other member is the JSON text at `name`, as items of a list that begins at `first`, without
 * the last dot of a name. `which` tells the members, and whether addresses alone are taken.
 */
export function putItemsWhere(
  table: i32,
  which: i32,
  name: i32,
  length: i32,
  start: i32,
  end: i32,
  first: i32,
  to: i32,
): i32 {
  useTable(table)
  const count = readObjects(start, end)
  if (count === -1) return -1
  const value = which & 0xff
  const where = (which >> whereShift) & 0xff
  let o = to
  for (let one: i32 = 0; one < count; one++) {
    const told = memberAt(one, where)
    const found = memberAt(one, value)
    const begin = load32(found)
    if (begin === 0 || load32(told + 4) - load32(told) !== length || !isSame(load32(told), name, length)) continue
    if (which >> addressesShift !== 0 && !isAddressAt(begin + 1, behindName(begin, load32(found + 4)))) continue
    const before = o
    o = putName(found, o)
    store8(o++, COMMA)
    if (isRepeat(first, before, o)) o = before
  }
  return o
}

/**
 * Objects of a name (the first member) and a value (the second) as one object; -1 where a name comes twice, stands among
 * JavaScript's numbered members, or is one that `__proto__` names.
 */
export function putPairs(table: i32, start: i32, end: i32, to: i32): i32 {
  useTable(table)
  const count = readPairs(start, end)
  if (count === -1) return -1
  let o = to
  store8(o++, OBJECT_OPEN)
  for (let one: i32 = 0; one < count; one++) {
    if (one > 0) store8(o++, COMMA)
    o = putValue(memberAt(one, 0), o)
    store8(o++, 0x3a)
    o = putValue(memberAt(one, 1), o)
  }
  store8(o, OBJECT_CLOSE)
  return o + 1
}

/** The value of the name whose JSON text stands at `name`; `to` where there is none. */
export function putPicked(table: i32, name: i32, length: i32, start: i32, end: i32, to: i32): i32 {
  useTable(table)
  const count = readPairs(start, end)
  if (count === -1) return -1
  for (let one: i32 = 0; one < count; one++) {
    const found = memberAt(one, 0)
    if (load32(found + 4) - load32(found) === length && isSameLetters(load32(found), name, length))
      return putValue(memberAt(one, 1), to)
  }
  return to
}

/** As `readObjects`, where each has both members and no name comes twice, letter case aside, or is a number. */
function readPairs(start: i32, end: i32): i32 {
  const count = readObjects(start, end)
  for (let one: i32 = 0; one < count; one++) {
    const name = memberAt(one, 0)
    const from = load32(name)
    if (from === 0 || load32(memberAt(one, 1)) === 0) return -1
    const first = load8(from + 1)
    // What begins with a digit may be a number, and with an underscore `__proto__`.
    if (first === 0x5f || (first >= 0x30 && first <= 0x39)) return -1
    const length = load32(name + 4) - from
    // With its quotes, and without the object's own name: the path is as long.
    if (length > maxPath) return -1
    for (let other: i32 = 0; other < one; other++) {
      const before = memberAt(other, 0)
      if (load32(before + 4) - load32(before) === length && isSameLetters(load32(before), from, length)) return -1
    }
  }
  return count
}

/** Whether two names are the same but for ASCII's letter case; other bytes may only seem to be. */
function isSameLetters(a: i32, b: i32, length: i32): boolean {
  for (let i = 0; i < length; i++) if ((load8(a + i) | 0x20) !== (load8(b + i) | 0x20)) return false
  return true
}

function putValue(found: i32, to: i32): i32 {
  const begin = load32(found)
  const length = load32(found + 4) - begin
  if (length > 512) copyLong(to, begin, length)
  else copy(to, begin, length)
  return to + length
}

/** The same without the last dot of a name. */
function putName(found: i32, to: i32): i32 {
  const begin = load32(found)
  const length = behindName(begin, load32(found + 4)) - begin
  if (length > 512) copyLong(to, begin, length)
  else copy(to, begin, length)
  store8(to + length, QUOTE)
  return to + length + 1
}

/** Of a text with its quotes: where its last dot is, or its closing quote. The root is a dot alone. */
export function behindName(start: i32, end: i32): i32 {
  return end - start > 3 && load8(end - 2) === POINT ? end - 2 : end - 1
}

/** Where begin and end of an object's member are. */
function memberAt(object: i32, member: i32): i32 {
  return objectsAt + (object * objectWidth + member) * 8
}

function nameAt(at: i32): i32 {
  for (let i: i32 = 0; i < namesCount; i++) {
    const name = names + i * nameBytes
    if (isSame(at, load32(name), load32(name + 4))) return name
  }
  return 0
}

/** Whether no object before this one has its identity: the members that tell, joined with underscores. */
function isDistinct(one: i32): boolean {
  for (let member: i32 = 0; member < width; member++) {
    const found = memberAt(one, member)
    const begin = load32(found)
    // With underscores of its own, two that differ might be joined to the same. The first one may have them.
    if (member > 0 && begin !== 0 && identifies(member))
      for (let at = begin; at < load32(found + 4); at++) if (load8(at) === 0x5f) return false
  }
  for (let other: i32 = 0; other < one; other++) {
    let same = true
    for (let member: i32 = 0; member < width && same; member++)
      if (identifies(member)) same = isSameMember(memberAt(one, member), memberAt(other, member))
    if (same) return false
  }
  return true
}

function identifies(member: i32): boolean {
  return (load32(members + member * nameBytes + 8) & memberTells) !== 0
}

function isSameMember(one: i32, other: i32): boolean {
  const a = load32(one)
  const b = load32(other)
  if (a === 0 || b === 0) return a === b
  const length = load32(one + 4) - a
  return load32(other + 4) - b === length && isSame(a, b, length)
}
