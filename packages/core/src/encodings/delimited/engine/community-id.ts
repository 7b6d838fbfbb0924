import { ipv4, isIPv4, putIPv6 } from '../../engine/addresses.ts'
import { odd } from '../../engine/memo.ts'
import { load8, load32, store8, store32 } from '../../engine/memory.ts'
import { putSha1 } from '../../engine/sha1.ts'
import * as map from './map.ts'
import { absents, isNothing, isOwnNothing, isWrapped, valueEnd, valueStart, wraps } from './record.ts'

/** `network.community_id`, which is new in nearly every record: what `schema/community-id.ts` computes, from bytes. */

const COLON: i32 = 0x3a
const ONE: i32 = 0x31
/** Turned, signed numbers compare as unsigned ones. */
const sign: i32 = -0x80000000

const icmp: i32 = 1
const icmpv6: i32 = 58

/** The value that is looked at. */
let from: i32 = 0
let to: i32 = 0

/** The offset behind the id of the record's values, the offset before it where it has none, or `odd`. */
export function putCommunityId(group: i32, seed: i32, offset: i32): i32 {
  const protocol = numberOf(group, map.protocolInput, 255)
  if (protocol < 0 || protocol === icmp || protocol === icmpv6) return offset
  const hasPorts = protocol === 6 || protocol === 17 || protocol === 132
  const sourcePort = hasPorts ? numberOf(group, map.sourcePortInput, 65_535) : 0
  const destinationPort = hasPorts ? numberOf(group, map.destinationPortInput, 65_535) : 0
  if (sourcePort < 0 || destinationPort < 0) return offset
  const source = map.addressWords
  const destination = map.addressWords + map.addressBytes
  const words = putAddress(group, map.sourceInput, source)
  const others = putAddress(group, map.destinationInput, destination)
  if (words < 0 || others < 0) return odd
  if (words === 0 || words !== others) return offset
  const turned = isBehind(source, destination, words, sourcePort, destinationPort)
  let at = putWords(turned ? destination : source, words, map.block, seed)
  at = putWords(turned ? source : destination, words, at, load32(at))
  store32(at, (load32(at) << 16) | (protocol << 8))
  at += 4
  if (hasPorts) {
    store32(at, turned ? (destinationPort << 16) | sourcePort : (sourcePort << 16) | destinationPort)
    at += 4
  }
  const bits = (at - map.block) << 3
  store32(at, sign)
  for (at += 4; at < map.block + 60; at += 4) store32(at, 0)
  store32(at, bits)
  store8(offset, ONE)
  store8(offset + 1, COLON)
  return putSha1(map.block, offset + 2)
}

/** Whether the group's column has a value, which is then looked at. */
function find(group: i32, input: i32): boolean {
  const column = load32(group + map.inputsWord + input * map.inputBytes)
  if (column < 0) return false
  from = valueStart(column)
  to = valueEnd(column)
  if (wraps !== 0 && isWrapped(from, to)) {
    from++
    to--
  }
  return !isNothing(from, to) && (absents === 0 || !isOwnNothing(column, from, to))
}

/** A whole number up to `most`, which has five digits or fewer; -1 for none. */
function numberOf(group: i32, input: i32, most: i32): i32 {
  if (!find(group, input) || to - from > 5) return -1
  let number = 0
  for (let at = from; at < to; at++) number = number * 10 + load8(at) - map.ZERO
  return number > most ? -1 : number
}

/** Puts the side's address, and gives its words: 0 for none, or `odd`. */
function putAddress(group: i32, input: i32, at: i32): i32 {
  for (let i = input; i < input + 2; i++) {
    if (!find(group, i)) continue
    if (isIPv4(from, to)) {
      store32(at, ipv4)
      return 1
    }
    if (putIPv6(from, to, at)) return 4
    for (let byte = from; byte < to; byte++) if (load8(byte) === COLON) return odd
  }
  return 0
}

/** Whether the source goes behind the destination: both directions of a flow have one id. */
function isBehind(source: i32, destination: i32, words: i32, sourcePort: i32, destinationPort: i32): boolean {
  for (let at = 0; at < words * 4; at += 4) {
    const a = load32(source + at)
    const b = load32(destination + at)
    if (a !== b) return (a ^ sign) > (b ^ sign)
  }
  return sourcePort > destinationPort
}

/** Puts words half a word behind, after the 16 bits of `before`; the rest of the last one stands alone at the offset given. */
function putWords(address: i32, words: i32, offset: i32, before: i32): i32 {
  let half = before
  let at = offset
  for (let i = 0; i < words; i++) {
    const word = load32(address + i * 4)
    store32(at, (half << 16) | (word >>> 16))
    half = word & 0xffff
    at += 4
  }
  store32(at, half)
  return at
}
