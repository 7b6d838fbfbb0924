import { once } from '../once.ts'
import type { FieldAlias, FieldDoc, Format, MappingProperty } from '../types.ts'
import { type Fields, sourceOf } from './derive.ts'
import { type AnyField, keyword } from './fields.ts'
import {
  aliasesOf,
  type Branch,
  eachSource,
  type LayoutParts,
  layoutTree,
  namesUnder,
  sourceValue,
  tablesOf,
} from './layout.ts'
import { freeName, snakeCase, takenNames } from './names.ts'
import { keywordMapping } from './targets.ts'

/** A field of a log that its table does not know: AWS's name, and its member of the record. */
export interface UnknownField {
  readonly name: string
  readonly key: string
}

/** What is true of a format in any encoding: what encodings compile their parsers from. */
export interface Schema extends LayoutParts {
  readonly format: Format
  /** Where fields that the table does not know are kept. */
  readonly root: string
  /** The table's name of a field, from any of its spellings. */
  readonly nameOf: (spelling: string) => string | undefined
  /** The document's tree, with a place of its own for each field that the table does not know. */
  readonly layout: (unknown: readonly UnknownField[]) => Branch
}

export function schemaOf(
  parts: LayoutParts & { readonly root: string; readonly taken?: readonly string[] },
  travelling: Omit<Format, 'mapping' | 'aliases' | 'fields' | 'time'>,
  more: Format['mapping'] = {},
): Schema {
  const { fields, root, taken: ofOthers = [] } = parts
  const known = once(() => layoutTree(parts))
  const mapping = once(() => ({ ...mappingOf(parts), ...more }))
  const docs = once(() => docsOf(parts))
  const aliases = once(() => aliasesOf(parts))
  const spellings = once(() => new Map(tablesOf(parts).flatMap(spellingsOf)))
  return {
    ...parts,
    format: {
      ...travelling,
      get mapping() {
        return mapping()
      },
      get aliases() {
        return aliases()
      },
      get fields() {
        return docs()
      },
      time: (record) => timeOf(known(), record),
    },
    nameOf: (spelling) => spellings().get(spelling),
    layout: (unknown) => {
      if (unknown.length === 0) return known()
      // An index refuses a document that holds an alias.
      const taken = takenNames([...ofOthers, ...namesUnder(known(), root), ...aliasesUnder(root, aliases())])
      const kept = unknown.map(
        ({ name, key }) => [key, keyword([`${root}.${freeName(snakeCase(name), taken)}` as 'custom.x'], '')] as const,
      )
      return layoutTree({ ...parts, fields: { ...fields, ...Object.fromEntries(kept) } })
    },
  }
}

/** The names directly below a path that are other names of a field, or hold some. */
function aliasesUnder(path: string, aliases: Readonly<Record<string, FieldAlias>>): string[] {
  const below = Object.keys(aliases).filter((alias) => alias.startsWith(`${path}.`))
  return below.map((alias) => alias.slice(path.length + 1).split('.')[0]!)
}

function spellingsOf(table: Fields): [string, string][] {
  return Object.entries(table).flatMap(([name, { spelled = [] }]) =>
    [name, ...spelled].map((one): [string, string] => [one, name]),
  )
}

function mappingOf(parts: LayoutParts): Record<string, MappingProperty> {
  const result: Record<string, MappingProperty> = {}
  const add = (path: string, mapping: MappingProperty, list?: MappingProperty['list']) => {
    const { constant: _, ...other } = result[path] ?? { ...mapping, ...(list && { list }) }
    result[path] = other
  }
  add('@timestamp', { type: 'date' })
  eachSource(parts, (path, list, source) => {
    if (source.is === 'constant') {
      const isTheOnly = !(path in result) && !source.when && typeof source.value === 'string'
      add(path, keywordMapping, list ? 'values' : undefined)
      if (isTheOnly) result[path] = { ...result[path]!, constant: source.value as string }
      return
    }
    const use = source.is === 'field' ? source.use : source.derived.targets[source.target]!
    const isUnindexed = source.is === 'field' && source.field.index === false && !list
    if (use.below) for (const [inner, mapping] of Object.entries(use.below)) add(`${path}.${inner}`, mapping, 'objects')
    else add(path, { ...use.mapping, ...(isUnindexed && { index: false }) }, list ? 'values' : undefined)
  })
  return result
}

function docsOf(parts: LayoutParts): FieldDoc[] {
  const docs = new Map<string, { type: string; description: string; targets: Set<string> }>()
  for (const table of tablesOf(parts))
    for (const [name, { type, description, targets, aliases = [] }] of Object.entries(table)) {
      const doc = docs.get(name) ?? { type, description, targets: new Set<string>() }
      docs.set(name, doc)
      for (const target of [...targets, ...aliases]) for (const path of pathsOf(target)) doc.targets.add(path)
    }
  for (const one of parts.derived)
    for (const input of one.inputs) {
      const doc = docs.get(sourceOf(input))
      for (const { path } of one.targets) doc?.targets.add(path)
    }
  return [...docs].map(([name, { type, description, targets }]) => ({ name, type, description, targets: [...targets] }))
}

/** A list of objects fills the fields of its objects. */
function pathsOf(target: AnyField['targets'][number]): string[] {
  if (typeof target === 'string') return [pathOf(target)]
  const path = pathOf(target.target)
  return target.below ? Object.keys(target.below).map((name) => `${path}.${name}`) : [path]
}

function pathOf(target: string): string {
  return target.endsWith('[]') ? target.slice(0, -2) : target
}

/** The time that a record's document has, in milliseconds since 1970. */
function timeOf(layout: Branch, record: unknown): number | undefined {
  const leaf = layout.get('@timestamp')
  if (!leaf || leaf instanceof Map) return undefined
  for (const source of leaf.sources) {
    // A record of JSON's holds AWS's own values, which its fields may not be able to read.
    const value = sourceValue(source, (name) => {
      const given = valueIn(record, name)
      return source.is === 'field' && name === source.name ? source.field.read(given) : given
    })
    if (typeof value === 'string') return Date.parse(value)
  }
  return undefined
}

/** A value of a record by a field's name, which is a path where the record is nested. */
function valueIn(record: unknown, name: string): unknown {
  let value = record
  if (typeof record === 'object' && record !== null && name in record)
    return (record as Readonly<Record<string, unknown>>)[name]
  for (const member of name.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Readonly<Record<string, unknown>>)[member]
  }
  return value ?? undefined
}
