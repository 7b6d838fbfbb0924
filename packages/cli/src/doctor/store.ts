import { access, constants, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Format } from '@flowferry/core'
import { refusalOf, type SearchEngine, type SearchEngineRequest, type SetupChange } from '@flowferry/search'
import { plural } from '../text.ts'
import { type Check, failed, fine, found, notChecked } from './check.ts'
import { checkClock } from './clock.ts'

export interface StoreOptions {
  readonly engine: SearchEngine
  /** Without a credential. */
  readonly name: string
  readonly request: SearchEngineRequest
  /** What `setup` would do for these formats. */
  readonly setup: (formats: readonly Format[]) => Promise<readonly SetupChange[]>
  readonly formats: readonly Format[]
  /** Whether the formats are those that the bucket holds: none of them may lack its template then. */
  readonly areFound: boolean
  readonly index?: string | undefined
  readonly indexPer?: 'day' | 'month' | undefined
  readonly op?: 'create' | 'index' | undefined
}

/** Oldest major versions that `setup` and the sinks are tried on. */
const leastVersion = { elasticsearch: 8, opensearch: 2 }
const titles = { elasticsearch: 'Elasticsearch', opensearch: 'OpenSearch' }

/** Whether a store answers, is what it is called, has the templates, takes documents and has room for them. */
export async function checkStore(options: StoreOptions): Promise<Check[]> {
  const product = await checkProduct(options)
  if (product.status === 'fault' || product.status === 'unknown') return [product]
  const { index, request } = options
  return [
    product,
    index === undefined
      ? await checkTemplates(options)
      : notChecked('templates', `the index ${index} has a mapping of your own`),
    await checkWriting(options),
    ...(await checkHealth(request)),
    await checkBlocks(request, index),
    await checkDisk(request),
  ]
}

/** That it is what it is called was seen when it was opened. */
async function checkProduct({ engine, name, request }: StoreOptions): Promise<Check> {
  const check = 'store'
  try {
    const { status, body } = await request('GET', '/')
    // A collection of OpenSearch Serverless has no version.
    if (status === 404) return notChecked(check, `${name} does not tell its version`)
    if (status >= 300) throw refusalOf({ status, body }, 'GET /')
    const { version } = (body ?? {}) as { version?: { number?: string } }
    const what = `${titles[engine]} ${version?.number ?? ''} at ${name}`
    if (Number.parseInt(version?.number ?? '', 10) < leastVersion[engine])
      return found(check, 'fault', what, `take ${titles[engine]} ${leastVersion[engine]} or newer`)
    return fine(check, what)
  } catch (error) {
    return failed(check, error, 'cluster:monitor/main')
  }
}

async function checkTemplates({ setup, formats, areFound }: StoreOptions): Promise<Check> {
  const check = 'templates'
  let changes: readonly SetupChange[]
  try {
    changes = (await setup(formats)).filter(({ kind }) => kind === 'index template')
  } catch (error) {
    return failed(check, error, 'the right to read index templates')
  }
  const named = (action: SetupChange['action']) =>
    changes.filter((one) => one.action === action).map(({ name }) => name)
  const [missing, other, same] = [named('created'), named('updated'), named('unchanged')]
  const todo = 'flowferry setup, with the options that it was set up with, installs them: docs/store-settings.md'
  if (missing.length > 0 && (areFound || missing.length === changes.length))
    return found(check, 'fault', `${plural(missing.length, 'template')} of ${changes.length} not there`, todo, missing)
  if (other.length > 0)
    return found(
      check,
      'warning',
      `${plural(other.length, 'template')} of another version or setting than this`,
      todo,
      other,
    )
  const rest = missing.length > 0 ? `; not there: ${missing.join(', ')}` : ''
  return fine(check, `${plural(same.length, 'template')} in force and of this version${rest}`)
}

/** https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-has-privileges */
async function checkWriting({ engine, request, index, indexPer, op }: StoreOptions): Promise<Check> {
  const check = 'writing'
  if (engine === 'opensearch')
    return notChecked(check, 'OpenSearch tells no rights without a write: flowferry ingest of one file does')
  const write = op === 'index' ? 'index' : 'create_doc'
  const dated = indexPer ? ['create_index', 'view_index_metadata'] : ['auto_configure']
  const privileges = index === undefined ? [write, ...dated] : [write]
  const names = [index ?? 'logs-aws.*']
  const { status, body } = await request('POST', '/_security/user/_has_privileges', { index: [{ names, privileges }] })
  if (status >= 300) {
    const refusal = refusalOf({ status, body }, 'POST /_security/user/_has_privileges')
    if (/security (?:is|must be|needs to be) |no handler found|not enabled/i.test(refusal.message))
      return found(
        check,
        'warning',
        'nothing restricts it: security is off, so that everybody may write and read',
        'turn it on where the store is to be of use: docs/privileges.md',
      )
    return failed(check, refusal, 'credentials that may ask for their own rights')
  }
  const { has_all_requested: hasAll, index: rights = {} } = body as {
    has_all_requested?: boolean
    index?: Record<string, Record<string, boolean>>
  }
  if (hasAll) return fine(check, `${privileges.join(', ')} on ${names.join(', ')}`)
  const lacking = privileges.filter((privilege) => names.some((name) => !rights[name]?.[privilege]))
  const todo = 'grant it to the role or API key: docs/privileges.md'
  return found(check, 'fault', `the credentials lack ${lacking.join(', ')} on ${names.join(', ')}`, todo)
}

