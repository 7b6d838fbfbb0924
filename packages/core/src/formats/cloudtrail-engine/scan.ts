import {
  ARRAY_CLOSE,
  ARRAY_OPEN,
  BACKSLASH,
  behindLiteral,
  behindString,
  COLON,
  COMMA,
  forgetSlashes,
  hashOf,
  hashPrime,
  hasSlashes,
  isDigit,
  OBJECT_CLOSE,
  OBJECT_OPEN,
  QUOTE,
} from './json-bytes.ts'
import {
  absent,
  address,
  asIs,
  entryBytes,
  holed,
  kindAddress,
  kindBoolean,
  kindFlat,
  kindFreeForm,
  kindId,
  kindKey,
  kindObject,
  kindRecall,
  kindResources,
  kindText,
  kindTime,
  kindUnknown,
  maxLevels,
  maxMembers,
  maxRecord,
  maxUnknownName,
  namesAt,
  placeCode,
  placeCount,
  placeFirst,
  placeKey,
  placeKeyLength,
  placeKind,
  placeMask,
  placeNext,
  placeSeen,
  placeTable,
  quoted,
  tapeAt,
  tapeBytes,
  tapeEntries,
  tapeHash,
  tapeId,
  tapeIdEnd,
  unknownAt,
  whole,
} from './map.ts'
import { isAddress, isSame, learn, load8, load32, multiply, stopFrom, store32 } from './memory.ts'

/**
 * One look at a record's bytes: whether it is one that the byte path can write, where it ends, and where the values are
 * that the table names. What is odd in any way is left to JSON.parse and the plain path. Part of the engine.
 */

/** Longer strings are cut by the plain path. */
const maxString: i32 = 8191
/** Longer paths are left out by it. */
const maxPath: i32 = 2000
/** The text of so many bytes is below the length from which on it stands alone. */
const maxFreeForm: i32 = 16_000
/** Levels of the document above a member that the table does not know. */
const levelsAbove: i32 = 4

let root: i32 = 0
let special: i32 = 0
let specialLength: i32 = 0
let foreign: i32 = 0
let foreignLength: i32 = 0
let foreignPlace: i32 = 0

let record: i32 = 0
/** Where the record begins, and the bytes end. */
let base: i32 = 0
let end: i32 = 0
let tape: i32 = tapeAt
let hash: i32 = 0
let id: i32 = 0
let idEnd: i32 = 0
/** Of the free-form value at hand. */
let empty = false
let hasHoles = false
let longestString: i32 = 0
let longestName: i32 = 0
let deepest: i32 = 0
let named: i32 = namesAt
/** Behind the places of the record's unknown members. */
let unknown: i32 = unknownAt

/** The root of the places, the key that is special, and the place and beginning of values of another format. */
export function setPlaces(
  rootAt: i32,
  specialAt: i32,
  specialBytes: i32,
  foreignAt: i32,
  foreignBytes: i32,
  foreignPlaceAt: i32,
): void {
  root = rootAt
  special = specialAt
  specialLength = specialBytes
  foreign = foreignAt
  foreignLength = foreignBytes
  foreignPlace = foreignPlaceAt
}

export function rewindTape(): void {
  tape = tapeAt
}

/**
 * The offset behind the object that begins at `from`, or -1 where it does not end before `until` or is not regular. It
 * parses nothing: what that saves is in docs/fast-path.md.
 */
export function scan(from: i32, until: i32): i32 {
  const first = tape
  // An entry takes eight bytes of a record at least.
  if (first + tapeEntries + maxRecord * 2 > tapeAt + tapeBytes) return -1
  tape = first + tapeEntries
  base = from
  end = until
  record = (record + 1) | 0
  hash = 0
  id = 0
  unknown = unknownAt
  forgetSlashes()
  const behind = members(root, from)
  if (behind === -1 || id === 0 || behind - from > maxRecord) {
    tape = first
    return -1
  }
  store32(first, (tape - first) >> 2)
  store32(first + tapeHash, hash)
  store32(first + tapeId, id - from)
  store32(first + tapeIdEnd, idEnd - from)
  for (let at = unknownAt; at < unknown; at += 4) {
    const count = load32(at) + placeCount
    store32(count, load32(count) + 1)
  }
  return behind
}

function push(place: i32, how: i32, from: i32, to: i32): void {
  const code = load32(place + placeCode) | how
  store32(tape, code)
  store32(tape + 4, from - base)
  store32(tape + 8, to - base)
  tape += entryBytes
  hash = multiply(hash ^ code, hashPrime)
}

/** Whether the place's key stands here. */
function standsAt(place: i32, at: i32): boolean {
  return isSame(at, load32(place + placeKey), load32(place + placeKeyLength))
}

