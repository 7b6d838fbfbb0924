import { stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Store } from '@flowferry/answers'
import type { Diagnosis, Pair } from '@flowferry/answers/why'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { elasticsearchClient, nodeOf, openSearchClient } from '../target.ts'
import { parseTime } from '../times.ts'

export interface WhyCommandOptions {
  readonly from: string
  readonly url?: string
  readonly since?: string
  readonly until?: string
  readonly json?: boolean
}

interface Opened extends Store {
  readonly close: () => Promise<void>
}

const hour = 3_600_000

/** `flowferry why`: the cause by which A does not reach B. Writes nothing into the store. */
export async function whyCommand(a: string, b: string, options: WhyCommandOptions, io: Io): Promise<ExitCode> {
  const pair = pairOf(a, b, options)
  const store = await openStore(options, io)
  try {
    const { diagnose, gather, tell } = await import('@flowferry/answers/why')
    const diagnosis = diagnose(await gather(store.ask, pair))
    if (options.json) line(io.stdout, JSON.stringify(diagnosis))
    else for (const text of tell(diagnosis).trimEnd().split('\n')) line(io.stdout, text)
    return exitCodeOf(diagnosis)
  } finally {
    await store.close()
  }
}

function exitCodeOf({ cause, certainty }: Diagnosis): ExitCode {
  if (certainty === 'cannot-tell') return exitCodes.unknown
  return cause === 'no-fault' ? exitCodes.ok : exitCodes.fault
}

/** What is asked, from the command line. */
export function pairOf(a: string, b: string, { since, until }: WhyCommandOptions, now = new Date()): Pair {
  const target = targetOf(b)
  const end = until === undefined ? now : parseTime('--until', until, now)
  const start = since === undefined ? new Date(end.getTime() - hour) : parseTime('--since', since, now)
  if (start >= end) throw new UsageError('--since has to be before --until')
  return { a: addressOf('A', a), ...target, since: start.toISOString(), until: end.toISOString() }
}

function targetOf(text: string): Pick<Pair, 'b' | 'port'> {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? []
  const b = addressOf('B', bracketed ?? plain ?? text)
  if (port === undefined) return { b }
  if (Number(port) < 1 || Number(port) > 65_535)
    throw new UsageError(`B's port is a number from 1 to 65535, not ${port}`)
  return { b, port: Number(port) }
}

function addressOf(whose: string, text: string): string {
  if (isIP(text) === 0)
    throw new UsageError(`${whose} is an IP address (B may have a port: 10.0.9.12:5432), not "${text}"`)
  return text.toLowerCase()
}

async function openStore({ from, url }: WhyCommandOptions, io: Io): Promise<Opened> {
  if (from.startsWith('duckdb:')) {
    if (url !== undefined) throw new UsageError('--url does not go with duckdb')
    return openDuckDB(from.slice('duckdb:'.length))
  }
  if (from !== 'elasticsearch' && from !== 'opensearch')
    throw new UsageError(`--from takes duckdb:FILE, elasticsearch or opensearch, not "${from}"`)
  const node = nodeOf(from, url, io)
  if (from === 'elasticsearch') {
    const { elasticsearchStore } = await import('@flowferry/answers/elasticsearch')
    const client = await elasticsearchClient(node, io)
    return { ...elasticsearchStore({ client }), close: () => client.close() }
  }
  const { openSearchStore } = await import('@flowferry/answers/opensearch')
  const client = await openSearchClient(node, io)
  return { ...openSearchStore({ client }), close: () => client.close() }
}

/** A file that is not there is a mistake, not an empty store. */
async function openDuckDB(path: string): Promise<Opened> {
  const found = path !== '' && (await stat(path).catch(() => undefined))
  if (!found) throw new UsageError(`--from duckdb:FILE needs a file that ingest has filled; there is none at "${path}"`)
  const { duckdb } = await import('@flowferry/sink-duckdb')
  const { duckdbStore } = await import('@flowferry/answers/duckdb')
  const sink = await duckdb(path)
  return { ...duckdbStore({ connection: sink.connection }), close: sink.close }
}
