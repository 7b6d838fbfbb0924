/** What `memory.ts` is in JavaScript, for the wasm module: AssemblyScript's instructions, 16 bytes at a time. */

@external('host', 'compileShape')
export declare function compileShape(tape: i32): i32

@external('host', 'compute')
export declare function compute(kind: i32, at: i32, length: i32): i32

@external('host', 'isAddress')
export declare function isAddress(at: i32, length: i32): i32

@external('host', 'learn')
export declare function learn(parent: i32, at: i32, length: i32): i32

export function load8(at: i32): i32 {
  return load<u8>(at)
}

export function load32(at: i32): i32 {
  return load<i32>(at)
}

export function store8(at: i32, value: i32): void {
  store<u8>(at, value)
}

export function store32(at: i32, value: i32): void {
  store<i32>(at, value)
}

export function multiply(a: i32, b: i32): i32 {
  return a * b
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

export function copy(to: i32, from: i32, length: i32): void {
  if (length > 512) memory.copy(to, from, length)
  else for (let at = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at))
}

export function isSame(a: i32, b: i32, length: i32): boolean {
  if (length < 8) {
    if (length >= 4) return load<i32>(a) === load<i32>(b) && load<i32>(a + length - 4) === load<i32>(b + length - 4)
    for (let at = 0; at < length; at++) if (load<u8>(a + at) !== load<u8>(b + at)) return false
    return true
  }
  const last = length - 8
  for (let at = 0; at < last; at += 8) if (load<i64>(a + at) !== load<i64>(b + at)) return false
  return load<i64>(a + last) === load<i64>(b + last)
}
