import { FlowferryError } from '../errors.ts'
import type { LogDocument, MappingProperty, MappingType } from '../types.ts'
import { ecs, type Target } from './ecs.ts'
import { type Field, keywordMapping } from './fields.ts'

export type AnyField = Field<string> | Field<number>
export type Values = Readonly<Record<string, string | number | undefined>>

/** A view of one column that has few values, where the column itself has many: by the mark that stands first in it. */
export interface Facet<N extends string, V> {
  readonly source: N
  /** ASCII characters, and the value for each. */
  readonly marks: string
  readonly values: readonly V[]
}

/** A value that is computed from others: a pure function, so that its result may be recalled instead. */
export interface Derived {
  readonly target: Target
  /** The columns, or facets of columns, that it reads; it is absent where one of them is. */
  readonly inputs: readonly (string | Facet<string, unknown>)[]
  readonly compute: (...values: unknown[]) => unknown
}

/** What may fill a place in a document. */
export type LeafSource =
  | { readonly is: 'constant'; readonly value: unknown }
  | { readonly is: 'column'; readonly name: string; readonly field: Field<unknown>; readonly type: MappingType }
  | { readonly is: 'derived'; readonly derived: Derived }

/** One place in a document and all that may fill it, in order: a list takes them all, once, a value the first. */
export interface Leaf {
  readonly list: boolean
  readonly sources: LeafSource[]
}
export type Branch = Map<string, Leaf | Branch>

export interface LayoutParts {
  readonly constants: Readonly<Record<string, unknown>>
  readonly fields: Readonly<Record<string, AnyField>>
  readonly derived: readonly Derived[]
}

/** Without the `[]` that says "append". */
export function pathOf(target: Target): string {
  return target.endsWith('[]') ? target.slice(0, -2) : target
}

/** What an index should map a target as: ECS's type where ECS has the field, else the column's own. */
export function mappingOf(target: Target, own: MappingProperty): MappingProperty {
  const path = pathOf(target)
  const type: MappingType | undefined = Object.hasOwn(ecs, path) ? ecs[path as keyof typeof ecs] : undefined
  if (type === undefined) return own
  return type === 'keyword' ? keywordMapping : { type }
}

/**
 * Looks at the targets alone, so that a table can be checked when it is declared, and its tree made when it is used.
 * Below `root` stand the fields that the table does not know.
 *
 * @throws FlowferryError INVALID_OPTION where one is both a value and a list or an object
 */
export function checkTargets({ constants, fields, derived }: LayoutParts, root: string): void {
  const lists = new Map([['@timestamp', false]])
  const objects = new Set<string>()
  const add = (path: string, list: boolean) => {
    if ((lists.get(path) ?? list) !== list) throw conflict(path)
    lists.set(path, list)
    addObjects(path)
  }
  const addObjects = (path: string) => {
    for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1)) {
      const object = path.slice(0, end)
      if (objects.has(object)) break
      objects.add(object)
    }
  }
  for (const path in constants) add(path, Array.isArray(constants[path]))
  for (const name in fields) for (const target of fields[name]!.targets) add(pathOf(target), target.endsWith('[]'))
  for (const { target } of derived) add(pathOf(target), target.endsWith('[]'))
  addObjects(`${root}.`)
  for (const path of objects) if (lists.has(path)) throw conflict(path)
}

/**
 * The document's tree. It orders the fields, whatever order the columns have: constants, then fields, then derived
 * values, as the table lists them, `@timestamp` first. The plain path and the fast path both walk it.
 */
export function layoutTree({ constants, fields, derived }: LayoutParts): Branch {
  const root: Branch = new Map([['@timestamp', { list: false, sources: [] }]])
  const add = (target: string, list: boolean, source: LeafSource) => leafAt(root, target, list).sources.push(source)
  for (const [path, value] of Object.entries(constants)) add(path, Array.isArray(value), { is: 'constant', value })
  for (const [name, field] of Object.entries(fields) as [string, Field<unknown>][])
    for (const target of field.targets)
      add(pathOf(target), target.endsWith('[]'), {
        is: 'column',
        name,
        field,
        type: mappingOf(target, field.mapping).type,
      })
  for (const one of derived) add(pathOf(one.target), one.target.endsWith('[]'), { is: 'derived', derived: one })
  return root
}

function leafAt(root: Branch, path: string, list: boolean): Leaf {
  const names = path.split('.')
  const last = names.pop()!
  let branch = root
  for (const name of names) {
    const next = (branch.get(name) as Branch | undefined) ?? new Map<string, Leaf | Branch>()
    branch.set(name, next)
    branch = next
  }
  const leaf = (branch.get(last) as Leaf | undefined) ?? { list, sources: [] }
  branch.set(last, leaf)
  return leaf
}

/** The names of what stands directly below a path. */
export function namesUnder(tree: Branch, path: string): Iterable<string> {
  let node: Leaf | Branch | undefined = tree
  for (const name of path.split('.')) node = node instanceof Map ? node.get(name) : undefined
  return node instanceof Map ? node.keys() : []
}

function conflict(path: string): FlowferryError {
  return new FlowferryError('INVALID_OPTION', `The table uses ${path} both as a value and as a list or an object`)
}

/** The plain path: a record's document, made by walking the tree. */
export function fill(branch: Branch, record: Values): LogDocument | undefined {
  let result: LogDocument | undefined
  for (const [name, node] of branch) {
    const value = node instanceof Map ? fill(node, record) : node.list ? gather(node, record) : first(node, record)
    if (value !== undefined) {
      result ??= {}
      result[name] = value
    }
  }
  return result
}

function first(leaf: Leaf, record: Values): unknown {
  for (const source of leaf.sources) {
    const value = valueFrom(source, record)
    if (value !== undefined) return value
  }
  return undefined
}

function gather(leaf: Leaf, record: Values): unknown[] | undefined {
  const found = new Set<unknown>()
  for (const source of leaf.sources) {
    const value = valueFrom(source, record)
    if (Array.isArray(value)) for (const item of value) found.add(item)
    else if (value !== undefined) found.add(value)
  }
  return found.size > 0 ? [...found] : undefined
}

function valueFrom(source: LeafSource, record: Values): unknown {
  if (source.is === 'constant') return source.value
  if (source.is === 'derived') return computeDerived(source.derived, record)
  const value = record[source.name]
  return value === undefined ? undefined : source.field.write(value, source.type)
}

function computeDerived({ inputs, compute }: Derived, record: Values): unknown {
  const args: unknown[] = []
  for (const input of inputs) {
    const value = record[typeof input === 'string' ? input : input.source]
    const arg = value === undefined || typeof input === 'string' ? value : facetOf(input, String(value))
    if (arg === undefined) return undefined
    args.push(arg)
  }
  return compute(...args)
}

function facetOf({ marks, values }: Facet<string, unknown>, text: string): unknown {
  for (const character of text) if (marks.includes(character)) return values[marks.indexOf(character)]
  return undefined
}
