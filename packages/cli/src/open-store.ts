import { stat } from 'node:fs/promises'
import type { Store } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import { type Io, UsageError } from './io.ts'
import { elasticsearchClient, nodeOf, openSearchClient } from './target.ts'

/** The options of `why` and `ask` that say where logs are. */
export interface FromOptions {
  readonly from: string
  readonly url?: string
}

export interface OpenedStore extends Store {
  readonly close: () => Promise<void>
}

/** What `--from` names, to be asked. `formats` are those that a question may name by their dataset. */
export async function openStore({ from, url }: FromOptions, io: Io, formats: readonly Format[]): Promise<OpenedStore> {
  if (from.startsWith('duckdb:')) {
    if (url !== undefined) throw new UsageError('--url does not go with duckdb')
    return openDuckDB(from.slice('duckdb:'.length), formats)
  }
  if (from !== 'elasticsearch' && from !== 'opensearch')
    throw new UsageError(`--from takes duckdb:FILE, elasticsearch or opensearch, not "${from}"`)
  const node = nodeOf(from, url, io)
  if (from === 'elasticsearch') {
    const { elasticsearchStore } = await import('@flowferry/answers/elasticsearch')
    const client = await elasticsearchClient(node, io)
    return { ...elasticsearchStore({ client, formats }), close: () => client.close() }
  }
  const { openSearchStore } = await import('@flowferry/answers/opensearch')
  const client = await openSearchClient(node, io)
  return { ...openSearchStore({ client, formats }), close: () => client.close() }
}

/** A file that is not there is a mistake, not an empty store. */
async function openDuckDB(path: string, formats: readonly Format[]): Promise<OpenedStore> {
  const found = path !== '' && (await stat(path).catch(() => undefined))
  if (!found) throw new UsageError(`--from duckdb:FILE needs a file that ingest has filled; there is none at "${path}"`)
  const { duckdb } = await import('@flowferry/sink-duckdb')
  const { duckdbStore } = await import('@flowferry/answers/duckdb')
  const sink = await duckdb(path)
  return { ...duckdbStore({ connection: sink.connection, formats }), close: sink.close }
}
