import type { Closing } from '../types/encoder.ts'
import type { Branch } from './layout.ts'

/** Dotted fields of what stood around a record: its document gets those of which it has none of that name. */
export type Around = Readonly<Record<string, string>>

/** Bytes that each of the texts may have. CloudWatch Logs' names have 512 at most. */
export const mostClosing = 1536

/** Where documents have nothing around them. */
export const noClosing: Closing = { aws: new Uint8Array(0), cloud: new Uint8Array(0), end: Buffer.from('}') }

const known = new WeakMap<Around, Closing | 'none'>()

/** The text of what stood around a record; none where an engine has no place for it, and the plain path writes it. */
export function closingOf(around: Around | undefined): Closing | undefined {
  if (!around) return noClosing
  const found = known.get(around) ?? makeClosing(around) ?? 'none'
  known.set(around, found)
  return found === 'none' ? undefined : found
}

function makeClosing(around: Around): Closing | undefined {
  const all: Tree = {}
  for (const [field, value] of Object.entries(around)) put(all, field.split('.'), value)
  const { aws, cloud, log, ...others } = all
  if (Object.keys(others).length > 0 || (cloud !== undefined && !isAccount(cloud))) return undefined
  const closing = {
    aws: Buffer.from(membersOf(aws)),
    cloud: Buffer.from(membersOf(cloud)),
    end: Buffer.from(log === undefined ? '}' : `,"log":${JSON.stringify(log)}}`),
  }
  return Object.values(closing).every(({ length }) => length <= mostClosing) ? closing : undefined
}

interface Tree {
  [name: string]: Tree | string
}

function put(tree: Tree, [name, ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) tree[name!] = value
  else {
    const inner = tree[name!]
    const branch = typeof inner === 'object' ? inner : {}
    tree[name!] = branch
    put(branch, rest, value)
  }
}

function isAccount(cloud: Tree | string): boolean {
  return /^\{"account":\{"id":"[^"\\]*"\}\}$/.test(JSON.stringify(cloud))
}

function membersOf(tree: Tree | string | undefined): string {
  return typeof tree === 'object' ? `${JSON.stringify(tree).slice(1, -1)},` : ''
}

/**
 * Whether documents of the layout have the places of a closing, and nothing of their own there: all but an account's id is
 * added whatever a record has.
 */
export function takesClosing(layout: Branch): boolean {
  const aws = layout.get('aws')
  const cloud = layout.get('cloud')
  if (!(aws instanceof Map) || aws.has('cloudwatch') || !(cloud instanceof Map) || layout.has('log')) return false
  const account = cloud.get('account')
  return account === undefined || (account instanceof Map && [...account.keys()].join() === 'id')
}
