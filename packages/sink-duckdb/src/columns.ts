import type { Format, LogDocument, MappingProperty, MappingType } from '@flowferry/core'
import { ecsLists, isObject, setOwn } from '@flowferry/core/internal'

/** A document's field that has a column of its own. */
export interface Column {
  /** Its dotted name: `source.ip`. */
  readonly name: string
  readonly mapping: MappingType
  /** DuckDB's type of it, as the file has it: `VARCHAR`, `BIGINT[]`. */
  readonly type: string
  /** Whether a list is that of the field, and not one of objects that each have it. */
  readonly flat: boolean
  /** The column that holds the list of objects which each have the field. */
  readonly within?: string
}

/** Columns that are no field's. */
const ownColumns = ['_id', '_object', '_ordinal', 'unmapped', 'document']

const types: Readonly<Record<MappingType, string>> = {
  keyword: 'VARCHAR',
  text: 'VARCHAR',
  ip: 'VARCHAR',
  long: 'BIGINT',
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'TIMESTAMP',
  geo_point: 'VARCHAR',
  flattened: 'JSON',
}

/** Every document has a time, also where its format maps nothing: `lines()` without `mapping`. */
const always: Format['mapping'] = { '@timestamp': { type: 'date' } }

/**
 * A format's fields and the types that their columns should have. Lists are those that the mapping marks, and what ECS
 * normalizes to arrays, so that columns do not depend on which documents come first. Of a format that marks no field, a
 * field is a list as well where one of the sample documents holds one.
 */
export function wantedColumns(format: Format, sample: Iterable<LogDocument>): Column[] {
  const mappings = { ...always, ...format.mapping }
  const found = listsIn(mappings, sample)
  const lists = new Set<string>()
  const columns = Object.entries(mappings).flatMap(([name, { type: mapping, list }]): Column[] => {
    const type = types[mapping]
    const isList = list !== undefined || ecsLists.has(name) || found.has(name)
    const flat = list === 'values' || (list === undefined && ecsLists.has(name))
    const column = { name, mapping, type: isList && type !== 'JSON' ? `${type}[]` : type, flat }
    const dot = name.lastIndexOf('.')
    if (list !== 'objects' || dot === -1) return [column]
    // Which members were one object's, the lists of each field do not tell.
    const within = name.slice(0, dot)
    const isNew = !lists.has(within)
    lists.add(within)
    const whole: Column = { name: within, mapping: 'flattened', type: 'JSON', flat: false }
    return [...(isNew ? [whole] : []), { ...column, within }]
  })
  const tree: Tree = new Map()
  const names = new Set(ownColumns)
  return columns.filter(({ name, type, within }) => {
    const key = name.toLowerCase()
    const has = within === undefined ? plant(tree, name.split('.'), type) : names.has(within.toLowerCase())
    if (!has || names.has(key)) return false
    names.add(key)
    return true
  })
}

/** The columns of a table that are not among the wanted ones, but for those that every table has. */
export function otherColumns(
  found: readonly (readonly [name: string, type: string])[],
  wanted: readonly Column[],
): Column[] {
  const known = new Set([...ownColumns, ...wanted.map(({ name }) => name.toLowerCase())])
  const usual = new Set(Object.values(types).flatMap((type) => [type, `${type}[]`]))
  return found
    .filter(([name, type]) => !known.has(name.toLowerCase()) && usual.has(type))
    .map(([name, type]) => ({ name, mapping: 'keyword', type, flat: false }))
}

/** The fields that hold a list in one of the documents; none where the mapping says so itself. */
function listsIn(mappings: Readonly<Record<string, MappingProperty>>, sample: Iterable<LogDocument>): Set<string> {
  const found = new Set<string>()
  if (Object.values(mappings).some(({ list }) => list !== undefined)) return found
  const fields = Object.keys(mappings).map((name) => ({ name, path: name.split('.') }))
  for (const document of sample)
    for (const { name, path } of fields) if (!found.has(name) && holdsList(document, path)) found.add(name)
  return found
}

