/** The record that is being written: where its values stand in its line. */

import { load8, load16, load32 } from '../../engine/memory.ts'
import { isOwnAbsent } from './lines.ts'
import * as map from './map.ts'
import { closeOf } from './wraps.ts'

let lineStart: i32 = 0
let valueEnds: i32 = 0
let absentByte: i32 = 0
/** What may open a value: 0 in most programs, which then ask no more of it. */
export let wraps: i32 = 0
/** Texts that say "no value" in one column alone; likewise. */
export let absents: i32 = 0
/** Its number in its run, from 1: what was found for another record has another number. */
export let stamp: i32 = 0

export function openProgram(program: i32): void {
  absentByte = load32(program + map.absentWord)
  wraps = load32(program + map.wrapsWord)
  absents = load32(program + map.absentsWord)
  stamp = 0
}

/** Gives the bytes of the line up to its last value's end. */
export function openLine(line: i32, columns: i32): i32 {
  lineStart = map.input + load32(map.starts + line * 4)
  valueEnds = map.ends + line * columns * 2
  return load16(valueEnds + columns * 2 - 2)
}

export function nextStamp(): void {
  stamp++
}

/** Where the value's bytes begin, with what opens it. These are small, so that the compiler puts them in place. */
export function valueStart(column: i32): i32 {
  return column === 0 ? lineStart : lineStart + load16(valueEnds + column * 2 - 2) + 1
}

/** Where they end; before their start where the line does not reach the column. */
export function valueEnd(column: i32): i32 {
  return lineStart + load16(valueEnds + column * 2)
}

/** Whether the value is empty, or says that there is none. */
export function isNothing(start: i32, end: i32): boolean {
  return end <= start || (end - start === 1 && load8(start) === absentByte)
}

/** Whether quotes or brackets stand around the value: asked where the program has `wraps`. */
export function isWrapped(start: i32, end: i32): boolean {
  return end > start && closeOf(load8(start), wraps) !== 0
}

/** Whether the value says "no value" in its column: asked where the program has `absents`. */
export function isOwnNothing(column: i32, start: i32, end: i32): boolean {
  const texts = load32(absents + column * 4)
  return texts !== 0 && isOwnAbsent(texts, start, end - start)
}
