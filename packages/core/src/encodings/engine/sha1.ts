import { load32, putLaterWords, rotate, store32, storeWord } from './memory.ts'

/** SHA-1 of a message of one block. https://csrc.nist.gov/pubs/fips/180-4/upd1/final */

/** The message's bytes at most: behind it stand a bit and its length. */
export const sha1Message: i32 = 55
/** The hash in base64. */
export const base64Bytes: i32 = 28

const EQUALS: i32 = 0x3d

/**
 * Writes the hash in base64. The block at this address has 16 words, with the message's end and length among them: they are
 * numbers, so that nothing is turned around. Behind them is room for the 64 words that the rounds take besides. Five rounds
 * stand one behind the other, since the variables take turns.
 */
export function putSha1(block: i32, to: i32): i32 {
  for (let at = block + 64; at < block + 128; at += 4)
    store32(at, rotate(load32(at - 12) ^ load32(at - 32) ^ load32(at - 56) ^ load32(at - 64), 1))
  putLaterWords(block)
  let a: i32 = 0x67452301
  let b: i32 = -0x10325477
  let c: i32 = -0x67452302
  let d: i32 = 0x10325476
  let e: i32 = -0x3c2d1e10
  let at = block
  for (; at < block + 80; at += 20) {
    e = (e + rotate(a, 5) + choice(b, c, d) + load32(at) + 0x5a827999) | 0
    b = rotate(b, 30)
    d = (d + rotate(e, 5) + choice(a, b, c) + load32(at + 4) + 0x5a827999) | 0
    a = rotate(a, 30)
    c = (c + rotate(d, 5) + choice(e, a, b) + load32(at + 8) + 0x5a827999) | 0
    e = rotate(e, 30)
    b = (b + rotate(c, 5) + choice(d, e, a) + load32(at + 12) + 0x5a827999) | 0
    d = rotate(d, 30)
    a = (a + rotate(b, 5) + choice(c, d, e) + load32(at + 16) + 0x5a827999) | 0
    c = rotate(c, 30)
  }
  for (; at < block + 160; at += 20) {
    e = (e + rotate(a, 5) + (b ^ c ^ d) + load32(at) + 0x6ed9eba1) | 0
    b = rotate(b, 30)
    d = (d + rotate(e, 5) + (a ^ b ^ c) + load32(at + 4) + 0x6ed9eba1) | 0
    a = rotate(a, 30)
    c = (c + rotate(d, 5) + (e ^ a ^ b) + load32(at + 8) + 0x6ed9eba1) | 0
    e = rotate(e, 30)
    b = (b + rotate(c, 5) + (d ^ e ^ a) + load32(at + 12) + 0x6ed9eba1) | 0
    d = rotate(d, 30)
    a = (a + rotate(b, 5) + (c ^ d ^ e) + load32(at + 16) + 0x6ed9eba1) | 0
    c = rotate(c, 30)
  }
  for (; at < block + 240; at += 20) {
    e = (e + rotate(a, 5) + majority(b, c, d) + load32(at) - 0x70e44324) | 0
    b = rotate(b, 30)
    d = (d + rotate(e, 5) + majority(a, b, c) + load32(at + 4) - 0x70e44324) | 0
    a = rotate(a, 30)
    c = (c + rotate(d, 5) + majority(e, a, b) + load32(at + 8) - 0x70e44324) | 0
    e = rotate(e, 30)
    b = (b + rotate(c, 5) + majority(d, e, a) + load32(at + 12) - 0x70e44324) | 0
    d = rotate(d, 30)
    a = (a + rotate(b, 5) + majority(c, d, e) + load32(at + 16) - 0x70e44324) | 0
    c = rotate(c, 30)
  }
  for (; at < block + 320; at += 20) {
    e = (e + rotate(a, 5) + (b ^ c ^ d) + load32(at) - 0x359d3e2a) | 0
    b = rotate(b, 30)
    d = (d + rotate(e, 5) + (a ^ b ^ c) + load32(at + 4) - 0x359d3e2a) | 0
    a = rotate(a, 30)
    c = (c + rotate(d, 5) + (e ^ a ^ b) + load32(at + 8) - 0x359d3e2a) | 0
    e = rotate(e, 30)
    b = (b + rotate(c, 5) + (d ^ e ^ a) + load32(at + 12) - 0x359d3e2a) | 0
    d = rotate(d, 30)
    a = (a + rotate(b, 5) + (c ^ d ^ e) + load32(at + 16) - 0x359d3e2a) | 0
    c = rotate(c, 30)
  }
  a = (a + 0x67452301) | 0
  b = (b - 0x10325477) | 0
  c = (c - 0x67452302) | 0
  d = (d + 0x10325476) | 0
  e = (e - 0x3c2d1e10) | 0
  storeWord(to, letters(a >>> 8))
  storeWord(to + 4, letters((a << 16) | (b >>> 16)))
  storeWord(to + 8, letters((b << 8) | (c >>> 24)))
  storeWord(to + 12, letters(c))
  storeWord(to + 16, letters(d >>> 8))
  storeWord(to + 20, letters((d << 16) | (e >>> 16)))
  storeWord(to + 24, (letters(e << 8) & 0xffffff) | (EQUALS << 24))
  return to + base64Bytes
}

function choice(b: i32, c: i32, d: i32): i32 {
  return d ^ (b & (c ^ d))
}

function majority(b: i32, c: i32, d: i32): i32 {
  return (b & c) | (d & (b | c))
}

/** Four letters of base64 for the lower 24 bits: as a word, in the order of memory. */
function letters(bits: i32): i32 {
  const sixes = ((bits >>> 18) & 63) | ((bits >>> 4) & 0x3f00) | ((bits << 10) & 0x3f0000) | ((bits & 63) << 24)
  // A to Z; from 26 on a to z, from 52 on 0 to 9, then + and /.
  const shift = atLeast(26, sixes) * 6 - atLeast(52, sixes) * 75 - atLeast(62, sixes) * 15 + atLeast(63, sixes) * 3
  return (sixes + 0x41414141 + shift) | 0
}

/** 1 in each of the four bytes that is so much or more. */
function atLeast(least: i32, bytes: i32): i32 {
  return ((bytes + (128 - least) * 0x01010101) >>> 7) & 0x01010101
}
