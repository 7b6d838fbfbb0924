import { type Emit, facetBase, type Program, type RecallGroup, type Step } from './program.ts'
import { type Recalled, viewOf } from './recall.ts'
import type { Scan } from './scan.ts'
import { copy, put, type Text, textOf } from './text.ts'

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
/** As long as no other is, and of the same kind of array, so that reading from it costs nothing special. */
export const nothing: Recalled = {
  texts: Array.from({ length: 64 }, () => undefined),
  items: Array.from({ length: 64 }, () => []),
  tooLong: false,
}
/** Inputs of several columns are put together here. */
const scratch = Buffer.alloc(1024)
const scratchView = viewOf(scratch)

/** Four numbers of 0 to 255 without leading zeros: what node:net's isIPv4 takes. */
export function isIPv4(bytes: Uint8Array, start: number, end: number): boolean {
  let parts = 0
  for (let at = start; at < end; at++) {
    const first = bytes[at]! - 0x30
    if (first < 0 || first > 9) return false
    let number = first
    let digit = ++at < end ? bytes[at]! - 0x30 : -1
    while (digit >= 0 && digit <= 9) {
      number = number * 10 + digit
      if (first === 0 || number > 255) return false
      digit = ++at < end ? bytes[at]! - 0x30 : -1
    }
    parts++
    if (at === end) return parts === 4
    if (digit !== -2) return false
  }
  return false
}

export function isSame(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  // The last bytes differ most.
  let at = length - 1
  while (at >= 0 && bytes[one + at] === bytes[other + at]) at--
  return at < 0
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

/** What a group of functions once gave for the line's inputs, undefined where those are too long. */
export function recallInputs(group: RecallGroup, scan: Scan, line: number, absent: number): Recalled | undefined {
  const { bytes, ends, view } = scan
  const { inputs, columns, recall } = group
  const base = line * scan.columns
  let length = 0
  let answer = 0
  let first = 0
  let end = 0
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!
    const column = columns[i]!
    const start = column === 0 ? scan.starts[line]! : ends[base + column - 1]! + 1
    end = ends[base + column]!
    if (end - start === 1 && bytes[start] === absent) return nothing
    if (i === 0) first = start
    if (group.neighbours) continue
    if (typeof input !== 'number') {
      const value = input.facet.scan(bytes, start, end)
      if (value === -1) return nothing
      answer = answer * input.facet.values.length + value
      if (group.every) continue
      if (i > 0) scratch[length++] = 0
      scratch[length++] = facetBase + value
    } else {
      if (length + end - start + 3 > scratch.length) return undefined
      if (i > 0) scratch[length++] = 0
      for (let at = start; at < end; at++) scratch[length++] = bytes[at]!
    }
  }
  if (group.neighbours) return recall(view, first, end - first)
  return group.every ? group.every[answer] : recall(scratchView, 0, length)
}

/** A step or source as the interpreter has it: all of one shape, so that its reads stay cheap. */
interface Op {
  readonly is: Step['is'] | Emit['is']
  readonly text: Text
  readonly sources: readonly Op[]
  readonly distinct: boolean
  readonly column: number
  readonly quoted: boolean
  readonly only: 'address' | 'undecoded' | undefined
  readonly recall: number
  readonly target: number
}

function opOf(step: Step | Emit): Op {
  const recall = step.is === 'recall' ? step : step.is === 'copy' ? step.otherwise : undefined
  return {
    is: step.is,
    text: textOf('text' in step ? step.text : 'key' in step ? step.key : step.is === 'constant' ? `${step.json},` : ''),
    sources: 'sources' in step ? step.sources.map(opOf) : [],
    distinct: 'distinct' in step && step.distinct,
    column: step.is === 'copy' ? step.column : 0,
    quoted: step.is === 'copy' && step.quoted,
    only: step.is === 'copy' ? step.only : undefined,
    recall: recall ? recall.recall : 0,
    target: recall ? recall.target : 0,
  }
}

/** The program, step by step: for places that forbid code from strings, and for the tests. */
export function interpret(program: Program): Encode {
  const { recalls, absent } = program
  const steps = program.steps.map(opOf)
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
      const { is } = step
      if (is === 'close') {
        depth--
        if (target[o - 1] === COMMA) {
          target[o - 1] = CLOSE
          target[o++] = COMMA
        } else o = opened[depth]!
        continue
      }
      const begin = o
      o = put(step.text, view, o)
      if (is === 'open') opened[depth++] = begin
      else if (is !== 'literal') {
        o = emitAll(step, scan, line, target, view, begin, o)
        if (o === -1) return -1
      }
    }
    return o
  }

  function emitAll(
    step: Op,
    scan: Scan,
    line: number,
    target: Uint8Array,
    view: DataView,
    begin: number,
    first: number,
  ): number {
    const { sources } = step
    const value = step.is === 'value'
    let o = first
    for (let i = 0; i < sources.length; i++) {
      o = emit(sources[i]!, scan, line, target, view, o, first)
      if (o === -1) return -1
      if (value && o > first) return o
    }
    if (o === first) return begin
    target[o - 1] = CLOSE_LIST
    target[o] = COMMA
    return o + 1
  }

  /** `first` is where a list's items begin. */
  function emit(
    source: Op,
    scan: Scan,
    line: number,
    target: Uint8Array,
    view: DataView,
    offset: number,
    first: number,
  ): number {
    let o = offset
    const { is, distinct, only } = source
    let from: Recalled | undefined
    if (is === 'constant') {
      o = put(source.text, view, o)
      return !distinct && isRepeat(target, first, offset, o) ? offset : o
    }
    if (is === 'copy') {
      const { column } = source
      const { bytes } = scan
      const at = line * scan.columns + column
      const start = column === 0 ? scan.starts[line]! : scan.ends[at - 1]! + 1
      const end = scan.ends[at]!
      if (end - start === 1 && bytes[start] === absent) return o
      if (
        only === undefined ||
        (only === 'address' ? isIPv4(bytes, start, end) : !contains(bytes, PERCENT, start, end))
      ) {
        if (source.quoted) target[o++] = QUOTE
        copy(scan.view, start, end - start, view, o)
        o += end - start
        if (source.quoted) target[o++] = QUOTE
        target[o++] = COMMA
        return !distinct && isRepeat(target, first, offset, o) ? offset : o
      }
      from = recallInputs(recalls[source.recall]!, scan, line, absent)
      if (from === undefined || from.tooLong) return -1
    } else from = recalled[source.recall]!
    return putRecalled(from, source.target, target, view, o, first, distinct)
  }
}

/** A recalled value, or the items of a recalled list that are not there yet. */
export function putRecalled(
  { texts, items }: Recalled,
  place: number,
  target: Uint8Array,
  view: DataView,
  offset: number,
  first: number,
  distinct: boolean,
): number {
  const text = texts[place]
  if (text === undefined) return offset
  if (distinct) return put(text, view, offset)
  let o = offset
  for (const item of items[place]!) {
    const end = put(item, view, o)
    if (!isRepeat(target, first, o, end)) o = end
  }
  return o
}

export function contains(bytes: Uint8Array, byte: number, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return true
  return false
}
