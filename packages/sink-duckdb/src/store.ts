import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import {
  FlowferryError,
  type Format,
  type LogDocument,
  type Outcome,
  type Rejection,
  type Slice,
  type SliceOutcome,
} from '@flowferry/core'
import { createQueue } from '@flowferry/core/internal'
import { type Column, shapeCheck, unmappedPart } from './columns.ts'
import { keyOf, keyText } from './key.ts'
import { LinesFile } from './lines.ts'
import { insertStatement, problemsStatement, readStatement, stageStatement, stagingTable } from './statements.ts'
import { columnsFor, prepareTable, type Table } from './tables.ts'
import { inTransaction } from './transaction.ts'

/** Where the documents of one format go. */
interface Plan extends Table {
  /** Sets of fields, each that of slices, for which the table has the columns; the plan itself: for any field. */
  readonly ready: WeakSet<object>
  readonly isRegular: (document: LogDocument) => boolean
  readonly unmapped: (document: LogDocument) => LogDocument | undefined
}

/** The documents of a write that go to one table, in a file. */
interface Load {
  readonly plan: Plan
  readonly lines: LinesFile
  /** Whether they are kept whole, too. */
  readonly documents: boolean
  /** What the documents may have; undefined: any field. */
  fields: ReadonlySet<string> | undefined
  /** Whether all are as the library's own formats have them. */
  regular: boolean
  /** Lines that do not fit, by their number, each with its reason. */
  rejected: Map<number, string> | undefined
}

/** A write whose lines wait for their transaction. */
interface Write {
  readonly batch: readonly Slice<unknown>[]
  readonly tallies: readonly Tally[]
  readonly loads: readonly Load[]
  error?: unknown
}

interface Tally {
  written: number
  duplicate: number
  rejected: Rejection[]
}

/** Writes through one connection, one write at a time. */
export interface Store {
  /** @param documents Whether the documents are kept whole, too. */
  readonly write: (batch: readonly Slice<unknown>[], signal?: AbortSignal, documents?: boolean) => Promise<Outcome>
}

