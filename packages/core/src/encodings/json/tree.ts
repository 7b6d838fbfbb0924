import { FlowferryError } from '../../errors.ts'
import { type Derived, sourceOf } from '../../schema/derive.ts'
import { type AnyField, kindOf } from '../../schema/fields.ts'
import type { Condition } from '../../schema/layout.ts'
import type { Schema } from '../../schema/schema.ts'

/** A field of the table, and the condition under which the format has it. */
export interface FieldUse {
  readonly name: string
  readonly field: AnyField
  readonly when?: Condition
}

/** A place in the format's records: a field, an object that holds fields, or both. */
export interface Node {
  /** Of the member in its object, as the table spells it. */
  readonly name: string
  /** In the record: `userIdentity.type`, `labels[].name`. */
  readonly path: string
  /** Fields of several cases may stand at one place. */
  readonly uses: FieldUse[]
  /** By all of their spellings. */
  readonly members: Map<string, Node>
  /** A list of objects, whose members are those of the objects. */
  list: boolean
}

/** A field's path as names of members; a name in brackets stands for itself: `a.[b.c].d`. */
export function namesOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]+)\]|([^.[\]]+(?:\[\])?)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}

/** The places of a table's fields, and of what its derived values read inside of them. */
export function treeOf({ fields, cases, derived }: Pick<Schema, 'fields' | 'cases' | 'derived'>): Node {
  const root: Node = { name: '', path: '', uses: [], members: new Map(), list: false }
  const tables = [{ fields, when: undefined }, ...cases]
  for (const { fields, when } of tables)
    for (const [name, field] of Object.entries(fields)) {
      const node = nodeAt(root, name)
      node.uses.push({ name, field, ...(when && { when }) })
      for (const spelling of field.spelled ?? []) addSpelling(root, spelling, name, node)
    }
  for (const input of inputsOf(derived)) nodeAt(root, input)
  return root
}

/** Every path that a derived value reads. */
function inputsOf(derived: readonly Derived[]): string[] {
  return derived.flatMap(({ inputs }) => inputs.map(sourceOf))
}

/** The path of a member of an object, or of the objects in a list. */
export function pathIn({ path, list }: Pick<Node, 'path' | 'list'>, name: string): string {
  const shown = /[.[\]]/.test(name) ? `[${name}]` : name
  return path === '' ? shown : `${path}${list ? '[]' : ''}.${shown}`
}

function nodeAt(root: Node, path: string): Node {
  let node = root
  for (const name of namesOf(path)) node = memberOf(node, name)
  return node
}

function memberOf(parent: Node, given: string): Node {
  const list = given.endsWith('[]')
  const name = list ? given.slice(0, -2) : given
  const known = parent.members.get(name)
  if (known) {
    known.list ||= list
    return known
  }
  const node: Node = { name, path: pathIn(parent, name), uses: [], members: new Map(), list }
  parent.members.set(name, node)
  return node
}

/** Another name of the same place, in its object. */
function addSpelling(root: Node, spelling: string, name: string, node: Node): void {
  const names = namesOf(spelling)
  const last = names.pop()!
  const parents = [names, namesOf(name).slice(0, -1)].map((path) => path.join('\0'))
  if (parents[0] !== parents[1])
    throw new FlowferryError(
      'INVALID_OPTION',
      `${name} is spelled ${spelling}, in another object; a spelling is another name in the same one, with its path`,
    )
  const parent = names.reduce(memberOf, root)
  if (!parent.members.has(last)) parent.members.set(last, node)
}

/** The one field of a place that holds in a record. */
export function fieldOf({ uses }: Node, holds: (when: Condition) => boolean): FieldUse | undefined {
  return uses.find(({ when }) => when === undefined || holds(when))
}

const numbers = new Set(['digits', 'decimal', 'seconds', 'milliseconds'])

/** Whether a record of the format has the field as a number, also where AWS wrote text. */
export function isNumber({ field }: FieldUse): boolean {
  return numbers.has(kindOf(field) ?? '')
}
