import { createRecall, longestFragment, type Recall, type Recalled, viewOf } from '../table/recall.ts'
import { copy, overrun, put, type Text, textOf } from '../table/text.ts'
import { resourceMembers } from './cloudtrail-fields.ts'
import { maxRecord, type Places, placesOf, type Roles, type Scanned } from './cloudtrail-scan.ts'
import { derivedTexts, type Op, type Shape, shapeCompiler } from './cloudtrail-shape.ts'
import type { Plan } from './cloudtrail-table.ts'
import { behindString, QUOTE } from './json-bytes.ts'
import { putJavaText, putKept } from './json-write.ts'

const COMMA = 0x2c
const OBJECT_OPEN = 0x7b
const OBJECT_CLOSE = 0x7d
const ARRAY_OPEN = 0x5b
const ARRAY_CLOSE = 0x5d

/** Shapes in use at a time; AWS's files have some hundreds. */
const maxShapes = 2048
/** More resources than this in one event are left to the plain path: each is compared with those before it. */
const maxResources = 32

export interface Encoder {
  readonly places: Places
  /** The document's members, each with a comma behind it, behind an open brace; -1 for the plain path. */
  readonly encode: (record: Scanned, target: Uint8Array, view: DataView, offset: number) => number
  readonly room: (record: Scanned) => number
  /** The id's characters. */
  readonly putId: (record: Scanned, target: Uint8Array, view: DataView, offset: number) => number
  readonly members: ReadonlySet<string>
}

export function createEncoder(plan: Plan, roles: Roles): Encoder {
  const places = placesOf(plan, roles)
  const { compile, derived } = shapeCompiler(plan, places)
  const shapes = new Map<number, Shape>()
  const members = new Set(plan.steps.map(({ name }) => name))
  const fixed = 4096 + places.all.length * 64 + derived.length * longestFragment

  const recallOf = places.all.map(({ kind, node }): Recall | undefined => {
    if (kind !== 'recall' && kind !== 'time') return undefined
    return createRecall((token) => {
      const value = node.field!.read(fromJson(token))
      if (value === undefined) return refused
      const texts = node.field!.targets.map(({ write }) => write(value as never))
      return texts.includes(undefined) ? refused : recalled(texts.map((text) => textOf(JSON.stringify(text))))
    }, 1024)
  })
  const derivedOf = Array.from({ length: 1 << roles.presence.length }, (_, bits) =>
    createRecall((token) => {
      const there = roles.presence.flatMap((name, bit) => (bits & (1 << bit) ? [[name, name]] : []))
      const record = { ...Object.fromEntries(there), ...(token !== '' && { [roles.key]: fromJson(token) }) }
      return recalled(derivedTexts(plan, derived, record))
    }, 1024),
  )

  const shapeOf = (record: Scanned): Shape => {
    const { tape, first, last, hash } = record
    const found = shapes.get(hash)
    if (found && isShape(found.codes, tape, first, last)) return found
    const codes = new Int32Array((last - first) / 3)
    for (let i = 0; i < codes.length; i++) codes[i] = tape[first + i * 3]!
    const shape = compile(codes)
    if (shapes.size === maxShapes) shapes.clear()
    shapes.set(hash, shape)
    return shape
  }

  const derivedFor = (
    { key, special, presence }: Shape,
    record: Scanned,
  ): readonly (Text | undefined)[] | undefined => {
    const { bytes, view, tape, first, from, end } = record
    const at = first + key * 3
    if (special) {
      const value = JSON.parse(bytes.toString('utf8', from, end)) as { readonly [name: string]: unknown }
      const texts = derivedTexts(plan, derived, value)
      return texts.some(({ length }) => length > longestFragment) ? undefined : texts
    }
    const start = key === -1 ? 0 : tape[at + 1]!
    const length = key === -1 ? 0 : tape[at + 2]! - start
    const found = derivedOf[presence]!(view, start, length)
    return found.tooLong ? undefined : found.texts
  }

  const encode: Encoder['encode'] = (record, target, view, offset) => {
    const shape = shapeOf(record)
    if (shape.odd) return -1
    const computed = derivedFor(shape, record)
    if (computed === undefined) return -1
    const { steps } = shape
    keptCount = 0
    let o = offset
    for (let i = 0; i < steps.length; i++) {
      const { before, op } = steps[i]!
      o = put(before, view, o)
      if (op.is === 'copy') {
        const at = record.first + op.entry * 3
        const start = record.tape[at + 1]!
        const length = record.tape[at + 2]! - start
        if (length > 256) record.bytes.copy(target, o, start, start + length)
        else copy(record.view, start, length, view, o)
        o += length
      } else if (op.is === 'derived') {
        const text = computed[op.number]
        if (text) o = put(text, view, o)
      } else {
        o = putOther(op, record, target, view, o)
        if (o === -1) return -1
      }
    }
    return put(shape.after, view, o)
  }

  const putOther = (
    op: Exclude<Op, { is: 'copy' | 'derived' }>,
    record: Scanned,
    target: Uint8Array,
    view: DataView,
    offset: number,
  ): number => {
    const { bytes, tape, first } = record
    if (op.is === 'list') return putList(op.entries, record, target, view, offset)
    const at = first + op.entry * 3
    const start = tape[at + 1]!
    const end = tape[at + 2]!
    let o = offset
    switch (op.is) {
      case 'quote':
        target[o++] = QUOTE
        copy(record.view, start, end - start, view, o)
        o += end - start
        target[o] = QUOTE
        return o + 1
      case 'text':
        return putJavaText(bytes, record.view, start, end, target, view, o)
      case 'holed':
      case 'holedText': {
        const kept = keptOf(record, op.entry, start)
        const from = keptEntries[kept + 1]!
        const to = keptEntries[kept + 2]!
        if (op.is === 'holedText') return putJavaText(keptBytes, keptView, from, to, target, view, o)
        copy(keptView, from, to - from, view, o)
        return o + to - from
      }
      case 'resources':
        return putResources(record, start, target, view, o)
      case 'time':
        if (isPlainTime(bytes, start, end)) {
          copy(record.view, start, 20, view, o)
          return put(zone, view, o + 20)
        }
        break
    }
    const found = recallOf[tape[at]! >> 3]!(record.view, start, end - start)
    const text = found.texts[op.is === 'recall' ? op.target : 0]
    return found.tooLong || text === undefined ? -1 : put(text, view, o)
  }

  return {
    places,
    encode,
    members,
    // Each byte of a record is in the document at most once as itself, twice as text, and twice as another field.
    room: ({ from, end }) => fixed + (end - from) * 5 + overrun,
    putId: ({ tape, first: _, view: from, id }, __, view, offset) => {
      const start = tape[id + 1]! + 1
      const length = tape[id + 2]! - 1 - start
      copy(from, start, length, view, offset)
      return offset + length
    },
  }
}

