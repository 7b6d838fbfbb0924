import { BACKSLASH, QUOTE } from '../../read/ascii.ts'
import type { ValueBlock } from '../../read/json.ts'
import type { JsonObject } from '../../schema/free-form.ts'
import { Viewed, viewer } from '../lazy-view.ts'
import type { CompiledFormat } from './compile.ts'
import { classBits, entryBytes, tapeEntries } from './engine/map.ts'
import type { Place } from './places.ts'
import { needsNormalizing } from './plain.ts'
import { fieldOf, isNumber } from './tree.ts'

/** A record that was scanned, or one that was made of it already. */
class JsonRecord extends Viewed {
  readonly block: ValueBlock
  readonly index: number
  whole: JsonObject | undefined
  readonly make: () => JsonObject
  /** Objects that were asked for: the same each time. */
  objects: Map<string, unknown> | undefined
  constructor(block: ValueBlock, index: number, whole: JsonObject | undefined, make: () => JsonObject) {
    super()
    this.block = block
    this.index = index
    this.whole = whole
    this.make = make
  }
}

/** How a member at the record's top is read. */
interface Member {
  /** By its numbers on the tape: one for each spelling. */
  readonly places: readonly Place[]
  /** The member's key in each spelling. */
  readonly keys: readonly Buffer[]
  /** What it had last: many repeat, and a look at its bytes saves a new string. */
  lastText: string
}

/**
 * Records whose members are read from the record's bytes when they are asked for, by the tape that the scan left. What an
 * object holds is parsed alone. Nothing that is read can be written to, whether the record was scanned or parsed.
 */
export function createView({ schema, places, root }: CompiledFormat) {
  const { kind } = schema.format
  const members = new Map<string, Member>()
  for (const place of places.root.members) {
    const { name } = place.node
    const key = Buffer.from(`${JSON.stringify(place.name)}:`)
    const known = members.get(name)
    members.set(name, {
      places: [...(known?.places ?? []), place],
      keys: [...(known?.keys ?? []), key],
      lastText: '',
    })
  }
  const others = new Map<string, Buffer>()
  const keysOf = (name: string): readonly Buffer[] => {
    const known = members.get(name)
    if (known) return known.keys
    const key = others.get(name) ?? Buffer.from(`${JSON.stringify(name)}:`)
    if (others.size < 1000) others.set(name, key)
    return [key]
  }
  const isNested = new Set([...root.members.values()].filter(needsNormalizing).map(({ name }) => name))

  const wholeOf = (view: JsonRecord): JsonObject => (view.whole ??= view.make())

  const memberOf = (view: JsonRecord, name: string | symbol): unknown => {
    if (typeof name === 'symbol') return undefined
    if (name === 'kind') return kind
    if (view.whole) return ofWhole(view.whole, name)
    const { block, index } = view
    const begin = block.places[index * 3]!
    const bytes = begin < 0 ? block.whole! : block.chunk
    const base = Math.max(0, begin)
    const member = isNested.has(name) ? undefined : members.get(name)
    const entry = member ? entryOf(block, index, member.places) : -1
    if (entry === -1) {
      const end = block.places[index * 3 + 1]!
      const behind = begin < 0 ? bytes.length : end
      // A regular record has its keys in this very form.
      const isThere = keysOf(name).some((key) => isWithin(bytes, key, base, behind))
      return isThere ? ofWhole(wholeOf(view), name) : undefined
    }
    const from = base + block.tape[entry + 1]!
    const to = base + block.tape[entry + 2]!
    return readEntry(view, name, member!, bytes, from, to)
  }

  const readEntry = (
    view: JsonRecord,
    name: string,
    member: Member,
    bytes: Buffer,
    from: number,
    to: number,
  ): unknown => {
    if (bytes[from] === QUOTE) {
      const text = textOf(member, bytes, from + 1, to - 1)
      const use = fieldOf(member.places[0]!.node, () => true)
      return use && isNumber(use) ? use.field.read(text) : text
    }
    const known = view.objects?.get(name)
    if (known !== undefined) return known
    const value = frozen(JSON.parse(bytes.toString('utf8', from, to)) as unknown)
    if (typeof value === 'object') {
      view.objects ??= new Map()
      view.objects.set(name, value)
    }
    return value
  }

  const view = viewer<JsonRecord>(memberOf, wholeOf)
  return (block: ValueBlock, index: number, whole: JsonObject | undefined, make: () => JsonObject) =>
    view(new JsonRecord(block, index, whole, make))
}

function ofWhole(whole: JsonObject, name: string): unknown {
  return Object.hasOwn(whole, name) ? frozen(whole[name]) : undefined
}

/** Where on the tape the entry of one of these places is, in words; -1 for none. */
function entryOf({ places, tape }: ValueBlock, index: number, wanted: readonly Place[]): number {
  const mark = places[index * 3 + 2]!
  const end = mark + tape[mark]!
  const words = entryBytes >> 2
  for (const { number } of wanted)
    for (let at = mark + (tapeEntries >> 2); at < end; at += words) if (tape[at]! >> classBits === number) return at
  return -1
}

function isWithin(bytes: Buffer, key: Buffer, from: number, to: number): boolean {
  const at = bytes.subarray(from, to).indexOf(key)
  return at !== -1
}

/** The string between two quotes, which is decoded where it is not the one from before. */
function textOf(member: Member, bytes: Buffer, from: number, to: number): string {
  const last = member.lastText
  if (last.length === to - from) {
    let at = from
    while (at < to && bytes[at] === last.charCodeAt(at - from)) at++
    if (at === to) return last
  }
  const text = bytes.toString('utf8', from, to)
  if (text.includes(String.fromCharCode(BACKSLASH))) return JSON.parse(`"${text}"`) as string
  member.lastText = text
  return text
}

/** A record cannot be written to: some documents would show it, and others not. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Array.isArray(value) ? value : Object.values(value)) frozen(inner)
  return Object.freeze(value)
}
