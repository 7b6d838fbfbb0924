import { FlowferryError } from '../errors.ts'
import type { FieldAlias, LogDocument } from '../types.ts'
import { type BatchValues, computeDerived, type Derived, type Fields, valueFor } from './derive.ts'
import type { AnyField } from './fields.ts'
import { type TargetUse, useOf } from './targets.ts'

/** Holds for records in which the field has this text. */
export interface Condition {
  readonly field: string
  readonly value: string
}

/** Constants and fields that a format has where another field decides so. */
export interface Case {
  readonly when: Condition
  readonly constants: Readonly<Record<string, unknown>>
  readonly fields: Fields
}

/** One way to fill a place in a document. */
export type LeafSource = { readonly when?: Condition } & (
  | { readonly is: 'constant'; readonly value: unknown }
  | { readonly is: 'field'; readonly name: string; readonly field: AnyField; readonly use: TargetUse }
  | { readonly is: 'derived'; readonly derived: Derived; readonly target: number }
)

/** One place in a document and all that may fill it, in order: a list takes them all, once, a value the first. */
export interface Leaf {
  readonly list: boolean
  readonly sources: LeafSource[]
}
export type Branch = Map<string, Leaf | Branch>

export interface LayoutParts {
  readonly constants: Readonly<Record<string, unknown>>
  readonly fields: Fields
  readonly cases: readonly Case[]
  readonly derived: readonly Derived[]
}

/** Each source of the parts with its place, in the order in which a document has them: `add` is called for each. */
export function eachSource(
  { constants, fields, cases, derived }: LayoutParts,
  add: (path: string, list: boolean, source: LeafSource) => void,
): void {
  const addConstants = (values: LayoutParts['constants'], when?: Condition) => {
    for (const [path, value] of Object.entries(values))
      add(path, Array.isArray(value), { is: 'constant', value, ...(when && { when }) })
  }
  const addFields = (table: Fields, when?: Condition) => {
    for (const [name, field] of Object.entries(table))
      for (const target of field.targets) {
        const use = useOf(target, field.mapping)
        add(use.path, use.list, { is: 'field', name, field, use, ...(when && { when }) })
      }
  }
  // Of several sources of a value the first counts: what a case says goes before what all records have.
  for (const { when, constants } of cases) addConstants(constants, when)
  addConstants(constants)
  addFields(fields)
  for (const { when, fields } of cases) addFields(fields, when)
  for (const one of derived)
    for (const [target, { path, list }] of one.targets.entries())
      add(path, list, { is: 'derived', derived: one, target })
}

/** All tables of fields: what records have, and what each case has. */
export function tablesOf({ fields, cases }: Pick<LayoutParts, 'fields' | 'cases'>): readonly Fields[] {
  return [fields, ...cases.map((one) => one.fields)]
}

/** The field of a name, in the table or in that of a case. */
export function fieldNamed(parts: Pick<LayoutParts, 'fields' | 'cases'>, name: string): AnyField | undefined {
  return tablesOf(parts).find((table) => Object.hasOwn(table, name))?.[name]
}

/** The names of the fields of tables, in all their spellings. */
export function spellingsOf(tables: readonly Fields[]): ReadonlySet<string> {
  return new Set(
    tables.flatMap((table) => Object.entries(table).flatMap(([name, { spelled = [] }]) => [name, ...spelled])),
  )
}

/** Each place with all that may fill it, in order. */
export function leavesByPath(parts: LayoutParts): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>()
  eachSource(parts, (path, list, source) => {
    const leaf = leaves.get(path) ?? { list, sources: [] }
    leaves.set(path, leaf)
    leaf.sources.push(source)
  })
  return leaves
}

/** Each alias of the fields, and the path that it is another name of. */
export function aliasesOf(parts: LayoutParts): Record<string, FieldAlias> {
  const all = tablesOf(parts).flatMap((table) => Object.values(table))
  return Object.fromEntries(
    all.flatMap(({ targets: [first], mapping, aliases = [] }) =>
      aliases.map((alias) => [alias, { path: useOf(first!, mapping).path, type: useOf(alias, mapping).mapping.type }]),
    ),
  )
}

