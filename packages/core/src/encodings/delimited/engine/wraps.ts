import * as map from './map.ts'

export const QUOTE: i32 = 0x22
const OPEN: i32 = 0x5b
const CLOSE: i32 = 0x5d

/** What closes a value that begins with this byte; 0 where it stands alone. */
export function closeOf(byte: i32, wraps: i32): i32 {
  if (byte === QUOTE) return (wraps & map.quotesBit) === 0 ? 0 : QUOTE
  return byte === OPEN && (wraps & map.bracketsBit) !== 0 ? CLOSE : 0
}
