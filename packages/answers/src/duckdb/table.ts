import type { DuckDBConnection } from '@duckdb/node-api'
import { FlowferryError, type Format, type MappingType } from '@flowferry/core'
import { quoteName, tableName, unlessAborted } from '@flowferry/core/internal'
import type { Field } from '../fields.ts'

/** A format's table as a file has it. */
export interface Table {
  readonly format: Format
  readonly name: string
  /** Name of a column to its type: `VARCHAR`, `BIGINT[]`. None: the file has no such table. */
  readonly columns: ReadonlyMap<string, string>
}

/** Runs a statement, and gives its rows. */
export type Run = (sql: string) => Promise<unknown[][]>

export async function findTable(run: Run, format: Format): Promise<Table> {
  const name = tableName(format.dataset)
  const rows = await run(
    `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '${name}'
     AND database_name = current_database() AND schema_name = current_schema() ORDER BY column_index`,
  )
  return { format, name, columns: new Map(rows as [string, string][]) }
}

/** @throws FlowferryError TARGET_FAILED with DuckDB's own words; the signal's reason where it aborts before the turn comes */
export function read(connection: DuckDBConnection, sql: string, signal?: AbortSignal): Promise<unknown[][]> {
  return inTurn(connection, signal, async () => {
    const ended = interruptOn(signal, connection)
    try {
      const reader = await connection.runAndReadAll(sql)
      return reader.getRowsJS()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new FlowferryError('TARGET_FAILED', `DuckDB refused the question: ${reason}`, { cause: error })
    } finally {
      ended()
    }
  })
}

const turns = new WeakMap<DuckDBConnection, Promise<unknown>>()

/** A connection runs one query at a time, and an interrupt is for the one that runs: so a signal ends no other's. */
function inTurn<T>(connection: DuckDBConnection, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  const before = turns.get(connection)
  const turn = unlessAborted(async () => before, signal).then(run)
  turns.set(connection, Promise.allSettled([before, turn]))
  return turn
}

/** An interrupt before the query has begun is forgotten, so it comes again until the query has ended. */
function interruptOn(signal: AbortSignal | undefined, connection: DuckDBConnection): () => void {
  let timer: NodeJS.Timeout | undefined
  const interrupt = () => {
    connection.interrupt()
    timer = setTimeout(interrupt, 10)
  }
  if (signal?.aborted) interrupt()
  else signal?.addEventListener('abort', interrupt, { once: true })
  return () => {
    signal?.removeEventListener('abort', interrupt)
    clearTimeout(timer)
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

export const typeOf = ({ type }: Pick<Field, 'type'>): string => types[type] ?? 'VARCHAR'

/** The field's column; a file that is older than the field has none. */
export function columnOf({ columns }: Table, { path, type, isList }: Field): string {
  return columns.has(path) ? quoteName(path) : `NULL::${typeOf({ type })}${isList ? '[]' : ''}`
}

export function isListIn({ columns }: Table, { path, isList }: Field): boolean {
  return columns.get(path)?.endsWith('[]') ?? isList
}
