import { ARRAY_OPEN, BACKSLASH, COMMA, OBJECT_CLOSE, OBJECT_OPEN, QUOTE } from './bytes.ts'
import type { Added, LogDocument } from './types.ts'

/** Members behind a comma each: text, and the numbers of the values that stand in it. */
type Parts = readonly (string | number)[]

/** An object whose members are added to a document's. */
interface Joint {
  readonly names: string[]
  /** What a name has: an object, or a value by its number. */
  readonly members: (Joint | number)[]
  /** Each name as it stands in a document, with quotes and colon. */
  readonly keys: Uint8Array[]
  /** What is written where the document has some of the names already, by their bits. */
  readonly parts: Map<number, Parts>
  /** Bits of the names that the document may have, and of all names. */
  sought: number
  all: number
}

/** More names than this in one object are left to the plain path. */
const mostNames = 30

/** Fields that are added together, whatever their values. */
interface Shape {
  readonly names: readonly string[]
  /** None where the plain path has to add them. */
  readonly root: Joint | undefined
}
const mostShapes = 64

/** An enrichment seen before, of values that cannot change. */
interface Known {
  readonly names: readonly string[]
  readonly values: readonly unknown[]
  readonly shape: Shape
  readonly texts: readonly string[]
  /** Where the record's own text is not among the fields. */
  readonly added: Added | undefined
}
/** Most records get one of a few enrichments: to find it again costs less than to write it (`enrich` in bench/RESULTS.md). */
const mostKnown = 8

/** What was added to documents of a format before. Kept for the next object, which may be of a few records. */
interface Memory {
  readonly shapes: Shape[]
  readonly known: Known[]
  next: number
}
const memories = new WeakMap<ReadonlySet<string>, { readonly bare: Memory; readonly original: Memory }>()

/**
 * Gives what is added to documents that may have these members: the fields of `enrich`, and before them, where there is
 * one, the record's own text as `event.original`. Nothing where the plain path has to add it.
 */
export function createAdded(
  members: ReadonlySet<string>,
): (extra: LogDocument | undefined, original: string | undefined) => Added | undefined {
  const found = memories.get(members) ?? { bare: newMemory(), original: newMemory() }
  memories.set(members, found)
  return (given, original) => {
    // JavaScript's users may give null.
    const extra = given || {}
    if (original === undefined) return knownOf(found.bare, members, extra, []).added
    const { shape, texts } = knownOf(found.original, members, extra, ['event.original'])
    return addedOf(shape, [JSON.stringify(original), ...texts])
  }
}

function newMemory(): Memory {
  return { shapes: [], known: [], next: 0 }
}

function knownOf(memory: Memory, members: ReadonlySet<string>, extra: LogDocument, before: readonly string[]): Known {
  const names = Object.keys(extra)
  for (const one of memory.known) if (isKnown(one, names, extra)) return one
  const values = names.map((name) => extra[name])
  const fields = [...before]
  const texts: string[] = []
  for (const name of names) addFields(name, extra[name], fields, texts)
  const shape = shapeOf(memory, members, fields)
  const known = { names, values, shape, texts, added: before.length > 0 ? undefined : addedOf(shape, texts) }
  if (values.every((value) => value === null || !['object', 'function'].includes(typeof value)))
    memory.known[memory.next++ % mostKnown] = known
  return known
}

function isKnown({ names, values }: Known, others: readonly string[], extra: LogDocument): boolean {
  if (!isSame(names, others)) return false
  for (let i = 0; i < names.length; i++) if (values[i] !== extra[names[i]!]) return false
  return true
}

function isSame(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false
  for (let i = 0; i < names.length; i++) if (names[i] !== others[i]) return false
  return true
}

