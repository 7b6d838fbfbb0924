import { readFile } from 'node:fs/promises'
import { byteBudget, FlowferryError, type Format, type IngestOptions, type Sink } from '@flowferry/core'
import type { BulkOptions, SetupChange, SetupOptions } from '@flowferry/search'
import { type Io, line, UsageError } from './io.ts'

/** The options of `ingest`, `backfill` and `setup` that say where documents go, and how. */
export interface TargetOptions {
  readonly to?: string
  readonly url?: string
  readonly index?: string
  readonly indexPer?: 'day' | 'month'
  readonly op?: 'create' | 'index'
  readonly gzip?: boolean
}

/** What the command line names: checked, but nothing was opened or asked yet. */
export interface Target {
  /** Where it writes, without a credential. */
  readonly name: string
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

export async function targetOf({ to, url, ...options }: TargetOptions, io: Io): Promise<Target> {
  const { index, indexPer, op, gzip } = options
  if (to === undefined)
    throw new UsageError('Say where to: --to elasticsearch, opensearch or duckdb:FILE, or `store` of flowferry.config')
  if (to.startsWith('duckdb:')) {
    const path = to.slice('duckdb:'.length)
    if (path === '') throw new UsageError('--to duckdb:FILE needs the name of a file: --to duckdb:logs.db')
    if ([url, index, indexPer, op, gzip].some((option) => option !== undefined))
      throw new UsageError('--url, --index, --index-per, --op and --gzip do not go with duckdb')
    return { name: path, open: () => openDuckDB(path) }
  }
  if (to !== 'elasticsearch' && to !== 'opensearch')
    throw new UsageError(`--to takes elasticsearch, opensearch or duckdb:FILE, not "${to}"`)
  if (op === 'index' && index === undefined && indexPer === undefined)
    throw new UsageError('--op index needs --index-per or --index: data streams overwrite nothing')
  const bulk: BulkOptions = {
    ...(index !== undefined && { index }),
    ...(indexPer && { indexPer }),
    ...(op && { op }),
    ...(gzip && { gzip }),
  }
  const node = nodeOf(to, url, io)
  const open = await (to === 'elasticsearch' ? elasticsearchAt : openSearchAt)(node, bulk, io)
  const where = index === undefined ? '' : `${index} on `
  return { name: where + addressOf(node), open }
}

/** The address of a cluster, from `--url` or the environment. */
export const nodeOf = (engine: 'elasticsearch' | 'opensearch', url: string | undefined, io: Io): string =>
  nodeUrl(engine === 'elasticsearch' ? 'ELASTICSEARCH_URL' : 'OPENSEARCH_URL', url, io)

export async function elasticsearchClient(node: string, io: Io) {
  const { Client } = await import('@elastic/elasticsearch')
  const { ELASTICSEARCH_API_KEY: apiKey } = io.env
  const auth = apiKey ? { apiKey } : basicAuth('ELASTICSEARCH', io)
  const tls = await authority('ELASTICSEARCH', io)
  return new Client({ node, ...(auth && { auth }), ...(tls && { tls }) })
}

export async function openSearchClient(node: string, io: Io) {
  const { Client } = await import('@opensearch-project/opensearch')
  const auth = basicAuth('OPENSEARCH', io)
  const tls = await authority('OPENSEARCH', io)
  return new Client({ node, ...(auth && { auth }), ...(tls && { ssl: tls }) })
}

async function elasticsearchAt(node: string, bulk: BulkOptions, io: Io): Promise<Target['open']> {
  const { elasticsearch, setup } = await import('@flowferry/sink-elasticsearch')
  const client = await elasticsearchClient(node, io)
  return async () => ({
    sink: elasticsearch({ client, ...bulk }),
    setup: (options) => setup(client, { ...options, ...(bulk.indexPer && { indexPer: bulk.indexPer }) }),
    close: () => client.close(),
  })
}

async function openSearchAt(node: string, bulk: BulkOptions, io: Io): Promise<Target['open']> {
  const { opensearch, setup } = await import('@flowferry/sink-opensearch')
  const client = await openSearchClient(node, io)
  return async () => ({
    sink: opensearch({ client, ...bulk }),
    setup: (options) => setup(client, { ...options, ...(bulk.indexPer && { indexPer: bulk.indexPer }) }),
    close: () => client.close(),
  })
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
  if (setup) for (const text of await setUp(store, { formats })) line(io.stderr, text)
  else for (const text of await missingTemplates(store, formats)) if (index === undefined) line(io.stderr, text)
}

/** Installs the templates; a line for each thing that it did. */
export async function setUp(store: Store, options: Omit<SetupOptions, 'indexPer'>): Promise<string[]> {
  if (!store.setup) return ['setup: DuckDB needs none']
  const changes = await store.setup(options)
  const would = options.dryRun ? 'would be ' : ''
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

function nodeUrl(variable: string, url: string | undefined, io: Io): string {
  const node = url ?? io.env[variable]
  if (!node) throw new UsageError(`The address of the cluster is not known: pass --url, or set ${variable}`)
  const parsed = URL.canParse(node) ? new URL(node) : undefined
  // `localhost:9200` parses: as a URL of the scheme `localhost`.
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`${url === undefined ? variable : '--url'} is no URL: it takes https://host:9200`)
  if (url !== undefined) refusePassword('--url', parsed)
  return node
}

/** Throws where an address of the command line holds a password. */
export function refusePassword(option: string, { username, password }: URL): void {
  if (username + password !== '')
    throw new UsageError(`${option} must hold no password: other users see the command line. Set it in the environment`)
}

function basicAuth(prefix: string, io: Io): { username: string; password: string } | undefined {
  const username = io.env[`${prefix}_USERNAME`]
  const password = io.env[`${prefix}_PASSWORD`]
  if (!username && !password) return undefined
  if (!username || !password) throw new UsageError(`Set both ${prefix}_USERNAME and ${prefix}_PASSWORD`)
  return { username, password }
}

/** The header that a cluster's users sign in with to Kibana and OpenSearch Dashboards. */
export function authorizationOf(engine: 'elasticsearch' | 'opensearch', io: Io): string | undefined {
  const key = engine === 'elasticsearch' && io.env.ELASTICSEARCH_API_KEY
  if (key) return `ApiKey ${key}`
  const user = basicAuth(engine.toUpperCase(), io)
  return user && `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`
}

/** The certificate authority of a cluster that signed its own certificate, from a file that the environment names. */
async function authority(prefix: string, io: Io): Promise<{ ca: string } | undefined> {
  const variable = `${prefix}_CA_FILE`
  const path = io.env[variable]
  if (!path) return undefined
  try {
    return { ca: await readFile(path, 'utf8') }
  } catch (error) {
    throw new UsageError(`${variable} names a file that cannot be read: ${(error as Error).message}`)
  }
}

/** Without a credential, and without what stands behind the path. */
export function addressOf(node: string): string {
  const { origin, pathname } = new URL(node)
  return origin + pathname.replace(/\/+$/, '')
}
