import {
  type AnyFacet,
  type Derived,
  type Operation,
  sourceOf,
  type TextOperation,
  textOperation,
} from '../../schema/derive.ts'
import { kindOf } from '../../schema/fields.ts'
import { isIngested } from '../../schema/ingested.ts'
import type { Condition, Leaf, LeafSource } from '../../schema/layout.ts'
import type { ObjectsReader, PairsReader } from '../../schema/objects.ts'
import type { TargetUse } from '../../schema/targets.ts'
import {
  address,
  addressesShift,
  asIs,
  bare,
  holed,
  kindAddress,
  kindBoolean,
  kindDecimal,
  kindDigits,
  kindEncoded,
  kindFlat,
  kindFreeForm,
  kindMilliseconds,
  kindObjects,
  kindRecall,
  kindSeconds,
  kindText,
  kindTime,
  list as listOfStrings,
  memberIsDotless,
  memberTells,
  opBare,
  opCopy,
  opEntities,
  opExtension,
  opHoled,
  opHoledText,
  opHostName,
  opItems,
  opItemsWhere,
  opLiteral,
  opMemberItems,
  opMilliseconds,
  opName,
  opObjects,
  opPairs,
  opPicked,
  opPickedHost,
  opQuote,
  opRecall,
  opReverseName,
  opSeconds,
  opSession,
  opSessionEmail,
  opText,
  opTime,
  quoted,
  recalled,
  whereShift,
  whole,
} from './engine/map.ts'
import { type DerivedGroup, fieldGroup, type Group, groupFor, type InputState, textAt } from './groups.ts'
import type { Place } from './places.ts'
import type { FieldUse, Node } from './tree.ts'

const textOps: Readonly<Record<TextOperation, number>> = {
  extension: opExtension,
  sessionName: opSession,
  sessionEmail: opSessionEmail,
  dnsName: opName,
  hostName: opHostName,
  reverseAddress: opReverseName,
}

/** A value on the tape. */
export interface Present {
  readonly place: Place
  readonly how: number
  readonly entry: number
}

/** A group and where in a record its inputs are. */
export interface GroupUse {
  readonly number: number
  readonly texts: number
  readonly inputs: readonly { readonly entry: number; readonly marks: string }[]
}

/** Objects of a list as the engine reads them: names, and what each is called in the document. */
export interface ListTable {
  readonly names: readonly (readonly [name: string, member: number])[]
  readonly members: readonly (readonly [name: string, flags: number])[]
}

/** One way to fill a place of the document. */
export interface Emit {
  readonly op: number
  readonly entry: number
  /** Entries of which it finds out that a value cannot be read, or does not fit: its record then takes the plain path. */
  readonly reads?: readonly number[]
  /** Whether it writes something in every record of the shape. */
  readonly sure: boolean
  readonly json: string
  readonly use?: GroupUse
  readonly text: number
  readonly table?: ListTable
  /** Of pairs: the name that is picked out, as JSON. */
  readonly name?: string
  /** The member with the time of the batch, in the place of a literal. */
  readonly ingested?: boolean
}

/** What a shape knows of its records. */
export interface ShapeFacts {
  /** By the field's name: its value and its place in the table. */
  readonly fields: ReadonlyMap<string, { readonly present: Present; readonly use: FieldUse }>
  /** By the place's path. */
  readonly places: ReadonlyMap<string, Present>
  readonly holds: (when: Condition) => boolean
}

/** Thrown for a shape whose records take the plain path. */
export class OddShape extends Error {}

const nothing = { entry: 0, sure: true, json: '', text: 0 }

/** Of the length that each has. */
const anyTime = JSON.stringify(new Date(0))

