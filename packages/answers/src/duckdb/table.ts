import type { DuckDBConnection } from '@duckdb/node-api'
import { FlowferryError, type Format, type MappingType } from '@flowferry/core'
import { quoteName, tableName } from '@flowferry/core/internal'
import type { Field } from '../fields.ts'

/** A format's table as a file has it. */
export interface Table {
  readonly format: Format
  readonly name: string
  /** Name of a column to its type: `VARCHAR`, `BIGINT[]`. None: the file has no such table. */
  readonly columns: ReadonlyMap<string, string>
}

export async function findTable(connection: DuckDBConnection, format: Format): Promise<Table> {
  const name = tableName(format.dataset)
  const rows = await read(
    connection,
    `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '${name}'
     AND database_name = current_database() AND schema_name = current_schema() ORDER BY column_index`,
  )
  return { format, name, columns: new Map(rows as [string, string][]) }
}

/** @throws FlowferryError TARGET_FAILED with DuckDB's own words */
export async function read(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  try {
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowsJS()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new FlowferryError('TARGET_FAILED', `DuckDB refused the question: ${reason}`, { cause: error })
  }
}

const types: Partial<Record<MappingType, string>> = {
  long: 'BIGINT',
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'TIMESTAMP',
  flattened: 'JSON',
}

/** The field's column; a file that is older than the field has none. */
export function columnOf({ columns }: Table, { path, type, isList }: Field): string {
  return columns.has(path) ? quoteName(path) : `NULL::${types[type] ?? 'VARCHAR'}${isList ? '[]' : ''}`
}

export function isListIn({ columns }: Table, { path, isList }: Field): boolean {
  return columns.get(path)?.endsWith('[]') ?? isList
}
