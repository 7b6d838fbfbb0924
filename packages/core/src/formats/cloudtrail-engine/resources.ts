import { ARRAY_CLOSE, ARRAY_OPEN, behindString, COMMA, OBJECT_CLOSE, OBJECT_OPEN, QUOTE } from './json-bytes.ts'
import { maxResources, resourcesAt, resourceWidth } from './map.ts'
import { copy, isSame, load8, load32, store8, store32 } from './memory.ts'

/** The resources of an event: a list of objects with strings that the table names. Part of the engine. */

/** AWS's names of a resource's members: key, its length, and its number in the order of ours. */
let names: i32 = 0
let namesCount: i32 = 0
/** Ours: the text and its length, and whether it tells one resource from another. */
let members: i32 = 0

export function setResources(namesTable: i32, count: i32, membersTable: i32): void {
  names = namesTable
  namesCount = count
  members = membersTable
}

/** Gives -1 for whatever else the list may hold: the plain path has to look at it. */
export function putResources(start: i32, end: i32, to: i32): i32 {
  let count: i32 = 0
  let at = start
  if (load8(at) !== ARRAY_OPEN) return -1
  for (;;) {
    if (load8(++at) !== OBJECT_OPEN || count === maxResources) return -1
    const resource = memberAt(count++, 0)
    for (let i = 0; i < resourceWidth; i++) store32(resource + i * 8, 0)
    do {
      at++
      const name = nameAt(at)
      if (name === 0) return -1
      const begin = at + load32(name + 4)
      const found = resource + load32(name + 8) * 8
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
  let o = to
  store8(o++, ARRAY_OPEN)
  for (let one: i32 = 0; one < count; one++) {
    if (count > 1 && !isDistinct(one)) return -1
    if (one > 0) store8(o++, COMMA)
    store8(o++, OBJECT_OPEN)
    let any = false
    for (let member: i32 = 0; member < resourceWidth; member++) {
      const found = memberAt(one, member)
      const begin = load32(found)
      if (begin === 0) continue
      if (any) store8(o++, COMMA)
      any = true
      const ours = members + member * 12
      copy(o, load32(ours), load32(ours + 4))
      o += load32(ours + 4)
      const length = load32(found + 4) - begin
      copy(o, begin, length)
      o += length
    }
    store8(o++, OBJECT_CLOSE)
  }
  store8(o, ARRAY_CLOSE)
  return o + 1
}

/** Where begin and end of a resource's member are. */
function memberAt(resource: i32, member: i32): i32 {
  return resourcesAt + (resource * resourceWidth + member) * 8
}

function nameAt(at: i32): i32 {
  for (let i: i32 = 0; i < namesCount; i++) {
    const name = names + i * 12
    if (isSame(at, load32(name), load32(name + 4))) return name
  }
  return 0
}

/** Whether no resource before this one has its identity: its members but the prefix, joined with underscores. */
function isDistinct(one: i32): boolean {
  for (let member: i32 = 1; member < resourceWidth; member++) {
    const found = memberAt(one, member)
    const begin = load32(found)
    // With underscores of its own, two that differ might be joined to the same.
    if (begin !== 0 && identifies(member))
      for (let at = begin; at < load32(found + 4); at++) if (load8(at) === 0x5f) return false
  }
  for (let other: i32 = 0; other < one; other++) {
    let same = true
    for (let member: i32 = 0; member < resourceWidth && same; member++)
      if (identifies(member)) same = isSameMember(memberAt(one, member), memberAt(other, member))
    if (same) return false
  }
  return true
}

function identifies(member: i32): boolean {
  return load32(members + member * 12 + 8) !== 0
}

function isSameMember(one: i32, other: i32): boolean {
  const a = load32(one)
  const b = load32(other)
  if (a === 0 || b === 0) return a === b
  const length = load32(one + 4) - a
  return load32(other + 4) - b === length && isSame(a, b, length)
}
