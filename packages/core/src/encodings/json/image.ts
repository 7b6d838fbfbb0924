import { FlowferryError } from '../../errors.ts'
import type { Emit, GroupUse, ListTable } from './emits.ts'
import {
  checkAbsent,
  checkCase,
  checkEnds,
  classBits,
  ingestedText,
  kindObject,
  maxUnknown,
  opLiteral,
  opRecall,
  placeChecks,
  placeCode,
  placeId,
  placeKey,
  placeKeyLength,
  placeKind,
  placeMask,
  placeNoted,
  placeTable,
  placeTells,
  shapeAfter,
  shapeAfterLength,
  shapeCodes,
  shapeEntries,
  shapeOdd,
  shapeSteps,
  shapeStepsEnd,
  stepBytes,
} from './engine/map.ts'
import type { CasePlace, Place } from './places.ts'
import type { Shape, Step } from './shape.ts'

/** A part of the engine's memory that is filled from its beginning. */
export interface Arena {
  readonly memory: Buffer
  readonly words: Int32Array
  used: number
  readonly end: number
}

export function reserve(arena: Arena, bytes: number): number {
  const at = arena.used
  arena.used = (at + bytes + 3) & ~3
  if (arena.used > arena.end)
    throw new FlowferryError('INVALID_OPTION', 'The table of fields is too large for the engine')
  return at
}

/** The address of the text, with what copies may read behind it. */
function putText(arena: Arena, text: string): number {
  const at = reserve(arena, Buffer.byteLength(text) + 16)
  arena.memory.write(text, at)
  return at
}

function putWords(arena: Arena, values: ArrayLike<number>): number {
  const at = reserve(arena, values.length * 4)
  arena.words.set(values, at >> 2)
  return at
}

/** What a text of a place means, besides being a value. */
export interface Check {
  readonly is: 'ends' | 'absent' | 'case'
  readonly text: string
  readonly place?: CasePlace
}

const checkCodes = { ends: checkEnds, absent: checkAbsent, case: checkCase }

/** Writes a place at its address; its members' table comes apart. `caseAt` are the addresses of cases' places. */
export function putPlace(
  arena: Arena,
  at: number,
  { name, kind, number, id, tells, noted }: Place,
  checks: readonly Check[],
  caseAt: ReadonlyMap<CasePlace, number>,
): void {
  const { words } = arena
  const key = `${JSON.stringify(name)}:`
  const set = (member: number, value: number) => {
    words[(at + member) >> 2] = value
  }
  set(placeKind, kind)
  set(placeKey, putText(arena, key))
  set(placeKeyLength, Buffer.byteLength(key))
  set(placeCode, number << classBits)
  set(placeId, id)
  set(placeTells, tells ? 1 : 0)
  set(placeNoted, noted ? 1 : 0)
  if (checks.length === 0) return
  const list = checks.flatMap(({ is, text, place }) => {
    const json = JSON.stringify(text).slice(1, -1)
    return [checkCodes[is], putText(arena, json), Buffer.byteLength(json), place ? caseAt.get(place)! : 0]
  })
  set(placeChecks, putWords(arena, [checks.length, ...list]))
}

/** A place that is nothing but its number on the tape. */
export function putCasePlace({ words }: Arena, at: number, { number }: CasePlace): void {
  words[(at + placeCode) >> 2] = number << classBits
}

/** Reserves the table of a place's members: where members can be learned there is a slot for each of them. */
export function reserveMembers(arena: Arena, at: number, { kind, members }: Place): void {
  const most = members.length + (kind === kindObject ? maxUnknown : 0)
  if (most === 0) return
  let slots = 4
  while (slots < most * 2) slots *= 2
  const table = reserve(arena, slots * 8)
  arena.memory.fill(0, table, table + slots * 8)
  arena.words[(at + placeTable) >> 2] = table
  arena.words[(at + placeMask) >> 2] = slots - 1
}

/** Puts a member into its parent's table; its key stands behind a quote. */
export function putMember(
  { words }: Arena,
  parent: number,
  member: number,
  hashOf: (from: number, to: number) => number,
) {
  const table = words[(parent + placeTable) >> 2]! >> 2
  const mask = words[(parent + placeMask) >> 2]!
  const name = words[(member + placeKey) >> 2]! + 1
  const hash = hashOf(name, name + words[(member + placeKeyLength) >> 2]! - 3)
  let slot = hash & mask
  while (words[table + slot * 2 + 1] !== 0) slot = (slot + 1) & mask
  words[table + slot * 2] = hash
  words[table + slot * 2 + 1] = member
}

