import { isAddress as isAddressText, keywordMapping } from '../table/fields.ts'
import type { FieldDoc, LogDocument, MappingProperty } from '../types.ts'
import {
  asBoolean,
  asText,
  asTime,
  type FreeForm,
  flattened,
  isObject,
  type JsonObject,
  freeForm as readFreeForm,
  setOwn,
  snakeCase,
} from './cloudtrail-values.ts'

/**
 * The notation of CloudTrail's table: one line says what becomes of one of AWS's fields. A field is named by its path in
 * the record; it has a type in words, a line of documentation, and its targets in the document. Of several fields with
 * the same target the first in the table that is present wins; a target with `[]` gathers all of them, each value once.
 */
export interface Field {
  readonly type: string
  readonly description: string
  readonly targets: readonly Target[]
  /** The value in a form that all targets take; undefined where it is odd: it is then kept with the unknown fields. */
  readonly read: (value: unknown) => unknown
  /** How the byte path takes it. */
  readonly bytes: Bytes
}

/** Copied where it is a string, number or boolean; recalled by its bytes; or a value of a kind of its own. */
export type Bytes = 'text' | 'recall' | 'time' | 'boolean' | 'freeForm' | 'flat' | 'resources'

export interface Target {
  readonly path: string
  /** Holds the value only where it is an address. */
  readonly address?: true
  readonly mapping: Readonly<Record<string, MappingProperty>>
  /** What `read` gave, as this target holds it; undefined leaves the target out. */
  readonly write: (value: never) => unknown
}

/** A target by its path alone holds the value as it was read, in the field's own mapping. */
type Targets = readonly (string | Target)[]

/** A computed field: the record's values at `sources`, or undefined where it has none. */
export interface Derived {
  readonly sources: readonly string[]
  readonly mapping: MappingProperty
  readonly compute: (record: JsonObject) => unknown
}

export const flattenedMapping: MappingProperty = { type: 'flattened', ignore_above: 8191 }
const textMapping: MappingProperty = { ...keywordMapping, fields: { text: { type: 'text' } } }

export function target<V>(path: string, mapping: MappingProperty, write: (value: V) => unknown): Target {
  return { path, mapping: { [pathOf(path)]: mapping }, write }
}

function field(
  type: string,
  bytes: Bytes,
  mapping: MappingProperty,
  read: Field['read'],
  targets: Targets,
  description: string,
): Field {
  const written = targets.map((path) => (typeof path === 'string' ? target(path, mapping, (value) => value) : path))
  return { type, description, targets: written, read, bytes }
}

export function keyword(targets: Targets, description: string): Field {
  return field('string', 'text', keywordMapping, asText, targets, description)
}

export function time(targets: Targets, description: string): Field {
  return field('string, ISO 8601 time', 'time', { type: 'date' }, asTime, targets, description)
}

/** A boolean in AWS's record, written as JSON's `true` or as a string. */
export function boolean(targets: Targets, description: string): Field {
  return field('boolean', 'boolean', { type: 'boolean' }, asBoolean, targets, description)
}

export function isAddress(value: unknown): boolean {
  return typeof value === 'string' && isAddressText(value)
}

/** The address where it is one that a field of type `ip` takes: no zone, no leading zeros. */
export function ip(path: string): Target {
  return { ...target(path, { type: 'ip' }, (value) => (isAddress(value) ? value : undefined)), address: true }
}

/** An object of whatever fields: the text that Elastic's rules search, and the object itself where it is short. */
export function freeForm(name: string, description: string): Field {
  return field(
    'object, free-form',
    'freeForm',
    textMapping,
    (value) => readFreeForm(value) ?? {},
    [
      target(`aws.cloudtrail.${name}`, textMapping, (value: FreeForm) => value.text),
      target(`aws.cloudtrail.flattened.${name}`, flattenedMapping, (value: FreeForm) => value.flattened),
    ],
    description,
  )
}

/** An object, or a list of them, that is searched by its leaves alone. */
export function flat(name: string, description: string): Field {
  return field('object', 'flat', flattenedMapping, flattened, [`aws.cloudtrail.flattened.${name}`], description)
}

export interface Definition {
  readonly constants: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, Field>>
  readonly derived: Readonly<Record<string, Derived>>
  /** Flattened field for what no line of the table names. */
  readonly unknown: string
}

export interface Compiled {
  readonly mapping: Readonly<Record<string, MappingProperty>>
  readonly fields: readonly FieldDoc[]
  readonly document: (record: JsonObject) => LogDocument
  /** Calls `found` with the path of each field that no line of the table names. */
  readonly unknownFields: (record: JsonObject, found: (path: string) => void) => void
  readonly plan: Plan
}

/** What the byte path is made from. */
export interface Plan {
  readonly root: Node
  readonly steps: readonly Step[]
  /** What a slot holds before a record is read: the constants. */
  readonly initial: readonly unknown[]
  readonly computed: readonly (readonly [slot: number, compute: Derived['compute']])[]
  /** The slot of what no line of the table names. */
  readonly unknown: number
}

/** A place in the record. Below a free-form field the table knows some members only, and the rest is no surprise. */
export interface Node {
  field?: Field
  /** Where the values of the field's targets are put until the document is built. */
  readonly slots: number[]
  readonly members: Map<string, Node>
}

/** `kind` is no field of AWS's. */
const ours: Node = { field: field('string', 'text', keywordMapping, String, [], ''), slots: [], members: new Map() }

/** A place in the document, and the slots that may fill it. */
interface Leaf {
  readonly list: boolean
  readonly slots: number[]
}
type Branch = Map<string, Leaf | Branch>

