import { startEngine } from '../engine.ts'
import * as interpreted from './cloudtrail-engine/engine.ts'
import {
  arenaAt,
  classBits,
  entryBytes,
  kindPlaces,
  kindSpecial,
  longestInput,
  longestResult,
  maxUnknown,
  maxUnknownName,
  memoryBytes,
  placeBytes,
  placeCode,
  placeCount,
  placeKey,
  placeKeyLength,
  placeKind,
  placeMask,
  placeTable,
  shapeAfter,
  shapeAfterLength,
  shapeCodes,
  shapeEntries,
  shapeKey,
  shapeOdd,
  shapePresence,
  shapeSlots,
  shapeSpecial,
  shapeSteps,
  shapeStepsEnd,
  shapesAt,
  stepBytes,
  tapeEntries,
  tapeHash,
} from './cloudtrail-engine/map.ts'
import { buffer, type Host, setHost } from './cloudtrail-engine/memory.ts'
import { wasm } from './cloudtrail-engine/wasm.ts'
import { resourceMembers } from './cloudtrail-fields.ts'
import type { Kind, Place, Places } from './cloudtrail-places.ts'
import { derivedTexts, type Op, type shapeCompiler } from './cloudtrail-shape.ts'
import { isAddress as isAddressValue, type Plan } from './cloudtrail-table.ts'
import type { JsonObject } from './cloudtrail-values.ts'

const kinds: readonly Kind[] = [
  'text',
  'recall',
  'time',
  'boolean',
  'freeForm',
  'flat',
  'resources',
  'object',
  'address',
  'id',
  'key',
  'unknown',
]

/** Half of the slots: so that a free one is near. */
const maxShapes = shapeSlots / 2
/** The least that is left of the arena before a record: what one record adds is far less. */
const arenaMargin = 256 * 1024
/** Results that are not kept; a record has few of them. */
const scratchBytes = 64 * 1024
/** A place that is learned, and its key. */
const learnedBytes = placeBytes + maxUnknownName + 24

