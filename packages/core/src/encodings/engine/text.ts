/**
 * Text that is written often, in float64s of eight bytes: a call of `set` costs more than the few that there are.
 * Eight bytes of UTF-8 are never a NaN, whose bits might change: that takes 0xff, or 0x7f behind 0xf0 or more.
 */
export interface Text {
  readonly words: Float64Array
  readonly length: number
}

export function textOf(string: string): Text {
  const bytes = Buffer.from(string)
  const words = new Float64Array(Math.max(4, Math.ceil(bytes.length / 8)))
  const padded = Buffer.concat([bytes, Buffer.alloc(32, 0x20)])
  for (let i = 0; i < words.length; i++) words[i] = padded.readDoubleLE(i * 8)
  return { words, length: bytes.length }
}

/** What `put` may write behind its end; what comes next overwrites it. */
export const overrun = 32

/** Gives the offset behind the text. */
export function put({ words, length }: Text, view: DataView, offset: number): number {
  // Most are no longer than this; a loop of the right length would be mispredicted.
  view.setFloat64(offset, words[0]!, true)
  view.setFloat64(offset + 8, words[1]!, true)
  view.setFloat64(offset + 16, words[2]!, true)
  view.setFloat64(offset + 24, words[3]!, true)
  for (let i = 4; i < words.length; i++) view.setFloat64(offset + i * 8, words[i]!, true)
  return offset + length
}
