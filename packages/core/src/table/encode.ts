import { type Emit, facetBase, type Program, type RecallGroup, type Step } from './program.ts'
import type { Recalled } from './recall.ts'
import type { Scan } from './scan.ts'

/**
 * Writes the document of a line: an open brace, and every member with a comma behind it. Gives the offset behind it, or
 * -1 where this line has to take the plain path. The target has room for it.
 */
export type Encode = (scan: Scan, line: number, target: Uint8Array, view: DataView, offset: number) => number

const COMMA = 0x2c
const QUOTE = 0x22
const OPEN = 0x7b
const CLOSE = 0x7d
const CLOSE_LIST = 0x5d
const PERCENT = 0x25
export const nothing: Recalled = { items: [], tooLong: false }
/** Inputs of several columns are put together here. */
const scratch = Buffer.alloc(1024)

/** Four bytes at a time: `set` costs some 30 ns a call, more than most values take to copy this way. */
export function copy(from: DataView, start: number, length: number, to: DataView, offset: number): void {
  let at = 0
  for (; at + 4 <= length; at += 4) to.setInt32(offset + at, from.getInt32(start + at, true), true)
  for (; at < length; at++) to.setUint8(offset + at, from.getUint8(start + at))
}

/** Text of the program. */
export function put(bytes: Uint8Array, to: Uint8Array, offset: number): number {
  for (let at = 0; at < bytes.length; at++) to[offset + at] = bytes[at]!
  return offset + bytes.length
}

/** Four numbers of 0 to 255 without leading zeros: what node:net's isIPv4 takes. */
export function isIPv4(bytes: Uint8Array, start: number, end: number): boolean {
  let parts = 0
  for (let at = start; at < end; ) {
    const from = at
    let number = 0
    for (; at < end && bytes[at] !== 0x2e; at++) {
      const digit = bytes[at]! - 0x30
      if (digit < 0 || digit > 9) return false
      number = number * 10 + digit
    }
    const digits = at - from
    if (digits === 0 || digits > 3 || number > 255 || (digits > 1 && bytes[from] === 0x30)) return false
    parts++
    if (at === end) return parts === 4
    at++
  }
  return false
}

/** Whether the item from `start` to `end` stands among the list's items before it, which begin at `first`. */
export function isRepeat(bytes: Uint8Array, first: number, start: number, end: number): boolean {
  const length = end - start
  for (let at = first; at < start; ) {
    let same = 0
    while (same < length && bytes[at + same] === bytes[start + same]) same++
    if (same === length) return true
    at = behindItem(bytes, at)
  }
  return false
}

/** The offset behind an item of a list and its comma. */
function behindItem(bytes: Uint8Array, start: number): number {
  let at = start
  if (bytes[at] === QUOTE) for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === 0x5c) at++
  while (bytes[at] !== COMMA) at++
  return at + 1
}

/** What a group of functions once gave for the line's inputs; nothing where one of them is absent. */
export function recallInputs(group: RecallGroup, scan: Scan, line: number, absent: number): Recalled | undefined {
  const { bytes, ends, columns } = scan
  const { inputs, recall } = group
  let length = 0
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!
    const column = typeof input === 'number' ? input : input.column
    const at = line * columns + column
    const start = column === 0 ? scan.starts[line]! : ends[at - 1]! + 1
    const end = ends[at]!
    if (end - start === 1 && bytes[start] === absent) return nothing
    if (inputs.length === 1 && typeof input === 'number') return recall(bytes, start, end)
    if (i > 0) scratch[length++] = 0
    if (typeof input === 'number') {
      if (length + end - start + 2 > scratch.length) return undefined
      length += bytes.copy(scratch, length, start, end)
    } else {
      const value = input.facet.scan(bytes, start, end)
      if (value === -1) return nothing
      scratch[length++] = facetBase + value
    }
  }
  return recall(scratch, 0, length)
}