/** Texts that are written together: one call for all of a shape's. */
class Texts {
  readonly #at: number
  #all = ''
  #length = 0
  /** @param at where they will be */
  constructor(at: number) {
    this.#at = at
  }
  /** The address of a text that is added. */
  add(text: string): number {
    const at = this.#at + this.#length
    this.#all += text
    this.#length += Buffer.byteLength(text)
    return at
  }
  put(arena: Arena): void {
    // With what copies may read behind the last one.
    const at = reserve(arena, this.#length + 16)
    if (at !== this.#at) throw new RangeError('texts')
    arena.memory.write(this.#all, at)
  }
}

/** The address of a shape, for records with this hash. */
export function putShape(
  arena: Arena,
  { codes, odd, steps, after }: Shape,
  hash: number,
  tables: Map<ListTable, number>,
): number {
  const { words } = arena
  const members = putMembers(arena, steps, tables)
  const shape = reserve(arena, shapeCodes + codes.length * 4)
  words.set(codes, (shape + shapeCodes) >> 2)
  const stepsAt = reserve(arena, steps.length * stepBytes)
  const texts = new Texts(arena.used)
  for (const [i, step] of steps.entries()) {
    const { before, back, op, entry, text, member, table, closing = 0 } = step
    const at = (stepsAt + i * stepBytes) >> 2
    words[at] = texts.add(before)
    words[at + 1] = lengthWord(before, back)
    words[at + 2] = op
    words[at + 3] = text === undefined ? entry : Buffer.byteLength(text)
    words[at + 4] = text === undefined ? (table ? tables.get(table)! : closing) : texts.add(text)
    if (!member) continue
    const { emit, key, pass } = member
    const given = emit.op === opLiteral ? key + emit.json : key
    const address = members.get(step)!
    words[at + 4] = address
    words[address >> 2] = emit.ingested ? ingestedText : texts.add(given)
    words[(address >> 2) + 1] = Buffer.byteLength(given)
    words[(address >> 2) + 2] = stepsAt + (i + pass) * stepBytes
  }
  words[shape >> 2] = hash
  words[(shape + shapeEntries) >> 2] = codes.length
  words[(shape + shapeOdd) >> 2] = odd ? 1 : 0
  words[(shape + shapeAfter) >> 2] = texts.add(after.text)
  words[(shape + shapeAfterLength) >> 2] = lengthWord(after.text, after.back)
  words[(shape + shapeSteps) >> 2] = stepsAt
  words[(shape + shapeStepsEnd) >> 2] = stepsAt + steps.length * stepBytes
  texts.put(arena)
  return shape
}

function lengthWord(text: string, back: boolean): number {
  return (Buffer.byteLength(text) << 1) | (back ? 1 : 0)
}

/** The addresses of what steps need besides: their texts come later. */
function putMembers(arena: Arena, steps: readonly Step[], tables: Map<ListTable, number>): Map<Step, number> {
  const uses = new Map<string, number>()
  const members = new Map<Step, number>()
  for (const step of steps) {
    if (step.table) putTable(arena, step.table, tables)
    if (!step.member) continue
    const { emit } = step.member
    const target = targetOf(arena, emit, uses, tables)
    members.set(step, putWords(arena, [0, 0, 0, emit.op, target, emit.text]))
  }
  return members
}

function targetOf(arena: Arena, emit: Emit, uses: Map<string, number>, tables: Map<ListTable, number>): number {
  if (emit.op === opRecall) return putUse(arena, emit.use!, uses)
  const table = emit.table ? putTable(arena, emit.table, tables) : 0
  if (emit.name === undefined) return table
  return putWords(arena, [table, putText(arena, emit.name), Buffer.byteLength(emit.name)])
}

/** One for all steps of a shape that read the same inputs, so that they are looked up once. */
function putUse(arena: Arena, { number, texts, inputs }: GroupUse, uses: Map<string, number>): number {
  const key = `${number} ${inputs.map(({ entry }) => entry).join()}`
  const known = uses.get(key)
  if (known !== undefined) return known
  const list = inputs.flatMap(({ entry, marks }) => [entry, marks === '' ? 0 : putText(arena, marks), marks.length])
  const at = putWords(arena, [0, 0, number, texts, inputs.length, ...list])
  uses.set(key, at)
  return at
}

/** Names and members of objects in a list. */
function putTable(arena: Arena, table: ListTable, tables: Map<ListTable, number>): number {
  const known = tables.get(table)
  if (known !== undefined) return known
  const { names, members } = table
  const words = [names.length, members.length]
  const put = (name: string, last: number) => {
    const key = `${JSON.stringify(name)}:`
    words.push(putText(arena, key), Buffer.byteLength(key), last)
  }
  for (const [name, member] of names) put(name, member)
  for (const [name, flags] of members) put(name, flags)
  const at = putWords(arena, words)
  tables.set(table, at)
  return at
}