export function createStore(connection: DuckDBConnection): Store {
  // A format that is gone takes its plans along.
  const plans = { whole: new WeakMap<Format, Plan>(), parts: new WeakMap<Format, Plan>() }
  // A redelivery seldom comes alone: after one, the next write expects another.
  let expectDuplicates = false
  let waiting: Write[] = []
  /** A connection has one transaction. */
  const inTurn = createQueue()
  /** Of two writes with the same ids, the first one has them. */
  const linesInTurn = createQueue()
  const store = async (writes: readonly Write[]): Promise<void> => {
    expectDuplicates = await moveIntoTables(connection, writes, expectDuplicates)
  }
  /** One transaction for all that came while the one before ran: the larger it is, the less a row costs. */
  const storeWaiting = async (): Promise<void> => {
    const writes = waiting
    waiting = []
    if (writes.length > 1) {
      try {
        return await store(writes)
      } catch {
        // What one of them cannot do is not the others' failure: each is tried alone.
      }
    }
    for (const write of writes)
      await store([write]).catch((error: unknown) => {
        write.error = error
      })
  }

  return {
    write: async (batch, signal, documents = false) => {
      const known = documents ? plans.whole : plans.parts
      const isReady = ({ format, fields }: Slice<unknown>): boolean => {
        const plan = known.get(format)
        return plan !== undefined && (plan.ready.has(plan) || (fields !== undefined && plan.ready.has(fields)))
      }
      const prepare = async (): Promise<void> => {
        for (const slice of batch) {
          if (isReady(slice)) continue
          const table = await prepareTable(connection, slice, documents)
          const unmapped = documents ? () => undefined : unmappedPart(table.columns, slice.format.dataset)
          const plan = known.get(slice.format) ?? {
            ...table,
            ready: new WeakSet(),
            isRegular: shapeCheck(table.columns),
            unmapped,
          }
          plan.ready.add(documents || !slice.fields ? plan : slice.fields)
          known.set(slice.format, plan)
        }
      }
      const tallies = batch.map((): Tally => ({ written: 0, duplicate: 0, rejected: [] }))
      const failed = (error: FlowferryError, stop: boolean): Outcome => {
        const none = batch.map((slice, index) =>
          sliceOutcome(slice, { written: 0, duplicate: 0, rejected: tallies[index]!.rejected }),
        )
        return { slices: none, error, ...(stop && { stop }) }
      }
      let folder: string | undefined
      try {
        if (!signal?.aborted && !batch.every(isReady)) await inTurn(prepare)
        if (signal?.aborted) return failed(new FlowferryError('ABORTED', 'The write was not begun'), false)
        // Done before its turn, so that it goes on while DuckDB works on the write before.
        const write = await linesInTurn(async (): Promise<Write> => {
          folder = await mkdtemp(join(tmpdir(), 'flowferry-duckdb-'))
          const ready = { batch, tallies, loads: await writeLines(batch, known, folder, tallies, documents) }
          waiting.push(ready)
          return ready
        })
        await inTurn(storeWaiting)
        if (write.error !== undefined) throw write.error
        return { slices: batch.map((slice, index) => sliceOutcome(slice, tallies[index]!)) }
      } catch (error) {
        // A document that could not be made, not a failure of the store: the pipeline finds out whose it was.
        if (FlowferryError.isInstance(error)) throw error
        const what = `DuckDB could not store the documents: ${messageOf(error)}`
        return failed(new FlowferryError('TARGET_FAILED', what, { cause: error }), isDead(error))
      } finally {
        if (folder !== undefined) await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

function sliceOutcome(slice: Slice<unknown>, { written, duplicate, rejected }: Tally): SliceOutcome {
  rejected.sort((a, b) => a.index - b.index)
  return { written, duplicate, rejected, unfinished: slice.length - written - duplicate - rejected.length }
}

/** The documents as lines, a file for each table, without those that have no text. */
async function writeLines(
  batch: readonly Slice<unknown>[],
  plans: WeakMap<Format, Plan>,
  folder: string,
  tallies: readonly Tally[],
  documents: boolean,
): Promise<Load[]> {
  const loads = new Map<Plan, Load>()
  try {
    for (const [number, slice] of batch.entries()) {
      const plan = plans.get(slice.format)!
      let load = loads.get(plan)
      if (!load) {
        const lines = await LinesFile.create(join(folder, `${loads.size}.json`))
        // The text of a document is not asked of DuckDB's reader.
        const fields = documents ? undefined : new Set<string>()
        load = { plan, lines, documents, fields, regular: !documents, rejected: undefined }
        loads.set(plan, load)
      }
      load.fields = union(load.fields, slice.fields)
      const { lines } = load
      await lines.add(number, slice, {
        whole: documents,
        unmapped: plan.unmapped,
        made: (document) => {
          load.regular &&= plan.isRegular(document)
        },
        refuse: (index, error) =>
          tallies[number]!.rejected.push({ index, type: 'serialization_error', reason: messageOf(error) }),
      })
    }
  } finally {
    for (const { lines } of loads.values()) await lines.close()
  }
  return [...loads.values()].filter(({ lines }) => lines.runs.length > 0)
}

/**
 * Moves all lines into their tables, in one transaction. A plain insert is the fast case; only when that meets an id that
 * is there already, or a value that does not fit, is it repeated in the way that finds out which. Resolves with whether
 * duplicates were met.
 */
async function moveIntoTables(
  connection: DuckDBConnection,
  writes: readonly Write[],
  expectDuplicates: boolean,
): Promise<boolean> {
  const all = writes.flatMap(({ loads }) => loads)
  let parts = byPlan(all)
  let ignoreDuplicates = expectDuplicates
  for (;;) {
    let current: readonly Load[] = []
    try {
      const written = await inTransaction(connection, async () => {
        const keys = new Map<Load, Set<string>>()
        for (const part of parts) {
          current = part
          const found = await insert(connection, part, ignoreDuplicates)
          if (found) for (const load of part) keys.set(load, found)
        }
        current = []
        return keys
      })
      const met = writes.map((write) => write.loads.map((load) => count(write, load, written.get(load))))
      return met.flat().includes(true)
    } catch (error) {
      const reason = messageOf(error)
      const [load] = current
      if (!ignoreDuplicates && /^Constraint Error.*(?:duplicate key|PRIMARY KEY)/i.test(reason)) ignoreDuplicates = true
      else if (!load || !/^(?:Conversion|Invalid Input|Out of Range) Error/.test(reason)) throw error
      else if (current.length > 1) parts = all.map((one) => [one])
      else if (load.regular) load.regular = false
      else if (load.rejected) throw error
      else {
        load.rejected = await findProblems(connection, load)
        if (load.rejected.size === 0) throw error
      }
    }
  }
}

function union(
  a: ReadonlySet<string> | undefined,
  b: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  return a && b && new Set([...a, ...b])
}

/** The columns that the documents of loads need. */
function columnsOfLoads(loads: readonly Load[]): readonly Column[] {
  return columnsFor(
    loads[0]!.plan.columns,
    loads.map(({ fields }) => fields).reduce((a, b) => union(a, b)),
  )
}

/** Loads that one statement reads: the regular ones of a plan. */
function byPlan(loads: readonly Load[]): Load[][] {
  const regular = new Map<Plan, Load[]>()
  const parts: Load[][] = []
  for (const load of loads) {
    const known = load.regular ? regular.get(load.plan) : undefined
    if (known) known.push(load)
    else {
      const part = [load]
      parts.push(part)
      if (load.regular) regular.set(load.plan, part)
    }
  }
  return parts
}

/** The keys that were new; nothing where the insert would have failed had they not all been. */
async function insert(
  connection: DuckDBConnection,
  loads: readonly Load[],
  ignoreDuplicates: boolean,
): Promise<Set<string> | undefined> {
  const { plan, lines, documents, regular, rejected } = loads[0]!
  if (!regular) await connection.run(stageStatement(lines.path))
  if (rejected)
    await connection.run(`DELETE FROM ${stagingTable} WHERE position IN (${[...rejected.keys()].join(', ')})`)
  const files = loads.map(({ lines }) => lines)
  const columns = columnsOfLoads(loads)
  const statement = regular ? readStatement(plan.name, columns, files) : insertStatement(plan.name, columns, documents)
  let keys: Set<string> | undefined
  if (!ignoreDuplicates) await connection.run(statement)
  else {
    const reader = await connection.runAndReadAll(`${statement} ON CONFLICT DO NOTHING RETURNING _object, _ordinal`)
    const [objects = [], ordinals = []] = reader.getColumns() as [string[]?, bigint[]?]
    keys = new Set(objects.map((object, row) => keyText(object, Number(ordinals[row]))))
  }
  if (!regular) await connection.run(`DROP TABLE ${stagingTable}`)
  return keys
}

/** Adds up what became of the documents of a file. Gives whether some were there already. */
function count({ batch, tallies }: Write, { lines, rejected }: Load, written: Set<string> | undefined): boolean {
  let position = 0
  let duplicates = 0
  for (const run of lines.runs) {
    const tally = tallies[run.slice]!
    if (!written && !rejected) {
      tally.written += run.count
      continue
    }
    for (let index = run.index; index < run.index + run.count; index++) {
      const reason = rejected?.get(position++)
      if (reason !== undefined) {
        tally.rejected.push({ index, type: 'conversion_error', reason })
        continue
      }
      const { object, ordinal } = keyOf(batch[run.slice]!.id(index))
      // An id that comes twice is written once.
      if (!written || written.delete(keyText(object, ordinal))) tally.written++
      else {
        tally.duplicate++
        duplicates++
      }
    }
  }
  return duplicates > 0
}

/** The lines that the table cannot take, by their number, each with its reason. */
async function findProblems(connection: DuckDBConnection, load: Load): Promise<Map<number, string>> {
  await connection.run(stageStatement(load.lines.path))
  try {
    const reader = await connection.runAndReadAll(problemsStatement(columnsOfLoads([load])))
    return new Map((reader.getRows() as [bigint, string][]).map(([position, reason]) => [Number(position), reason]))
  } finally {
    await connection.run(`DROP TABLE ${stagingTable}`)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** No later write can succeed: the disk is full or gone, the file is read-only, or DuckDB has given the file up. */
function isDead(error: unknown): boolean {
  return /^(IO|FATAL|INTERNAL|Connection|Permission) Error|No space left|Could not (?:write|fsync|truncate)|read-only mode|has been invalidated|disconnected|ENOSPC/i.test(
    messageOf(error),
  )
}
