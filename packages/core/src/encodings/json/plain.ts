import type { BatchValues } from '../../schema/derive.ts'
import { flattened, isEmpty, isObject, type JsonObject, setOwn } from '../../schema/free-form.ts'
import { isHeld } from '../../schema/held.ts'
import { type Branch, type Condition, fill, type LeafSource, sourceValues } from '../../schema/layout.ts'
import { freeName, snakeCase, type Taken } from '../../schema/names.ts'
import type { Schema } from '../../schema/schema.ts'
import type { LogDocument } from '../../types.ts'
import { type FieldUse, fieldOf, isNumber, type Node, namesOf, pathIn } from './tree.ts'

/** The plain path: what is right, for the engine to give the same. */

/** Stands in the layout where the fields are that the table does not know. */
export const unknownSource: LeafSource = { is: 'constant', value: undefined }

/** The schema's layout with a place for what the table does not know, at this path. */
export function layoutWith(tree: Branch, path: string): Branch {
  const [name, ...rest] = path.split('.')
  const copy = new Map(tree)
  const inner = copy.get(name!)
  copy.set(
    name!,
    rest.length === 0
      ? { list: false, sources: [unknownSource] }
      : layoutWith(inner instanceof Map ? inner : new Map(), rest.join('.')),
  )
  return copy
}

/** A field's values as they were read, by the field's name, and what has no place in the document. */
interface Read {
  readonly values: Map<string, unknown>
  /** Fields below a list of objects, with a list of values. */
  readonly lists: Set<string>
  readonly inList: boolean
  /** Told of each field, or object that holds fields, whose value has no place in the document. */
  readonly refused: (path: string) => void
  readonly holds: (when: Condition) => boolean
}

/** @param refused Told of each field, or object that holds fields, whose value is kept with what is unknown */
export function documentOf(
  schema: Schema,
  root: Node,
  layout: Branch,
  record: JsonObject,
  refused: (path: string) => void = () => undefined,
  ofBatch?: BatchValues,
): LogDocument {
  const holds = conditionsOf(schema, record)
  const read: Read = { values: new Map(), lists: new Set(), inList: false, refused, holds }
  const rest = readMembers(root, record, read)
  const fieldValue = (name: string): unknown =>
    read.values.has(name) || isField(schema, name) ? read.values.get(name) : insideOf(record, name)
  const given = sourceValues(fieldValue, ofBatch)
  const document = fill(layout, (source) => {
    if (source === unknownSource) return rest && flattened(rest)
    if (source.is === 'field' && read.lists.has(source.name)) return itemsOf(source, read)
    if (source.when && !read.holds(source.when)) return undefined
    return given(source)
  })
  return document ?? {}
}

function isField({ fields, cases }: Schema, name: string): boolean {
  return Object.hasOwn(fields, name) || cases.some((one) => Object.hasOwn(one.fields, name))
}

/** Whether the record is one of a case; each field is looked at once. */
function conditionsOf({ fields }: Schema, record: JsonObject): (when: Condition) => boolean {
  const known = new Map<string, unknown>()
  return ({ field, value }) => {
    if (!known.has(field)) known.set(field, fields[field]?.read(insideOf(record, field)))
    return known.get(field) === value
  }
}

/** What stands at a path of the record, where it is anything. */
export function insideOf(record: JsonObject, path: string): unknown {
  let value: unknown = record
  for (const name of namesOf(path)) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value === null || value === '' ? undefined : value
}

function itemsOf({ name, field, use, when }: Extract<LeafSource, { is: 'field' }>, { values, holds }: Read): unknown {
  if (when && !holds(when)) return undefined
  const { path, mapping } = use
  const items = (values.get(name) as unknown[]).map((value) => field.write(value as never, mapping.type, path))
  const written = items.filter((item) => item !== undefined)
  return written.length > 0 ? written : undefined
}

/** Reads the object's values; gives what the table does not know or cannot hold, in snake case. */
function readMembers(node: Node, object: JsonObject, read: Read): Record<string, unknown> | undefined {
  let rest: Record<string, unknown> | undefined
  let taken: Taken | undefined
  for (const name in object) {
    const value = object[name]
    if (value === null || value === '' || (node.path === '' && name === 'kind')) continue
    const member = node.members.get(name)
    const kept = member ? readMember(member, value, read) : value
    if (kept === undefined) continue
    rest ??= {}
    taken ??= new Map()
    setOwn(rest, freeName(snakeCase(name), taken), kept)
  }
  return rest
}

/** Gives back what of the value has no place in the document. */
function readMember(node: Node, value: unknown, read: Read): unknown {
  const use = fieldOf(node, read.holds)
  if (use) return readField(node, use, value, read)
  if (node.members.size === 0) {
    // A field of another case.
    return refuse(node, value, read)
  }
  if (node.list) return readList(node, value, read)
  if (isObject(value)) return readMembers(node, value, read)
  return refuse(node, value, read)
}