/** The member of that name's hash, or 0. */
function memberOf(parent: i32, name: i32): i32 {
  const table = load32(parent + placeTable)
  if (table === 0) return 0
  const mask = load32(parent + placeMask)
  let slot = name & mask
  while (load32(table + slot * 8 + 4) !== 0 && load32(table + slot * 8) !== name) slot = (slot + 1) & mask
  return load32(table + slot * 8 + 4)
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
      place = memberOf(parent, hashOf(at + 1, i))
      if (place === 0 && load8(i) === QUOTE && load8(i + 1) === COLON) place = learn(parent, at + 1, i - at - 1)
      if (place === 0 || !standsAt(place, at)) return -1
      if (before !== 0) store32(before + placeNext, place)
      else store32(parent + placeFirst, place)
    }
    if (load32(place + placeSeen) === record) return -1
    store32(place + placeSeen, record)
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
  if (kind === kindUnknown) return freeForm(place, kind, at)
  const byte = load8(at)
  if (byte === QUOTE) {
    const behind = behindString(at + 1, end)
    return behind === -1 || behind === at + 2 ? behind : text(place, kind, at, behind)
  }
  if (byte === OBJECT_OPEN) {
    if (kind === kindObject) return members(place, at)
    return kind === kindFreeForm || kind === kindFlat ? freeForm(place, kind, at) : -1
  }
  if (byte === ARRAY_OPEN) return kind === kindResources ? freeForm(place, kind, at) : -1
  const behind = behindLiteral(at, end)
  if (behind === -1 || byte === 0x6e) return behind
  if (place === foreignPlace) return -1
  const isBoolean = byte === 0x74 || byte === 0x66
  if (kind === kindBoolean && isBoolean) push(place, asIs, at, behind)
  else if (kind === kindText || kind === kindFreeForm) push(place, quoted, at, behind)
  else return -1
  return behind
}

function text(place: i32, kind: i32, at: i32, behind: i32): i32 {
  let how = asIs
  const length = behind - at
  if (kind === kindText || kind === kindFreeForm) {
    if (place === foreignPlace && length > foreignLength && isSame(foreign, at + 1, foreignLength)) return -1
  } else if (kind === kindAddress) {
    if (isIPv4(at + 1, behind - 1) || (hasColon(at, behind) && isAddress(at + 1, length - 2) !== 0)) how = address
  } else if (kind === kindId) {
    if (length > 130 || !isVisible(at + 1, behind - 1)) return -1
    id = at + 1
    idEnd = behind - 1
  } else if (kind === kindKey) {
    if (length === specialLength && isSame(special, at, length)) how = whole
  } else if (kind !== kindTime && kind !== kindRecall) return -1
  if (hasSlashes) {
    if (kind !== kindText) return -1
    forgetSlashes()
    how = holed
  }
  push(place, how, at, behind)
  return behind
}

/** A value whose members may be any: taken where the plain path would keep its bytes as they are, but for holes. */
function freeForm(place: i32, kind: i32, at: i32): i32 {
  const isUnknown = kind === kindUnknown
  hasHoles = false
  longestString = deepest = 0
  // In snake case a name is at most twice as long.
  longestName = isUnknown ? 2 * maxUnknownName : 0
  named = namesAt
  const behind = anyValue(at, isUnknown ? levelsAbove : 0, load32(place + placeTable) !== 0 ? place : 0)
  if (behind === -1 || behind - at > maxFreeForm) return -1
  if (longestString > maxString || (longestName + 1) * deepest > maxPath) return -1
  if (isUnknown) {
    store32(unknown, place)
    unknown += 4
    if (empty) push(place, absent, at, behind)
  }
  if (!empty) {
    if (hasHoles && kind === kindResources) return -1
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
      const name = hashOf(at + 1, i)
      if (load8(i) !== QUOTE || load8(i + 1) !== COLON || isIndex(at + 1, i)) return -1
      if (i - at > longestName) longestName = i - at
      // One name twice: JSON.parse takes the last.
      const bit: i32 = 1 << (name >>> 27)
      if ((bits & bit) !== 0) for (let n = names; n < named; n += 4) if (load32(n) === name) return -1
      bits |= bit
      if (named - names === maxMembers * 4) return -1
      store32(named, name)
      named += 4
      let place: i32 = known === 0 ? 0 : memberOf(known, name)
      if (place !== 0 && !standsAt(place, at)) place = 0
      const kind: i32 = place === 0 ? -1 : load32(place + placeKind)
      const start = i + 2
      at = anyValue(start, level + 1, kind === kindObject ? place : 0)
      if (at === -1) return -1
      if (empty) hasHoles = true
      else {
        kept = true
        if (kind === kindText) {
          const first = load8(start)
          if (first === OBJECT_OPEN || first === ARRAY_OPEN || hasSlashes) return -1
          push(place, first === QUOTE ? asIs : quoted, start, at)
        }
      }
      const byte = load8(at++)
      if (byte === OBJECT_CLOSE) break
      if (byte !== COMMA) return -1
    }
  named = names
  empty = !kept
  return at
}

/** Four numbers of 0 to 255 without leading zeros: what node:net's isIPv4 takes. */
function isIPv4(from: i32, to: i32): boolean {
  let at = from
  for (let part: i32 = 1; part <= 4; part++) {
    const first = at
    let number: i32 = 0
    while (at < to && isDigit(load8(at)) && at - first < 3) number = number * 10 + load8(at++) - 0x30
    if (at === first || number > 255 || (at - first > 1 && load8(first) === 0x30)) return false
    if (part < 4 && (at === to || load8(at++) !== 0x2e)) return false
  }
  return at === to
}

function hasColon(from: i32, to: i32): boolean {
  for (let at = from; at < to; at++) if (load8(at) === COLON) return true
  return false
}

function isVisible(from: i32, to: i32): boolean {
  for (let at = from; at < to; at++) {
    const byte = load8(at)
    if (byte < 0x21 || byte > 0x7e || byte === BACKSLASH) return false
  }
  return true
}

/** JavaScript puts members named by a whole number before all others. */
function isIndex(from: i32, to: i32): boolean {
  for (let at = from; at < to; at++) if (!isDigit(load8(at))) return false
  return from < to
}
