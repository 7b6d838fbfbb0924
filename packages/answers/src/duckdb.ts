import type { DuckDBConnection } from '@duckdb/node-api'
import { hasMethods, requireOption } from '@flowferry/core/internal'
import { type Answer, partialBy, type Store, type StoreOptions, unlessStopped } from './answer.ts'
import { documentRow, documentsSql, type OrderedRow } from './duckdb/documents.ts'
import { groupsRows, groupsSql } from './duckdb/groups.ts'
import { findTable, type Run, read, type Table } from './duckdb/table.ts'
import { compareLists } from './order.ts'
import { type DocumentsPlan, planOf } from './plan.ts'

export interface DuckDBStoreOptions extends StoreOptions {
  /**
   * Of a file or memory that `@flowferry/sink-duckdb` filled: `sink.connection`. A question's signal interrupts it, whoever
   * runs a query: where others than stores do, give questions a connection of their own.
   */
  readonly connection: DuckDBConnection
}

/**
 * Asks a DuckDB file or memory. Nothing is approximate.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const sink = await duckdb('logs.db')
 * const store = duckdbStore({ connection: sink.connection, formats: vpcFlow.formats })
 * const { rows } = await store.ask(question)
 */
export function duckdbStore({ connection, formats = [] }: DuckDBStoreOptions): Store {
  requireOption(hasMethods(connection, 'runAndReadAll'), 'connection', connection, 'a DuckDBConnection')
  requireOption(Array.isArray(formats), 'formats', formats, "a parser's `formats`")
  return {
    ask: (question, signal) =>
      unlessStopped(signal, async () => {
        const plan = planOf(question, formats)
        const run: Run = (sql) => read(connection, sql, signal)
        const tables = await Promise.all(plan.formats.map((format) => findTable(run, format)))
        const missing = tables.filter(({ columns }) => columns.size === 0)
        const rows =
          plan.kind === 'groups'
            ? groupsRows(plan, await run(groupsSql(plan, tables)))
            : await documentRows(run, plan, tables)
        const reasons = missing.map(({ name }) => `the database has no table ${name}`)
        return { rows, approximate: [], ...partialBy(reasons, missing.length === tables.length) }
      }),
  }
}

async function documentRows(run: Run, plan: DocumentsPlan, tables: readonly Table[]): Promise<Answer['rows']> {
  const found: OrderedRow[] = []
  for (const table of tables) {
    if (table.columns.size === 0) continue
    for (const values of await run(documentsSql(plan, table))) found.push(documentRow(plan, table, values))
  }
  const sorted = found.sort((a, b) => compareLists(a.order, b.order, plan.order))
  return sorted.slice(0, plan.limit).map(({ row }) => row)
}
