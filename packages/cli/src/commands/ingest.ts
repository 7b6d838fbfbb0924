import { readFile } from 'node:fs/promises'
import {
  byteBudget,
  type DeadRecords,
  type Format,
  type IngestOptions,
  ingest,
  objectEvent,
  type SetupChange,
  type Sink,
  type SourceMessage,
  type SourceObject,
} from '@flowferry/core'
import { s3Address, s3Client } from '../aws.ts'
import { found, listFiles, localFile } from '../files.ts'
import type { FormatName } from '../format-names.ts'
import { parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { startProgress } from '../progress.ts'
import { exitCodeOf, printReport } from '../report.ts'
import { bytes, plural } from '../text.ts'

export interface IngestCommandOptions {
  readonly to: string
  readonly url?: string
  readonly format?: FormatName
  readonly index?: string
  readonly concurrency?: number
  readonly setup?: boolean
  readonly log?: 'json'
  readonly deadRecords?: string
}

/** `flowferry ingest`: files, folders and S3 prefixes into a store. */
export async function ingestCommand(
  sources: readonly string[],
  options: IngestCommandOptions,
  io: Io,
): Promise<ExitCode> {
  if (sources.includes('-'))
    throw new UsageError('ingest reads no standard input: its ids would not last. Save it to a file')
  if (options.setup && options.index !== undefined)
    throw new UsageError('--setup installs templates of data streams; an --index gets its mapping from you')
  const deadRecords = options.deadRecords === undefined ? undefined : await deadRecordsAt(options.deadRecords, io)
  const target = await targetOf(options, io)
  // Before a store is opened, which makes a DuckDB file: a name that is mistyped leaves nothing behind.
  for (const source of sources) if (!s3Address(source)) await found(source)
  const store = await target.open()
  try {
    const parser = await parserFor(options.format)
    if (options.setup) for (const change of await store.setup(parser.formats)) line(io.stderr, change)
    else for (const note of (await store.check?.(parser.formats)) ?? []) line(io.stderr, note)
    const objects = (await Promise.all(sources.map((source) => listObjects(source, io)))).flat()
    if (objects.length === 0) {
      line(io.stderr, 'There is no file to read.')
      return exitCodes.failed
    }
    const total = objects.reduce((sum, { size = 0 }) => sum + size, 0)
    line(io.stderr, `${plural(objects.length, 'file')}, ${bytes(total)} stored, to ${target.name}`)
    const progress = await startProgress(io, total, objects.length)
    const report = await ingest({
      source: objects.map((object): SourceMessage => ({ objects: [progress.watch(object)] })),
      parser,
      sink: store.sink,
      onObject: (object) => {
        progress.onObject(object)
        if (options.log === 'json') line(io.stderr, JSON.stringify(objectEvent(object)))
      },
      ...store.pace,
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(deadRecords && { deadRecords }),
      ...(io.signal && { signal: io.signal }),
    }).finally(progress.stop)
    printReport(io, report, options.format, options.log !== 'json')
    return exitCodeOf(report)
  } finally {
    await store.close()
  }
}

/** A prefix on S3, for what the store refuses and what is malformed. */
async function deadRecordsAt(text: string, io: Io): Promise<DeadRecords> {
  const address = s3Address(text)
  if (!address || address.key === '')
    throw new UsageError(`--dead-records takes a prefix on S3, s3://bucket/dead/, not "${text}"`)
  const { s3DeadRecords } = await import('@flowferry/source-s3')
  return s3DeadRecords({ s3: await s3Client(io), bucket: address.bucket, prefix: address.key })
}

const mebibyte = 1024 * 1024

/** What the command line names: checked, but nothing was opened or asked yet. */
interface Target {
  /** Where it writes, without a credential. */
  readonly name: string
  readonly open: () => Promise<Store>
}

interface Store {
  readonly sink: Sink<unknown>
  /** Installs templates; a line for each thing that it did. */
  readonly setup: (formats: readonly Format[]) => Promise<readonly string[]>
  /** Says what is not as it should be, where the store itself would not. */
  readonly check?: (formats: readonly Format[]) => Promise<readonly string[]>
  readonly close: () => Promise<void>
  /** What is best for it of the pipeline's settings. */
  readonly pace?: Pick<IngestOptions<unknown>, 'batchBytes' | 'budget'>
}

export async function targetOf({ to, url, index }: IngestCommandOptions, io: Io): Promise<Target> {
  if (to.startsWith('duckdb:')) {
    const path = to.slice('duckdb:'.length)
    if (path === '') throw new UsageError('--to duckdb:FILE needs the name of a file: --to duckdb:logs.db')
    if (url !== undefined || index !== undefined) throw new UsageError('--url and --index do not go with duckdb')
    return { name: path, open: () => openDuckDB(path) }
  }
  const write = index === undefined ? {} : { index }
  if (to === 'elasticsearch') {
    const node = nodeUrl('ELASTICSEARCH_URL', url, io)
    const { Client } = await import('@elastic/elasticsearch')
    const { elasticsearch, setup } = await import('@flowferry/sink-elasticsearch')
    const { ELASTICSEARCH_API_KEY: apiKey } = io.env
    const auth = apiKey ? { apiKey } : basicAuth('ELASTICSEARCH', io)
    const client = new Client({ node, ...(auth && { auth }), ...(await authority('ELASTICSEARCH', io)) })
    const open = async (): Promise<Store> => ({
      sink: elasticsearch({ client, ...write }),
      setup: async (formats) => (await setup(client, { formats })).map(changeLine),
      ...(index === undefined && {
        check: async (formats) => missingTemplates(await setup(client, { formats, dryRun: true }).catch(() => [])),
      }),
      close: () => client.close(),
    })
    return { name: nameOf(node, index), open }
  }
  if (to === 'opensearch') {
    const node = nodeUrl('OPENSEARCH_URL', url, io)
    const { Client } = await import('@opensearch-project/opensearch')
    const { opensearch, setup } = await import('@flowferry/sink-opensearch')
    const auth = basicAuth('OPENSEARCH', io)
    const { tls } = await authority('OPENSEARCH', io)
    const client = new Client({ node, ...(auth && { auth }), ...(tls && { ssl: tls }) })
    const open = async (): Promise<Store> => ({
      sink: opensearch({ client, ...write }),
      setup: async (formats) => (await setup(client, { formats })).map(changeLine),
      ...(index === undefined && {
        check: async (formats) => missingTemplates(await setup(client, { formats, dryRun: true }).catch(() => [])),
      }),
      close: () => client.close(),
    })
    return { name: nameOf(node, index), open }
  }
  throw new UsageError(`--to takes elasticsearch, opensearch or duckdb:FILE, not "${to}"`)
}

async function openDuckDB(path: string): Promise<Store> {
  const { duckdb } = await import('@flowferry/sink-duckdb')
  const sink = await duckdb(path)
  // An insert of this size is work for one thread; the others would cost half as much again in waiting for it.
  await sink.connection.run('SET threads = 1')
  // Each write has a price of its own; with these, one is made ready while another is written.
  const pace = { batchBytes: 2 * mebibyte, budget: byteBudget(8 * mebibyte) }
  return { sink, pace, close: sink.close, setup: async () => ['setup: DuckDB needs none'] }
}

function nodeUrl(variable: string, url: string | undefined, io: Io): string {
  const node = url ?? io.env[variable]
  if (!node) throw new UsageError(`The address of the cluster is not known: pass --url, or set ${variable}`)
  const parsed = URL.canParse(node) ? new URL(node) : undefined
  // `localhost:9200` parses: as a URL of the scheme `localhost`.
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`${url === undefined ? variable : '--url'} is no URL: it takes https://host:9200`)
  if (url !== undefined && parsed.username + parsed.password !== '')
    throw new UsageError('--url must hold no password: other users see the command line. Set it in the environment')
  return node
}

