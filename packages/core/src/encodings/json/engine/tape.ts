import { hashPrime } from '../../engine/json-bytes.ts'
import { load32, multiply, store32 } from '../../engine/memory.ts'
import {
  entryBytes,
  maxRecord,
  placeCode,
  placeCount,
  tapeAt,
  tapeBytes,
  tapeEntries,
  tapeHash,
  tapeId,
  tapeIdEnd,
  unknownAt,
} from './map.ts'

/** The tape of a block: an entry for each value of each record that was scanned. */

let tape: i32 = tapeAt
let first: i32 = tapeAt
/** Where the record begins. */
let base: i32 = 0
let hash: i32 = 0
let id: i32 = 0
let idEnd: i32 = 0
let idRank: i32 = 0
/** Behind the places of the record's unknown members. */
let unknown: i32 = unknownAt

export function rewindTape(): void {
  tape = tapeAt
}

/** False where there might be no room for it. */
export function beginRecord(from: i32): boolean {
  // An entry takes eight bytes of a record at least.
  if (tape + tapeEntries + maxRecord * 2 > tapeAt + tapeBytes) return false
  first = tape
  tape = first + tapeEntries
  base = from
  hash = 0
  id = 0
  idEnd = 0
  unknown = unknownAt
  return true
}

export function dropRecord(): void {
  tape = first
}

export function endRecord(): void {
  store32(first, (tape - first) >> 2)
  store32(first + tapeHash, hash)
  store32(first + tapeId, id - base)
  store32(first + tapeIdEnd, idEnd - base)
  for (let at = unknownAt; at < unknown; at += 4) {
    const count = load32(at) + placeCount
    store32(count, load32(count) + 1)
  }
}

export function hasId(): boolean {
  return id !== 0
}

export function push(place: i32, how: i32, from: i32, to: i32): void {
  const code = load32(place + placeCode) | how
  store32(tape, code)
  store32(tape + 4, from - base)
  store32(tape + 8, to - base)
  tape += entryBytes
  hash = multiply(hash ^ code, hashPrime)
}

/** The entry that was pushed last. */
export function lastEntry(): i32 {
  return tape - entryBytes
}

/** Says where the value of an entry ends, which was pushed when it began. */
export function closeEntry(entry: i32, to: i32): void {
  store32(entry + 8, to - base)
}

/** Of several ids the one of the lowest rank counts. */
export function takeId(from: i32, to: i32, rank: i32): void {
  if (id !== 0 && idRank < rank) return
  id = from
  idEnd = to
  idRank = rank
}

export function countUnknown(place: i32): void {
  store32(unknown, place)
  unknown += 4
}
