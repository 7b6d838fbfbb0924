import { FlowferryError } from '../errors.ts'
import type { LogDocument, MappingProperty, MappingType } from '../types.ts'
import { ecs, type Target } from './ecs.ts'
import { type Field, keywordMapping } from './fields.ts'

export type AnyField = Field<string> | Field<number>
export type Values = Readonly<Record<string, string | number | undefined>>

/** A value that is computed from others: a pure function, so that its result may be recalled instead. */
export interface Derived {
  readonly target: Target
  /** The columns it reads; it is absent where one of them is. */
  readonly sources: readonly string[]
  readonly compute: (values: Values) => unknown
}

/** One place in a document and all that may fill it, in order. */
interface Leaf {
  readonly list: boolean
  readonly sources: ((record: Values) => unknown)[]
}
type Branch = Map<string, Leaf | Branch>

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
 * The function from a record to its document. One tree orders the fields, whatever order the columns have: constants,
 * then fields, then derived values, as the table lists them, `@timestamp` first.
 */
export function compileLayout({ constants, fields, derived }: LayoutParts): (record: Values) => LogDocument {
  const root: Branch = new Map([['@timestamp', { list: false, sources: [] }]])
  for (const [path, value] of Object.entries(constants))
    leafAt(root, path, Array.isArray(value)).sources.push(() => value)
  for (const [name, field] of Object.entries(fields) as [string, Field<unknown>][])
    for (const target of field.targets) {
      const { type } = mappingOf(target, field.mapping)
      leafAt(root, pathOf(target), target.endsWith('[]')).sources.push((record) => {
        const value = record[name]
        return value === undefined ? undefined : field.write(value, type)
      })
    }
  for (const { target, sources, compute } of derived)
    leafAt(root, pathOf(target), target.endsWith('[]')).sources.push((record) =>
      sources.every((name) => record[name] !== undefined) ? compute(record) : undefined,
    )
  return (record) => fill(root, record) ?? {}
}

function leafAt(root: Branch, path: string, list: boolean): Leaf {
  const names = path.split('.')
  const last = names.pop()!
  let branch = root
  for (const name of names) {
    const next = branch.get(name) ?? new Map<string, Leaf | Branch>()
    if (!(next instanceof Map)) throw conflict(path)
    branch.set(name, next)
    branch = next
  }
  const leaf = branch.get(last) ?? { list, sources: [] }
  if (leaf instanceof Map || leaf.list !== list) throw conflict(path)
  branch.set(last, leaf)
  return leaf
}

function conflict(path: string): FlowferryError {
  return new FlowferryError('INVALID_OPTION', `The table uses ${path} both as a value and as a list or an object`)
}

function fill(branch: Branch, record: Values): LogDocument | undefined {
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
    const value = source(record)
    if (value !== undefined) return value
  }
  return undefined
}

function gather(leaf: Leaf, record: Values): unknown[] | undefined {
  const found = new Set<unknown>()
  for (const source of leaf.sources) {
    const value = source(record)
    if (Array.isArray(value)) for (const item of value) found.add(item)
    else if (value !== undefined) found.add(value)
  }
  return found.size > 0 ? [...found] : undefined
}
