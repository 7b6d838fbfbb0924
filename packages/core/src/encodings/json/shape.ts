import { takesClosing } from '../../schema/around.ts'
import { mayRefuse } from '../../schema/held.ts'
import type { Branch, Condition, Leaf } from '../../schema/layout.ts'
import { beginsAccount, closesNothing, endsAccount, writesAccount, writesClosing } from '../engine/closings.ts'
import { type createEmitter, type Emit, type ListTable, OddShape, type Present, type ShapeFacts } from './emits.ts'
import {
  absent,
  address,
  classBits,
  holed,
  kindAddress,
  kindObject,
  kindObjects,
  kindRecall,
  kindTime,
  kindUnknown,
  maxOpen,
  opClose,
  opClosing,
  opCopy,
  opHoled,
  opItem,
  opList,
  opListEnd,
  opLiteral,
  opMember,
  opOpen,
} from './engine/map.ts'
import { isPlace, type Place, type Places, snakePath } from './places.ts'
import { unknownSource } from './plain.ts'
import { type FieldUse, fieldOf } from './tree.ts'

/** What stands between two literals of a document: an operation, the entry of the tape that it takes, and what it needs. */
export interface Step {
  readonly before: string
  /** Whether the text before begins upon the last byte, a comma. */
  readonly back: boolean
  readonly op: number
  readonly entry: number
  /** Of `opOpen` and `opList`: what they write. */
  readonly text?: string
  /** Of `opMember` and `opItem`: the key, what writes the value, and how many steps to pass over once it has. */
  readonly member?: { readonly key: string; readonly emit: Emit; readonly pass: number }
  readonly table?: ListTable
  /** Of `opClosing`: what it does, and to which text. */
  readonly closing?: number
}

/**
 * A document of records that have the same members in the same order, which most have in common with thousands: all that
 * is in it is settled but the values, so that writing one asks nothing about what is absent.
 */
export interface Shape {
  readonly codes: Int32Array
  /** Records of this shape take the plain path. */
  readonly odd: boolean
  readonly steps: readonly Step[]
  readonly after: { readonly text: string; readonly back: boolean }
}

const awsKey = '"aws":'
const cloudKey = '"cloud":'
const accountKey = '"account":'
const closed = new Set([awsKey, cloudKey])

/** What the table does not know, as the document has it. */
type Unknown = Map<string, Unknown | Present>
type Emitter = ReturnType<typeof createEmitter>

/** A leaf or an object of the document with what fills it in records of a shape: for sure, or perhaps. */
type Filled = { readonly key: string; readonly sure: boolean } & (
  | { readonly is: 'value' | 'list'; readonly emits: readonly Emit[] }
  | { readonly is: 'object'; readonly nodes: readonly Filled[] }
  | { readonly is: 'unknown'; readonly kept: Unknown }
)

export function shapeCompiler(layout: Branch, { all }: Places, { emitsOf }: Emitter) {
  const parts = partsOf(layout)
  const hasClosing = takesClosing(layout)
  return (codes: Int32Array): Shape => {
    try {
      const { facts, kept } = factsOf(codes, all)
      const { steps, after, read } = stepsOf(filledBy(parts, emitsOf, facts, kept), hasClosing)
      // What is not read might be kept with the unknown fields.
      for (const { place, entry } of facts.places.values())
        if (looksLater(place) && !read.has(entry)) throw new OddShape()
      return { codes, odd: false, steps, after }
    } catch (error) {
      if (!(error instanceof OddShape)) throw error
      return { codes, odd: true, steps: [], after: { text: '', back: false } }
    }
  }
}

/** The layout as lists, with what is the same for all shapes: many are made when a process starts. */
interface Part {
  readonly key: string
  readonly leaf?: Leaf
  readonly parts: readonly Part[]
}

function partsOf(branch: Branch): Part[] {
  return [...branch].map(([name, node]) => {
    const key = `${JSON.stringify(name)}:`
    return node instanceof Map ? { key, parts: partsOf(node) } : { key, leaf: node, parts: [] }
  })
}

/** Whether a place's values are looked at when they are written, and may be odd then. */
function looksLater({ kind, node }: Place): boolean {
  return [kindTime, kindRecall, kindObjects].includes(kind) || node.uses.some(({ field }) => field.fits)
}

function factsOf(codes: Int32Array, all: Places['all']): { readonly facts: ShapeFacts; readonly kept: Unknown } {
  const places = new Map<string, Present>()
  const cases = new Set<string>()
  const kept: Unknown = new Map()
  for (const [entry, code] of codes.entries()) {
    const how = code & ((1 << classBits) - 1)
    const place = all[code >> classBits]!
    if (!isPlace(place)) cases.add(caseKey(place))
    else if (place.kind === kindUnknown) {
      if (how !== absent) keep(kept, snakePath(place), { place, how, entry })
    } else if (place.kind !== kindObject) {
      // Two spellings of one field.
      if (places.has(place.node.path)) throw new OddShape()
      places.set(place.node.path, { place, how, entry })
    }
  }
  const holds = (when: Condition) => cases.has(caseKey(when))
  const fields = new Map<string, { present: Present; use: FieldUse }>()
  for (const present of places.values()) {
    const { node } = present.place
    const use = fieldOf(node, holds)
    // A field of another case is one that the table does not know.
    if (node.uses.length > 0 && !use) throw new OddShape()
    // Text that is no address, where nothing takes any other.
    if (use && present.place.kind === kindAddress && present.how !== address && mayRefuse(use.field))
      throw new OddShape()
    if (use) fields.set(use.name, { present, use })
  }
  return { facts: { fields, places, holds }, kept }
}

