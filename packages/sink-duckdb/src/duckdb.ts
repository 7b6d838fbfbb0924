import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { FlowferryError, type Sink } from '@flowferry/core'
import { openDatabase } from './open.ts'

/** A value as `query` gives it. Whole numbers beyond 2^53 stay `bigint`; JSON comes as its text. */
export type QueryValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly QueryValue[]
  | { readonly [name: string]: QueryValue }

/** A DuckDB file, or memory, that takes documents and answers SQL. */
export interface DuckDBSink extends Sink<unknown> {
  /** For queries and whatever else DuckDB does. It sees what is committed: writes have a connection of their own. */
  readonly connection: DuckDBConnection
  /** The rows that a statement gives, as plain objects. `values` fill `$1`, `$2`, … */
  readonly query: <Row = Record<string, QueryValue>>(
    sql: string,
    values?: readonly (string | number | boolean | null)[],
  ) => Promise<Row[]>
  /** Waits for the writes under way, then closes what this sink opened: the file too, unless the instance was passed. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export interface DuckDBOptions {
  /**
   * Whether each document is kept whole, too, as JSON in the column `document`. It takes several times the room and the
   * time.
   *
   * @default false: what has no column of its own is kept in `unmapped`
   */
  readonly documents?: boolean
}

/**
 * The embedded store: a file, `:memory:` (the default), or a DuckDB instance that the caller opened with settings. It
 * reads documents from files that the sink writes below the system's folder for temporary ones (`TMPDIR`), and removes.
 *
 * Each dataset has one table, `aws_vpcflow` for `aws.vpcflow`, made when its first document comes: `_id`, `"@timestamp"`,
 * a column for every field of the format's `mapping` under its dotted name (`"source.ip"`), and `unmapped`, as JSON what
 * has no column. Of formats whose files name their columns, the table has the fields that its files could fill. Columns are
 * added when a file or a newer version of the format needs them. `_id` is made when it is asked for, of `_object` and
 * `_ordinal`, which are the key. A table whose key is a stored `_id` is copied to today's
 * form by the first write; its column `document` stays, for the rows that have it.
 *
 * Each table stands in a view whose names need no quotes, that of the format's `view` (`flows`, `events`, `requests`), else
 * `<table>_view`: `time`, `source_ip`, and other names of a field, `source_bytes`. A view or table of the user's with that
 * name is left alone, and a warning of the process says so.
 *
 * Sinks on one file share one instance of DuckDB, which closes with the last of them. A second process, and a second
 * thread, are refused: a DuckDB file has one writer.
 *
 * A write is one transaction. A document with a value that its column cannot take is rejected alone.
 *
 * @throws FlowferryError INVALID_OPTION; TARGET_IN_USE; TARGET_FAILED for a file that DuckDB cannot open
 * @example
 * const sink = await duckdb('logs.db')
 * await ingest({ source, parser: vpcFlow, sink })
 * await sink.query('SELECT source_ip, sum(network_bytes) FROM flows GROUP BY 1')
 */
export async function duckdb(
  target: string | DuckDBInstance = ':memory:',
  { documents = false }: DuckDBOptions = {},
): Promise<DuckDBSink> {
  if (typeof target !== 'string' && typeof target?.connect !== 'function')
    throw new FlowferryError('INVALID_OPTION', `The target is ${typeof target}; it takes a path or a DuckDBInstance`)
  const { instance, store, release } = await openDatabase(target)
  const connection = await instance.connect()
  const running = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined

  const write: DuckDBSink['write'] = (batch, signal) => {
    if (closed) return Promise.reject(new Error('The DuckDB sink is closed'))
    const result = store.write(batch, signal, documents)
    running.add(result)
    void result.catch(() => undefined).then(() => running.delete(result))
    return result
  }
  const close = () => {
    closed ??= Promise.allSettled(running).then(() => {
      connection.closeSync()
      release()
    })
    return closed
  }
  return {
    connection,
    write,
    close,
    [Symbol.asyncDispose]: close,
    query: async <Row>(sql: string, values: readonly (string | number | boolean | null)[] = []) => {
      const reader = await connection.runAndReadAll(sql, [...values])
      return reader.getRowObjectsJS().map(plain) as Row[]
    },
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
}
