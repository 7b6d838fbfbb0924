/** What pure functions gave for the bytes of their inputs: dates, look-ups and decoding cost a hash and a comparison. */
import { compute, copy, hashOf, isSame, load32, store32 } from './memory.ts'

/** The record takes the plain path; the memo is full. */
export const odd: i32 = -1
export const full: i32 = -2
/** A value or values that are recalled together have at most so many bytes. */
export const longestKey: i32 = 2048
/** Number of values of a facet among the bytes of a key: this, and its index. */
export const facetBase: i32 = 0x30

/**
 * A memo's words: its entries' addresses by hash and how many there may be, where entries begin and end, where the host
 * writes texts, the end of the last entry, and how many there are.
 */
const slotsWord: i32 = 0
const slotCountWord: i32 = 4
const entriesWord: i32 = 8
const entriesEndWord: i32 = 12
const mailboxWord: i32 = 16
const topWord: i32 = 20
const countWord: i32 = 24
export const memoBytes: i32 = 28

/** Makes a memo at this address. */
export function openMemo(memo: i32, slots: i32, slotCount: i32, entries: i32, entriesEnd: i32, mailbox: i32): void {
  store32(memo + slotsWord, slots)
  store32(memo + slotCountWord, slotCount)
  store32(memo + entriesWord, entries)
  store32(memo + entriesEndWord, entriesEnd)
  store32(memo + mailboxWord, mailbox)
  clearMemo(memo)
}

/** An entry: its hash, its group's number, its key's length, the address of its texts' ends, its key. */
export function lookUp(memo: i32, group: i32, at: i32, length: i32): i32 {
  const hash = hashOf(at, length, group)
  const slots = load32(memo + slotsWord)
  const mask = load32(memo + slotCountWord) - 1
  let slot = hash & mask
  for (;;) {
    const entry = load32(slots + slot * 4)
    if (entry === 0) break
    if (
      load32(entry) === hash &&
      load32(entry + 4) === group &&
      load32(entry + 8) === length &&
      isSame(entry + 16, at, length)
    )
      return entry
    slot = (slot + 1) & mask
  }
  const bytes = compute(memo, group, at, length)
  if (bytes < 0) return odd
  const entry = load32(memo + topWord)
  const count = load32(memo + countWord)
  const textEnds = (entry + 16 + length + 3) & ~3
  const top = (textEnds + bytes + 3) & ~3
  if (top + 64 > load32(memo + entriesEndWord) || count * 4 > mask * 3) return full
  store32(entry, hash)
  store32(entry + 4, group)
  store32(entry + 8, length)
  store32(entry + 12, textEnds)
  copy(entry + 16, at, length)
  copy(textEnds, load32(memo + mailboxWord), bytes)
  store32(slots + slot * 4, entry)
  store32(memo + topWord, top)
  store32(memo + countWord, count + 1)
  return entry
}

/** Forgets all entries: when they are full, and when what they were made by is gone. */
export function clearMemo(memo: i32): void {
  const slots = load32(memo + slotsWord)
  const count = load32(memo + slotCountWord)
  for (let slot = 0; slot < count; slot++) store32(slots + slot * 4, 0)
  store32(memo + topWord, load32(memo + entriesWord))
  store32(memo + countWord, 0)
}
