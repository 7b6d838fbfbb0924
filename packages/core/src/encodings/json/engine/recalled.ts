import { copy, load32 } from '../../engine/memory.ts'
import { recall } from './groups.ts'
import { memberTarget, memberText, useTexts } from './map.ts'

let from: i32 = 0
let to: i32 = 0

/** Finds a text of a group's; gives 1, 0 where there is nothing, or `odd` or `full`. */
export function findRecalled(member: i32): i32 {
  const use = load32(member + memberTarget)
  const entry = recall(use)
  if (entry <= 0) return entry
  const text = load32(member + memberText)
  const ends = load32(entry + 12)
  const texts = ends + load32(use + useTexts) * 4
  from = texts + (text === 0 ? 0 : load32(ends + text * 4 - 4))
  to = texts + load32(ends + text * 4)
  return from === to ? 0 : 1
}
export function recalledStart(): i32 {
  return from
}
export function recalledEnd(): i32 {
  return to
}

/** The offset behind the text, which may be nothing. */
export function putRecalled(member: i32, offset: i32): i32 {
  const found = findRecalled(member)
  if (found <= 0) return found === 0 ? offset : found
  copy(offset, from, to - from)
  return offset + to - from
}
