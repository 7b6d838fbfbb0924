import { load32, store32 } from '../../engine/memory.ts'
import { putKept } from './json-write.ts'
import { holedAt, keptAt, maxHoled } from './map.ts'

/** Values without what is null or empty in them: each is made once for a record, and may be asked for as text and as JSON. */

let count: i32 = 0
let found: i32 = 0

export function beginKept(): void {
  count = 0
}

/** Makes an entry's value, or finds it; false where there are too many of them. */
export function keptOf(entry: i32, start: i32, end: i32): boolean {
  found = holedAt
  const behind = holedAt + count * 12
  for (; found < behind; found += 12) if (load32(found) === entry) return true
  if (count === maxHoled) return false
  const from = count === 0 ? keptAt : load32(found - 4)
  store32(found, entry)
  store32(found + 4, from)
  store32(found + 8, putKept(start, end + 1, from))
  count++
  return true
}

/** Where the value begins that was asked for last, and ends. */
export function keptStart(): i32 {
  return load32(found + 4)
}
export function keptEnd(): i32 {
  return load32(found + 8)
}
