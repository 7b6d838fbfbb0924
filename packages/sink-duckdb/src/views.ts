import type { DuckDBConnection } from '@duckdb/node-api'
import type { Format } from '@flowferry/core'
import { freeName, isObject, quoteName, quoteText, tableName, takenNames } from '@flowferry/core/internal'
import type { Column } from './columns.ts'
import { inTransaction } from './transaction.ts'

type FoundColumn = readonly [name: string, type: string]
/** What is known of a table beside the columns that it has. */
interface Known {
  /** The type of each field, also where no document had it so far. */
  readonly fields: Readonly<Record<string, string>>
  /** Other names of fields, each with the field whose value it is. */
  readonly aliases: Readonly<Record<string, string>>
}
/** The tables of a view. */
type Tables = Readonly<Record<string, Known>>

/** Begins the comment of a view that this package made. Behind it stands of what, as JSON. */
const mark = 'flowferry: '

/** Columns of a table that its view has under their own names, behind those of fields. */
const plainColumns = ['_id', 'unmapped', 'document', '@timestamp']
/** Of a key, views have the whole. */
const ownColumns = [...plainColumns, '_object', '_ordinal']

/** The view in which a format's table stands. */
export const viewName = (format: Pick<Format, 'dataset' | 'view'>): string =>
  format.view ?? `${tableName(format.dataset)}_view`

/**
 * Makes the view of a format's table, or makes it anew where it has other columns now. Other tables of the view stay in
 * it. What somebody else made under its name stays as it is, and a warning of the process says so.
 */
export async function prepareView(
  connection: DuckDBConnection,
  format: Format,
  columns: readonly Column[],
): Promise<void> {
  // Such a format may be that of rejected documents, which does not know its view.
  if (Object.keys(format.mapping).length === 0) return
  const view = viewName(format)
  const table = tableName(format.dataset)
  const found = await findNamed(connection, view)
  const before = found === undefined ? {} : tablesIn(found)
  if (!before) return warn(view, table, 'the file has another table or view with that name; rename it')
  const fields = columns.map(({ name, type }) => [name, type])
  const aliases = Object.entries(format.aliases ?? {}).map(([alias, { path }]) => [alias, path])
  // What is known of before may be that of documents which are there.
  const known: Known = {
    fields: { ...before[table]?.fields, ...Object.fromEntries(fields) },
    aliases: { ...before[table]?.aliases, ...Object.fromEntries(aliases) },
  }
  try {
    await inTransaction(connection, () => createView(connection, view, { ...before, [table]: known }))
  } catch (error) {
    // Documents are stored without it, too.
    warn(view, table, (error as Error).message)
  }
}

/** Removes a view of this package's whose name a table is to have. */
export async function makeWayFor(connection: DuckDBConnection, table: string): Promise<void> {
  const found = await findNamed(connection, table)
  if (found !== undefined && tablesIn(found)) await connection.run(`DROP VIEW ${quoteName(table)}`)
}

async function createView(connection: DuckDBConnection, view: string, tables: Tables): Promise<void> {
  const reserved = await reservedWords(connection)
  const there: [name: string, known: Known][] = []
  const selects: string[] = []
  for (const [name, known] of Object.entries(tables).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const columns = await columnsOf(connection, name)
    // Somebody may have dropped it.
    if (columns.length === 0) continue
    there.push([name, known])
    selects.push(`SELECT ${viewColumns(columns, known, reserved).join(', ')} FROM ${quoteName(name)}`)
  }
  await connection.run(`CREATE OR REPLACE VIEW ${quoteName(view)} AS ${selects.join(' UNION ALL BY NAME ')}`)
  const comment = mark + JSON.stringify(Object.fromEntries(there))
  await connection.run(`COMMENT ON VIEW ${quoteName(view)} IS ${quoteText(comment)}`)
}

/**
 * The fields of a table under names that need no quotes: letters of ASCII's in lower case, digits and underscores, with an
 * underscore before a digit that stands first and behind a word of SQL's; `time` is `@timestamp`. Where several fields come
 * to one name, the first has it, and the next are `name_2`, `name_3`: fields in the format's order, other columns in the
 * table's, other names of fields.
 */
export function viewColumns(
  columns: readonly FoundColumn[],
  { fields, aliases }: Known,
  reserved: ReadonlySet<string> = new Set(),
): string[] {
  const found = new Map(columns)
  const types = new Map([...Object.entries(fields), ...columns])
  const taken = takenNames(plainColumns)
  const named = (name: string): string => {
    const plain = name === '@timestamp' ? 'time' : plainName(name)
    return `${valueFor(name)} AS ${quoteName(freeName(reserved.has(plain) ? `${plain}_` : plain, taken))}`
  }
  const valueFor = (name: string): string => {
    const path = aliases[name]
    const type = types.get(name) ?? types.get(path!)!
    // Documents that hold it under each of its names may stand beside those that do not.
    const [first, second] = [name, path].filter((one) => one !== undefined && found.get(one) === type) as string[]
    if (first === undefined) return `CAST(NULL AS ${type})`
    return second === undefined ? quoteName(first) : `coalesce(${quoteName(first)}, ${quoteName(second)})`
  }
  const names = new Set([
    '@timestamp',
    ...types.keys(),
    ...Object.keys(aliases).filter((one) => types.has(aliases[one]!)),
  ])
  return [
    ...[...names].filter((name) => name === '@timestamp' || !ownColumns.includes(name)).map(named),
    ...plainColumns.filter((name) => found.has(name)).map(quoteName),
  ]
}

const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .replace(/^(?=\d)/, '_')

/** The comment of the view with this name; null where it has none, or a table has the name; undefined where nothing has. */
async function findNamed(connection: DuckDBConnection, name: string): Promise<string | null | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT comment FROM (
       SELECT view_name AS name, comment, database_name, schema_name FROM duckdb_views()
       UNION ALL SELECT table_name, NULL, database_name, schema_name FROM duckdb_tables())
     WHERE lower(name) = $1 AND database_name = current_database() AND schema_name = current_schema()`,
    [name],
  )
  return reader.getRows()[0]?.[0] as string | null | undefined
}

/** The tables of a view of this package's, from its comment; undefined for another's. */
function tablesIn(comment: string | null): Tables | undefined {
  if (!comment?.startsWith(mark)) return undefined
  try {
    const tables: unknown = JSON.parse(comment.slice(mark.length))
    return isObject(tables) ? (tables as Tables) : undefined
  } catch {
    return undefined
  }
}

/** A table's columns, in its order. */
export async function columnsOf(connection: DuckDBConnection, table: string): Promise<FoundColumn[]> {
  const reader = await connection.runAndReadAll(
    `SELECT column_name, data_type FROM duckdb_columns()
     WHERE table_name = $1 AND database_name = current_database() AND schema_name = current_schema()
     ORDER BY column_index`,
    [table],
  )
  return reader.getRows() as [string, string][]
}

async function reservedWords(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const reader = await connection.runAndReadAll(
    "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')",
  )
  return new Set(reader.getRows().map(([word]) => word as string))
}

function warn(view: string, table: string, reason: string): void {
  process.emitWarning(`DuckDB's view ${view} does not show the table ${table}: ${reason}`, {
    type: 'FlowferryWarning',
    code: 'VIEW_LEFT_ALONE',
  })
}
