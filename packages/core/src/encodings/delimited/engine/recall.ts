/** What is recalled for a record's values, and how it is written. */
import { behindItem, isRepeat } from '../../engine/items.ts'
import { facetBase, longestKey, lookUp, odd } from '../../engine/memo.ts'
import { copy, copyText, firstMark, load8, load32, store8, store32 } from '../../engine/memory.ts'
import * as map from './map.ts'
import { CLOSE, COLON, isPort, OPEN } from './parts.ts'
import { absents, isNothing, isOwnNothing, isWrapped, stamp, valueEnd, valueStart, wraps } from './record.ts'

/** A recalled value, or the items of a recalled list that are not there yet. */
export function putRecalled(step: i32, textLength: i32, first: i32, offset: i32): i32 {
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

/** The group's entry for the record's values; 0 where one is absent that has to be there, or `odd` or `full`. */
function recall(group: i32): i32 {
  if (load32(group + map.stampWord) === stamp) return load32(group + map.entryWord)
  const count = load32(group + map.inputCountWord)
  const number = load32(group + map.numberWord)
  const neighbours = load32(group + map.neighboursWord) === 1
  let at = map.key
  let end = 0
  let from = 0
  for (let i = 0; i < count; i++) {
    const one = group + map.inputsWord + i * map.inputBytes
    const column = load32(one)
    const look = load32(one + map.lookWord)
    let start = valueStart(column)
    end = valueEnd(column)
    if (wraps !== 0 && isWrapped(start, end)) {
      start++
      end--
    }
    const absent = isNothing(start, end) || (absents !== 0 && isOwnNothing(column, start, end))
    if (absent && look < map.isPresence) return known(group, 0)
    if (i === 0) from = start
    if (neighbours) continue
    if (i > 0) store8(at++, 0)
    if (look >= map.isPresence) store8(at++, absent ? map.absentMark : map.presentMark)
    if (look === map.isMarks) {
      const facet = firstMark(start, end, load32(one + map.marksWord), load32(one + map.markCountWord))
      if (facet < 0) return known(group, 0)
      store8(at++, facetBase + facet)
    } else if (look !== map.isPresence && !absent) {
      if (look === map.isWithoutPort) end = withoutPort(start, end)
      if (at - map.key + end - start > longestKey) return odd
      copy(at, start, end - start)
      at += end - start
    }
  }
  return neighbours
    ? known(group, end - from > longestKey ? odd : lookUp(map.memo, number, from, end - from))
    : known(group, lookUp(map.memo, number, map.key, at - map.key))
}

/** Behind the bracket of `[address]:port`; the end of anything else. */
function withoutPort(start: i32, end: i32): i32 {
  if (load8(start) !== OPEN) return end
  let at = start + 1
  while (at < end && load8(at) !== CLOSE) at++
  return at < end && load8(at + 1) === COLON && isPort(at + 2, end) ? at + 1 : end
}

function known(group: i32, entry: i32): i32 {
  store32(group + map.stampWord, stamp)
  store32(group + map.entryWord, entry)
  return entry
}
