import { stat } from 'node:fs/promises'
import type { Store } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import type { ArchivePlaces } from './archive/selection.ts'
import { requireS3Address } from './aws.ts'
import { type ClusterOptions, clusterOf, openElasticsearch, openOpenSearch, unknownStore } from './cluster.ts'
import { type Io, refuseOptions, UsageError } from './io.ts'

/** The options of `why` and `ask` that say where logs are. */
export interface FromOptions extends ClusterOptions {
  readonly from: string
  readonly index?: string
  readonly indexPer?: 'day' | 'month'
}

export interface OpenedStore extends Store {
  readonly close: () => Promise<void>
}

/** Refuses options of a cluster where `--from` names none. */
function refuseCluster(options: FromOptions): void {
  refuseOptions(options, ['url', 'cloudId', 'auth', 'index', 'indexPer'], '--from elasticsearch or opensearch')
}

/**
 * Whether `--from` names an archive on S3.
 *
 * @throws UsageError where it names none, or has options that are of the other
 */
export function isArchive(options: FromOptions & ArchivePlaces & { readonly lookback?: string }): boolean {
  if (options.from.startsWith('s3://')) {
    requireS3Address(options.from, 'An archive is')
    refuseCluster(options)
    return true
  }
  refuseOptions(options, ['account', 'region', 'late', 'lookback'], '--from s3://bucket')
  return false
}

/** What `--from` names, to be asked. `formats` are those that a question may name by their dataset. */
export async function openStore(options: FromOptions, io: Io, formats: readonly Format[]): Promise<OpenedStore> {
  const { from, index, indexPer } = options
  if (from.startsWith('duckdb:')) {
    refuseCluster(options)
    return openDuckDB(from.slice('duckdb:'.length), formats)
  }
  if (from !== 'elasticsearch' && from !== 'opensearch')
    throw unknownStore('--from', from, 'duckdb:FILE, elasticsearch, opensearch or s3://bucket')
  if (index !== undefined && indexPer !== undefined)
    throw new UsageError('--index and --index-per are two ways; choose one')
  const cluster = clusterOf(from, options, io)
  const asked = { formats, ...(index !== undefined && { index }), ...(indexPer && { indexPer }) }
  if (from === 'elasticsearch') {
    const { elasticsearchStore } = await import('@flowferry/answers/elasticsearch')
    const client = await openElasticsearch(cluster, io)
    return { ...elasticsearchStore({ client, ...asked }), close: () => client.close() }
  }
  const { openSearchStore } = await import('@flowferry/answers/opensearch')
  const client = await openOpenSearch(cluster, io)
  return { ...openSearchStore({ client, ...asked }), close: () => client.close() }
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
