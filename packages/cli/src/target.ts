import { byteBudget, FlowferryError, type Format, type IngestOptions, type Sink } from '@flowferry/core'
import type { BulkOptions, SetupChange, SetupOptions } from '@flowferry/search'
import {
  type Cluster,
  type ClusterOptions,
  clusterOf,
  openElasticsearch,
  openOpenSearch,
  unknownStore,
} from './cluster.ts'
import { type Io, note, UsageError } from './io.ts'

/** The options of `ingest`, `backfill` and `setup` that say where documents go, and how. */
export interface TargetOptions extends ClusterOptions {
  readonly to?: string
  readonly index?: string
  readonly indexPer?: 'day' | 'month'
  readonly op?: 'create' | 'index'
  readonly gzip?: boolean
}

/** What the command line names: checked, but nothing was opened or asked yet. */
export interface Target {
  /** Where it writes, without a credential. */
  readonly name: string
  /** None: it is a file of DuckDB's. */
  readonly cluster?: Cluster
  readonly open: () => Promise<Store>
}

export interface Store {
  readonly sink: Sink<unknown>
  /** Installs templates, or says what it would do; DuckDB needs none. */
  readonly setup?: (options: Omit<SetupOptions, 'indexPer'>) => Promise<readonly SetupChange[]>
  readonly close: () => Promise<void>
  /** What is best for it of the pipeline's settings. */
  readonly pace?: Pick<IngestOptions<unknown>, 'batchBytes' | 'budget'>
}

export async function targetOf({ to, url, cloudId, auth, ...options }: TargetOptions, io: Io): Promise<Target> {
  const { index, indexPer, op, gzip } = options
  if (to === undefined)
    throw new UsageError('Say where to: --to elasticsearch, opensearch or duckdb:FILE, or `store` of flowferry.config')
  if (to.startsWith('duckdb:')) {
    const path = to.slice('duckdb:'.length)
    if (path === '') throw new UsageError('--to duckdb:FILE needs the name of a file: --to duckdb:logs.db')
    if ([url, cloudId, auth, index, indexPer, op, gzip].some((option) => option !== undefined))
      throw new UsageError('--url, --cloud-id, --auth, --index, --index-per, --op and --gzip do not go with duckdb')
    return { name: path, open: () => openDuckDB(path) }
  }
  if (to !== 'elasticsearch' && to !== 'opensearch')
    throw unknownStore('--to', to, 'elasticsearch, opensearch or duckdb:FILE')
  if (op === 'index' && index === undefined && indexPer === undefined)
    throw new UsageError('--op index needs --index-per or --index: data streams overwrite nothing')
  const bulk: BulkOptions = {
    ...(index !== undefined && { index }),
    ...(indexPer && { indexPer }),
    ...(op && { op }),
    ...(gzip && { gzip }),
  }
  const cluster = clusterOf(
    to,
    { ...(url !== undefined && { url }), ...(cloudId !== undefined && { cloudId }), ...(auth && { auth }) },
    io,
  )
  const where = index === undefined ? '' : `${index} on `
  const open = to === 'elasticsearch' ? openElasticsearchTarget : openOpenSearchTarget
  return { name: where + cluster.name, cluster, open: () => open(cluster, bulk, io) }
}

async function openElasticsearchTarget(cluster: Cluster, bulk: BulkOptions, io: Io): Promise<Store> {
  const client = await openElasticsearch(cluster, io)
  const { elasticsearch, setup } = await import('@flowferry/sink-elasticsearch')
  return {
    sink: elasticsearch({ client, ...bulk }),
    setup: (options) => setup(client, { ...options, ...(bulk.indexPer && { indexPer: bulk.indexPer }) }),
    close: () => client.close(),
  }
}

async function openOpenSearchTarget(cluster: Cluster, bulk: BulkOptions, io: Io): Promise<Store> {
  const client = await openOpenSearch(cluster, io)
  const { opensearch, setup } = await import('@flowferry/sink-opensearch')
  return {
    sink: opensearch({ client, ...bulk }),
    setup: (options) => setup(client, { ...options, ...(bulk.indexPer && { indexPer: bulk.indexPer }) }),
    close: () => client.close(),
  }
}

const mebibyte = 1024 * 1024

async function openDuckDB(path: string): Promise<Store> {
  const { duckdb } = await import('@flowferry/sink-duckdb')
  const sink = await duckdb(path)
  // An insert of this size is work for one thread; the others would cost half as much again in waiting for it.
  await sink.connection.run('SET threads = 1')
  // Each write has a price of its own; with these, one is made ready while another is written.
  const pace = { batchBytes: 2 * mebibyte, budget: byteBudget(8 * mebibyte) }
  return { sink, pace, close: sink.close }
}

/** Throws where `--setup` has nothing to install: an index of the user's own has the user's mapping. */
export function checkSetup({ setup, index }: { readonly setup?: boolean; readonly index?: string }): void {
  if (setup && index !== undefined)
    throw new UsageError(
      '--setup installs templates of data streams and of --index-per; an --index gets its mapping from you',
    )
}

/**
 * Before the first document: installs the templates, or says which are missing. What only `setup` would know, a user
 * without its privileges is not told; a store that does not answer ends the command here, before anything was read.
 */
export async function prepare(
  store: Store,
  formats: readonly Format[],
  { setup, index }: { readonly setup?: boolean; readonly index?: string },
  io: Io,
): Promise<void> {
  if (setup) for (const text of await setUp(store, { formats })) note(io, text)
  else for (const text of await missingTemplates(store, formats)) if (index === undefined) note(io, text)
}

/** Installs the templates; a line for each thing that it did. */
async function setUp(store: Store, options: Omit<SetupOptions, 'indexPer'>): Promise<string[]> {
  return store.setup ? changeLines(await store.setup(options), options.dryRun) : ['setup: DuckDB needs none']
}

/** A line for each thing that `setup` did, or would do. */
export function changeLines(changes: readonly SetupChange[], dryRun = false): string[] {
  const would = dryRun ? 'would be ' : ''
  return changes.flatMap(({ kind, name, action, note }) => {
    const told = note === undefined ? [] : [`note: ${note}`]
    if (action === 'found' || action === 'missing') return told
    return [
      action === 'unchanged' ? `${kind} ${name} is as it should be` : `${kind} ${name} ${would}${action}`,
      ...told,
    ]
  })
}

async function missingTemplates(store: Store, formats: readonly Format[]): Promise<string[]> {
  const changes = await store.setup?.({ formats, dryRun: true }).catch((error: unknown) => {
    if (!FlowferryError.isInstance(error)) return []
    if (error.code === 'TARGET_UNREACHABLE') throw error
    return error.code === 'TARGET_TEMPLATE' ? error.message : []
  })
  if (typeof changes === 'string') return [`note: ${changes}`]
  const missing = (changes ?? []).filter(({ kind, action }) => kind === 'index template' && action === 'created')
  return missing.length === 0
    ? []
    : [`note: not installed: ${missing.map(({ name }) => name).join(', ')}; --setup installs these index templates`]
}