/** Starts the engine and fills its memory with the table; then answers what the engine asks. */
export function startHost(plan: Plan, places: Places, { compile, derived }: ReturnType<typeof shapeCompiler>) {
  const { roles, all, root } = places
  const host: Host = { compileShape, compute, isAddress, learn }
  const { exports: engine, bytes: memory, words } = openEngine(host)

  let used: number = arenaAt
  const reserve = (bytes: number): number => {
    const at = used
    used = (at + bytes + 3) & ~3
    return at
  }
  /** The address of the text, with what copies may read behind it. */
  const putText = (text: string): number => {
    const at = reserve(Buffer.byteLength(text) + 16)
    memory.write(text, at)
    return at
  }
  const putWords = (...values: number[]): number => {
    const at = reserve(values.length * 4)
    words.set(values, at >> 2)
    return at
  }

  const placeAt = new Map<Place, number>(all.map((place) => [place, reserve(placeBytes)]))
  const placeByAddress = new Map([...placeAt].map(([place, at]) => [at, place]))
  const putPlace = ({ name, kind, number }: Place, placed: number) => {
    const at = placed >> 2
    const key = `${JSON.stringify(name)}:`
    words[at + (placeKind >> 2)] = kinds.indexOf(kind)
    words[at + (placeKey >> 2)] = putText(key)
    words[at + (placeKeyLength >> 2)] = Buffer.byteLength(key)
    words[at + (placeCode >> 2)] = number << classBits
  }
  /** Puts a member into its parent's table; its key stands behind a quote. */
  const putMember = (parent: number, member: number) => {
    const table = words[(parent + placeTable) >> 2]! >> 2
    const mask = words[(parent + placeMask) >> 2]!
    const name = words[(member + placeKey) >> 2]! + 1
    const hash = engine.hashOf(name, name + words[(member + placeKeyLength) >> 2]! - 3)
    let slot = hash & mask
    while (words[table + slot * 2 + 1] !== 0) slot = (slot + 1) & mask
    words[table + slot * 2] = hash
    words[table + slot * 2 + 1] = member
  }
  for (const [place, at] of placeAt) putPlace(place, at)
  for (const [{ kind, members }, at] of placeAt) {
    if (members.length === 0) continue
    // Where members can be learned there is a slot for each of them.
    const most = members.length + (kind === 'object' ? maxUnknown : 0)
    let slots = 4
    while (slots < most * 2) slots *= 2
    words[(at + placeTable) >> 2] = reserve(slots * 8)
    words[(at + placeMask) >> 2] = slots - 1
    for (const member of members) putMember(at, placeAt.get(member)!)
  }
  const special = JSON.stringify(roles.special)
  const [field, prefix] = roles.foreign
  const foreignPlace = placeAt.get(root.members.find(({ name }) => name === field)!)!
  engine.setPlaces(placeAt.get(root)!, putText(special), special.length, putText(prefix), prefix.length, foreignPlace)
  const resources = [...new Set(resourceMembers.values())]
  const pair = (name: string) => {
    const text = `${JSON.stringify(name)}:`
    return [putText(text), Buffer.byteLength(text)]
  }
  engine.setResources(
    putWords(...[...resourceMembers].flatMap(([name, ours]) => [...pair(name), resources.indexOf(ours)])),
    resourceMembers.size,
    putWords(...resources.flatMap((ours) => [...pair(ours), ours === 'arn_prefix' ? 0 : 1])),
  )

  const learnedAt = reserve(maxUnknown * learnedBytes)
  const image = Buffer.from(memory.subarray(arenaAt, used))
  const scratch = reserve(scratchBytes)
  let scratched = 0
  const permanent = used
  let shapes = 0

  /** Before a record: drops all shapes and results when they fill their place. */
  function makeRoom(): void {
    scratched = 0
    if (used < memoryBytes - arenaMargin && shapes < maxShapes) return
    dropShapes()
  }

  function dropShapes(): void {
    memory.fill(0, shapesAt, arenaAt)
    used = permanent
    shapes = 0
  }

  function learn(parentAt: number, at: number, length: number): number {
    const place = places.learn(placeByAddress.get(parentAt)!, memory.toString('latin1', at, at + length))
    if (!place) return 0
    const placed = learnedAt + (places.learned().length - 1) * learnedBytes
    const before = used
    used = placed + placeBytes
    putPlace(place, placed)
    used = before
    putMember(parentAt, placed)
    return placed
  }

  /** How many records had each member that was learned, since this was asked last. */
  function countLearned(): ReadonlyMap<string, number> | undefined {
    let counts: Map<string, number> | undefined
    for (const [i, { path }] of places.learned().entries()) {
      const at = (learnedAt + i * learnedBytes + placeCount) >> 2
      if (words[at] === 0) continue
      counts ??= new Map()
      counts.set(path, words[at]!)
      words[at] = 0
    }
    return counts
  }

  /** Makes room for other members, when no more can be learned: no tape from before can be read any more. */
  function forgetLearned(): boolean {
    if (places.learned().length < maxUnknown) return false
    places.forget()
    memory.set(image, arenaAt)
    dropShapes()
    return true
  }

  function compileShape(tape: number): number {
    const count = (words[tape >> 2]! - (tapeEntries >> 2)) / (entryBytes >> 2)
    const codes = new Int32Array(count)
    for (let i = 0; i < count; i++) codes[i] = words[(tape + tapeEntries + i * entryBytes) >> 2]!
    const { odd, steps, after, key, special, presence } = compile(codes)
    shapes++
    const stepsAt = putWords(
      ...steps.flatMap(({ before, op }) => [putText(before), Buffer.byteLength(before), ...wordsOf(op)]),
    )
    const shape = putWords(...new Array<number>(shapeCodes >> 2).fill(0), ...codes)
    const set = (member: number, value: number) => {
      words[(shape + member) >> 2] = value
    }
    set(0, words[(tape + tapeHash) >> 2]!)
    set(shapeEntries, count)
    set(shapeOdd, odd ? 1 : 0)
    set(shapeKey, key)
    set(shapeSpecial, special ? 1 : 0)
    set(shapePresence, presence)
    set(shapeAfter, putText(after))
    set(shapeAfterLength, Buffer.byteLength(after))
    set(shapeSteps, stepsAt)
    set(shapeStepsEnd, stepsAt + steps.length * stepBytes)
    return shape
  }

  function wordsOf({ op, entry, target, entries }: Op): readonly number[] {
    return entries ? [op, 0, putWords(entries.length, ...entries)] : [op, entry, target]
  }

  function compute(kind: number, at: number, length: number): number {
    const token = memory.toString('utf8', at, at + length)
    const value = token === '' ? undefined : (JSON.parse(token) as unknown)
    const texts = kind === kindSpecial ? derivedTexts(plan, derived, value as JsonObject) : textsOf(kind, value)
    const sizes = texts.map((text) => Buffer.byteLength(text))
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const kept = kind !== kindSpecial && length <= longestInput
    const count = total > longestResult ? 0 : texts.length
    const needed = 4 + count * 8 + (kept ? length : 0) + total + 16
    if (!kept && scratched + needed > scratchBytes) return 0
    const result = kept ? reserve(needed) : scratch + scratched
    if (!kept) scratched = (scratched + needed + 3) & ~3
    words[result >> 2] = count
    let text = result + 4 + count * 8
    if (kept) {
      memory.copyWithin(text, at, at + length)
      text += length
    }
    for (let i = 0; i < count; i++) {
      words[(result >> 2) + 1 + i * 2] = text
      words[(result >> 2) + 2 + i * 2] = sizes[i]!
      memory.write(texts[i]!, text)
      text += sizes[i]!
    }
    return result
  }

  /** What is computed from the key, or what a place's targets hold; nothing where the plain path has to see to it. */
  function textsOf(kind: number, value: unknown): readonly string[] {
    if (kind < kindPlaces) {
      const there = roles.presence.flatMap((name, bit) => (kind & (1 << bit) ? [[name, name]] : []))
      return derivedTexts(plan, derived, { ...Object.fromEntries(there), [roles.key]: value })
    }
    const { read, targets } = all[kind - kindPlaces]!.node.field!
    const held = read(value)
    if (held === undefined) return []
    const written = targets.map(({ write }) => write(held as never))
    return written.includes(undefined) ? [] : written.map((item) => JSON.stringify(item))
  }

  function isAddress(at: number, length: number): number {
    return isAddressValue(memory.toString('utf8', at, at + length)) ? 1 : 0
  }

  return { engine, memory, words, makeRoom, countLearned, forgetLearned }
}

/** The engine: a memory of its own for each where it is a wasm module, one for the process where it is JavaScript. */
export function openEngine(host: Host) {
  return startEngine(wasm, { exports: interpreted, buffer, setHost }, host)
}
