import { QUOTE } from '../../engine/json-bytes.ts'
import { facetBase, longestKey, lookUp, odd } from '../../engine/memo.ts'
import { copy, firstMark, load8, load32, store8, store32 } from '../../engine/memory.ts'
import { entryBytes, inputBytes, keyAt, memoAt, useCount, useEntry, useGroup, useInputs, useStamp } from './map.ts'

/** What pure functions gave for values of the record at hand: each group is looked up once for a record. */

let stamp: i32 = 0
let record: i32 = 0
let entries: i32 = 0

export function beginGroups(recordAt: i32, entriesAt: i32): void {
  stamp = (stamp + 1) | 0
  record = recordAt
  entries = entriesAt
}

/** The group's entry for the record's values; 0 where a facet is absent, or `odd` or `full`. */
export function recall(use: i32): i32 {
  if (load32(use + useStamp) === stamp) return load32(use + useEntry)
  const entry = find(use)
  store32(use + useStamp, stamp)
  store32(use + useEntry, entry)
  return entry
}

function find(use: i32): i32 {
  const group = load32(use + useGroup)
  const count = load32(use + useCount)
  const first = use + useInputs
  if (count === 1 && load32(first + 8) === 0) {
    const value = entries + load32(first) * entryBytes
    const start = record + load32(value + 4)
    const length = record + load32(value + 8) - start
    return length > longestKey ? odd : lookUp(memoAt, group, start, length)
  }
  let at = keyAt
  for (let i = 0; i < count; i++) {
    const input = first + i * inputBytes
    const value = entries + load32(input) * entryBytes
    const start = record + load32(value + 4)
    const end = record + load32(value + 8)
    if (i > 0) store8(at++, 0)
    const marks = load32(input + 8)
    if (marks !== 0) {
      const isText = load8(start) === QUOTE
      const mark = firstMark(isText ? start + 1 : start, isText ? end - 1 : end, load32(input + 4), marks)
      if (mark < 0) return 0
      store8(at++, facetBase + mark)
    } else {
      if (at - keyAt + end - start > longestKey) return odd
      copy(at, start, end - start)
      at += end - start
    }
  }
  return at - keyAt > longestKey ? odd : lookUp(memoAt, group, keyAt, at - keyAt)
}
