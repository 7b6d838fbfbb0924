/** Numbers that are the same in each run: sfc32, https://pracrand.sourceforge.net/RNG_engines.txt */
export function random(seed) {
  let [a, b, c, counter] = [0, seed, 0x9e3779b9, 1]
  const bits = () => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) bits()

  /** From 0, below 1. */
  const share = () => bits() / 2 ** 32
  /** A whole number from 0, below the limit. */
  const next = (limit) => Math.floor(share() * limit)
  const between = (from, to) => from + next(to - from)
  const pick = (list) => list[next(list.length)]
  const text = (alphabet, length) => {
    let drawn = ''
    for (let i = 0; i < length; i++) drawn += alphabet[next(alphabet.length)]
    return drawn
  }
  const hex = (length) => text('0123456789abcdef', length)
  return {
    share,
    next,
    between,
    pick,
    text,
    hex,
    /** A few of the list often, the others seldom. */
    skewed: (list, mean) => list[Math.min(Math.floor(-Math.log(1 - share()) * mean), list.length - 1)],
    exponential: (mean) => -Math.log(1 - share()) * mean,
    normal: (mean, deviation) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - share())) * Math.cos(2 * Math.PI * share()),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-b${hex(3)}-${hex(12)}`,
  }
}

/** The first record's time, in epoch seconds. */
export const start = 1_790_000_000
export const isoSeconds = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`

/** So many versions of a browser. */
export const browsers = (count) =>
  Array.from(
    { length: count },
    (_, i) =>
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${110 + i}.0.0.0 Safari/537.36`,
  )
