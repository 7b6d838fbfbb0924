import { behindItem, isRepeat } from '../../engine/items.ts'
import { behindString, COMMA } from '../../engine/json-bytes.ts'
import { odd } from '../../engine/memo.ts'
import { copy, load32, store8 } from '../../engine/memory.ts'
import { beginEntities, putEntities } from './entities.ts'
import { keptEnd, keptOf, keptStart } from './kept.ts'
import {
  classBits,
  holed,
  memberKey,
  memberKeyLength,
  memberOp,
  memberTarget,
  memberText,
  opEntities,
  opItems,
  opItemsWhere,
  opLiteral,
  opMemberItems,
  opRecall,
} from './map.ts'
import { putItemsWhere, putMemberItems } from './objects.ts'
import { findRecalled, recalledEnd, recalledStart } from './recalled.ts'
import { putValue, valueEnd, valueStart } from './values.ts'

/** The list that is being written: its items stand with a comma behind each, and none repeats another. */
let first: i32 = 0

export function openList(at: i32): void {
  first = at
  beginEntities()
}

/** The offset behind what an item's source gives, or `odd` or `full`. */
export function putItem(member: i32, entry: i32, to: i32): i32 {
  const op = load32(member + memberOp)
  if (op === opRecall) {
    const found = findRecalled(member)
    return found <= 0 ? (found === 0 ? to : found) : putItems(recalledStart(), recalledEnd(), to)
  }
  if (op === opItems) return putStrings(valueStart(entry), valueEnd(entry), to)
  if (op === opEntities) return putEntitiesOf(entry, to)
  if (op === opMemberItems) {
    const table = load32(member + memberTarget)
    return putMemberItems(table, load32(member + memberText), valueStart(entry), valueEnd(entry), first, to)
  }
  if (op === opItemsWhere) {
    const target = load32(member + memberTarget)
    return putItemsWhere(
      load32(target),
      load32(member + memberText),
      load32(target + 4),
      load32(target + 8),
      valueStart(entry),
      valueEnd(entry),
      first,
      to,
    )
  }
  let o = to
  if (op === opLiteral) {
    const length = load32(member + memberKeyLength)
    copy(to, load32(member + memberKey), length)
    o += length
  } else {
    o = putValue(op, entry, load32(member + memberTarget), to)
    if (o < 0) return odd
    if (o === to) return to
    store8(o++, COMMA)
  }
  return isRepeat(first, to, o) ? to : o
}

/** In a value with a backslash before a slash they stand without it. */
function putEntitiesOf(entry: i32, to: i32): i32 {
  const start = valueStart(entry)
  const end = valueEnd(entry)
  if ((load32(entry) & ((1 << classBits) - 1)) !== holed) return putEntities(start, end, first, to)
  return keptOf(entry, start, end) ? putEntities(keptStart(), keptEnd(), first, to) : odd
}

/** Items that have a comma behind each. */
function putItems(from: i32, end: i32, to: i32): i32 {
  let o = to
  for (let item = from; item < end; ) {
    const next = behindItem(item)
    copy(o, item, next - item)
    if (!isRepeat(first, o, o + next - item)) o += next - item
    item = next
  }
  return o
}

/** The strings of a list. */
function putStrings(start: i32, end: i32, to: i32): i32 {
  let o = to
  for (let at = start + 1; at < end; ) {
    const behind = behindString(at + 1, end)
    const before = o
    copy(o, at, behind - at)
    o += behind - at
    store8(o++, COMMA)
    if (isRepeat(first, before, o)) o = before
    at = behind + 1
  }
  return o
}