/** An enrichment's fields, and their JSON. A plain object is its fields, as if their names were dotted. */
function addFields(name: string, value: unknown, fields: string[], texts: string[]): void {
  if (value === undefined) return
  if (isPlain(value)) {
    for (const [key, inner] of Object.entries(value)) addFields(`${name}.${key}`, inner, fields, texts)
    return
  }
  const text = JSON.stringify(value)
  // What is no JSON is left to the plain path, by a name that it leaves out too.
  fields.push(text === undefined ? '__proto__' : name)
  texts.push(text ?? '')
}

/** Whether the object is the same as its fields: others are values, which a document has as a whole or not at all. */
function isPlain(value: unknown): value is LogDocument {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  const entries = Object.entries(value)
  return (
    entries.length > 0 &&
    entries.every(([key, inner]) => !key.includes('.') && inner !== undefined && typeof inner !== 'function')
  )
}

function shapeOf(memory: Memory, members: ReadonlySet<string>, names: readonly string[]): Shape {
  for (const shape of memory.shapes) if (isSame(shape.names, names)) return shape
  if (memory.shapes.length === mostShapes) memory.shapes.length = 0
  const shape = { names, root: rootOf(members, names) }
  memory.shapes.push(shape)
  return shape
}

/** Nothing where a name is in the way of another one, or where JavaScript would order the members in a way of its own. */
function rootOf(members: ReadonlySet<string>, names: readonly string[]): Joint | undefined {
  const root = newJoint()
  for (const [number, name] of names.entries()) {
    const path = name.split('.')
    let joint = root
    for (const [depth, part] of path.entries()) {
      if (part === '__proto__' || /^\d+$/.test(part)) return undefined
      const last = depth === path.length - 1
      const at = joint.names.indexOf(part)
      const inner = at === -1 ? (last ? number : newJoint()) : joint.members[at]!
      if (at !== -1 && (last || typeof inner === 'number')) return undefined
      if (at === -1) {
        joint.names.push(part)
        joint.keys.push(Buffer.from(`${JSON.stringify(part)}:`))
        joint.members.push(inner)
      }
      if (joint.names.length > mostNames) return undefined
      joint.all = (1 << joint.names.length) - 1
      if (typeof inner !== 'number') joint = inner
    }
  }
  for (const [i, name] of root.names.entries()) if (members.has(name) || name === 'data_stream') root.sought |= 1 << i
  return root
}

function newJoint(): Joint {
  return { names: [], members: [], keys: [], parts: new Map(), sought: 0, all: 0 }
}

/** What is written of the joint where the document has the names of these bits. */
function partsOf(joint: Joint, found: number): Parts {
  const known = joint.parts.get(found)
  if (known) return known
  const parts: (string | number)[] = []
  let text = ''
  const walk = ({ names, members }: Joint, found: number, comma: string) => {
    let before = comma
    for (const [i, name] of names.entries()) {
      if ((found >>> i) & 1) continue
      text += `${before}${JSON.stringify(name)}:`
      before = ','
      const member = members[i]!
      if (typeof member === 'number') {
        parts.push(text, member)
        text = ''
      } else {
        text += '{'
        walk(member, 0, '')
        text += '}'
      }
    }
  }
  walk(joint, found, ',')
  if (text !== '') parts.push(text)
  joint.parts.set(found, parts)
  return parts
}

const close = Uint8Array.of(OBJECT_CLOSE)

function addedOf({ root }: Shape, texts: readonly string[]): Added | undefined {
  if (!root) return undefined
  const all = partsOf(root, 0)
  if (root.sought > 0) return { end: close, join: new Join(root, all, texts) }
  return { end: Buffer.from(`${all.map((part) => (typeof part === 'number' ? texts[part] : part)).join('')}}`) }
}

/** Where something goes into a document, and what: of one document at a time. */
const places: number[] = []
const pieces: Parts[] = []
let count = 0