/** Values with holes, without them: asked for twice, as text and as JSON. A record has a handful at most. */
const keptBytes = Buffer.alloc(maxRecord + 64)
const keptView = viewOf(keptBytes)
const keptEntries = new Int32Array(3 * 256)
let keptCount = 0

/** Where in `keptEntries` the entry is. */
function keptOf({ bytes, view }: Scanned, entry: number, start: number): number {
  let at = 0
  for (; at < keptCount * 3; at += 3) if (keptEntries[at] === entry) return at
  const from = at === 0 ? 0 : keptEntries[at - 1]!
  keptEntries[at] = entry
  keptEntries[at + 1] = from
  keptEntries[at + 2] = putKept(bytes, view, start, keptBytes, keptView, from)
  keptCount++
  return at
}

const refused: Recalled = { texts: [], items: [], tooLong: true }
const zone = textOf('.000Z"')

function recalled(texts: readonly Text[]): Recalled {
  return { texts, items: [], tooLong: texts.reduce((sum, { length }) => sum + length, 0) > longestFragment }
}

/** The value of a JSON token that was read byte by byte. */
function fromJson(token: string): unknown {
  return JSON.parse(Buffer.from(token, 'latin1').toString('utf8'))
}

function isShape(codes: Int32Array, tape: Int32Array, first: number, last: number): boolean {
  if (codes.length * 3 !== last - first) return false
  for (let i = 0; i < codes.length; i++) if (codes[i] !== tape[first + i * 3]) return false
  return true
}

function putList(
  entries: readonly number[],
  { tape, first, bytes, view: from }: Scanned,
  target: Uint8Array,
  view: DataView,
  offset: number,
): number {
  let o = offset
  for (let i = 0; i < entries.length; i++) {
    const start = tape[first + entries[i]! * 3 + 1]!
    const end = tape[first + entries[i]! * 3 + 2]!
    let repeated = false
    for (let other = 0; other < i && !repeated; other++) {
      const at = first + entries[other]! * 3
      repeated = bytes.compare(bytes, tape[at + 1]!, tape[at + 2]!, start, end) === 0
    }
    if (repeated) continue
    if (i > 0) target[o++] = COMMA
    copy(from, start, end - start, view, o)
    o += end - start
  }
  return o
}