/** The cluster's state, and its clock, of which it answers no `Date`. */
async function checkHealth(request: SearchEngineRequest): Promise<Check[]> {
  const check = 'cluster'
  const path = '/_cat/health?format=json'
  const sent = Date.now()
  const { status, body } = await request('GET', path)
  const now = (sent + Date.now()) / 2
  const [health] = Array.isArray(body) ? (body as { epoch?: string; status?: string }[]) : []
  if (status >= 300 || !health) return [monitored(check, status), checkClock(undefined, 'the store')]
  const epoch = Number(health.epoch)
  const clock = checkClock(epoch > 0 ? now - (epoch * 1000 + 500) : undefined, 'the store')
  if (health.status === 'red')
    return [
      found(check, 'fault', 'red: some indices have no primary shard', 'GET _cluster/allocation/explain says why'),
      clock,
    ]
  if (health.status === 'yellow')
    return [
      found(
        check,
        'warning',
        'yellow: some copies of shards have no node',
        'more nodes, or flowferry setup --number-of-replicas 0',
      ),
      clock,
    ]
  return [fine(check, String(health.status)), clock]
}

const monitored = (check: string, status: number): Check =>
  notChecked(check, `it takes the right to monitor the cluster: the answer was ${status}`)

async function checkBlocks(request: SearchEngineRequest, index = 'logs-*'): Promise<Check> {
  const check = 'blocks'
  const path = `/${encodeURIComponent(index)}/_settings/index.blocks.*?flat_settings=true&expand_wildcards=all`
  const { status, body } = await request('GET', path)
  if (status === 404) return fine(check, 'no index is there yet')
  if (status >= 300) return notChecked(check, `it takes view_index_metadata on ${index}: the answer was ${status}`)
  const blocked = Object.entries((body ?? {}) as Record<string, { settings?: Record<string, string> }>).flatMap(
    ([name, { settings = {} }]) => {
      const on = Object.keys(settings).filter((key) => settings[key] === 'true' && key !== 'index.blocks.metadata')
      return on.length > 0 ? [`${name}: ${on.join(', ')}`] : []
    },
  )
  if (blocked.length === 0) return fine(check, 'no index refuses documents')
  const isFull = blocked.some((text) => text.includes('read_only_allow_delete'))
  const todo = isFull
    ? 'its disk was full: make room, and the block goes by itself'
    : 'PUT …/_settings with the block null'
  return found(
    check,
    'fault',
    `${plural(blocked.length, 'index', 'indices')} refuse documents`,
    todo,
    blocked.slice(0, 10),
  )
}

/** https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/cluster-level-shard-allocation-routing-settings */
async function checkDisk(request: SearchEngineRequest): Promise<Check> {
  const check = 'disk'
  const { status, body } = await request('GET', '/_cat/allocation?format=json&h=node,disk.percent')
  if (status >= 300 || !Array.isArray(body)) return monitored(check, status)
  const nodes = (body as Record<string, string | null>[]).flatMap((node) => {
    const percent = Number(node['disk.percent'] ?? Number.NaN)
    return node.node === 'UNASSIGNED' || Number.isNaN(percent) ? [] : [{ name: String(node.node), percent }]
  })
  if (nodes.length === 0) return notChecked(check, 'the cluster does not tell it')
  const high = await highWatermark(request)
  const full = nodes.filter(({ percent }) => percent >= high)
  const most = Math.max(...nodes.map(({ percent }) => percent))
  if (full.length === 0) return fine(check, `${plural(nodes.length, 'node')}, the fullest at ${most} %`)
  return found(
    check,
    'warning',
    `${plural(full.length, 'node')} of ${nodes.length} above the high watermark, ${high} %; from the flood stage on indices refuse documents`,
    'make room: flowferry setup --retention 30d, or larger disks',
    full.map(({ name, percent }) => `${name}: ${percent} %`),
  )
}

async function highWatermark(request: SearchEngineRequest): Promise<number> {
  const key = 'cluster.routing.allocation.disk.watermark.high'
  const { status, body } = await request(
    'GET',
    `/_cluster/settings?include_defaults=true&flat_settings=true&filter_path=*.${key}`,
  )
  if (status >= 300) return 90
  const { transient, persistent, defaults } = (body ?? {}) as Record<string, Record<string, string> | undefined>
  const value = transient?.[key] ?? persistent?.[key] ?? defaults?.[key] ?? ''
  // A size of what is left is of each disk another share.
  return /^\d+(?:\.\d+)?%$/.test(value) ? Number.parseFloat(value) : 90
}

/** Whether a DuckDB file can be written, or made. It is not opened: that would write to it. */
export async function checkDuckDB(path: string): Promise<Check> {
  const check = 'store'
  try {
    const file = await open(path, 'r')
    try {
      const { buffer } = await file.read(Buffer.alloc(12), 0, 12, 0)
      if (buffer.toString('latin1', 8, 12) !== 'DUCK')
        return found(check, 'fault', `${path} is no DuckDB file`, '--to duckdb:FILE names another')
    } finally {
      await file.close()
    }
    await access(path, constants.W_OK)
    return fine(check, `${path} can be written, unless another process has it open`)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') return found(check, 'fault', message, 'let this user write the file')
  }
  const folder = dirname(resolve(path))
  return access(folder, constants.W_OK).then(
    () => fine(check, `${path} is not there, and can be made`),
    (error: Error) => found(check, 'fault', error.message, 'make the folder, or let this user write there'),
  )
}
