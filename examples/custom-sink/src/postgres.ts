import { type ErrorCode, FlowferryError, type Rejection, type Sink, type SliceOutcome } from '@flowferry/core'
import { escapeIdentifier, type Pool } from 'pg'

export interface PostgresOptions {
  /**
   * A pool of `pg`, with its own time-outs and a listener for `error`: without one, an idle connection that is lost ends the
   * process. It needs INSERT and SELECT on the table.
   */
  readonly pool: Pick<Pool, 'query'>
  /** Name of the table that `setup` makes. @default 'logs' */
  readonly table?: string
}

/** Makes the table, where it is not there yet. */
export async function setup({ pool, table = 'logs' }: PostgresOptions): Promise<void> {
  await pool.query(
    `CREATE TABLE IF NOT EXISTS ${escapeIdentifier(table)}
     (id text PRIMARY KEY, time timestamptz NOT NULL, data_stream text NOT NULL, document jsonb NOT NULL)`,
  )
}

/**
 * A Postgres table with a row a document. A batch is one statement; an id that is there already is kept, and a duplicate.
 *
 * @example
 * await setup({ pool })
 * await ingest({ source, parser, sink: postgres({ pool }) })
 */
export function postgres({ pool, table = 'logs' }: PostgresOptions): Sink<unknown> {
  const statement = `
    INSERT INTO ${escapeIdentifier(table)} (id, time, data_stream, document)
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::jsonb[])
    ON CONFLICT (id) DO NOTHING RETURNING id`

  const insert = async (rows: readonly Row[], signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    try {
      const columns = (['id', 'time', 'stream', 'json'] as const).map((name) => rows.map((row) => row[name]))
      const result = await unlessAborted(
        retried(() => pool.query<{ id: string }>(statement, columns), signal),
        signal,
      )
      const stored = new Set(result.rows.map(({ id }) => id))
      // An id that comes twice in a batch is stored with its first row.
      for (const { id, outcome } of rows) outcome.tell(stored.delete(id) ? 'written' : 'duplicate')
    } catch (error) {
      if (!isRefusal(error)) throw error
      const [first, ...others] = rows
      if (others.length === 0) return first!.outcome.reject(first!.index, error)
      // One document fails the whole statement: halves find it, and the others are stored.
      await insert(rows.slice(0, rows.length / 2), signal)
      await insert(rows.slice(rows.length / 2), signal)
    }
  }

  return {
    write: async (batch, signal) => {
      const outcomes = batch.map(({ length }) => outcomeOf(length))
      const rows = batch.flatMap((slice, position) =>
        Array.from({ length: slice.length }, (_, index): Row => {
          const document = slice.document(index)
          const outcome = outcomes[position]!
          const [id, time] = [slice.id(index), String(document['@timestamp'])]
          return { id, time, stream: slice.dataStream, json: JSON.stringify(document), index, outcome }
        }),
      )
      // In one order, so that two statements with the same ids do not lock each other.
      rows.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
      const slices = () => outcomes.map(({ slice }) => slice())
      try {
        if (rows.length > 0) await insert(rows, signal)
        return { slices: slices() }
      } catch (cause) {
        if (signal?.aborted) return { slices: slices() }
        const what = `Postgres did not take ${rows.length} documents: ${(cause as Error).message}`
        const error = new FlowferryError(codeOf(cause), what, { cause })
        return { slices: slices(), error, stop: true }
      }
    },
  }
}

interface Row {
  readonly id: string
  readonly time: string
  readonly stream: string
  readonly json: string
  /** Its place in its slice. */
  readonly index: number
  readonly outcome: ReturnType<typeof outcomeOf>
}

/** Counts a slice's records as their fate becomes known: the others are unfinished. */
function outcomeOf(length: number) {
  const counts = { written: 0, duplicate: 0 }
  const rejected: Rejection[] = []
  return {
    tell: (fate: 'written' | 'duplicate') => {
      counts[fate]++
    },
    reject: (index: number, { code, message }: Refusal) => {
      rejected.push({ index, type: code, reason: message })
    },
    slice: (): SliceOutcome => ({
      ...counts,
      rejected,
      unfinished: length - counts.written - counts.duplicate - rejected.length,
    }),
  }
}

interface Refusal {
  readonly code: string
  readonly message: string
}

const sqlState = (error: unknown) => String((error as { code?: unknown } | null)?.code ?? '')

/** A value that the columns do not take, such as a NUL in text. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const isRefusal = (error: unknown): error is Refusal => /^(22|23|54)/.test(sqlState(error))

/** A connection that was lost, a restart, a deadlock: the next try has another connection. */
const passes = (error: unknown) => /^(08|40|57P|ECONN|EPIPE)/.test(sqlState(error)) || /terminated/.test(String(error))

/** The statement, up to three times where its failure passes by itself. What was stored the first time is a duplicate. */
async function retried<T>(query: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let pause = 100; ; pause *= 5) {
    try {
      return await query()
    } catch (error) {
      if (pause > 500 || signal?.aborted || !passes(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

/** `pg` takes no signal: the statement goes on, and what it stores is a duplicate of the next delivery. */
function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    // It may have aborted while the statement was sent.
    if (signal.aborted) abort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

const codes: readonly [RegExp, ErrorCode][] = [
  [/^(28|42501)/, 'TARGET_UNAUTHORIZED'],
  [/^(3D|3F|42P01)/, 'TARGET_NOT_FOUND'],
  [/^53100/, 'TARGET_BLOCKED'],
  [/^(53|57014)/, 'TARGET_OVERLOADED'],
  // Without a state of SQL's it is the connection's.
  [/^(08|57P|E[A-Z]+$|$)/, 'TARGET_UNREACHABLE'],
]

const codeOf = (error: unknown) => codes.find(([state]) => state.test(sqlState(error)))?.[1] ?? 'TARGET_FAILED'