/** The program, step by step: for places that forbid code from strings, and for the tests. */
export function interpret(program: Program): Encode {
  const { steps, recalls, absent } = program
  const texts = steps.map((step) => Buffer.from('text' in step ? step.text : 'key' in step ? step.key : ''))
  const recalled: Recalled[] = recalls.map(() => nothing)
  const opened = new Int32Array(32)

  return (scan, line, target, view, offset) => {
    for (let group = 0; group < recalls.length; group++) {
      if (recalls[group]!.lazy) continue
      const found = recallInputs(recalls[group]!, scan, line, absent)
      if (found === undefined || found.tooLong) return -1
      recalled[group] = found
    }
    let o = offset
    target[o++] = OPEN
    let depth = 0
    for (let number = 0; number < steps.length; number++) {
      const step = steps[number]!
      if (step.is === 'close') {
        depth--
        if (target[o - 1] === COMMA) {
          target[o - 1] = CLOSE
          target[o++] = COMMA
        } else o = opened[depth]!
        continue
      }
      const begin = o
      o = put(texts[number]!, target, o)
      if (step.is === 'open') opened[depth++] = begin
      else if (step.is === 'value' || step.is === 'list') {
        o = emitAll(step, scan, line, target, view, begin, o)
        if (o === -1) return -1
      }
    }
    return o
  }

  function emitAll(
    step: Step & { sources: readonly Emit[] },
    scan: Scan,
    line: number,
    target: Uint8Array,
    view: DataView,
    begin: number,
    first: number,
  ): number {
    let o = first
    for (let i = 0; i < step.sources.length; i++) {
      o = emit(step.sources[i]!, scan, line, target, view, o, step.is === 'list' ? first : -1)
      if (o === -1) return -1
      if (step.is === 'value' && o > first) return o
    }
    if (o === first) return begin
    target[o - 1] = CLOSE_LIST
    target[o] = COMMA
    return o + 1
  }

  /** `list` is where a list's items begin, or -1. */
  function emit(
    source: Emit,
    scan: Scan,
    line: number,
    target: Uint8Array,
    view: DataView,
    offset: number,
    list: number,
  ): number {
    let o = offset
    if (source.is === 'constant') {
      o = put(Buffer.from(source.json), target, o)
      target[o] = COMMA
      return list !== -1 && isRepeat(target, list, offset, o + 1) ? offset : o + 1
    }
    let from: Recalled | undefined
    let slot: number
    if (source.is === 'copy') {
      const at = line * scan.columns + source.column
      const start = source.column === 0 ? scan.starts[line]! : scan.ends[at - 1]! + 1
      const end = scan.ends[at]!
      if (end - start === 1 && scan.bytes[start] === absent) return o
      const copied =
        source.only === undefined ||
        (source.only === 'address' ? isIPv4(scan.bytes, start, end) : !contains(scan.bytes, PERCENT, start, end))
      if (copied) {
        if (source.quoted) target[o++] = QUOTE
        copy(scan.view, start, end - start, view, o)
        o += end - start
        if (source.quoted) target[o++] = QUOTE
        target[o++] = COMMA
        return list !== -1 && isRepeat(target, list, offset, o) ? offset : o
      }
      const { recall, target: place } = source.otherwise!
      from = recallInputs(recalls[recall]!, scan, line, absent)
      if (from === undefined || from.tooLong) return -1
      slot = place
    } else {
      from = recalled[source.recall]!
      slot = source.target
    }
    return putItems(from.items[slot], target, view, o, list)
  }
}

/** A recalled value, or the items of a recalled list that are not there yet. */
export function putItems(
  items: readonly DataView[] | undefined,
  target: Uint8Array,
  view: DataView,
  offset: number,
  list: number,
): number {
  let o = offset
  if (items === undefined) return o
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    copy(item, 0, item.byteLength, view, o)
    const end = o + item.byteLength
    if (list === -1 || !isRepeat(target, list, o, end)) o = end
  }
  return o
}

export function contains(bytes: Uint8Array, byte: number, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return true
  return false
}
