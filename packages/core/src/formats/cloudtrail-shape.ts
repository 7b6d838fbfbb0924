import {
  absent,
  address,
  asIs,
  classBits,
  holed,
  opCopy,
  opDerived,
  opHoled,
  opHoledText,
  opList,
  opQuote,
  opRecall,
  opResources,
  opText,
  opTime,
  quoted,
  whole,
} from './cloudtrail-engine/map.ts'
import { type Place, type Places, snakePath } from './cloudtrail-places.ts'
import { build, type Plan, type Step } from './cloudtrail-table.ts'

/** What stands between two literals of a document: an operation, the entry of the tape that it takes, and its target. */
export interface Op {
  readonly op: number
  readonly entry: number
  readonly target: number
  /** Of a list, instead of the one. */
  readonly entries?: readonly number[]
}

/**
 * A document of records that have the same members in the same order, which most have in common with thousands: all that
 * is in it is settled but the values, so that writing one asks nothing about what is absent.
 */
export interface Shape {
  readonly codes: Int32Array
  /** Records of this shape take the plain path. */
  readonly odd: boolean
  readonly steps: readonly { readonly before: string; readonly op: Op }[]
  readonly after: string
  /** Entry of the key of derived values, or -1. */
  readonly key: number
  readonly special: boolean
  /** Whether the fields are there that the outcome depends on, as bits. */
  readonly presence: number
}

/** A value computed from others; a branch of the document where all below it is. */
export interface DerivedStep {
  readonly step: Step
}

interface Present {
  readonly place: Place
  readonly how: number
  readonly entry: number
}

/** What the table does not know, as the document has it. */
type Unknown = Map<string, Unknown | Present>

export function shapeCompiler({ root, steps, initial, computed, unknown }: Plan, { all, roles }: Places) {
  const computedSlots = new Set(computed.map(([slot]) => slot))
  const derived: DerivedStep[] = []
  const derivedNumber = new Map<Step, number>()
  const collect = (list: readonly Step[]) => {
    for (const step of list)
      if (isDerived(step)) derivedNumber.set(step, derived.push({ step }) - 1)
      else collect(step.steps ?? [])
  }
  const isDerived = ({ steps: inner, slots }: Step): boolean =>
    inner ? inner.every(isDerived) : slots.every((slot) => computedSlots.has(slot))
  collect(steps)
  const presenceOf = roles.presence.map((name) => all.find(({ node }) => node === root.members.get(name))!)

  const compile = (codes: Int32Array): Shape => {
    const bySlot = new Map<number, { present: Present; target: number }>()
    const kept: Unknown = new Map()
    let key = -1
    let special = false
    let presence = 0
    let odd = false
    for (let entry = 0; entry < codes.length; entry++) {
      const how = codes[entry]! & ((1 << classBits) - 1)
      const place = all[codes[entry]! >> classBits]!
      const present = { place, how, entry }
      place.node.slots.forEach((slot, target) => {
        bySlot.set(slot, { present, target })
      })
      if (place.kind === 'unknown' && how !== absent) keep(kept, snakePath(place), present)
      if (place.kind === 'key') {
        key = entry
        special = how === whole
      }
      const bit = presenceOf.indexOf(place)
      if (bit !== -1) {
        // A number or boolean may be one that counts as absent.
        if (how !== asIs && how !== holed) odd = true
        presence |= 1 << bit
      }
    }

    const written: { before: string; op: Op }[] = []
    let text = '{'
    const add = (op: Op) => {
      written.push({ before: text, op })
      text = ''
    }
    /** Gives false where nothing of the list is in the document. */
    const write = (list: readonly Step[]): boolean => {
      let any = false
      for (const step of list) {
        const number = derivedNumber.get(step)
        if (number !== undefined) {
          // Whether a comma goes before it, or it is there at all, is not known.
          if (!any) odd = true
          add({ op: opDerived, entry: 0, target: number })
          continue
        }
        const begin = `${any ? ',' : ''}${JSON.stringify(step.name)}:`
        if (step.steps) {
          const before = text
          const count = written.length
          text += `${begin}{`
          if (write(step.steps)) {
            text += '}'
            any = true
          } else if (written.length === count) text = before
          continue
        }
        if (writeLeaf(step, begin)) any = true
      }
      return any
    }
    const writeUnknown = (members: Unknown) => {
      let begin = '{'
      for (const [name, member] of members) {
        text += `${begin}${JSON.stringify(name)}:`
        if (member instanceof Map) writeUnknown(member)
        else add(opOf(member, 0)!)
        begin = ','
      }
      text += '}'
    }
    const writeLeaf = ({ slots, list }: Step, begin: string): boolean => {
      if (slots.includes(unknown)) {
        if (kept.size === 0) return false
        text += begin
        writeUnknown(kept)
        return true
      }
      const constant = slots.map((slot) => initial[slot]).find((value) => value !== undefined)
      if (constant !== undefined) {
        text += begin + JSON.stringify(list ? [constant] : constant)
        return true
      }
      const ops = slots.flatMap((slot) => {
        const source = bySlot.get(slot)
        const op = source && opOf(source.present, source.target)
        return op ? [op] : []
      })
      if (ops.length === 0) return false
      text += begin
      if (!list) add(ops[0]!)
      else {
        text += '['
        if (ops.length === 1) add(ops[0]!)
        else if (ops.every(({ op }) => op === opCopy))
          add({ op: opList, entry: 0, target: 0, entries: ops.map(({ entry }) => entry) })
        else odd = true
        text += ']'
      }
      return true
    }
    write(steps)
    return { codes, odd, steps: written, after: `${text},`, key, special, presence }
  }
  return { compile, derived }
}

function keep(members: Unknown, [name, ...rest]: readonly string[], present: Present): void {
  if (rest.length === 0) {
    members.set(name!, present)
    return
  }
  const inner = (members.get(name!) as Unknown | undefined) ?? new Map<string, Unknown | Present>()
  members.set(name!, inner)
  keep(inner, rest, present)
}

/** How a place's target is written, or nothing where this value is none for it. */
function opOf({ place: { node, kind }, how, entry }: Present, target: number): Op | undefined {
  const asText = { op: how === quoted ? opQuote : how === holed ? opHoled : opCopy, entry, target }
  const asObject = { op: how === holed ? opHoled : opCopy, entry, target }
  switch (kind) {
    case 'text':
    case 'id':
    case 'key':
    case 'boolean':
      return asText
    case 'address':
      return node.field!.targets[target]!.address && how !== address ? undefined : asText
    case 'time':
      return { op: opTime, entry, target }
    case 'recall':
      return { op: opRecall, entry, target }
    case 'flat':
    case 'unknown':
      return asObject
    case 'freeForm':
      if (how !== whole && how !== holed) return target === 0 ? asText : undefined
      return target === 0 ? { op: how === holed ? opHoledText : opText, entry, target } : asObject
    case 'resources':
      return target === 0 ? { op: opResources, entry, target } : undefined
    case 'object':
      return undefined
  }
}

/** What the derived values of a record are, as the members that follow those before them. */
export function derivedTexts(
  { initial, computed }: Plan,
  derived: readonly DerivedStep[],
  record: { readonly [name: string]: unknown },
): string[] {
  const values = initial.map((): unknown => undefined)
  for (const [slot, compute] of computed) values[slot] = compute(record)
  return derived.map(({ step }) => {
    const built = JSON.stringify(build([step], values) ?? {})
    return built === '{}' ? '' : `,${built.slice(1, -1)}`
  })
}
