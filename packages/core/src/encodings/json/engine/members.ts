import { isSame, load32 } from '../../engine/memory.ts'
import { placeKey, placeKeyLength, placeMask, placeTable } from './map.ts'

/** Whether the place's key stands here. */
export function standsAt(place: i32, at: i32): boolean {
  return isSame(at, load32(place + placeKey), load32(place + placeKeyLength))
}

/** The member of that name's hash, or 0. */
export function memberOf(parent: i32, name: i32): i32 {
  const table = load32(parent + placeTable)
  if (table === 0) return 0
  const mask = load32(parent + placeMask)
  let slot = name & mask
  while (load32(table + slot * 8 + 4) !== 0 && load32(table + slot * 8) !== name) slot = (slot + 1) & mask
  return load32(table + slot * 8 + 4)
}
