import {
  ARRAY_OPEN,
  behindLiteral,
  behindString,
  COLON,
  COMMA,
  forgetSlashes,
  nameHash,
  OBJECT_CLOSE,
  OBJECT_OPEN,
  QUOTE,
} from '../../engine/json-bytes.ts'
import { load8, load32, stopFrom, store32 } from '../../engine/memory.ts'
import { freeForm } from './free-form.ts'
import { learn } from './host-calls.ts'
import {
  kindFlat,
  kindFreeForm,
  kindObject,
  kindObjects,
  kindPlain,
  kindUnknown,
  maxRecord,
  placeFirst,
  placeKeyLength,
  placeKind,
  placeNext,
  placeNoted,
  placeSeen,
  placeTells,
  whole,
} from './map.ts'
import { memberOf, standsAt } from './members.ts'
import { literal, text, texts } from './scalars.ts'
import { beginRecord, closeEntry, dropRecord, endRecord, hasId, lastEntry, push, rewindTape } from './tape.ts'

/**
 * One look at a record's bytes: whether it is one that the byte path can write, where it ends, and where the values are
 * that the table names. What is odd in any way is left to JSON.parse and the plain path. Part of the engine.
 */

export { rewindTape }

let root: i32 = 0
let needsId = false

let record: i32 = 0
/** Where the bytes end. */
let end: i32 = 0
/** Whether a member was there that only records of the format have. */
let told: i32 = 0

/** The root of the places, and whether a record has to have an id of its own. */
export function setRoot(rootAt: i32, withId: i32): void {
  root = rootAt
  needsId = withId !== 0
}

/**
 * The offset behind the object that begins at `from`, or -1 where it does not end before `until` or is not regular. It
 * parses nothing: what that saves is in docs/fast-path.md.
 */
export function scan(from: i32, until: i32): i32 {
  if (!beginRecord(from)) return -1
  end = until
  record = (record + 1) | 0
  told = 0
  forgetSlashes()
  const behind = members(root, from)
  if (behind === -1 || told === 0 || behind - from > maxRecord || (needsId && !hasId())) {
    dropRecord()
    return -1
  }
  endRecord()
  return behind
}

/** The members of an object that the table knows, and some more. */
function members(parent: i32, from: i32): i32 {
  let at = from + 1
  if (load8(at) === OBJECT_CLOSE) return at + 1
  let before: i32 = 0
  let expected = load32(parent + placeFirst)
  while (at < end) {
    let place = expected
    if (place === 0 || !standsAt(place, at)) {
      if (load8(at) !== QUOTE) return -1
      const i = stopFrom(at + 1, end)
      place = memberOf(parent, nameHash(at + 1, i))
      if (place === 0 && load8(i) === QUOTE && load8(i + 1) === COLON) place = learn(parent, at + 1, i - at - 1)
      if (place === 0 || !standsAt(place, at)) return -1
      if (before !== 0) store32(before + placeNext, place)
      else store32(parent + placeFirst, place)
    }
    if (load32(place + placeSeen) === record) return -1
    store32(place + placeSeen, record)
    told |= load32(place + placeTells)
    at = value(place, at + load32(place + placeKeyLength))
    if (at === -1) return -1
    const byte = load8(at)
    if (byte === OBJECT_CLOSE) return at + 1
    if (byte !== COMMA) return -1
    at++
    before = place
    expected = load32(place + placeNext)
  }
  return -1
}

/** The offset behind a member's value. */
function value(place: i32, at: i32): i32 {
  const kind = load32(place + placeKind)
  if (kind >= kindUnknown) return kind === kindPlain ? -1 : freeForm(place, kind, at, end)
  const byte = load8(at)
  if (byte === QUOTE) {
    const behind = behindString(at + 1, end)
    return behind === -1 || behind === at + 2 ? behind : text(place, kind, at, behind)
  }
  if (byte === OBJECT_OPEN) {
    if (kind === kindObject) return object(place, at)
    return kind === kindFreeForm || kind === kindFlat ? freeForm(place, kind, at, end) : -1
  }
  if (byte === ARRAY_OPEN)
    return kind === kindObjects || kind === kindFlat ? freeForm(place, kind, at, end) : texts(place, kind, at, end)
  const behind = behindLiteral(at, end)
  if (behind === -1 || byte === 0x6e) return behind
  return kind === kindObject ? -1 : literal(place, kind, at, behind)
}

function object(place: i32, at: i32): i32 {
  if (load32(place + placeNoted) === 0) return members(place, at)
  push(place, whole, at, at)
  const entry = lastEntry()
  const behind = members(place, at)
  closeEntry(entry, behind)
  return behind
}
