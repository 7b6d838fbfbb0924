import { BACKSLASH, COMMA, QUOTE } from './json-bytes.ts'
import { find, isSame, load8 } from './memory.ts'

/** Items of a list that is being written, each with a comma behind it: strings, numbers and literals. */

/** Whether the item from `start` to `end` stands among the list's items before it, which begin at `first`. */
export function isRepeat(first: i32, start: i32, end: i32): boolean {
  for (let at = first; at < start; at = behindItem(at)) if (isSame(at, start, end - start)) return true
  return false
}

/** The offset behind an item of a list and its comma. */
export function behindItem(start: i32): i32 {
  if (load8(start) !== QUOTE) return find(start, COMMA) + 1
  let at = find(start + 1, QUOTE)
  if (load8(at - 1) !== BACKSLASH) return at + 2
  for (at = start + 1; load8(at) !== QUOTE; at++) if (load8(at) === BACKSLASH) at++
  return at + 2
}