function holdsList(document: unknown, path: readonly string[]): boolean {
  let value: unknown = document
  for (const name of path) {
    if (Array.isArray(value)) return true
    if (typeof value !== 'object' || value === null) return false
    value = (value as LogDocument)[name]
  }
  return Array.isArray(value)
}

export type Node = Tree | string
export type Tree = Map<string, { readonly name: string; readonly node: Node }>

/** Puts a leaf into the tree. False where it has no place: names that differ in case alone are one name to DuckDB. */
function plant(tree: Tree, path: readonly string[], leaf: string): boolean {
  const [name, ...rest] = path as [string, ...string[]]
  const key = name.toLowerCase()
  const known = tree.get(key)
  if (rest.length === 0) {
    if (known) return false
    tree.set(key, { name, node: leaf })
    return true
  }
  if (known) return known.name === name && known.node instanceof Map && plant(known.node, rest, leaf)
  const node: Tree = new Map()
  tree.set(key, { name, node })
  return plant(node, rest, leaf)
}

/** The columns as the documents nest them, but for those within a list of objects; `leaf` gives each of them its text. */
export function treeOf(columns: readonly Column[], leaf: (type: string) => string): Tree {
  const tree: Tree = new Map()
  for (const { name, type, within } of columns) if (within === undefined) plant(tree, name.split('.'), leaf(type))
  return tree
}

/**
 * The part of a document that no column holds: fields without a mapping, lists of objects on the way to one. Undefined
 * where all of it has a column. What is the same in a whole table is left out: the type and the dataset of the stream.
 */
export function unmappedPart(
  columns: readonly Column[],
  dataset: string,
): (document: LogDocument) => LogDocument | undefined {
  const tree = treeOf(columns, (type) => type)
  const streamOf = (value: unknown): unknown => {
    if (!isObject(value)) return value
    const { type, dataset: own, namespace, ...rest } = value
    const other = {
      ...(type !== 'logs' && { type }),
      ...(own !== dataset && { dataset: own }),
      ...(namespace !== 'default' && { namespace }),
    }
    return { ...other, ...rest }
  }
  return (document) => {
    const { data_stream, ...fields } = document
    return restOf(data_stream === undefined ? fields : { ...fields, data_stream: streamOf(data_stream) }, tree)
  }
}

function restOf(value: LogDocument, tree: Tree): LogDocument | undefined {
  let rest: LogDocument | undefined
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || member === null) continue
    const known = tree.get(name.toLowerCase())
    const node = known?.name === name ? known.node : undefined
    if (typeof node === 'string') continue
    const left = node !== undefined && isObject(member) ? restOf(member, node) : isEmpty(member) ? undefined : member
    if (left === undefined) continue
    rest ??= {}
    setOwn(rest, name, left)
  }
  return rest
}

const isEmpty = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0

/**
 * Whether a document is as the library's own formats have it: each date is text that says its offset, each list is a
 * list. Where all documents of a write are, DuckDB reads them in half the time.
 */
export function shapeCheck(columns: readonly Column[]): (document: LogDocument) => boolean {
  const checks = columns
    .filter(({ type, within }) => within === undefined && (type === 'TIMESTAMP' || type.endsWith('[]')))
    .map(({ name, type }) => ({ path: name.split('.'), isList: type !== 'TIMESTAMP' }))
  return (document) => {
    for (const { path, isList } of checks) {
      let value: unknown = document
      for (const name of path) {
        // A list of objects on the way: its members hold the value, not it.
        if (Array.isArray(value)) return false
        value = (value as LogDocument)[name]
        if (value === undefined || value === null) break
      }
      if (value === undefined || value === null) continue
      if (isList ? !Array.isArray(value) : !(typeof value === 'string' && value.endsWith('Z'))) return false
    }
    return true
  }
}
