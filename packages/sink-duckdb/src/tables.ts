import type { DuckDBConnection } from '@duckdb/node-api'
import type { LogDocument, Slice } from '@flowferry/core'
import { quoteName, tableName } from '@flowferry/core/internal'
import { type Column, otherColumns, wantedColumns } from './columns.ts'
import { keyColumns, keyOfIdColumn } from './key.ts'
import { createMacros } from './macros.ts'
import { inTransaction } from './transaction.ts'
import { columnsOf, makeWayFor, prepareView } from './views.ts'

/** A dataset's table. */
export interface Table {
  readonly name: string
  /** The columns of all fields of the format, whether the table has them by now or not. */
  readonly columns: readonly Column[]
}

/** The columns that documents with these fields need; undefined: any field. */
export function columnsFor(columns: readonly Column[], fields: ReadonlySet<string> | undefined): readonly Column[] {
  return fields ? columns.filter(({ name }) => name === '@timestamp' || fields.has(name)) : columns
}

/** Documents from which it is learnt which fields of a new table are lists. */
const sampleSize = 1000

/**
 * Makes the table of the slice's format, or adds the columns that it lacks for the slice. Columns that no document fills
 * are left out: those 41 of the 68 of flow logs of version 2 made writes a quarter dearer. What the file has keeps its type.
 * A table with `_id` as its key, as files had it before, gets the key of today; its documents stay in it. Its view follows.
 */
export async function prepareTable(
  connection: DuckDBConnection,
  slice: Slice<unknown>,
  documents: boolean,
): Promise<Table> {
  const name = tableName(slice.format.dataset)
  const wanted = wantedColumns(slice.format, sampleDocuments(slice))
  await makeWayFor(connection, name)
  const found = await columnsOf(connection, name)
  const there = new Map(found.map(([column, type]) => [column.toLowerCase(), type]))
  // A format that knows no field, as that of rejected documents may be, fills the columns that its table has.
  if (Object.keys(slice.format.mapping).length === 0) wanted.push(...otherColumns(found, wanted))
  const columns = wanted.map((column) => ({ ...column, type: there.get(column.name.toLowerCase()) ?? column.type }))
  const all: readonly NamedType[] = [
    ...columnsFor(columns, documents ? undefined : slice.fields),
    { name: 'unmapped', type: 'JSON' },
    ...(documents ? [{ name: 'document', type: 'JSON' }] : []),
  ]
  if (columns.some(({ mapping }) => mapping === 'ip')) await createMacros(connection)
  if (there.size === 0) await createTable(connection, name, all)
  else {
    if (there.has('_id') && !there.has('_object')) await migrate(connection, name, found)
    for (const column of all)
      if (!there.has(column.name.toLowerCase()))
        await connection.run(`ALTER TABLE ${quoteName(name)} ADD COLUMN ${typed(column)}`)
  }
  await prepareView(connection, slice.format, columns)
  return { name, columns }
}

interface NamedType {
  readonly name: string
  readonly type: string
}
const typed = ({ name, type }: NamedType): string => `${quoteName(name)} ${type}`

async function createTable(connection: DuckDBConnection, name: string, columns: readonly NamedType[]): Promise<void> {
  await connection.run(`CREATE TABLE ${quoteName(name)} (${[...keyColumns, ...columns.map(typed)].join(', ')})`)
}

function* sampleDocuments(slice: Slice<unknown>): Generator<LogDocument> {
  for (let index = 0; index < Math.min(slice.length, sampleSize); index++) yield slice.document(index)
}

/** Gives a table that has `_id` as its key the key of today, in one transaction: it is copied. */
async function migrate(
  connection: DuckDBConnection,
  name: string,
  found: readonly (readonly [name: string, type: string])[],
): Promise<void> {
  const before = `${name}_before`
  const columns = found.filter(([column]) => column !== '_id').map(([name, type]) => ({ name, type }))
  await inTransaction(connection, async () => {
    await connection.run(`ALTER TABLE ${quoteName(name)} RENAME TO ${quoteName(before)}`)
    await createTable(connection, name, columns)
    await connection.run(`INSERT INTO ${quoteName(name)} BY NAME
      SELECT ${keyOfIdColumn}, * EXCLUDE (_id) FROM ${quoteName(before)}`)
    await connection.run(`DROP TABLE ${quoteName(before)}`)
  })
}