/** Digits of `"2025-07-31T08:01:12Z"`, in quotes, that name a day of every year and a time of it. */
function isPlainTime(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 22) return false
  const at = start + 1
  if (bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d || bytes[at + 10] !== 0x54) return false
  if (bytes[at + 13] !== 0x3a || bytes[at + 16] !== 0x3a || bytes[at + 19] !== 0x5a) return false
  if (two(bytes, at) === -1 || two(bytes, at + 2) === -1) return false
  const month = two(bytes, at + 5)
  const day = two(bytes, at + 8)
  const hour = two(bytes, at + 11)
  const minute = two(bytes, at + 14)
  const second = two(bytes, at + 17)
  if (month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23) return false
  if (minute < 0 || minute > 59 || second < 0 || second > 59) return false
  return (
    day <= 28 ||
    (month !== 2 && (day <= 30 || (day === 31 && month !== 4 && month !== 6 && month !== 9 && month !== 11)))
  )
}

/** The number of two digits, or -1. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30
  const ones = bytes[at + 1]! - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** AWS's names of a resource's members, in the order of ours. */
const resourceNames = [...resourceMembers].map(([name, ours]) => ({
  key: Buffer.from(`${JSON.stringify(name)}:`),
  ours,
  text: textOf(`${JSON.stringify(ours)}:`),
}))
const resourceOrder = [...new Set(resourceMembers.values())].map((ours) => ({
  text: textOf(`${JSON.stringify(ours)}:`),
  identifies: ours !== 'arn_prefix',
  inArn: ours === 'arn',
}))
const orderOf = resourceNames.map(({ ours }) => [...new Set(resourceMembers.values())].indexOf(ours))
const width = resourceOrder.length
/** Where each resource's members begin and end. */
const found = new Int32Array(maxResources * width * 2)

/** A list of objects with strings that the table names: whatever else it may hold, the plain path has to look at. */
function putResources(
  { bytes, view: from }: Scanned,
  start: number,
  target: Uint8Array,
  view: DataView,
  offset: number,
): number {
  let count = 0
  let at = start
  if (bytes[at] !== ARRAY_OPEN) return -1
  for (;;) {
    if (bytes[++at] !== OBJECT_OPEN || count === maxResources) return -1
    const base = count++ * width * 2
    found.fill(-1, base, base + width * 2)
    do {
      at++
      const name = nameAt(bytes, at)
      if (name === -1) return -1
      const begin = at + resourceNames[name]!.key.length
      const slot = base + orderOf[name]! * 2
      if (bytes[begin] !== QUOTE || found[slot] !== -1) return -1
      at = behindString(bytes, from, begin + 1)
      if (at - begin === 2) return -1
      found[slot] = begin
      found[slot + 1] = at
    } while (bytes[at] === COMMA)
    if (bytes[at++] !== OBJECT_CLOSE) return -1
    if (bytes[at] === ARRAY_CLOSE) break
    if (bytes[at] !== COMMA) return -1
  }
  let o = offset
  target[o++] = ARRAY_OPEN
  for (let one = 0; one < count; one++) {
    const base = one * width * 2
    if (count > 1 && !isDistinct(bytes, one)) return -1
    target[o++] = one === 0 ? OBJECT_OPEN : COMMA
    if (one > 0) target[o++] = OBJECT_OPEN
    let any = false
    for (let member = 0; member < width; member++) {
      const begin = found[base + member * 2]!
      if (begin === -1) continue
      if (any) target[o++] = COMMA
      any = true
      o = put(resourceOrder[member]!.text, view, o)
      const length = found[base + member * 2 + 1]! - begin
      copy(from, begin, length, view, o)
      o += length
    }
    target[o++] = OBJECT_CLOSE
  }
  target[o] = ARRAY_CLOSE
  return o + 1
}

function nameAt(bytes: Buffer, at: number): number {
  for (let name = 0; name < resourceNames.length; name++) {
    const { key } = resourceNames[name]!
    let i = 0
    while (i < key.length && bytes[at + i] === key[i]) i++
    if (i === key.length) return name
  }
  return -1
}

/** Whether no resource before this one has its identity: its members but the prefix, joined with underscores. */
function isDistinct(bytes: Buffer, one: number): boolean {
  const base = one * width * 2
  for (let member = 0; member < width; member++) {
    const begin = found[base + member * 2]!
    const { identifies, inArn } = resourceOrder[member]!
    // With underscores of its own, two that differ might be joined to the same.
    if (begin !== -1 && identifies && !inArn)
      for (let at = begin; at < found[base + member * 2 + 1]!; at++) if (bytes[at] === 0x5f) return false
  }
  for (let other = 0; other < one; other++) {
    let same = true
    for (let member = 0; member < width && same; member++) {
      if (!resourceOrder[member]!.identifies) continue
      const a = base + member * 2
      const b = other * width * 2 + member * 2
      if (found[a] === -1 || found[b] === -1) same = found[a] === found[b]
      else same = bytes.compare(bytes, found[b]!, found[b + 1]!, found[a]!, found[a + 1]!) === 0
    }
    if (same) return false
  }
  return true
}