/** Puts fields into a document's own objects: each before the closing brace of the object that it joins. */
class Join implements NonNullable<Added['join']> {
  readonly most: number
  readonly #root: Joint
  readonly #texts: readonly string[]
  constructor(root: Joint, all: Parts, texts: readonly string[]) {
    this.#root = root
    this.#texts = texts
    let most = 0
    for (const part of all) most += (typeof part === 'number' ? texts[part]! : part).length
    // A character has three bytes at most.
    this.most = most * 3
  }
  write(buffer: Uint8Array, from: number, open: number, close: number, stop: number, offset: number): number {
    count = 0
    if (findPlaces(this.#root, buffer, open, close) === -1) return -1
    let at = from
    let o = offset
    for (let i = 0; i < count; i++) {
      o = move(buffer, at, places[i]!, o)
      at = places[i]!
      for (const part of pieces[i]!) o = put(typeof part === 'number' ? this.#texts[part]! : part, buffer, o)
    }
    return move(buffer, at, stop, o)
  }
}

/** A call of `copyWithin` or `set` costs as much as a loop over so many bytes. */
const fewBytes = 60

/** Moves bytes to the left. */
function move(buffer: Uint8Array, from: number, to: number, offset: number): number {
  if (to - from > fewBytes) buffer.copyWithin(offset, from, to)
  else for (let i = from, o = offset; i < to; ) buffer[o++] = buffer[i++]!
  return offset + to - from
}

function put(text: string, target: Uint8Array, offset: number): number {
  let i = 0
  if (text.length < 4 * fewBytes)
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) break
      target[offset + i] = code
    }
  if (i === text.length) return offset + i
  const bytes = Buffer.from(text)
  target.set(bytes, offset)
  return offset + bytes.length
}

/**
 * Finds where the joint's members go in the object that opens at `open`; `close` is known of the outermost one. Gives the
 * offset behind the object, or -1 where the document has a value already, or no object where one is joined.
 */
function findPlaces(joint: Joint, bytes: Uint8Array, open: number, close: number): number {
  let at = open + 1
  let found = 0
  while (bytes[at] === QUOTE) {
    const number = nameAt(joint.keys, bytes, at)
    if (number === -1) {
      at = behindKey(bytes, at)
      if (at === -1) return -1
      at = behindValue(bytes, at)
    } else {
      const member = joint.members[number]!
      at += joint.keys[number]!.length
      if (typeof member === 'number' || bytes[at] !== OBJECT_OPEN) return -1
      at = findPlaces(member, bytes, at, -1)
      if (at === -1) return -1
      found |= 1 << number
      if (close !== -1 && found === joint.sought) break
    }
    if (bytes[at] === COMMA) at++
  }
  const end = close === -1 ? at : close
  if (end === open + 1) return -1
  if (found !== joint.all) {
    places[count] = end
    pieces[count++] = partsOf(joint, found)
  }
  return end + 1
}

/** Which of the keys stands at `at`; -1 for none. */
function nameAt(keys: readonly Uint8Array[], bytes: Uint8Array, at: number): number {
  for (let number = 0; number < keys.length; number++) {
    const key = keys[number]!
    let i = 1
    while (i < key.length && key[i] === bytes[at + i]) i++
    if (i === key.length) return number
  }
  return -1
}

/** Behind the colon; -1 where the name has an escape, and may be any. */
function behindKey(bytes: Uint8Array, start: number): number {
  let at = start + 1
  for (; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) return -1
  return at + 2
}

function behindString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  for (; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
  return at + 1
}

function behindValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start]
  if (first === QUOTE) return behindString(bytes, start)
  let at = start
  if (first !== OBJECT_OPEN && first !== ARRAY_OPEN) {
    while (bytes[at] !== COMMA && bytes[at] !== OBJECT_CLOSE) at++
    return at
  }
  let depth = 0
  do {
    const byte = bytes[at++]!
    if (byte === QUOTE) {
      for (let inner = bytes[at++]; inner !== QUOTE; inner = bytes[at++]) if (inner === BACKSLASH) at++
      continue
    }
    // With this bit, brackets are braces.
    const brace = byte | 0x20
    if (brace === OBJECT_OPEN) depth++
    else if (brace === OBJECT_CLOSE) depth--
  } while (depth > 0)
  return at
}