function caseKey({ field, value }: { readonly field: string; readonly value: string }): string {
  return `${field}\0${value}`
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

/** What of the layout is in records of a shape. */
function filledBy(parts: readonly Part[], emitsOf: Emitter['emitsOf'], facts: ShapeFacts, kept: Unknown): Filled[] {
  const filled: Filled[] = []
  for (const { key, leaf, parts: inner } of parts) {
    if (!leaf) {
      const nodes = filledBy(inner, emitsOf, facts, kept)
      if (nodes.length > 0) filled.push({ is: 'object', key, nodes, sure: nodes.some(({ sure }) => sure) })
    } else if (isUnknown(leaf)) {
      if (kept.size > 0) filled.push({ is: 'unknown', key, kept, sure: true })
    } else {
      const emits = emitsOf(leaf, facts)
      if (emits.length > 0)
        filled.push({ is: leaf.list ? 'list' : 'value', key, emits, sure: emits.some(({ sure }) => sure) })
    }
  }
  return filled
}

function isUnknown({ sources }: Leaf): boolean {
  return sources[0] === unknownSource
}

/**
 * Every member is written with a comma behind it, and a close puts a bracket upon the last one. Where it is known what is
 * there, commas and brackets are literal text.
 */
function stepsOf(
  nodes: readonly Filled[],
  hasClosing: boolean,
): Pick<Shape, 'steps' | 'after'> & { readonly read: ReadonlySet<number> } {
  const steps: Step[] = []
  /** Entries whose values are read in every record. */
  const read = new Set<number>()
  /** Text that is due, and whether it begins upon the last comma. */
  let due = '{'
  let back = false
  const push = (step: Pick<Step, 'op'> & Partial<Step>) => {
    steps.push({ entry: 0, ...step, before: due, back })
    due = ''
    back = false
  }
  /** Puts a closing bracket upon the comma of the last member, which is there for sure. */
  const close = (bracket: string) => {
    if (due === '') back = true
    due = `${due.slice(0, -1)}${bracket},`
  }
  const put = (emit: Emit) => {
    for (const entry of emit.reads ?? []) read.add(entry)
    if (emit.op === opLiteral) due += emit.json
    else push({ op: emit.op, entry: emit.entry, ...(emit.table && { table: emit.table }) })
  }

  const writeValue = (key: string, emits: readonly Emit[]) => {
    // The first one counts, so that nothing comes behind a sure one.
    const last = emits.findIndex(({ sure }) => sure)
    const count = last === -1 ? emits.length : last + 1
    if (last === 0) {
      due += key
      put(emits[0]!)
      due += ','
      return
    }
    for (const entry of emits[0]!.reads ?? []) read.add(entry)
    for (const [i, emit] of emits.slice(0, count).entries())
      push({ op: opMember, entry: emit.entry, member: { key, emit: literalOf(emit, ''), pass: count - i } })
  }
  const writeList = (key: string, emits: readonly Emit[], sure: boolean) => {
    if (emits.length === 1 && sure) {
      due += `${key}[`
      put(emits[0]!)
      due += '],'
      return
    }
    if (emits.every(({ op }) => op === opLiteral)) {
      due += `${key}[${[...new Set(emits.map(({ json }) => json))].join()}],`
      return
    }
    push({ op: opList, text: `${key}[` })
    for (const emit of emits) {
      for (const entry of emit.reads ?? []) read.add(entry)
      push({ op: opItem, entry: emit.entry, member: { key: '', emit: literalOf(emit, ','), pass: 1 } })
    }
    push({ op: opListEnd })
  }
  const writeUnknown = (members: Unknown) => {
    let begin = '{'
    for (const [name, member] of members) {
      due += `${begin}${JSON.stringify(name)}:`
      if (member instanceof Map) writeUnknown(member)
      else push({ op: member.how === holed ? opHoled : opCopy, entry: member.entry })
      begin = ','
    }
    due += '}'
  }
  const closing = (key: string, what: number) => push({ op: opClosing, closing: what * 2 + (key === awsKey ? 0 : 1) })

  /** Members of an object at the top that what stood around the record has a place in. */
  const walkClosing = (key: string, inner: readonly Filled[]) => {
    let what: number | undefined = writesClosing
    for (const one of inner) {
      const isAccount = key === cloudKey && one.key === accountKey
      if (isAccount && !one.sure) closing(key, beginsAccount)
      walk(one, 1)
      if (isAccount && !one.sure) closing(key, endsAccount)
      if (isAccount) what = one.sure ? undefined : writesAccount
    }
    if (what !== undefined) closing(key, what)
  }
  const walk = (node: Filled, depth: number) => {
    if (depth === maxOpen) throw new OddShape()
    if (node.is === 'object') {
      if (node.sure) due += `${node.key}{`
      else push({ op: opOpen, text: `${node.key}{` })
      if (hasClosing && depth === 0 && closed.has(node.key)) walkClosing(node.key, node.nodes)
      else for (const one of node.nodes) walk(one, depth + 1)
      if (node.sure) close('}')
      else push({ op: opClose })
    } else if (node.is === 'unknown') {
      due += node.key
      writeUnknown(node.kept)
      due += ','
    } else if (node.is === 'value') writeValue(node.key, node.emits)
    else writeList(node.key, node.emits, node.sure)
  }
  for (const node of nodes) walk(node, 0)
  if (hasClosing) for (const key of closed) if (!nodes.some((node) => node.key === key)) closing(key, closesNothing)
  return { steps, after: { text: due, back }, read }
}

/** A literal as a step of its own, whose text ends as the engine wants it. */
function literalOf(emit: Emit, end: string): Emit {
  return emit.op === opLiteral ? { ...emit, json: `${emit.json}${end}` } : emit
}