/** The parts of the same format with a target for each alias. */
export function withoutAliases<P extends LayoutParts>(parts: P): P {
  const full = (fields: Fields): Fields =>
    Object.fromEntries(
      Object.entries(fields).map(([name, { aliases = [], ...field }]) => [
        name,
        { ...field, targets: [...field.targets, ...aliases] },
      ]),
    )
  return {
    ...parts,
    fields: full(parts.fields),
    cases: parts.cases.map((one) => ({ ...one, fields: full(one.fields) })),
  }
}

/**
 * The document's tree. It orders the fields, whatever order a log has: constants, then fields, then derived values, as the
 * table lists them, `@timestamp` first. The plain path and the fast path both walk it.
 */
export function layoutTree(parts: LayoutParts): Branch {
  const root: Branch = new Map([['@timestamp', { list: false, sources: [] }]])
  eachSource(parts, (path, list, source) => leafAt(root, path, list).sources.push(source))
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

/**
 * Looks at the places alone, so that a format can be checked when it is declared, and its tree made when it is used.
 * Below `root` stand the fields that the table does not know.
 *
 * @throws FlowferryError INVALID_OPTION where one is both a value and a list or an object
 */
export function checkPlaces(parts: LayoutParts, root: string): void {
  const lists = new Map([['@timestamp', false]])
  const objects = new Set<string>()
  const addObjects = (path: string) => {
    for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1)) {
      const object = path.slice(0, end)
      if (objects.has(object)) break
      objects.add(object)
    }
  }
  eachSource(parts, (path, list) => {
    if ((lists.get(path) ?? list) !== list) throw conflict(path)
    lists.set(path, list)
    addObjects(path)
  })
  addObjects(`${root}.`)
  for (const path of objects) if (lists.has(path)) throw conflict(path)
}

function conflict(path: string): FlowferryError {
  return new FlowferryError('INVALID_OPTION', `The table uses ${path} both as a value and as a list or an object`)
}

/** Gives what a source holds in the record at hand; undefined for nothing. */
export type SourceValue = (source: LeafSource) => unknown

/** The plain path: a record's document, made by walking the tree. */
export function fill(branch: Branch, get: SourceValue): LogDocument | undefined {
  let result: LogDocument | undefined
  for (const [name, node] of branch) {
    const value = node instanceof Map ? fill(node, get) : node.list ? gather(node, get) : first(node, get)
    if (value !== undefined) {
      result ??= {}
      result[name] = value
    }
  }
  return result
}

function first(leaf: Leaf, get: SourceValue): unknown {
  for (const source of leaf.sources) {
    const value = get(source)
    if (value !== undefined) return value
  }
  return undefined
}

function gather(leaf: Leaf, get: SourceValue): unknown[] | undefined {
  const found = new Set<unknown>()
  for (const source of leaf.sources) {
    const value = get(source)
    if (Array.isArray(value)) for (const item of value) found.add(item)
    else if (value !== undefined) found.add(value)
  }
  return found.size > 0 ? [...found] : undefined
}

/**
 * What the sources hold in a record whose fields' values, as they were read, are known by name. A function that gives
 * several targets is called once for the record.
 */
export function sourceValues(get: (name: string) => unknown, ofBatch?: BatchValues): SourceValue {
  let computed: Map<Derived, unknown> | undefined
  return (source) => {
    if (source.is === 'derived' && source.derived.ofBatch) return ofBatch?.get(source.derived)
    if (source.is !== 'derived' || source.derived.targets.length === 1) return sourceValue(source, get)
    const { derived, target } = source
    computed ??= new Map()
    if (!computed.has(derived)) computed.set(derived, computeDerived(derived, get))
    return valueFor(derived, target, computed.get(derived))
  }
}

/** What a source holds where each field's value, as it was read, is known by the field's name. */
export function sourceValue(source: LeafSource, get: (name: string) => unknown): unknown {
  const { when } = source
  if (when && get(when.field) !== when.value) return undefined
  if (source.is === 'constant') return source.value
  if (source.is === 'derived') return valueFor(source.derived, source.target, computeDerived(source.derived, get))
  const value = get(source.name)
  return value === undefined ? undefined : source.field.write(value as never, source.use.mapping.type, source.use.path)
}
