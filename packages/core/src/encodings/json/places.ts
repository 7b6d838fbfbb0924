import { kindOf } from '../../schema/fields.ts'
import { snakeCase } from '../../schema/names.ts'
import { useOf } from '../../schema/targets.ts'
import {
  kindAddress,
  kindBoolean,
  kindDecimal,
  kindDigits,
  kindEncoded,
  kindFlat,
  kindFreeForm,
  kindInput,
  kindMilliseconds,
  kindObject,
  kindObjects,
  kindPlain,
  kindRecall,
  kindSeconds,
  kindText,
  kindTime,
  kindUnknown,
  maxUnknown,
  maxUnknownName,
  objectWidth,
} from './engine/map.ts'
import { type FieldUse, type Node, namesOf, pathIn } from './tree.ts'

/** The format's table as the engine and the shapes see it: a place for each spelling of each member. */
export interface Place {
  readonly node: Node
  readonly number: number
  /** What JSON values it takes: one of the engine's kinds. */
  readonly kind: number
  /** As it stands in the record. */
  readonly name: string
  /** In the record: `userIdentity.type`. */
  readonly path: string
  readonly members: readonly Place[]
  /** Rank among the fields that are a record's id, from 1 on; 0 for none. */
  readonly id: number
  /** Whether a record that has it is one of the format. */
  readonly tells: boolean
  /** Whether it is an object at the record's top, which has an entry of its own on the tape. */
  readonly noted: boolean
}

/** Stands on the tape behind a member whose value says which case holds. */
export interface CasePlace {
  readonly number: number
  readonly field: string
  readonly value: string
}

export interface Places {
  readonly root: Place
  /** By their numbers; cases have numbers, too. */
  readonly all: readonly (Place | CasePlace)[]
  readonly cases: readonly CasePlace[]
  /** A place for a member that the table does not know, where the plain path would keep it under a name of its own. */
  readonly learn: (parent: Place, name: string) => Place | undefined
  /** The places that were learned. */
  readonly learned: () => readonly Place[]
  readonly forget: () => void
}

export interface PlacesOptions {
  readonly id: readonly string[]
  /** Members at the top of which each makes a record one of the format. */
  readonly tells: (name: string) => boolean
  /** Members at the top that no record of the format has. */
  readonly refused: readonly string[]
  readonly cases: readonly { readonly field: string; readonly value: string }[]
}

export function isPlace(place: Place | CasePlace): place is Place {
  return 'node' in place
}

/** Where the document has a member that the table does not know, below all that is unknown. */
export function snakePath({ path }: Place): string[] {
  return namesOf(path).map(snakeCase)
}

export function placesOf(root: Node, { id, tells, refused, cases }: PlacesOptions): Places {
  const all: (Place | CasePlace)[] = []
  const make = (node: Node, name: string, path: string, depth: number): Place => {
    const members: Place[] = []
    let kind = depth === 0 ? kindObject : kindOfNode(node)
    // The value that says which case holds is a text.
    if (cases.some(({ field }) => field === node.path) && kind !== kindText) kind = kindPlain
    const place: Place = {
      node,
      number: all.length,
      kind,
      name,
      path,
      members,
      id: id.indexOf(node.path) + 1,
      tells: depth === 1 && tells(name),
      noted: depth === 1 && kind === kindObject,
    }
    all.push(place)
    // Ours, and no field of AWS's: a record that has it is odd. So is one with an object in a list that has other members.
    for (const [member, inner] of node.list && kind !== kindObjects ? [] : node.members)
      if (depth > 0 || member !== 'kind') members.push(make(inner, member, pathIn(node, member), depth + 1))
    if (depth === 0)
      for (const name of refused) if (!node.members.has(name)) members.push(make(leafOf(name), name, name, maxDepth))
    return place
  }
  const top = make(root, '', '', 0)
  const casePlaces = cases.map(({ field, value }) => {
    const place = { number: all.length, field, value }
    all.push(place)
    return place
  })
  const known = all.length
  const learn = ({ node, path }: Place, name: string): Place | undefined => {
    // Whole numbers come first in an object; what is not ASCII is rare in names.
    if (name.length > maxUnknownName || !/^[a-z]\w*$/i.test(name) || (path === '' && name === 'kind')) return undefined
    if (all.length === known + maxUnknown) return undefined
    const place: Place = {
      node: leafOf(name),
      number: all.length,
      kind: kindUnknown,
      name,
      path: pathIn({ path, list: false }, name),
      members: [],
      id: 0,
      tells: false,
      noted: false,
    }
    const ours = snakePath(place).join('.')
    if ([...node.members.keys()].some((member) => snakeCase(member) === snakeCase(name))) return undefined
    if ((all.slice(known) as Place[]).some((other) => snakePath(other).join('.') === ours)) return undefined
    all.push(place)
    return place
  }
  return {
    root: top,
    all,
    cases: casePlaces,
    learn,
    learned: () => all.slice(known) as Place[],
    forget: () => {
      all.length = known
    },
  }
}

/** Below it a place is left to the plain path. */
const maxDepth = -1

function leafOf(name: string): Node {
  return { name, path: name, uses: [], members: new Map(), list: false }
}

function kindOfNode(node: Node): number {
  if (node.list) return node.uses.length === 0 && isFlatList(node) ? kindObjects : kindPlain
  const kinds = new Set(node.uses.map(kindOfUse))
  if (kinds.size > 1) return kindPlain
  const [kind] = kinds
  if (kind !== undefined) return kind
  if (node.members.size > 0) return kindObject
  // What a derived value reads inside a free-form object; any other place without a field is refused.
  return namesOf(node.path).length > 1 ? kindInput : kindPlain
}

/** Whether the engine reads the objects of the list: strings that go to lists. */
function isFlatList({ members }: Node): boolean {
  if (members.size > objectWidth) return false
  return [...members.values()].every(
    ({ members, uses: [use, ...more] }) =>
      members.size === 0 && more.length === 0 && use && !use.when && !use.field.absent && kindOfUse(use) === kindText,
  )
}

function kindOfUse({ field }: FieldUse): number {
  const uses = field.targets.map((target) => useOf(target, field.mapping))
  const hasAddress = uses.some(({ mapping }) => mapping.type === 'ip')
  switch (kindOf(field)) {
    case 'text':
    case 'ip':
      return hasAddress ? kindAddress : kindText
    case 'encoded':
      return hasAddress ? kindRecall : kindEncoded
    case 'digits':
      return kindDigits
    case 'decimal':
      return kindDecimal
    case 'seconds':
      return kindSeconds
    case 'milliseconds':
      return kindMilliseconds
    case 'time':
      return kindTime
    case 'boolean':
      return kindBoolean
    case 'flat':
      return kindFlat
    case 'freeForm':
      return kindFreeForm
    case 'objects':
    case 'pairs':
      return kindObjects
    default:
      return kindRecall
  }
}
