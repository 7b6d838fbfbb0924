import { maxUnknown, maxUnknownName } from './cloudtrail-engine/map.ts'
import type { Bytes, Node, Plan } from './cloudtrail-table.ts'
import { snakeCase } from './cloudtrail-values.ts'

/** The table as the engine and the shapes see it. */

export type Kind = Bytes | 'object' | 'address' | 'id' | 'key' | 'unknown'

/** A place of the table, with the members that it knows below it. */
export interface Place {
  readonly node: Node
  readonly number: number
  readonly kind: Kind
  readonly name: string
  /** In the record: `userIdentity.type`. */
  readonly path: string
  readonly members: readonly Place[]
}

/** The fields that mean more to the byte path than their value. */
export interface Roles {
  /** A record without it takes the plain path. */
  readonly id: string
  /** What derived values depend on. */
  readonly key: string
  /** … besides on whether these are there, */
  readonly presence: readonly string[]
  /** but with this key, on what they and others hold. */
  readonly special: string
  /** A field and the beginning of values that are of another format. */
  readonly foreign: readonly [field: string, prefix: string]
  /** A member that only files of another kind have. */
  readonly digest: string
}

export interface Places {
  readonly root: Place
  /** By their numbers. */
  readonly all: readonly Place[]
  readonly roles: Roles
  /** A place for a member that the table does not know, where the plain path would keep it under a name of its own. */
  readonly learn: (parent: Place, name: string) => Place | undefined
  /** The places that were learned. */
  readonly learned: () => readonly Place[]
  readonly forget: () => void
}

/** Where the document has a member that the table does not know, below all that is unknown. */
export function snakePath({ path }: Place): string[] {
  return path.split('.').map(snakeCase)
}

export function placesOf({ root }: Plan, roles: Roles): Places {
  const all: Place[] = []
  const make = (node: Node, path: string): Place => {
    const members: Place[] = []
    const name = path.slice(path.lastIndexOf('.') + 1)
    const place = { node, number: all.length, kind: kindOf(node, path), name, path, members }
    all.push(place)
    // Ours, and no field of AWS's: a record that has it is odd.
    for (const [member, inner] of node.members)
      if (path !== '' || member !== 'kind') members.push(make(inner, path === '' ? member : `${path}.${member}`))
    return place
  }
  const kindOf = ({ field }: Node, path: string): Kind => {
    if (path === roles.id) return 'id'
    if (path === roles.key) return 'key'
    if (field?.bytes === 'text' && field.targets.some((target) => target.address)) return 'address'
    return field?.bytes ?? 'object'
  }
  const top = make(root, '')
  const known = all.length
  const learn = ({ node, path }: Place, name: string): Place | undefined => {
    // Whole numbers come first in an object; what is not ASCII is rare in names.
    if (name.length > maxUnknownName || !/^[a-z]\w*$/i.test(name) || name === roles.digest) return undefined
    if (all.length === known + maxUnknown) return undefined
    const place: Place = {
      node: { slots: [], members: new Map() },
      number: all.length,
      kind: 'unknown',
      name,
      path: path === '' ? name : `${path}.${name}`,
      members: [],
    }
    const ours = snakePath(place).join('.')
    if ([...node.members.keys()].some((member) => snakeCase(member) === snakeCase(name))) return undefined
    if (all.slice(known).some((other) => snakePath(other).join('.') === ours)) return undefined
    all.push(place)
    return place
  }
  return {
    root: top,
    all,
    roles,
    learn,
    learned: () => all.slice(known),
    forget: () => {
      all.length = known
    },
  }
}
