import {
  ARRAY_CLOSE,
  ARRAY_OPEN,
  behindLiteral,
  behindString,
  COLON,
  COMMA,
  forgetSlashes,
  hasSlashes,
  nameHash,
  OBJECT_CLOSE,
  OBJECT_OPEN,
  QUOTE,
} from '../../engine/json-bytes.ts'
import { load8, load32, stopFrom, store32 } from '../../engine/memory.ts'
import {
  absent,
  holed,
  kindFlat,
  kindObject,
  kindObjects,
  kindUnknown,
  maxLevels,
  maxMembers,
  maxUnknownName,
  namesAt,
  placeKind,
  placeTable,
  whole,
} from './map.ts'
import { memberOf, standsAt } from './members.ts'
import { isIndex, literal, maxPath, maxString, text } from './scalars.ts'
import { countUnknown, push } from './tape.ts'

/** Values whose members may be any: taken where the plain path would keep their bytes as they are, but for holes. */

/** The text of so many bytes is below the length from which on it stands alone. */
const maxFreeForm: i32 = 16_000
/** Levels of the document above a member that the table does not know. */
const levelsAbove: i32 = 4

let end: i32 = 0
let empty = false
let hasHoles = false
let longestString: i32 = 0
let longestName: i32 = 0
let deepest: i32 = 0
let named: i32 = namesAt
/** Whether all items at the top have to be objects. */
let objectsOnly = false
/** The place of the list whose objects may have no other members than the table's; 0 for none. */
let listed: i32 = 0

/** The offset behind the value, which has to end before `until`; -1 for the plain path. */
export function freeForm(place: i32, kind: i32, at: i32, until: i32): i32 {
  const isUnknown = kind === kindUnknown
  end = until
  hasHoles = false
  longestString = deepest = 0
  // In snake case a name is at most twice as long.
  longestName = isUnknown ? 2 * maxUnknownName : 0
  named = namesAt
  objectsOnly = kind === kindFlat || kind === kindObjects
  listed = kind === kindObjects && load32(place + placeTable) !== 0 ? place : 0
  const behind = anyValue(at, isUnknown ? levelsAbove : 0, load32(place + placeTable) !== 0 ? place : 0)
  if (behind === -1 || behind - at > maxFreeForm) return -1
  if (longestString > maxString || (longestName + 1) * deepest > maxPath) return -1
  if (isUnknown) {
    countUnknown(place)
    if (empty) push(place, absent, at, behind)
  }
  if (!empty) {
    if (hasHoles && kind === kindObjects) return -1
    push(place, hasHoles || hasSlashes ? holed : whole, at, behind)
  }
  forgetSlashes()
  return behind
}

function anyValue(at: i32, level: i32, known: i32): i32 {
  const byte = load8(at)
  if (byte === QUOTE) {
    const behind = behindString(at + 1, end)
    if (behind - at > longestString) longestString = behind - at
    empty = behind === at + 2
    return behind
  }
  if (byte === OBJECT_OPEN) return anyObject(at, level, known)
  if (byte === ARRAY_OPEN) return anyArray(at, level)
  empty = byte === 0x6e
  return behindLiteral(at, end)
}

function anyArray(from: i32, level: i32): i32 {
  if (level === maxLevels) return -1
  if (level >= deepest) deepest = level + 1
  let kept = false
  let at = from + 1
  if (load8(at) === ARRAY_CLOSE) at++
  else
    for (;;) {
      if (objectsOnly && level === 0 && load8(at) !== OBJECT_OPEN) return -1
      at = anyValue(at, level + 1, 0)
      if (at === -1) return -1
      if (empty) hasHoles = true
      else kept = true
      const byte = load8(at++)
      if (byte === ARRAY_CLOSE) break
      if (byte !== COMMA) return -1
    }
  empty = !kept
  return at
}

function anyObject(from: i32, level: i32, known: i32): i32 {
  if (level === maxLevels) return -1
  if (level >= deepest) deepest = level + 1
  const names = named
  let kept = false
  let bits: i32 = 0
  let at = from + 1
  if (load8(at) === OBJECT_CLOSE) at++
  else
    for (;;) {
      if (load8(at) !== QUOTE) return -1
      const i = stopFrom(at + 1, end)
      const name = nameHash(at + 1, i)
      if (load8(i) !== QUOTE || load8(i + 1) !== COLON || isIndex(at + 1, i)) return -1
      if (i - at > longestName) longestName = i - at
      // One name twice: JSON.parse takes the last.
      const bit: i32 = 1 << (name >>> 27)
      if ((bits & bit) !== 0) for (let n = names; n < named; n += 4) if (load32(n) === name) return -1
      bits |= bit
      if (named - names === maxMembers * 4) return -1
      store32(named, name)
      named += 4
      if (listed !== 0 && level === 1 && !isListed(name, at)) return -1
      let place: i32 = known === 0 ? 0 : memberOf(known, name)
      if (place !== 0 && !standsAt(place, at)) place = 0
      const kind: i32 = place === 0 ? -1 : load32(place + placeKind)
      const start = i + 2
      at = anyValue(start, level + 1, kind === kindObject ? place : 0)
      if (at === -1) return -1
      if (empty) hasHoles = true
      else {
        kept = true
        if (place !== 0 && kind !== kindObject && !taken(place, kind, start, at)) return -1
      }
      const byte = load8(at++)
      if (byte === OBJECT_CLOSE) break
      if (byte !== COMMA) return -1
    }
  named = names
  empty = !kept
  return at
}

function isListed(name: i32, at: i32): boolean {
  const member = memberOf(listed, name)
  return member !== 0 && standsAt(member, at)
}

/** Puts a member on the tape that the table knows, inside what it does not. */
function taken(place: i32, kind: i32, start: i32, behind: i32): boolean {
  const first = load8(start)
  if (first === OBJECT_OPEN || first === ARRAY_OPEN || hasSlashes) return false
  return (first === QUOTE ? text(place, kind, start, behind) : literal(place, kind, start, behind)) !== -1
}
