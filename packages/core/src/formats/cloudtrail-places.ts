import type { Bytes, Node, Plan } from './cloudtrail-table.ts'

/** The table as the engine and the shapes see it. */

export type Kind = Bytes | 'object' | 'address' | 'id' | 'key'

/** A place of the table, with the members that it knows below it. */
export interface Place {
  readonly node: Node
  readonly number: number
  readonly kind: Kind
  readonly name: string
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
}

export interface Places {
  readonly root: Place
  /** By their numbers. */
  readonly all: readonly Place[]
  readonly roles: Roles
}

export function placesOf({ root }: Plan, roles: Roles): Places {
  const all: Place[] = []
  const make = (node: Node, path: string): Place => {
    const members: Place[] = []
    const name = path.slice(path.lastIndexOf('.') + 1)
    const place = { node, number: all.length, kind: kindOf(node, path), name, members }
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
  return { root: make(root, ''), all, roles }
}
