/** What pure functions gave for the bytes of their inputs: dates, look-ups and decoding cost a hash and a comparison. */
import * as map from './map.ts'
import { compute, copy, hashOf, isSame, load32, store32 } from './memory.ts'

/** Behind the last entry, and how many there are. */
let entriesTop: i32 = map.entries
let entryCount: i32 = 0

/** An entry: its hash, its group's number, its key's length, the address of its texts' ends, its key. */
export function lookUp(group: i32, at: i32, length: i32): i32 {
  const number = load32(group + map.numberWord)
  const hash = hashOf(at, length, number)
  let slot = hash & (map.slotCount - 1)
  for (;;) {
    const entry = load32(map.slots + slot * 4)
    if (entry === 0) break
    if (
      load32(entry) === hash &&
      load32(entry + 4) === number &&
      load32(entry + 8) === length &&
      isSame(entry + 16, at, length)
    )
      return entry
    slot = (slot + 1) & (map.slotCount - 1)
  }
  const bytes = compute(number, at, length)
  if (bytes < 0) return map.odd
  const textEnds = (entriesTop + 16 + length + 3) & ~3
  const top = (textEnds + bytes + 3) & ~3
  if (top + 64 > map.entriesEnd || entryCount * 4 > map.slotCount * 3) return map.full
  const entry = entriesTop
  store32(entry, hash)
  store32(entry + 4, number)
  store32(entry + 8, length)
  store32(entry + 12, textEnds)
  copy(entry + 16, at, length)
  copy(textEnds, map.mailbox, bytes)
  store32(map.slots + slot * 4, entry)
  entriesTop = top
  entryCount++
  return entry
}

/** Forgets all entries: when they are full, and when programs are. */
export function clearEntries(): void {
  for (let slot = 0; slot < map.slotCount; slot++) store32(map.slots + slot * 4, 0)
  entriesTop = map.entries
  entryCount = 0
}