export function createEmitter(
  nodeOf: ReadonlyMap<string, Node>,
  fieldFor: (name: string) => FieldUse['field'] | undefined,
  groups: readonly DerivedGroup[],
) {
  /** The lists of objects that fields stand in, by the fields' names. */
  const lists = new Map(
    [...nodeOf].flatMap(([name, node]) => {
      const above = listAbove(node, nodeOf)
      return above ? [[name, above] as const] : []
    }),
  )
  const numbers = new Map<string, number>()
  const all: Group[] = []
  const numberOf = (key: string, make: () => Group): number => {
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, all.length)
    return all.push(make()) - 1
  }

  const emitField = (
    source: Extract<LeafSource, { is: 'field' }>,
    list: boolean,
    facts: ShapeFacts,
  ): Emit | undefined => {
    const above = lists.get(source.name)
    if (above) {
      const node = nodeOf.get(source.name)!
      const present = facts.places.get(above.path)
      if (!present) return undefined
      if (!list || present.how === holed || source.use.mapping.type === 'ip') throw new OddShape()
      const table = tableOfList(above)
      const member = table.members.findIndex(([name]) => name === node.name)
      return {
        ...nothing,
        op: opMemberItems,
        entry: present.entry,
        reads: [present.entry],
        sure: false,
        table,
        text: member,
      }
    }
    const found = facts.fields.get(source.name)
    return found && emitOf(found.present, source.use, found.use, list)
  }

  const recallField = ({ entry }: Present, { path }: TargetUse, { name, field }: FieldUse, list: boolean): Emit => {
    const number = numberOf(`f${name}`, () => fieldGroup(field))
    const target = field.targets.findIndex((one) => pathOf(typeof one === 'string' ? one : one.target) === path)
    const use = { number, texts: all[number]!.texts, inputs: [{ entry, marks: '' }] }
    return { ...nothing, op: opRecall, entry, reads: [entry], sure: false, use, text: target * 2 + (list ? 1 : 0) }
  }

  const emitOf = (present: Present, target: TargetUse, use: FieldUse, list: boolean): Emit | undefined => {
    const { place, how, entry } = present
    const { type } = target.mapping
    const isText = type === 'keyword' || type === 'text'
    const of = (op: number): Emit => ({ ...nothing, op, entry })
    const asText = () => of(how === quoted ? opQuote : how === holed ? opHoled : opCopy)
    const number = () => (isText ? of(how === bare ? opCopy : opQuote) : of(how === bare ? opBare : opCopy))
    switch (place.kind) {
      case kindText:
      case kindEncoded:
      case kindAddress:
        if (how === recalled) return recallField(present, target, use, list)
        if (how === listOfStrings) return list ? { ...of(opItems), sure: false } : of(opCopy)
        return type === 'ip' && how !== address ? undefined : asText()
      case kindTime:
        return { ...of(opTime), reads: [entry] }
      case kindBoolean:
        return of(how === bare ? opBare : opCopy)
      case kindDigits:
      case kindDecimal:
        return number()
      case kindSeconds:
        return type === 'date' ? of(opSeconds) : number()
      case kindMilliseconds:
        return type === 'date' ? of(opMilliseconds) : number()
      case kindRecall:
        return recallField(present, target, use, list)
      case kindFlat:
        return of(how === holed ? opHoled : opCopy)
      case kindFreeForm: {
        const isObject = how === whole || how === holed
        if (type === 'flattened') return isObject ? of(how === holed ? opHoled : opCopy) : undefined
        return isObject ? of(how === holed ? opHoledText : opText) : asText()
      }
      case kindObjects:
        return emitObjects(entry, target, use)
      default:
        throw new OddShape()
    }
  }

  const emitObjects = (entry: number, { path, mapping }: TargetUse, { field }: FieldUse): Emit | undefined => {
    if (kindOf(field) === 'objects')
      return mapping.type === 'flattened'
        ? undefined
        : { ...nothing, op: opObjects, entry, reads: [entry], table: tableOfObjects(field.read as ObjectsReader) }
    const { members, picked } = field.read as PairsReader
    const table = tableOfPairs(members)
    const pick = picked.get(path)
    if (pick === undefined) return { ...nothing, op: opPairs, entry, reads: [entry], table }
    // The engine leaves a host with a port to the plain path.
    if (pick.part === 'port') return undefined
    const op = pick.part === undefined ? opPicked : opPickedHost
    return { ...nothing, op, entry, reads: [entry], sure: false, table, name: JSON.stringify(pick.name) }
  }

  const emitDerived = (derived: Derived, target: number, list: boolean, facts: ShapeFacts): Emit | undefined => {
    if (isIngested(derived)) return { ...nothing, op: opLiteral, sure: false, json: anyTime, ingested: true }
    if (derived.ofBatch) throw new OddShape()
    const operation = textOperation(derived)
    const known = operation && facts.fields.get(operation.source)?.present
    const isRead =
      known?.how === asIs &&
      (known.place.kind === kindText || (known.place.kind === kindEncoded && operation?.is === 'extension'))
    if (operation && known && isRead) return { ...nothing, op: textOps[operation.is], entry: known.entry, sure: false }
    const group = groups.findIndex((one) => one.derived.includes(derived))
    const { inputs } = groups[group]!
    const states: InputState[] = []
    const given: { entry: number; marks: string }[] = []
    const reads: number[] = []
    for (const input of inputs) {
      const one = stateOf(input, facts)
      if (!one) return undefined
      // Beside another input that turns out to be nothing it is not asked.
      if (one.state === 'bytes' && inputs.length === 1 && fieldFor(sourceOf(input))?.fits) reads.push(one.entry)
      states.push(one.state)
      if (one.entry !== undefined) given.push({ entry: one.entry, marks: one.marks })
    }
    const number = numberOf(`d${group} ${states.join()}`, () => groupFor(groups[group]!, states, fieldFor))
    const text = textAt(groups[group]!, derived, target) + (list ? 1 : 0)
    if (given.length > 0)
      return {
        ...nothing,
        op: opRecall,
        sure: false,
        reads,
        use: { number, texts: all[number]!.texts, inputs: given },
        text,
      }
    const json = textsNow(all[number]!)[text]!
    return json === '' ? undefined : { ...nothing, op: opLiteral, json }
  }

  /** Free-form values and lists of objects, in which ids are looked for: one behind the other. */
  const emitEntities = ({ operands }: Operation, facts: ShapeFacts): Emit[] =>
    operands.flatMap((name) => {
      const present = name === undefined ? undefined : facts.fields.get(name)?.present
      if (!present) return []
      const { place, entry } = present
      if (place.kind !== kindFreeForm && place.kind !== kindObjects) throw new OddShape()
      return { ...nothing, op: opEntities, entry, sure: false }
    })

  /** One for each text; undefined where the function is to be called. */
  const emitValues = ({ operands: [name], values }: Operation, facts: ShapeFacts): Emit[] | undefined => {
    const { present, use } = facts.fields.get(name ?? '') ?? {}
    if (!present) return []
    if (!values || present.place.kind !== kindObjects || present.how === holed || kindOf(use!.field) !== 'objects')
      return undefined
    const { entry } = present
    const table = tableOfObjects(use!.field.read as ObjectsReader)
    const memberOf = (named: string) => table.names.find(([one]) => one === named)?.[1]
    const [value, where] = [memberOf(values.value), memberOf(values.where)]
    if (value === undefined || where === undefined) return undefined
    const which = value | (where << whereShift) | (values.addresses ? 1 << addressesShift : 0)
    return values.is.map((one) => ({
      ...nothing,
      op: opItemsWhere,
      entry,
      reads: [entry],
      sure: false,
      table,
      text: which,
      name: JSON.stringify(one),
    }))
  }

  const stateOf = (input: string | AnyFacet, facts: ShapeFacts) => {
    const name = sourceOf(input)
    const is = typeof input === 'string' ? 'value' : input.is
    if (lists.has(name)) throw new OddShape()
    const found = fieldFor(name) ? facts.fields.get(name)?.present : facts.places.get(name)
    if (!found) return is === 'optional' || is === 'present' ? { state: 'absent' as const, marks: '' } : undefined
    const { kind } = found.place
    // What these read may be nothing, though the bytes are there.
    if (is === 'present' && kind !== kindRecall && kind !== kindTime) return { state: 'present' as const, marks: '' }
    const marks = typeof input === 'object' && input.is === 'marks' && hasPlainText(found) ? input.marks : ''
    return { state: marks === '' ? ('bytes' as const) : ('marks' as const), entry: found.entry, marks }
  }

  return {
    groups: all as readonly Group[],
    forget: () => {
      numbers.clear()
      all.length = 0
    },
    emitsOf: (leaf: Leaf, facts: ShapeFacts): readonly Emit[] => {
      const emits: Emit[] = []
      for (const source of leaf.sources) {
        if (source.when && !facts.holds(source.when)) continue
        if (source.is === 'constant') {
          const values = leaf.list && Array.isArray(source.value) ? source.value : [source.value]
          for (const value of values) emits.push(literalOf(value))
        } else if (source.is === 'field') {
          const emit = emitField(source, leaf.list, facts)
          if (emit) emits.push(emit)
        } else if (source.derived.operation?.is === 'entities' && leaf.sources.length === 1) {
          emits.push(...emitEntities(source.derived.operation, facts))
        } else {
          const { operation } = source.derived
          const values = operation?.is === 'values' && leaf.list ? emitValues(operation, facts) : undefined
          if (values) {
            emits.push(...values)
            continue
          }
          const emit = emitDerived(source.derived, source.target, leaf.list, facts)
          if (emit && leaf.list && emit.op === opLiteral)
            for (const item of JSON.parse(`[${emit.json.slice(0, -1)}]`) as unknown[]) emits.push(literalOf(item))
          else if (emit) emits.push(emit)
        }
      }
      return emits
    },
  }
}

