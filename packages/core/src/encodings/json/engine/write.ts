import { beginsAccount, closesNothing, closingBytes, endsAccount, writesClosing } from '../../engine/closings.ts'
import { ARRAY_CLOSE, COMMA, OBJECT_CLOSE } from '../../engine/json-bytes.ts'
import { odd } from '../../engine/memo.ts'
import { copy, copyLong, load8, load32, store8, store32 } from '../../engine/memory.ts'
import { beginGroups } from './groups.ts'
import { compileShape } from './host-calls.ts'
import { openList, putItem } from './lists.ts'
import {
  closingLengthsAt,
  closingsAt,
  entryBytes,
  memberKey,
  memberKeyLength,
  memberNext,
  memberOp,
  memberTarget,
  opClose,
  opClosing,
  opCopy,
  openedAt,
  opItem,
  opList,
  opLiteral,
  opMember,
  opOpen,
  opRecall,
  shapeAfter,
  shapeAfterLength,
  shapeCodes,
  shapeEntries,
  shapeOdd,
  shapeSlots,
  shapeSteps,
  shapeStepsEnd,
  shapesAt,
  stepBytes,
  stepEntry,
  stepLength,
  stepOp,
  stepTarget,
  tapeEntries,
  tapeHash,
} from './map.ts'
import { putRecalled } from './recalled.ts'
import { beginValues, putValue } from './values.ts'

/** Writes a record that was scanned, by its shape's steps. Part of the engine. */

let record: i32 = 0
let entries: i32 = 0

/**
 * The document's members, each with a comma behind it, behind an open brace: the offset behind, or `odd` or `full`.
 * No value becomes an object or goes through JSON.stringify: docs/fast-path.md has what that saves.
 */
export function encode(recordAt: i32, tape: i32, to: i32): i32 {
  record = recordAt
  entries = tape + tapeEntries
  beginValues(recordAt)
  beginGroups(recordAt, entries)
  const shape = shapeOf(tape)
  if (shape === 0 || load32(shape + shapeOdd) !== 0) return odd
  const behind = load32(shape + shapeStepsEnd)
  let depth = 0
  /** Where an account may begin; -1 where there is one. */
  let account = 0
  let o = to
  let step = load32(shape + shapeSteps)
  while (step < behind) {
    const word = load32(step + stepLength)
    const literal = word >> 1
    o -= word & 1
    copy(o, load32(step), literal)
    o += literal
    const op = load32(step + stepOp)
    const target = load32(step + stepTarget)
    const entry = entries + load32(step + stepEntry) * entryBytes
    if (op === opCopy) {
      const start = record + load32(entry + 4)
      const length = record + load32(entry + 8) - start
      if (length > 512) copyLong(o, start, length)
      else copy(o, start, length)
      o += length
    } else if (op < opMember) {
      o = putValue(op, entry, target, o)
      if (o < 0) return o
    } else if (op === opMember) {
      const before = o
      o = putMember(target, entry, o)
      if (o < 0) return o
      if (o > before) {
        step = load32(target + memberNext)
        continue
      }
    } else if (op === opOpen) {
      store32(openedAt + depth * 4, o)
      depth++
      copy(o, target, load32(step + stepEntry))
      o += load32(step + stepEntry)
    } else if (op === opClose) {
      depth--
      o = close(OBJECT_CLOSE, load32(openedAt + depth * 4), o)
    } else if (op === opList) {
      store32(openedAt + depth * 4, o)
      depth++
      copy(o, target, load32(step + stepEntry))
      o += load32(step + stepEntry)
      openList(o)
    } else if (op === opItem) {
      o = putItem(target, entry, o)
      if (o < 0) return o
    } else if (op === opClosing) {
      const length = load32(closingLengthsAt + (target & 1) * 4)
      const what = target >> 1
      if (length > 0) {
        if (what === beginsAccount) account = o
        else if (what === endsAccount) account = o > account ? -1 : 0
        else if (what === closesNothing) return odd
        else if (what === writesClosing || account !== -1) {
          // An object of nothing else is not there.
          if (load8(o - 1) !== COMMA) return odd
          copy(o, closingsAt + (target & 1) * closingBytes, length)
          o += length
        }
      }
    } else {
      depth--
      o = close(ARRAY_CLOSE, load32(openedAt + depth * 4), o)
    }
    step += stepBytes
  }
  const word = load32(shape + shapeAfterLength)
  const after = word >> 1
  o -= word & 1
  copy(o, load32(shape + shapeAfter), after)
  return o + after
}

/** Puts a bracket upon the last comma; where nothing was written behind the opening one, that goes as well. */
function close(bracket: i32, opened: i32, offset: i32): i32 {
  if (load8(offset - 1) !== COMMA) return opened
  store8(offset - 1, bracket)
  store8(offset, COMMA)
  return offset + 1
}

/** A member with its comma, or nothing where its value is nothing. */
function putMember(member: i32, entry: i32, to: i32): i32 {
  const key = load32(member + memberKeyLength)
  copy(to, load32(member + memberKey), key)
  const from = to + key
  const op = load32(member + memberOp)
  if (op === opLiteral) {
    store8(from, COMMA)
    return from + 1
  }
  const o = op === opRecall ? putRecalled(member, from) : putValue(op, entry, load32(member + memberTarget), from)
  if (o < 0) return o
  if (o === from) return to
  store8(o, COMMA)
  return o + 1
}

/** The shape of the record with this tape: nearly always known. */
function shapeOf(tape: i32): i32 {
  const hash = load32(tape + tapeHash)
  let slot = hash & (shapeSlots - 1)
  let shape = load32(shapesAt + slot * 4)
  while (shape !== 0 && !(load32(shape) === hash && isShape(shape, tape))) {
    slot = (slot + 1) & (shapeSlots - 1)
    shape = load32(shapesAt + slot * 4)
  }
  if (shape !== 0) return shape
  shape = compileShape(tape)
  store32(shapesAt + slot * 4, shape)
  return shape
}

function isShape(shape: i32, tape: i32): boolean {
  const count = load32(shape + shapeEntries)
  if (count * 3 !== load32(tape) - (tapeEntries >> 2)) return false
  for (let i = 0; i < count; i++)
    if (load32(shape + shapeCodes + i * 4) !== load32(tape + tapeEntries + i * entryBytes)) return false
  return true
}
