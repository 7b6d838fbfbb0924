import { ARRAY_OPEN, BACKSLASH, COMMA, OBJECT_CLOSE, OBJECT_OPEN, QUOTE } from '../read/ascii.ts'
import type { Added } from '../types/encoder.ts'

/** Members behind a comma each, as JSON: text, and the numbers of the values that stand between. */
export type Fragments = readonly (string | number)[]

/** Fields that are added to one object of a document, which may have it already. */
export interface ObjectFields {
  readonly names: string[]
  /** What a name has: an object, or a value by its number. */
  readonly members: (ObjectFields | number)[]
  /** Each name as it stands in a document, with quotes and colon. */
  readonly keys: Uint8Array[]
  /** What is written where the document has some of the names already, by their bits. */
  readonly fragments: Map<number, Fragments>
  /** Bits of the names that the document may have, of those that are left out where it has them, and of all names. */
  sought: number
  lenient: number
  all: number
}

/** More names than this in one object are left to the plain path. */
const mostNames = 30

/**
 * The fields of these dotted names, from the document's own object down; `members` are names that it may have. Nothing
 * where a name is in the way of another one, or where JavaScript would order the members in a way of its own.
 *
 * @param lenient How many of the first names are left out where the document has them
 */
export function objectFields(
  names: readonly string[],
  members: ReadonlySet<string>,
  lenient = 0,
): ObjectFields | undefined {
  const root = noFields()
  for (const [number, name] of names.entries()) {
    const path = name.split('.')
    let object = root
    for (const [depth, key] of path.entries()) {
      if (key === '__proto__' || /^\d+$/.test(key)) return undefined
      const last = depth === path.length - 1
      const at = object.names.indexOf(key)
      const inner = at === -1 ? (last ? number : noFields()) : object.members[at]!
      if (at !== -1 && (last || typeof inner === 'number')) return undefined
      if (at === -1) {
        object.names.push(key)
        object.keys.push(Buffer.from(`${JSON.stringify(key)}:`))
        object.members.push(inner)
      }
      if (object.names.length > mostNames) return undefined
      object.all = (1 << object.names.length) - 1
      if (at === -1 && last && number < lenient) object.lenient |= (object.all + 1) >> 1
      if (typeof inner !== 'number') object = inner
    }
  }
  for (const [i, name] of root.names.entries()) if (members.has(name) || name === 'data_stream') root.sought |= 1 << i
  return root
}

function noFields(): ObjectFields {
  return { names: [], members: [], keys: [], fragments: new Map(), sought: 0, lenient: 0, all: 0 }
}

/** What is written of the fields where the document has the names of these bits. */
export function fragmentsOf(object: ObjectFields, found: number): Fragments {
  const known = object.fragments.get(found)
  if (known) return known
  const fragments: (string | number)[] = []
  let text = ''
  const walk = ({ names, members }: ObjectFields, found: number, comma: string) => {
    let before = comma
    for (const [i, name] of names.entries()) {
      if ((found >>> i) & 1) continue
      text += `${before}${JSON.stringify(name)}:`
      before = ','
      const member = members[i]!
      if (typeof member === 'number') {
        fragments.push(text, member)
        text = ''
      } else {
        text += '{'
        walk(member, 0, '')
        text += '}'
      }
    }
  }
  walk(object, found, ',')
  if (text !== '') fragments.push(text)
  object.fragments.set(found, fragments)
  return fragments
}

/** Offsets in a document, and what is inserted there: of one document at a time, so that none makes an array. */
const offsets: number[] = []
const inserted: Fragments[] = []
let count = 0

/** Puts fields into a document's own objects: each before the closing brace of the object that it joins. */
export class Insertion implements NonNullable<Added['join']> {
  readonly most: number
  readonly #root: ObjectFields
  readonly #texts: readonly string[]
  constructor(root: ObjectFields, texts: readonly string[]) {
    this.#root = root
    this.#texts = texts
    let characters = 0
    for (const one of fragmentsOf(root, 0)) characters += (typeof one === 'number' ? texts[one]! : one).length
    // A character has three bytes at most.
    this.most = characters * 3
  }
  write(buffer: Uint8Array, from: number, open: number, close: number, stop: number, offset: number): number {
    count = 0
    if (findInsertions(this.#root, buffer, open, close) === -1) return -1
    let at = from
    let o = offset
    for (let i = 0; i < count; i++) {
      o = move(buffer, at, offsets[i]!, o)
      at = offsets[i]!
      for (const one of inserted[i]!) o = put(typeof one === 'number' ? this.#texts[one]! : one, buffer, o)
    }
    return move(buffer, at, stop, o)
  }
}

/** A call of `copyWithin` or `write` costs as much as a loop over so many bytes: with calls alone `enrich` takes 1.1 times as long. */
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
 * Finds where the fields go in the object that opens at `open`; `close` is known of the outermost one. Gives the
 * offset behind the object, or -1 where the document has a value already, or no object where one is joined.
 */
function findInsertions(fields: ObjectFields, bytes: Uint8Array, open: number, close: number): number {
  let at = open + 1
  let found = 0
  while (bytes[at] === QUOTE) {
    const number = nameAt(fields.keys, bytes, at)
    if (number === -1) {
      at = behindKey(bytes, at)
      if (at === -1) return -1
      at = behindValue(bytes, at)
    } else {
      const member = fields.members[number]!
      at += fields.keys[number]!.length
      if (typeof member === 'number' && (fields.lenient >>> number) & 1) at = behindValue(bytes, at)
      else {
        if (typeof member === 'number' || bytes[at] !== OBJECT_OPEN) return -1
        at = findInsertions(member, bytes, at, -1)
        if (at === -1) return -1
      }
      found |= 1 << number
      if (close !== -1 && found === fields.sought) break
    }
    if (bytes[at] === COMMA) at++
  }
  const end = close === -1 ? at : close
  if (end === open + 1) return -1
  if (found !== fields.all) {
    offsets[count] = end
    inserted[count++] = fragmentsOf(fields, found)
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
