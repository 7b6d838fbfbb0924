import type { Format, LogDocument, MappingType } from '@flowferry/core'

/** A document's field that has a column of its own. */
export interface Column {
  /** Its dotted name: `source.ip`. */
  readonly name: string
  readonly mapping: MappingType
  /** DuckDB's type of it, as the file has it: `VARCHAR`, `BIGINT[]`. */
  readonly type: string
}

const types: Readonly<Record<MappingType, string>> = {
  keyword: 'VARCHAR',
  text: 'VARCHAR',
  ip: 'VARCHAR',
  long: 'BIGINT',
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'TIMESTAMP',
  flattened: 'JSON',
}

/**
 * Fields that hold a list in every document, so that their columns do not depend on which documents come first: those
 * that ECS normalizes to arrays (https://www.elastic.co/guide/en/ecs/8.11/ecs-field-reference.html) …
 */
const plainLists = new Set([
  'container.image.tag',
  'dns.header_flags',
  'dns.resolved_ip',
  'event.category',
  'event.type',
  'host.ip',
  'host.mac',
  'network.forwarded_ip',
  'observer.ip',
  'process.args',
  'related.hash',
  'related.hosts',
  'related.ip',
  'related.user',
  'rule.author',
  'tags',
  'user.roles',
  'aws.vpcflow.tcp_flags_array',
])
/** … and those of several objects: `resources: [{ arn }, { arn }]`. */
const nestedLists = new Set([
  'aws.cloudtrail.resources.account_id',
  'aws.cloudtrail.resources.arn',
  'aws.cloudtrail.resources.type',
])

/** The table of a dataset: `aws.vpcflow` is `aws_vpcflow`. */
export function tableName(dataset: string): string {
  return dataset.replace(/[^A-Za-z0-9]+/g, '_').toLowerCase()
}

/** A name or a text as SQL writes it. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Every document has a time, also where its format maps nothing: `lines()` and `jsonArray()` without `mapping`. */
const always: Format['mapping'] = { '@timestamp': { type: 'date' } }

/**
 * A format's fields and the types that their columns should have. A field is a list where ECS says so, or where one of
 * the sample documents holds one.
 */
export function wantedColumns(format: Format, sample: Iterable<LogDocument>): Column[] {
  const seen = new Set([...plainLists, ...nestedLists])
  const mappings = { ...always, ...format.mapping }
  const fields = Object.keys(mappings).map((name) => ({ name, path: name.split('.') }))
  for (const document of sample)
    for (const { name, path } of fields) if (!seen.has(name) && holdsList(document, path)) seen.add(name)
  const columns = fields.map(({ name }): Column => {
    const mapping = mappings[name]!.type
    const type = types[mapping]
    return { name, mapping, type: seen.has(name) && type !== 'JSON' ? `${type}[]` : type }
  })
  const tree: Tree = new Map()
  return columns.filter(({ name, type }) => plant(tree, name.split('.'), type))
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

type Tree = Map<string, { readonly name: string; readonly node: Tree | string }>

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

/**
 * What is known of all documents of a statement. `regular`: each date is text that ends with Z, each list is a list, as
 * the library's own formats have it. `any`: nothing; reading them costs twice the time.
 */
export type Shape = 'regular' | 'any'

/** Whether a document is `regular` in these columns. */
export function shapeCheck(columns: readonly Column[]): (document: LogDocument) => boolean {
  const checks = columns
    .filter(({ type }) => type === 'TIMESTAMP' || type.endsWith('[]'))
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

/** What `from_json` is to read of a document: single values as text, since a failed cast would silently be NULL. */
function structure(columns: readonly Column[], shape: Shape): string {
  const leaf = (type: string): string => {
    if (type.endsWith('[]')) return shape === 'regular' ? '[]' : 'JSON'
    return type === 'JSON' ? 'JSON' : 'VARCHAR'
  }
  const tree: Tree = new Map()
  for (const { name, type } of columns) plant(tree, name.split('.'), leaf(type))
  const plain = (node: Tree | string): unknown => {
    if (node instanceof Map)
      return Object.fromEntries([...node.values()].map((child) => [child.name, plain(child.node)]))
    return node === '[]' ? ['VARCHAR'] : node
  }
  return JSON.stringify(plain(tree))
}

const parsedValue = ({ name }: Column): string => `parsed.${name.split('.').map(quoteName).join('.')}`

/** The value as the column takes it. Raises a conversion error where it cannot. */
function cast(column: Column, shape: Shape): string {
  const { name, type } = column
  const value = parsedValue(column)
  if (type === 'VARCHAR' || type === 'JSON') return value
  if (shape === 'regular') return type === 'VARCHAR[]' ? value : `CAST(${value} AS ${type})`
  if (type === 'TIMESTAMP') return castTime(value)
  if (!type.endsWith('[]')) return `CAST(${value} AS ${type})`
  const direct = `CASE WHEN json_type(${value}) = 'ARRAY' THEN CAST(from_json(${value}, '["VARCHAR"]') AS ${type})
    WHEN ${value} IS NOT NULL THEN CAST([${value} ->> '$'] AS ${type}) END`
  const path = name.split('.').map((part) => `."${part}"`)
  if (plainLists.has(name) || path.length === 1) return direct
  const inside = `$${path.slice(0, -1).join('')}[*]${path.at(-1)}`
  return `coalesce(${direct}, CAST(nullif(json_extract_string(document, ${quoteText(inside)}), []) AS ${type}))`
}

/**
 * As the search engines read a date by default: ISO 8601, else milliseconds since 1970. By way of TIMESTAMPTZ, since a
 * cast to TIMESTAMP drops the offset without a word.
 */
function castTime(value: string): string {
  return `make_timestamp(coalesce(epoch_us(TRY_CAST(${value} AS TIMESTAMPTZ)), CAST(${value} AS BIGINT) * 1000))`
}

/** SQL that moves the staged documents of one table into it; it fails whole where a value does not fit. */
export function insertStatement(table: string, columns: readonly Column[], staged: string, shape: Shape): string {
  const values = columns.map((column) => `${cast(column, shape)} AS ${quoteName(column.name)}`)
  return `INSERT INTO ${quoteName(table)} BY NAME
    SELECT ${['"_id"', 'document', ...values].join(', ')}
    FROM (SELECT "_id", document, from_json(document, ${quoteText(structure(columns, shape))}) AS parsed FROM ${staged})`
}

/** SQL that finds the staged documents that the table cannot take, each with its first reason. */
export function problemsStatement(columns: readonly Column[], staged: string): string {
  const checks = columns
    .filter(({ type }) => type !== 'VARCHAR' && type !== 'JSON' && type !== 'VARCHAR[]')
    .map((column) => {
      const value = parsedValue(column)
      const words = quoteText(`${column.name} takes ${column.type}, not `)
      return `WHEN ${value} IS NOT NULL AND TRY(${cast(column, 'any')}) IS NULL THEN ${words} || left(CAST(${value} AS VARCHAR), 60)`
    })
  return `SELECT position, reason FROM (
      SELECT position, CASE WHEN parsed IS NULL THEN 'the document is no valid JSON: half of a surrogate pair'
        ${checks.join('\n        ')} END AS reason
      FROM (SELECT position, document,
          from_json(CASE WHEN json_valid(document) THEN document END, ${quoteText(structure(columns, 'any'))}) AS parsed
        FROM ${staged}))
    WHERE reason IS NOT NULL`
}