function basicAuth(prefix: string, io: Io): { username: string; password: string } | undefined {
  const username = io.env[`${prefix}_USERNAME`]
  const password = io.env[`${prefix}_PASSWORD`]
  if (!username && !password) return undefined
  if (!username || !password) throw new UsageError(`Set both ${prefix}_USERNAME and ${prefix}_PASSWORD`)
  return { username, password }
}

/** The certificate authority of a cluster that signed its own certificate, from a file that the environment names. */
async function authority(prefix: string, io: Io): Promise<{ tls?: { ca: string } }> {
  const variable = `${prefix}_CA_FILE`
  const path = io.env[variable]
  if (!path) return {}
  try {
    return { tls: { ca: await readFile(path, 'utf8') } }
  } catch (error) {
    throw new UsageError(`${variable} names a file that cannot be read: ${(error as Error).message}`)
  }
}

function nameOf(node: string, index: string | undefined): string {
  const { origin, pathname } = new URL(node)
  const cluster = origin + pathname.replace(/\/+$/, '')
  return index === undefined ? cluster : `${index} on ${cluster}`
}

function changeLine({ kind, name, action }: { kind: string; name: string; action: string }): string {
  return `setup: ${kind} ${name} ${action}`
}

/**
 * OpenSearch makes a plain index where no template is, and Elasticsearch takes its own for `logs-*-*`: both guess types,
 * and neither says so. What only `setup` would know, a user without its privileges is not told.
 */
function missingTemplates(changes: readonly SetupChange[]): string[] {
  const missing = changes.filter(({ kind, action }) => kind === 'index template' && action === 'created')
  if (missing.length === 0) return []
  const names = missing.map(({ name }) => name).join(', ')
  return [`note: not installed: index template ${names}; without --setup the types of fields are guessed`]
}

async function listObjects(source: string, io: Io): Promise<SourceObject[]> {
  const address = s3Address(source)
  if (!address) return (await listFiles(source)).map(({ path, size }) => localFile(path, { size }))

  const { paginateListObjectsV2 } = await import('@aws-sdk/client-s3')
  const { s3Object } = await import('@flowferry/source-s3')
  const s3 = await s3Client(io)
  const objects: SourceObject[] = []
  const pages = paginateListObjectsV2({ client: s3 }, { Bucket: address.bucket, Prefix: address.key })
  for await (const { Contents = [] } of pages)
    for (const { Key: key, Size: size, ETag: etag } of Contents) {
      // What a console makes of a "folder".
      if (key === undefined || (key.endsWith('/') && size === 0)) continue
      const stated = {
        ...(size !== undefined && { size }),
        ...(etag !== undefined && { etag: etag.replaceAll('"', '') }),
      }
      objects.push(s3Object({ bucket: address.bucket, key, ...stated }, { s3 }))
    }
  return objects
}
