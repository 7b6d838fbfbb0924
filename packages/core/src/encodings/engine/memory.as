/** What `memory.ts` is in JavaScript, for the wasm modules: AssemblyScript's instructions, 16 bytes at a time. */

/**
 * Asks the host for what the group's functions give for the key: it writes it behind the memo's mailbox and tells its
 * length, or -1 where the record has to take the plain path.
 */
@external('host', 'compute')
declare function computeInHost(group: i32, key: i32, length: i32): i32

export function compute(memo: i32, group: i32, key: i32, length: i32): i32 {
  return computeInHost(group, key, length)
}

export const delimitedPages: i32 = 29
export const jsonPages: i32 = 96
export const eventPages: i32 = 9

export function load8(at: i32): i32 {
  return load<u8>(at)
}
export function store8(at: i32, byte: i32): void {
  store<u8>(at, byte as u8)
}
export function load16(at: i32): i32 {
  return load<u16>(at)
}
export function store16(at: i32, value: i32): void {
  store<u16>(at, value as u16)
}
export function load32(at: i32): i32 {
  return load<i32>(at)
}
export function store32(at: i32, value: i32): void {
  store<i32>(at, value)
}
export function loadWord(at: i32): i32 {
  return load<i32>(at)
}
export function storeWord(at: i32, value: i32): void {
  store<i32>(at, value)
}
export function rotate(word: i32, bits: i32): i32 {
  return rotl(word, bits)
}
export function multiply(a: i32, b: i32): i32 {
  return a * b
}
export function wholeOf(value: f64): i32 {
  return <i32>value
}
export function copyLong(to: i32, from: i32, length: i32): void {
  memory.copy(to, from, length)
}
export function copy(to: i32, from: i32, length: i32): void {
  v128.store(to, v128.load(from))
  for (let at = 16; at < length; at += 16) v128.store(to + at, v128.load(from + at))
}

export function copyText(to: i32, from: i32, length: i32): void {
  for (let at = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at))
}

export function isSame(a: i32, b: i32, length: i32): bool {
  let at = 0
  for (; at + 16 <= length; at += 16) if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false
  // What stands behind the end is masked out.
  const left = length - at
  if (left === 0) return true
  const equal = i8x16.bitmask(i8x16.eq(v128.load(a + at), v128.load(b + at)))
  return (equal | (-1 << left)) === -1
}

export function putLaterWords(block: i32): void {
  let earlier = v128.load(block + 96)
  let last = v128.load(block + 112)
  for (let at = block + 128; at < block + 320; at += 16) {
    // In registers: a load across the last two stores would wait for both.
    const sixth = v128.shuffle<i32>(earlier, last, 2, 3, 4, 5)
    const others = v128.xor(v128.load(at - 64), v128.xor(v128.load(at - 112), v128.load(at - 128)))
    const words = v128.xor(sixth, others)
    earlier = last
    last = v128.or(i32x4.shl(words, 2), i32x4.shr_u(words, 30))
    v128.store(at, last)
  }
}

export function find(at: i32, byte: i32): i32 {
  const wanted = i8x16.splat(byte as i8)
  let found = at
  let mask = i8x16.bitmask(i8x16.eq(v128.load(found), wanted))
  while (mask === 0) {
    found += 16
    mask = i8x16.bitmask(i8x16.eq(v128.load(found), wanted))
  }
  return found + ctz(mask)
}

export function ordinaryEnd(at: i32, delimiter: i32): i32 {
  const separator = i8x16.splat(delimiter as i8)
  let end = at
  let mask = oddBytes(end, separator)
  while (mask === 0) {
    end += 16
    mask = oddBytes(end, separator)
  }
  return end + ctz(mask)
}

function oddBytes(at: i32, separator: v128): i32 {
  const bytes = v128.load(at)
  // As signed bytes, 0x80 to 0xff are below the space too.
  const foreign = v128.or(i8x16.lt_s(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, separator))
  const escaped = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)))
  return i8x16.bitmask(v128.or(foreign, escaped))
}

export function digitsAt(at: i32): i32 {
  const values = i8x16.sub(v128.load(at), i8x16.splat(0x30))
  return ctz(i8x16.bitmask(i8x16.gt_u(values, i8x16.splat(9))) | 0x10000)
}

export function firstMark(start: i32, end: i32, marks: i32, count: i32): i32 {
  for (let at = start; at < end; at += 16) {
    const bytes = v128.load(at)
    let best = min(end - at, 16)
    let found = -1
    for (let i = 0; i < count; i++) {
      const first = ctz(i8x16.bitmask(i8x16.eq(bytes, v128.load8_splat(marks + i))) | 0x10000)
      found = select(i, found, first < best)
      best = min(first, best)
    }
    if (found >= 0) return found
  }
  return -1
}

export function hashOf(at: i32, length: i32, seed: i32): i32 {
  let hash: i64 = ((<i64>seed << 32) | length) * 0x2c1b3c6d297a2d39
  let i = 0
  for (; i + 8 <= length; i += 8) hash = mixed(hash, load<i64>(at + i))
  // What stands behind the end is masked out.
  const left = length - i
  if (left > 0) hash = mixed(hash, load<i64>(at + i) & (((<i64>1) << (left * 8)) - 1))
  return <i32>(hash >>> 40)
}

function mixed(hash: i64, word: i64): i64 {
  const product = (hash ^ word) * 0x165667919e3779f9
  return product ^ (product >>> 32)
}

/** As signed numbers, control bytes and all but ASCII are below the space. */
function stopsIn(bytes: v128): i32 {
  const special = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)))
  return i8x16.bitmask(v128.or(special, i8x16.lt_s(bytes, i8x16.splat(0x20))))
}

export function stopFrom(from: i32, end: i32): i32 {
  for (let at = from; at < end; at += 16) {
    const stops = stopsIn(v128.load(at))
    if (stops !== 0) return min(at + ctz(stops), end)
  }
  return end
}

export function copyToStop(from: i32, to: i32): i32 {
  let at = 0
  let stops = 0
  do {
    const bytes = v128.load(from + at)
    v128.store(to + at, bytes)
    stops = stopsIn(bytes)
    at += 16
  } while (stops === 0)
  return at - 16 + ctz(stops)
}
