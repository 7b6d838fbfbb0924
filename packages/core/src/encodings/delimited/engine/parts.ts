/** Parts of values that nearly never repeat: request lines, paths, and addresses with a port. */

import { extensionAt } from '../../engine/extension.ts'
import { digitsAt, load8, load32, store32 } from '../../engine/memory.ts'
import * as map from './map.ts'

const MINUS: i32 = 0x2d
const SLASH: i32 = 0x2f
export const COLON: i32 = 0x3a
const QUESTION: i32 = 0x3f
const AT: i32 = 0x40
const SPACE: i32 = 0x20
export const OPEN: i32 = 0x5b
export const CLOSE: i32 = 0x5d

/** Splits the value into the slot's parts, by the bits of a step. Where it is of a rare form, each part is `isAsked`. */
export function split(bits: i32, start: i32, end: i32, slot: i32): void {
  for (let part = 0; part < map.partCount; part++) store32(slot + map.partsWord + part * 8 + 4, 0)
  if (bits & map.pathBit ? splitPath(start, end, slot) : splitOther(bits, start, end, slot)) return
  for (let part = 0; part < map.partCount; part++) store32(slot + map.partsWord + part * 8 + 4, map.isAsked)
}

function splitOther(bits: i32, start: i32, end: i32, slot: i32): boolean {
  return bits & map.requestBit ? splitRequest(start, end, slot) : splitAddressPort(start, end, slot)
}

/** Of a value that is a path, of which the extension alone is looked for. */
function splitPath(start: i32, end: i32, slot: i32): boolean {
  const from = extensionAt(start, end)
  if (from < 0) return false
  store(slot, map.extensionPart, from, end)
  return true
}

function put(slot: i32, part: i32, start: i32, end: i32): void {
  if (end <= start || (end - start === 1 && load8(start) === MINUS)) return
  store32(slot + map.partsWord + part * 8, start)
  store32(slot + map.partsWord + part * 8 + 4, end)
}

/** The first such byte, or the end. */
function indexOf(byte: i32, start: i32, end: i32): i32 {
  let at = start
  while (at < end && load8(at) !== byte) at++
  return at
}

/** Whether nothing but 1 to 5 digits stands between them. */
export function isPort(start: i32, end: i32): boolean {
  const digits = digitsAt(start)
  return digits > 0 && digits < 6 && start + digits === end
}

function splitAddressPort(start: i32, end: i32, slot: i32): boolean {
  const bracket = load8(start) === OPEN
  const from = bracket ? start + 1 : start
  const to = indexOf(bracket ? CLOSE : COLON, from, end)
  if (bracket && to === end) return false
  const colon = bracket ? to + 1 : to
  put(slot, map.domainPart, from, to)
  if (colon === end) return true
  if (load8(colon) !== COLON || !isPort(colon + 1, end)) return false
  put(slot, map.portPart, colon + 1, end)
  return true
}

function splitRequest(start: i32, end: i32, slot: i32): boolean {
  const first = indexOf(SPACE, start, end)
  let last = end - 1
  while (last > first && load8(last) !== SPACE) last--
  if (last <= first || last === end - 1) return false
  if (isVersion(last + 1, end)) put(slot, map.versionPart, last + 6, end)
  else if (end - last !== 2 || load8(end - 1) !== MINUS) return false
  put(slot, map.methodPart, start, first)
  put(slot, map.urlPart, first + 1, last)
  return load32(slot + map.partsWord + map.urlPart * 8 + 4) === 0 || splitUrl(first + 1, last, slot)
}

/** `HTTP/` and digits or points. */
function isVersion(start: i32, end: i32): boolean {
  if (end - start < 6 || load8(start) !== 0x48 || load8(start + 1) !== 0x54 || load8(start + 2) !== 0x54) return false
  if (load8(start + 3) !== 0x50 || load8(start + 4) !== SLASH) return false
  for (let at = start + 5; at < end; at++) {
    const byte = load8(at)
    if (byte !== map.POINT && (byte < map.ZERO || byte > 0x39)) return false
  }
  return true
}

function splitUrl(start: i32, end: i32, slot: i32): boolean {
  let at = start
  if (load8(start) !== SLASH) {
    at = indexOf(COLON, start, end)
    if (end - at < 3 || load8(at + 1) !== SLASH || load8(at + 2) !== SLASH) return true
    if (!isScheme(start, at)) return true
    put(slot, map.schemePart, start, at)
    at = splitAuthority(at + 3, end, slot)
    if (at < 0) return false
  }
  const mark = indexOf(QUESTION, at, end)
  store(slot, map.pathPart, at, mark)
  const extension = extensionAt(at, mark)
  if (extension >= 0) store(slot, map.extensionPart, extension, mark)
  if (mark < end) store(slot, map.queryPart, mark + 1, end)
  return true
}

/** A path or query may be `-`. */
function store(slot: i32, part: i32, start: i32, end: i32): void {
  if (end <= start) return
  store32(slot + map.partsWord + part * 8, start)
  store32(slot + map.partsWord + part * 8 + 4, end)
}

function isScheme(start: i32, end: i32): boolean {
  for (let at = start; at < end; at++) {
    const letter = load8(at) | 0x20
    if ((letter < 0x61 || letter > 0x7a) && (at === start || !isSchemeMark(load8(at)))) return false
  }
  return end > start
}

/** A digit, `+`, `.` or `-`. */
function isSchemeMark(byte: i32): boolean {
  return (byte >= map.ZERO && byte <= 0x39) || byte === 0x2b || byte === map.POINT || byte === MINUS
}

/** Gives where the path begins; -1 for a user, an address in brackets, or an odd port. */
function splitAuthority(start: i32, end: i32, slot: i32): i32 {
  let stop = start
  let colon = -1
  if (load8(start) === OPEN) return -1
  for (; stop < end; stop++) {
    const byte = load8(stop)
    if (byte === SLASH || byte === QUESTION) break
    if (byte === AT) return -1
    if (byte === COLON && colon < 0) colon = stop
  }
  if (colon < 0) {
    put(slot, map.domainPart, start, stop)
    return stop
  }
  // Where a load balancer has no path it writes `-`, right behind the port.
  const to = stop === end && load8(stop - 1) === MINUS ? stop - 1 : stop
  if (!isPort(colon + 1, to)) return -1
  put(slot, map.domainPart, start, colon)
  if (load32(slot + map.partsWord + map.domainPart * 8 + 4) !== 0) put(slot, map.portPart, colon + 1, to)
  return stop
}
