import { quoteName, quoteText } from '@flowferry/core/internal'
import { type Column, type Node, treeOf } from './columns.ts'
import { lineHead } from './lines.ts'

/** What is read of a line beside its columns. */
const head = { object: 'VARCHAR', ordinal: 'BIGINT', unmapped: 'JSON' }
/** The key's columns, and what has no column, from a line. */
const headValues = (from: string): string[] => [
  `${from}.object AS _object`,
  `${from}.ordinal AS _ordinal`,
  `${from}.unmapped AS unmapped`,
]
const pathOf = (name: string): string => name.split('.').map(quoteName).join('.')

/** DuckDB reads twice as much at once as the largest object may be. */
const leastObjectSize = 1024 * 1024

/** Values of a field that each object of a list has, as a list of text. */
const inEach = ({ name, within, type }: Column, list: string): string =>
  `CAST(nullif(json_extract_string(${list}, ${quoteText(`$[*]."${name.slice(within!.length + 1)}"`)}), []) AS ${type})`

/**
 * SQL that moves the lines of files into a table, where all of them are regular: DuckDB's reader makes the values of
 * their columns' types. It fails whole where a value does not fit.
 */
export function readStatement(
  table: string,
  columns: readonly Column[],
  files: readonly { readonly path: string; readonly longest: number }[],
): string {
  // A date with an offset, read as TIMESTAMP, would lose it without a word.
  const tree = treeOf(columns, (type) => (type === 'TIMESTAMP' ? 'TIMESTAMPTZ' : type))
  const values = columns.map((column) => {
    const value = pathOf(column.within ?? column.name)
    if (column.within !== undefined) return `${inEach(column, value)} AS ${quoteName(column.name)}`
    return `${column.type === 'TIMESTAMP' ? `make_timestamp(epoch_us(${value}))` : value} AS ${quoteName(column.name)}`
  })
  const typeOf = (node: Node): string =>
    typeof node === 'string'
      ? node
      : `STRUCT(${[...node.values()].map((child) => `${quoteName(child.name)} ${typeOf(child.node)}`).join(', ')})`
  const read = [...tree.values()].map(({ name, node }) => `${quoteText(name)}: ${quoteText(typeOf(node))}`)
  const headType = Object.entries(head).map(([name, type]) => `${name} ${type}`)
  return `INSERT INTO ${quoteName(table)} BY NAME
    SELECT ${[...headValues(lineHead), ...values].join(', ')}
    FROM read_ndjson([${files.map(({ path }) => quoteText(path)).join(', ')}],
      maximum_object_size = ${Math.max(leastObjectSize, ...files.map(({ longest }) => longest))},
      columns = {${[`${lineHead}: 'STRUCT(${headType.join(', ')})'`, ...read].join(', ')}})`
}

/** Lines that are not all regular, or of which some do not fit, in a table of their own. */
export const stagingTable = 'temp.main.flowferry_staging'

export const stageStatement = (path: string): string => `CREATE OR REPLACE TEMP TABLE flowferry_staging AS
    SELECT unnest(lines) AS line, generate_subscripts(lines, 1) - 1 AS position
    FROM (SELECT string_split(rtrim(content, chr(10)), chr(10)) AS lines FROM read_text(${quoteText(path)}))`

/** What `from_json` is to read of a line: single values as text, since a failed cast would silently be NULL. */
function structure(columns: readonly Column[]): string {
  const tree = treeOf(columns, (type) => (type === 'JSON' || type.endsWith('[]') ? 'JSON' : 'VARCHAR'))
  const plain = (node: Node): unknown =>
    typeof node === 'string'
      ? node
      : Object.fromEntries([...node.values()].map((child) => [child.name, plain(child.node)]))
  return quoteText(JSON.stringify({ [lineHead]: head, ...(plain(tree) as object) }))
}

const parsedValue = ({ name, within }: Column): string => `parsed.${pathOf(within ?? name)}`

/** The value as the column takes it, from a value of any form. Raises a conversion error where it cannot. */
function cast(column: Column): string {
  const { name, type, flat } = column
  const value = parsedValue(column)
  if (column.within !== undefined) {
    const list = `CASE WHEN json_type(${value}) = 'OBJECT' THEN json_array(${value}) ELSE ${value} END`
    return inEach(column, list)
  }
  if (type === 'VARCHAR' || type === 'JSON') return value
  if (type === 'TIMESTAMP') return castTime(value)
  if (!type.endsWith('[]')) return `CAST(${value} AS ${type})`
  const direct = `CASE WHEN json_type(${value}) = 'ARRAY' THEN CAST(from_json(${value}, '["VARCHAR"]') AS ${type})
    WHEN ${value} IS NOT NULL THEN CAST([${value} ->> '$'] AS ${type}) END`
  const path = name.split('.').map((part) => `."${part}"`)
  if (flat || path.length === 1) return direct
  const inside = `$${path.slice(0, -1).join('')}[*]${path.at(-1)}`
  return `coalesce(${direct}, CAST(nullif(json_extract_string(line, ${quoteText(inside)}), []) AS ${type}))`
}

/**
 * As the search engines read a date by default: ISO 8601, else milliseconds since 1970. By way of TIMESTAMPTZ, since a
 * cast to TIMESTAMP drops the offset without a word.
 */
function castTime(value: string): string {
  return `make_timestamp(coalesce(epoch_us(TRY_CAST(${value} AS TIMESTAMPTZ)), CAST(${value} AS BIGINT) * 1000))`
}

/** The document of a line: the line without what stands first in it. */
const documentOfLine = String.raw`regexp_replace(line,
    '^\{"${lineHead}":\{(?:"ordinal":-1,)?"object":"(?:[^"\\]|\\.)*"(?:,"ordinal": *-?\d+)?\},?', '{')`

/** SQL that moves the staged lines into a table; it fails whole where a value does not fit. */
export function insertStatement(table: string, columns: readonly Column[], documents: boolean): string {
  const values = columns.map((column) => `${cast(column)} AS ${quoteName(column.name)}`)
  if (documents) values.push(`${documentOfLine} AS document`)
  return `INSERT INTO ${quoteName(table)} BY NAME
    SELECT ${[...headValues(`parsed.${lineHead}`), ...values].join(', ')}
    FROM (SELECT line, from_json(line, ${structure(columns)}) AS parsed FROM ${stagingTable})`
}

/** SQL that finds the staged lines that the table cannot take, each with its first reason. */
export function problemsStatement(columns: readonly Column[]): string {
  const checks = columns
    .filter(({ type }) => type !== 'VARCHAR' && type !== 'JSON' && type !== 'VARCHAR[]')
    .map((column) => {
      const value = parsedValue(column)
      const words = quoteText(`${column.name} takes ${column.type}, not `)
      return `WHEN ${value} IS NOT NULL AND TRY(${cast(column)}) IS NULL THEN ${words} || left(CAST(${value} AS VARCHAR), 60)`
    })
  return `SELECT position, reason FROM (
      SELECT position, CASE WHEN parsed IS NULL THEN 'the document is no valid JSON: half of a surrogate pair'
        ${checks.join('\n        ')} END AS reason
      FROM (SELECT position, line,
          from_json(CASE WHEN json_valid(line) THEN line END, ${structure(columns)}) AS parsed
        FROM ${stagingTable}))
    WHERE reason IS NOT NULL`
}
