import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, INTEGER, VARCHAR } from '@duckdb/node-api'
import {
  FlowferryError,
  type Format,
  type LogDocument,
  type Outcome,
  type Rejection,
  type Sink,
  type Slice,
  type SliceOutcome,
} from '@flowferry/core'
import {
  type Column,
  insertStatement,
  problemsStatement,
  quoteName,
  type Shape,
  shapeCheck,
  tableName,
  wantedColumns,
} from './columns.ts'

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

/**
 * The embedded store: a file, `:memory:` (the default), or a DuckDB instance that the caller opened with settings.
 *
 * Each dataset has one table, `aws_vpcflow` for `aws.vpcflow`, made when its first document comes: `_id`, `"@timestamp"`,
 * a column for every field of the format's `mapping` under its dotted name (`"source.ip"`), and `document`, the whole of
 * it as JSON. Fields that a newer version of a format adds become new columns of an older file.
 *
 * A write is one transaction. A document with a value that its column cannot take is rejected alone.
 *
 * @throws FlowferryError INVALID_OPTION; TARGET_FAILED for a file that DuckDB cannot open
 */
export async function duckdb(target: string | DuckDBInstance = ':memory:'): Promise<DuckDBSink> {
  if (typeof target !== 'string' && typeof target?.connect !== 'function')
    throw new FlowferryError('INVALID_OPTION', `The target is ${typeof target}; it takes a path or a DuckDBInstance`)
  const instance = typeof target === 'string' ? await open(target) : target
  const writer = await instance.connect()
  const connection = await instance.connect()
  await writer.run("SET TimeZone = 'UTC'")
  const store = createStore(writer)
  const running = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined

  const write: DuckDBSink['write'] = (batch, signal) => {
    if (closed) return Promise.reject(new Error('The DuckDB sink is closed'))
    const result = store.write(batch, signal)
    running.add(result)
    void result.catch(() => undefined).then(() => running.delete(result))
    return result
  }
  const close = () => {
    closed ??= Promise.allSettled(running).then(() => {
      writer.closeSync()
      connection.closeSync()
      if (typeof target === 'string') instance.closeSync()
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

async function open(path: string): Promise<DuckDBInstance> {
  try {
    // Everything needed is linked into the library: it must never reach for the network.
    return await DuckDBInstance.create(path, {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // At the default of 16 MB, every few writes would compress the newest rows anew.
      checkpoint_threshold: '256MB',
    })
  } catch (error) {
    throw new FlowferryError('TARGET_FAILED', `DuckDB cannot open ${path}: ${messageOf(error)}`, { cause: error })
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
}

/** Where the documents of one format go. */
interface Plan {
  readonly number: number
  readonly table: string
  readonly columns: readonly Column[]
  readonly isRegular: (document: LogDocument) => boolean
}

/** A document on its way. */
interface Staged {
  /** Index into the batch. */
  readonly slice: number
  /** Index into the slice's records. */
  readonly index: number
  readonly plan: Plan
  readonly id: string
  readonly text: string
}

/** The documents of a write, by their position in the staging table. */
interface Load {
  readonly staged: readonly Staged[]
  readonly plans: readonly Plan[]
  readonly shape: Shape
}

interface Tally {
  written: number
  duplicate: number
  rejected: Rejection[]
}

/** Documents from which it is learnt which fields of a new table are lists. */
const sampleSize = 1000
/** DuckDB's vector size: the most rows that a chunk holds. */
const chunkRows = 2048

const stagingTable = 'temp.main.flowferry_staging'
const stagedFor = (plan: Plan): string => `(FROM ${stagingTable} WHERE plan = ${plan.number})`

function createStore(connection: DuckDBConnection): { write: Sink<unknown>['write'] } {
  const plans = new Map<Format, Plan>()
  // A redelivery seldom comes alone: after one, the next write expects another.
  let expectDuplicates = false
  let last: Promise<unknown> = Promise.resolve()
  /** One at a time: a connection has one transaction. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
  const preparePlans = async (batch: readonly Slice<unknown>[]): Promise<void> => {
    for (const slice of batch)
      if (!plans.has(slice.format)) plans.set(slice.format, await preparePlan(connection, slice, plans.size))
  }

  return {
    write: async (batch, signal) => {
      const tallies = batch.map((): Tally => ({ written: 0, duplicate: 0, rejected: [] }))
      const failed = (error: FlowferryError, stop: boolean): Outcome => {
        const none = batch.map((slice, index) =>
          sliceOutcome(slice, { written: 0, duplicate: 0, rejected: tallies[index]!.rejected }),
        )
        return { slices: none, error, ...(stop && { stop }) }
      }
      try {
        if (!signal?.aborted && batch.some(({ format }) => !plans.has(format))) await inTurn(() => preparePlans(batch))
        if (signal?.aborted) return failed(new FlowferryError('ABORTED', 'The write was not begun'), false)
        // Done before its turn, so that it goes on while DuckDB works on the write before.
        const load = serialize(batch, plans, tallies)
        await inTurn(async () => {
          await stage(connection, load)
          expectDuplicates = await moveIntoTables(connection, load, tallies, expectDuplicates)
        })
        return { slices: batch.map((slice, index) => sliceOutcome(slice, tallies[index]!)) }
      } catch (error) {
        // A document that could not be made, not a failure of the store: the pipeline finds out whose it was.
        if (FlowferryError.isInstance(error)) throw error
        const what = `DuckDB could not store the documents: ${messageOf(error)}`
        return failed(new FlowferryError('TARGET_FAILED', what, { cause: error }), isDead(error))
      }
    },
  }
}

function sliceOutcome(slice: Slice<unknown>, { written, duplicate, rejected }: Tally): SliceOutcome {
  rejected.sort((a, b) => a.index - b.index)
  return { written, duplicate, rejected, unfinished: slice.length - written - duplicate - rejected.length }
}

/** Makes the format's table, or adds the columns that an older file lacks. What the file has keeps its type. */
async function preparePlan(connection: DuckDBConnection, slice: Slice<unknown>, number: number): Promise<Plan> {
  const table = tableName(slice.format.dataset)
  const wanted = wantedColumns(slice.format, sampleDocuments(slice))
  const reader = await connection.runAndReadAll(
    `SELECT lower(column_name), data_type FROM duckdb_columns()
     WHERE table_name = $1 AND database_name = current_database() AND schema_name = current_schema()`,
    [table],
  )
  const there = new Map(reader.getRows() as [string, string][])
  const typed = ({ name, type }: Column) => `${quoteName(name)} ${type}`
  if (there.size === 0) {
    const columns = ['"_id" VARCHAR PRIMARY KEY', ...wanted.map(typed), 'document JSON']
    await connection.run(`CREATE TABLE ${quoteName(table)} (${columns.join(', ')})`)
  }
  const columns: Column[] = []
  for (const column of wanted) {
    const type = there.get(column.name.toLowerCase())
    if (there.size > 0 && type === undefined)
      await connection.run(`ALTER TABLE ${quoteName(table)} ADD COLUMN ${typed(column)}`)
    columns.push(type === undefined ? column : { ...column, type })
  }
  return { number, table, columns, isRegular: shapeCheck(columns) }
}

function* sampleDocuments(slice: Slice<unknown>): Generator<LogDocument> {
  for (let index = 0; index < Math.min(slice.length, sampleSize); index++) yield slice.document(index)
}

/** The documents as text, without those that come twice and those that have no text. */
function serialize(
  batch: readonly Slice<unknown>[],
  plans: ReadonlyMap<Format, Plan>,
  tallies: readonly Tally[],
): Load {
  const staged: Staged[] = []
  const seen = new Map<string, Set<string>>()
  let regular = true
  for (const [sliceIndex, slice] of batch.entries()) {
    const plan = plans.get(slice.format)!
    const ids = seen.get(plan.table) ?? new Set()
    seen.set(plan.table, ids)
    for (let index = 0; index < slice.length; index++) {
      const id = slice.id(index)
      if (ids.has(id)) {
        tallies[sliceIndex]!.duplicate++
        continue
      }
      const document = slice.document(index)
      try {
        staged.push({ slice: sliceIndex, index, plan, id, text: JSON.stringify(document) })
        ids.add(id)
        regular &&= plan.isRegular(document)
      } catch (error) {
        // A cycle or a bigint that an `enrich` put in.
        tallies[sliceIndex]!.rejected.push({ index, type: 'serialization_error', reason: messageOf(error) })
      }
    }
  }
  return { staged, plans: [...new Set(staged.map(({ plan }) => plan))], shape: regular ? 'regular' : 'any' }
}

/** Brings the documents into DuckDB, chunk by chunk: one value each instead of one a column. */
async function stage(connection: DuckDBConnection, { staged }: Load): Promise<void> {
  await connection.run(
    'CREATE OR REPLACE TEMP TABLE flowferry_staging (position INTEGER, plan INTEGER, "_id" VARCHAR, document JSON)',
  )
  const appender = await connection.createAppender('flowferry_staging', 'main', 'temp')
  try {
    for (let first = 0; first < staged.length; first += chunkRows) {
      const rows = staged.slice(first, first + chunkRows)
      const chunk = DuckDBDataChunk.create([INTEGER, INTEGER, VARCHAR, VARCHAR])
      chunk.setColumns([
        rows.map((_, index) => first + index),
        rows.map(({ plan }) => plan.number),
        rows.map(({ id }) => id),
        rows.map(({ text }) => text),
      ])
      appender.appendDataChunk(chunk)
    }
  } finally {
    appender.closeSync()
  }
}

/**
 * Moves everything staged into its tables. A plain insert is the fast case; only when that meets an id that is there
 * already, or a value that does not fit, is it repeated in the way that finds out which. Resolves with whether
 * duplicates were met.
 */
async function moveIntoTables(
  connection: DuckDBConnection,
  { staged, plans, shape }: Load,
  tallies: readonly Tally[],
  expectDuplicates: boolean,
): Promise<boolean> {
  const rejected = new Map<number, string>()
  let ignoreDuplicates = expectDuplicates
  let checked = false
  for (;;) {
    try {
      const written = await inTransaction(connection, () => insert(connection, plans, shape, ignoreDuplicates))
      let duplicates = 0
      for (const [position, { slice, index, plan, id }] of staged.entries()) {
        const tally = tallies[slice]!
        const reason = rejected.get(position)
        if (reason !== undefined) tally.rejected.push({ index, type: 'conversion_error', reason })
        else if (written?.get(plan)?.has(id) === false) {
          tally.duplicate++
          duplicates++
        } else tally.written++
      }
      return duplicates > 0
    } catch (error) {
      if (!ignoreDuplicates && /duplicate key|PRIMARY KEY/i.test(messageOf(error))) ignoreDuplicates = true
      else if (!checked && /^(Conversion|Invalid Input|Out of Range) Error/.test(messageOf(error))) {
        checked = true
        for (const plan of plans) {
          const reader = await connection.runAndReadAll(problemsStatement(plan.columns, stagedFor(plan)))
          for (const [position, reason] of reader.getRows() as [number, string][]) rejected.set(position, reason)
        }
        if (rejected.size === 0) throw error
        await connection.run(`DELETE FROM ${stagingTable} WHERE position IN (${[...rejected.keys()].join(', ')})`)
      } else throw error
    }
  }
}

/** The ids that were new, a plan; nothing where the insert would have failed had they not all been. */
async function insert(
  connection: DuckDBConnection,
  plans: readonly Plan[],
  shape: Shape,
  ignoreDuplicates: boolean,
): Promise<Map<Plan, Set<string>> | undefined> {
  const written = new Map<Plan, Set<string>>()
  for (const plan of plans) {
    const statement = insertStatement(plan.table, plan.columns, stagedFor(plan), shape)
    if (!ignoreDuplicates) await connection.run(statement)
    else {
      const reader = await connection.runAndReadAll(`${statement} ON CONFLICT DO NOTHING RETURNING "_id"`)
      written.set(plan, new Set(reader.getColumns()[0] as string[]))
    }
  }
  return ignoreDuplicates ? written : undefined
}

async function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN')
  try {
    const result = await work()
    await connection.run('COMMIT')
    return result
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined) // a failed COMMIT has rolled back already
    throw error
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** No later write can succeed: the disk is full or gone, the file is read-only, or DuckDB has given the file up. */
function isDead(error: unknown): boolean {
  return /^(IO|FATAL|INTERNAL|Connection|Permission) Error|No space left|Could not (?:write|fsync|truncate)|read-only mode|has been invalidated|disconnected/i.test(
    messageOf(error),
  )
}