export function compile({ constants, fields, derived, unknown }: Definition): Compiled {
  const root: Node = { slots: [], members: new Map([['kind', ours]]) }
  const layout: Branch = new Map([['@timestamp', { list: false, slots: [] }]])
  const mapping: Record<string, MappingProperty> = {}
  const docs: FieldDoc[] = []
  const initial: unknown[] = []
  const slotAt = (path: string, value?: unknown) => leafAt(layout, path).slots.push(initial.push(value) - 1)
  const slotFor = (path: string) => {
    slotAt(path)
    return initial.length - 1
  }

  for (const [path, value] of Object.entries(constants)) {
    mapping[path] = keywordMapping
    slotAt(path, value)
  }
  for (const [path, field] of Object.entries(fields)) {
    const node = path.split('.').reduce(memberOf, root)
    node.field = field
    for (const target of field.targets) {
      Object.assign(mapping, target.mapping)
      node.slots.push(slotFor(target.path))
    }
    const targets = field.targets.flatMap((target) => Object.keys(target.mapping))
    docs.push({ name: path, type: field.type, targets, description: field.description })
  }
  const computed = Object.entries(derived).map(([path, { mapping: own, compute }]) => {
    mapping[pathOf(path)] = own
    return [slotFor(path), compute] as const
  })
  mapping[unknown] = flattenedMapping
  const unknownSlot = slotFor(unknown)
  const steps = stepsOf(layout)

  return {
    mapping,
    fields: docs.map((doc) => ({ ...doc, targets: [...doc.targets, ...targetsOf(doc.name, derived)] })),
    document: (record) => {
      const values = initial.slice()
      const rest = readMembers(root, record, values)
      for (const [slot, compute] of computed) values[slot] = compute(record)
      if (rest) values[unknownSlot] = flattened(rest)
      return build(steps, values) ?? {}
    },
    plan: { root, steps, initial, computed, unknown: unknownSlot },
    unknownFields: (record, found) => findUnknown(root, record, '', found),
  }
}

function targetsOf(name: string, derived: Definition['derived']): string[] {
  return Object.keys(derived)
    .filter((path) => derived[path]!.sources.includes(name))
    .map(pathOf)
}

function memberOf(parent: Node, name: string): Node {
  const node = parent.members.get(name) ?? { slots: [], members: new Map() }
  parent.members.set(name, node)
  return node
}

/** Without the `[]` that says "gather". */
function pathOf(path: string): string {
  return path.endsWith('[]') ? path.slice(0, -2) : path
}

function leafAt(layout: Branch, path: string): Leaf {
  const names = pathOf(path).split('.')
  const last = names.pop()!
  let branch = layout
  for (const name of names) {
    const next = branch.get(name) ?? new Map<string, Leaf | Branch>()
    branch.set(name, next)
    branch = next as Branch
  }
  const leaf = (branch.get(last) as Leaf | undefined) ?? { list: path.endsWith('[]'), slots: [] }
  branch.set(last, leaf)
  return leaf
}

/** Puts the object's values into their slots; gives what the table does not know or cannot hold, in snake case. */
function readMembers(node: Node, object: JsonObject, values: unknown[]): Record<string, unknown> | undefined {
  let rest: Record<string, unknown> | undefined
  for (const name in object) {
    const value = object[name]
    if (value === null || value === '') continue
    const member = node.members.get(name)
    const kept = member ? readMember(member, value, values) : value
    if (kept === undefined) continue
    rest ??= {}
    setOwn(rest, snakeCase(name), kept)
  }
  return rest
}

/** Gives back what of the value has no place in the document. */
function readMember({ field, slots, members }: Node, value: unknown, values: unknown[]): unknown {
  if (!field) {
    if (!isObject(value)) return value
    return readMembers({ slots, members }, value, values)
  }
  const read = field.read(value)
  if (read === undefined) return value
  for (let i = 0; i < slots.length; i++) values[slots[i]!] = field.targets[i]!.write(read as never)
  if (members.size > 0 && isObject(value))
    for (const [name, member] of members) {
      const inner = Object.hasOwn(value, name) ? value[name] : undefined
      if (inner !== undefined && inner !== null && inner !== '') readMember(member, inner, values)
    }
  return undefined
}

function findUnknown(node: Node, object: JsonObject, path: string, found: (path: string) => void): void {
  for (const name in object) {
    const member = node.members.get(name)
    if (!member) found(path + name)
    else if (!member.field && isObject(object[name])) findUnknown(member, object[name], `${path}${name}.`, found)
  }
}

/** The layout as lists, which are quicker to run through than maps. */
export interface Step {
  readonly name: string
  readonly steps?: readonly Step[]
  readonly slots: readonly number[]
  readonly list: boolean
}

function stepsOf(branch: Branch): Step[] {
  return [...branch].map(([name, node]) =>
    node instanceof Map ? { name, steps: stepsOf(node), slots: [], list: false } : { name, ...node },
  )
}

export function build(steps: readonly Step[], values: readonly unknown[]): LogDocument | undefined {
  let result: LogDocument | undefined
  for (const { name, steps: inner, slots, list } of steps) {
    const value = inner ? build(inner, values) : list ? gather(slots, values) : first(slots, values)
    if (value === undefined) continue
    result ??= {}
    result[name] = value
  }
  return result
}

function first(slots: readonly number[], values: readonly unknown[]): unknown {
  for (const slot of slots) if (values[slot] !== undefined) return values[slot]
  return undefined
}

function gather(slots: readonly number[], values: readonly unknown[]): unknown[] | undefined {
  let found: Set<unknown> | undefined
  for (const slot of slots) {
    const value = values[slot]
    if (value === undefined) continue
    found ??= new Set()
    for (const item of Array.isArray(value) ? value : [value]) found.add(item)
  }
  return found && [...found]
}