function literalOf(value: unknown): Emit {
  return { ...nothing, op: opLiteral, json: JSON.stringify(value) }
}

function textsNow(group: Group): readonly string[] {
  try {
    return group.textsOf([])
  } catch {
    // The plain path meets the same error, and says which record it was.
    throw new OddShape()
  }
}

/** Whether its bytes are the text that a facet looks at. */
function hasPlainText({ place: { kind }, how }: Present): boolean {
  return (kind === kindText || kind === kindAddress) && how !== listOfStrings && how !== holed
}

function pathOf(target: string): string {
  return target.endsWith('[]') ? target.slice(0, -2) : target
}

/** The list of objects that a place stands in. */
function listAbove(node: Node, nodeOf: ReadonlyMap<string, Node>): Node | undefined {
  const end = node.path.lastIndexOf('[].')
  return end === -1 ? undefined : nodeOf.get(node.path.slice(0, end))
}

const tables = new WeakMap<object, ListTable>()
function remembered(of: object, make: () => ListTable): ListTable {
  const table = tables.get(of) ?? make()
  tables.set(of, table)
  return table
}

function tableOfList(node: Node): ListTable {
  return remembered(node, () => {
    const members = [...new Set(node.members.values())]
    return {
      names: [...node.members].map(([name, member]) => [name, members.indexOf(member)]),
      members: members.map(({ name }) => [name, 0]),
    }
  })
}

function tableOfObjects({ table }: ObjectsReader): ListTable {
  return remembered(table, () => {
    const ours = [...new Set(table.names.values())]
    return {
      names: [...table.names].map(([name, own]) => [name, ours.indexOf(own)]),
      members: ours.map((name) => [
        name,
        (table.identity.includes(name) ? memberTells : 0) | (table.dotless.includes(name) ? memberIsDotless : 0),
      ]),
    }
  })
}

function tableOfPairs(members: PairsReader['members']): ListTable {
  return remembered(members, () => ({
    names: [
      [members.name, 0],
      [members.value, 1],
    ],
    members: [
      [members.name, memberTells],
      [members.value, 0],
    ],
  }))
}
