/** Numbers that look like chance and come again with the same seed (mulberry32). */
export interface Random {
  /** A whole number from 0 to below `n`. */
  readonly int: (n: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(values: readonly T[]) => T
  readonly shuffle: <T>(values: readonly T[]) => T[]
}

export function random(seed: number): Random {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (n: number) => Math.floor(next() * n)
  return {
    int,
    chance: (probability) => next() < probability,
    pick: (values) => values[int(values.length)]!,
    shuffle: (values) => {
      const result = [...values]
      for (let i = result.length - 1; i > 0; i--) {
        const j = int(i + 1)
        ;[result[i], result[j]] = [result[j]!, result[i]!]
      }
      return result
    },
  }
}