/** Gives the value back; what is empty is nothing, and not counted. */
function refuse({ path }: Node, value: unknown, { refused }: Read): unknown {
  if (!isEmpty(value)) refused(path)
  return value
}

function readField(node: Node, { name, field }: FieldUse, value: unknown, read: Read): unknown {
  if (isAbsent(field, value) || (typeof value === 'object' && isEmpty(value))) return undefined
  const known = field.read(value)
  if (known === undefined) return refuse(node, value, read)
  if (read.inList) {
    read.lists.add(name)
    const items = read.values.get(name) as unknown[] | undefined
    if (items) items.push(known)
    else read.values.set(name, [known])
  } else if (!read.values.has(name)) read.values.set(name, known)
  if (isObject(value))
    for (const [inner, member] of node.members) {
      const held = Object.hasOwn(value, inner) ? value[inner] : undefined
      // What is refused in there stands in the object.
      if (held !== undefined && held !== null && held !== '') readMember(member, held, { ...read, refused: () => {} })
    }
  if (isHeld(field, known)) return undefined
  return refuse(node, value, read)
}

function isAbsent({ absent }: FieldUse['field'], value: unknown): boolean {
  return (
    absent !== undefined && (typeof value === 'string' || typeof value === 'number') && absent.includes(String(value))
  )
}

/** The members of each object in a list; gives those that the table does not know. */
function readList(node: Node, value: unknown, read: Read): unknown {
  if (!Array.isArray(value) || !value.every((item) => isObject(item))) return refuse(node, value, read)
  const kept = value
    .map((item) => readMembers(node, item, { ...read, inList: true }))
    .filter((rest) => rest !== undefined)
  return kept.length > 0 ? kept : undefined
}

/** Whether a field can read any value of the object; nothing but the format's constants would be known of it else. */
export function isKnown(node: Node, object: JsonObject): boolean {
  for (const name in object) {
    const member = node.path === '' && name === 'kind' ? undefined : node.members.get(name)
    if (member && isKnownValue(member, object[name])) return true
  }
  return false
}

function isKnownValue(node: Node, value: unknown): boolean {
  if (value === null || value === '') return false
  if (node.uses.length > 0) {
    if (typeof value === 'object' && isEmpty(value)) return false
    return node.uses.some(({ field }) => !isAbsent(field, value) && field.read(value) !== undefined)
  }
  if (node.list) return Array.isArray(value) && value.some((item) => isObject(item) && isKnown(node, item))
  return isObject(value) && isKnown(node, value)
}

/** Calls `found` with the path of each member that no field of the table names, in whatever case it has it. */
export function findUnknown(node: Node, object: JsonObject, found: (path: string) => void): void {
  for (const name in object) {
    if (node.path === '' && name === 'kind') continue
    const member = node.members.get(name)
    const value = object[name]
    if (!member) found(pathIn(node, name))
    else if (member.uses.length > 0) continue
    else if (isObject(value) && !member.list) findUnknown(member, value, found)
    else if (member.list && Array.isArray(value))
      for (const item of value) if (isObject(item)) findUnknown(member, item, found)
  }
}

/**
 * AWS's object as a record of the format: fields stand under the table's names, and numbers are numbers, though AWS may
 * write them as text. The object is changed.
 */
export function normalizerOf(root: Node): (object: Record<string, unknown>) => void {
  const normalizers: ((object: Record<string, unknown>) => void)[] = []
  for (const [name, member] of root.members) {
    const [use] = member.uses
    if (name !== member.name)
      normalizers.push((object) => {
        if (!Object.hasOwn(object, name)) return
        if (!Object.hasOwn(object, member.name)) object[member.name] = object[name]
        delete object[name]
      })
    if (use && isNumber(use))
      normalizers.push((object) => {
        const value = object[member.name]
        if (typeof value !== 'string') return
        const number = isAbsent(use.field, value) ? undefined : use.field.read(value)
        if (number !== undefined) object[member.name] = number
      })
    if (!use && member.members.size > 0) {
      const inner = normalizerOf(member)
      if (inner === nothing) continue
      normalizers.push((object) => {
        const value = object[member.name]
        if (isObject(value)) inner(value as Record<string, unknown>)
        else if (Array.isArray(value))
          for (const item of value) if (isObject(item)) inner(item as Record<string, unknown>)
      })
    }
  }
  if (normalizers.length === 0) return nothing
  return (object) => {
    for (const normalize of normalizers) normalize(object)
  }
}

const nothing = (): void => {}

/** Whether a record's member at the top may have another form inside than AWS wrote. */
export function needsNormalizing(node: Node): boolean {
  return node.uses.length === 0 && normalizerOf(node) !== nothing
}
