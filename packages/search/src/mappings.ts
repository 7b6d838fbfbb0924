import { isObject } from '@flowferry/core/internal'
import { matches } from './matches.ts'
import type { IndexTemplate } from './template.ts'
import type { SearchEngineRequest } from './types.ts'

type Properties = Readonly<Record<string, object>>
type MappingTree = { readonly [name: string]: { readonly type?: string; readonly properties?: MappingTree } }

/** What a mapping that is there can take of a template's, and the fields that it has in another way. */
export interface MappingUpdate {
  readonly properties: Properties
  /** Dotted names. */
  readonly kept: readonly string[]
}

/**
 * Looks at the mappings of a data stream's indices, or of one index. A field that is there can become neither an alias nor
 * lose its index: it stays as it is until the next index is made.
 * https://www.elastic.co/docs/manage-data/data-store/mapping#mapping-limit-settings
 */
export async function mappingUpdate(
  send: SearchEngineRequest,
  name: string,
  wanted: IndexTemplate['template']['mappings']['properties'],
): Promise<MappingUpdate> {
  const { body } = await send('GET', `/${name}/_mapping`)
  const indices = isObject(body) ? Object.values(body) : []
  const there = indices.map((index) => {
    const { mappings } = index as { readonly mappings?: { readonly properties?: MappingTree } }
    return new Map(leavesOf(mappings?.properties ?? {}))
  })
  const properties: Record<string, object> = {}
  const kept: string[] = []
  for (const [path, property] of Object.entries(wanted))
    if (there.every((fields) => takes(fields, path, property))) properties[path] = property
    else kept.push(path)
  return { properties, kept }
}

function takes(fields: ReadonlyMap<string, object>, path: string, wanted: object): boolean {
  const existing = fields.get(path)
  if (existing) return matches({ ...wanted, fields: undefined }, { ...existing, fields: undefined })
  // A value stands where an object is due, or the other way round.
  for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1))
    if (fields.has(path.slice(0, end))) return false
  return ![...fields.keys()].some((one) => one.startsWith(`${path}.`))
}

function* leavesOf(tree: MappingTree, before = ''): Generator<[string, object]> {
  for (const [name, property] of Object.entries(tree)) {
    if (property.properties) yield* leavesOf(property.properties, `${before}${name}.`)
    if (property.type !== undefined && property.type !== 'object' && property.type !== 'nested')
      yield [before + name, property]
  }
}
