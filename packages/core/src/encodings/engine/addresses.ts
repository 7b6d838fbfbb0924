import { load8, load32, store32 } from './memory.ts'

const ZERO: i32 = 0x30
const POINT: i32 = 0x2e
const COLON: i32 = 0x3a

/** The address that `isIPv4` took last, as a number. */
export let ipv4: i32 = 0

/**
 * Four numbers of 0 to 255 without leading zeros: what node:net's isIPv4 takes. Their lengths cannot be foreseen, so
 * that a loop over their digits would mispredict its ends.
 */
export function isIPv4(start: i32, end: i32): boolean {
  let at = start
  let wrong = 0
  let address = 0
  for (let part = 0; part < 4; part++) {
    wrong |= part > 0 && load8(at - 1) !== POINT ? 1 : 0
    const first = load8(at) - ZERO
    const second = load8(at + 1) - ZERO
    const third = load8(at + 2) - ZERO
    const two = isDigit(second)
    const three = two & isDigit(third)
    const number = three === 1 ? first * 100 + second * 10 + third : two === 1 ? first * 10 + second : first
    wrong |= (isDigit(first) ^ 1) | (first === 0 ? two : 0) | (number > 255 ? 1 : 0)
    at += 2 + two + three
    address = (address << 8) | number
  }
  ipv4 = address
  return wrong === 0 && at - 1 === end
}

function isDigit(value: i32): i32 {
  return value >= 0 && value <= 9 ? 1 : 0
}

/** Words that `putIPv6` needs. */
const ipv6Words: i32 = 8

/**
 * Puts an IPv6 address at `to` as four words, with four more behind them for its own use. False for any other text, and
 * for a form that is rare: an IPv4 address at its end, or a zone.
 */
export function putIPv6(start: i32, end: i32, to: i32): boolean {
  let at = start
  let groups = 0
  let gap = -1
  if (load8(at) === COLON) {
    if (load8(at + 1) !== COLON) return false
    gap = 0
    at += 2
  }
  while (at < end) {
    const first = at
    let group = 0
    while (at < end && at - first < 4 && digitOf(load8(at)) >= 0) group = (group << 4) | digitOf(load8(at++))
    if (at === first || groups === ipv6Words) return false
    store32(to + groups * 4, group)
    groups++
    if (at === end) break
    if (load8(at) !== COLON || at + 1 === end) return false
    at++
    if (load8(at) !== COLON) continue
    if (gap >= 0) return false
    gap = groups
    at++
  }
  // Two colons stand for one group at least.
  if (gap < 0 ? groups < ipv6Words : groups === ipv6Words) return false
  const missing = ipv6Words - groups
  if (gap >= 0) {
    for (let i = groups - 1; i >= gap; i--) store32(to + (i + missing) * 4, load32(to + i * 4))
    for (let i = gap; i < gap + missing; i++) store32(to + i * 4, 0)
  }
  for (let i = 0; i < ipv6Words; i += 2) store32(to + i * 2, (load32(to + i * 4) << 16) | load32(to + i * 4 + 4))
  return true
}

/** Of a hexadecimal digit; -1 for any other byte. */
function digitOf(byte: i32): i32 {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
