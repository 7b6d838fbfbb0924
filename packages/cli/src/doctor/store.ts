import { access, constants, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { datasets, type Format } from '@flowferry/core'
import { refusalOf, type SearchEngine, type SearchEngineRequest, type SetupChange } from '@flowferry/search'
import { plural } from '../text.ts'
import { type Check, failed, fine, found, notChecked, whatOf } from './check.ts'
import { checkClock } from './clock.ts'

export interface StoreOptions {
  readonly engine: SearchEngine
  /** Without a credential. */
  readonly name: string
  readonly request: SearchEngineRequest
  /** What `setup` would do for these formats. */
  readonly setup: (formats: readonly Format[]) => Promise<readonly SetupChange[]>
  readonly formats: readonly Format[]
  /** Whether the formats are those that are in use: none of them may lack its template then. */
  readonly areFound: boolean
  readonly index?: string | undefined
  readonly indexPer?: 'day' | 'month' | undefined
  readonly op?: 'create' | 'index' | undefined
  /** Milliseconds since 1970. @default now */
  readonly now?: number
}

/** Oldest major versions that `setup` and the sinks are tried on. */
const leastVersion = { elasticsearch: 8, opensearch: 2 }
const titles = { elasticsearch: 'Elasticsearch', opensearch: 'OpenSearch' }

/**
 * Whether a store answers, is what it is called, has the templates, takes documents and has room for them. A request without
 * an answer is of one check: the others are asked, too.
 */
export async function checkStore(options: StoreOptions): Promise<Check[]> {
  const product = await each('store', 'cluster:monitor/main', () => checkProduct(options))
  if (product.some(({ status }) => status === 'fault')) return product
  const { index, request } = options
  return [
    ...product,
    ...(await each('templates', 'the right to read templates, and settings of indices', () => checkTemplates(options))),
    ...(await each('writing', 'credentials that may ask for their own rights', () => checkWriting(options))),
    ...(await each('cluster', 'monitor', () => checkHealth(request))),
    ...(await each('blocks', `the right to read settings and aliases of ${index ?? 'logs-*'}`, () =>
      checkBlocks(options),
    )),
    ...(await each('disk', 'monitor', () => checkDisk(request))),
  ]
}

async function each(check: string, needs: string, look: () => Promise<Check | Check[]>): Promise<Check[]> {
  try {
    return [await look()].flat()
  } catch (error) {
    return [failed(check, error, needs)]
  }
}

/** That it is what it is called was seen when it was opened. */
async function checkProduct({ engine, name, request }: StoreOptions): Promise<Check> {
  const check = 'store'
  const { status, body } = await request('GET', '/')
  if (status === 401) return found(check, 'fault', whatOf(refusalOf({ status, body }, 'GET /')), signIn[engine])
  // Whoever writes alone need not see it.
  if (status === 403) return notChecked(check, `the version of ${name} takes the right to monitor the cluster`)
  // A collection of OpenSearch Serverless has no version.
  if (status === 404) return notChecked(check, `${name} does not tell its version`)
  if (status >= 300) throw refusalOf({ status, body }, 'GET /')
  const { version } = (body ?? {}) as { version?: { number?: string } }
  const what = `${titles[engine]} ${version?.number ?? ''} at ${name}`
  if (Number.parseInt(version?.number ?? '', 10) < leastVersion[engine])
    return found(check, 'fault', what, `take ${titles[engine]} ${leastVersion[engine]} or newer`)
  return fine(check, what)
}

const signIn = {
  elasticsearch:
    'see ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD: a password is wrong, or a key expired',
  opensearch: 'see OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD: one is wrong; a domain of AWS may take --auth sigv4',
}

async function checkTemplates({ setup, formats, areFound, index }: StoreOptions): Promise<Check> {
  const check = 'templates'
  if (index !== undefined) return notChecked(check, `the index ${index} has a mapping of your own`)
  const changes = (await setup(formats)).filter(({ kind }) => kind === 'index template')
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
async function checkWriting(options: StoreOptions): Promise<Check> {
  const check = 'writing'
  const { engine, request, index, indexPer, op, areFound } = options
  if (engine === 'opensearch')
    return notChecked(check, 'OpenSearch tells no rights without a write: flowferry ingest of one file does')
  const write = op === 'index' ? 'index' : 'create_doc'
  const dated = indexPer ? ['create_index', 'view_index_metadata'] : ['auto_configure']
  const privileges = index === undefined ? [write, ...dated] : [write]
  // Narrower than the pattern of a role may be: whoever has the pattern has these.
  const names = index === undefined ? placesOf(options).map((place) => (indexPer ? `${place}-*` : place)) : [index]
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
    throw refusal
  }
  const { has_all_requested: hasAll = false, index: rights = {} } = body as {
    has_all_requested?: boolean
    index?: Record<string, Record<string, boolean>>
  }
  const lackOf = (name: string) => privileges.filter((privilege) => !rights[name]?.[privilege])
  const lacking = hasAll ? [] : names.filter((name) => lackOf(name).length > 0)
  const listed = (of: readonly string[]) =>
    of.length > 3 ? plural(of.length, indexPer ? 'pattern' : 'data stream') : of.join(', ')
  if (lacking.length === 0) return fine(check, `${privileges.join(', ')} on ${listed(names)}`)
  // Of all that there are, only some are written.
  if (!areFound && lacking.length < names.length) {
    const allowed = names.filter((name) => !lacking.includes(name))
    return fine(check, `${privileges.join(', ')} on ${listed(allowed)}, and on no other`)
  }
  const lacks = [...new Set(lacking.flatMap(lackOf))]
  return found(
    check,
    'fault',
    `the credentials lack ${lacks.join(', ')}`,
    'grant it to the role or API key: docs/privileges.md',
    lacking.slice(0, 10).map((name) => `${name}: ${lackOf(name).join(', ')}`),
  )
}

/** Where documents go without an index of the user's own; those of dated indices have a date behind it. */
const placesOf = ({ formats }: StoreOptions): string[] =>
  datasets(formats).map(({ dataset }) => `logs-${dataset}-default`)

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

/** Of the indices that are written now: an old one may be read-only on purpose. */
async function checkBlocks(options: StoreOptions): Promise<Check> {
  const check = 'blocks'
  const { request, index } = options
  const pattern =
    index ??
    datasets(options.formats)
      .map(({ dataset }) => `logs-${dataset}-*`)
      .join(',')
  // Each index has its name among them: one of which nothing is asked that it has would be left out.
  const settings = 'index.blocks.*,index.provided_name'
  const path = `/${encodeURIComponent(pattern)}/_settings/${settings}?flat_settings=true&expand_wildcards=all`
  const { status, body } = await request('GET', path)
  if (status === 404) return fine(check, 'no index is there yet')
  if (status >= 300)
    return notChecked(check, `it takes the right to read settings of ${index ?? 'logs-*'}: the answer was ${status}`)
  const all = (body ?? {}) as Record<string, { settings?: Record<string, string> }>
  const written = await writtenOf(Object.keys(all), pattern, options)
  if (written === undefined)
    return found(
      check,
      'fault',
      `the alias ${index} stands for several indices, and for none to write to`,
      'POST _aliases with is_write_index of one of them',
      Object.keys(all).sort().slice(0, 10),
    )
  const blocked = written.flatMap((name) => {
    const its = all[name]?.settings ?? {}
    const on = Object.keys(its).filter(
      (key) => key.startsWith('index.blocks.') && its[key] === 'true' && key !== 'index.blocks.metadata',
    )
    return on.length > 0 ? [`${name}: ${on.join(', ')}`] : []
  })
  if (blocked.length === 0) return fine(check, 'no index that is written refuses documents')
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

/**
 * Which of the indices are written: of a data stream its last, of an alias the one that is for it, of dated ones that of
 * today and the newest that is there. `undefined`: an alias that has none.
 */
async function writtenOf(
  names: readonly string[],
  pattern: string,
  options: StoreOptions,
): Promise<readonly string[] | undefined> {
  const { request, index, indexPer, now = Date.now() } = options
  if (index === undefined && indexPer) {
    const today = new Date(now)
      .toISOString()
      .slice(0, indexPer === 'day' ? 10 : 7)
      .replaceAll('-', '.')
    const dated = indexPer === 'day' ? /^(.+)-(\d{4}\.\d\d\.\d\d)$/ : /^(.+)-(\d{4}\.\d\d)$/
    const newest = new Map<string, string>()
    for (const name of names) {
      const [, place] = dated.exec(name) ?? []
      // Of one length, so that the order of their names is that of their dates.
      if (place !== undefined && name > (newest.get(place) ?? '')) newest.set(place, name)
    }
    const last = new Set(newest.values())
    return names.filter((name) => last.has(name) || name.endsWith(`-${today}`))
  }
  let streams = pattern
  if (index !== undefined) {
    if (names.includes(index)) return [index]
    // OpenSearch refuses an alias where a data stream is asked for.
    const written = await writtenByAlias(options, index)
    if (written === undefined || written.every((name) => names.includes(name))) return written
    streams = written.join(',')
  }
  const { status, body } = await request('GET', `/_data_stream/${encodeURIComponent(streams)}`)
  if (status >= 300 && status !== 404) throw refusalOf({ status, body }, 'GET /_data_stream')
  const { data_streams: found = [] } = (status === 404 ? {} : (body ?? {})) as {
    data_streams?: readonly { readonly indices?: readonly { readonly index_name?: string }[] }[]
  }
  return found.flatMap(({ indices = [] }) => indices.at(-1)?.index_name ?? [])
}

/**
 * The indices or data streams of an alias that are written, or the name itself where it is none; undefined: there are none.
 * https://www.elastic.co/docs/manage-data/data-store/aliases#write-index
 */
async function writtenByAlias({ request, engine }: StoreOptions, name: string): Promise<readonly string[] | undefined> {
  const alias = encodeURIComponent(name)
  // Of its own indices: for those of all OpenSearch asks for the right on all. Elasticsearch takes a data stream for none.
  const path = `${engine === 'opensearch' ? `/${alias}` : ''}/_alias/${alias}`
  const { status, body } = await request('GET', path)
  if (status === 404) return [name]
  if (status >= 300) throw refusalOf({ status, body }, `GET ${path}`)
  const members = Object.entries(
    (body ?? {}) as Record<string, { aliases?: Record<string, { is_write_index?: boolean }> }>,
  ).map(([member, { aliases }]) => ({ member, isWritten: aliases?.[name]?.is_write_index }))
  const chosen = members.filter(({ isWritten }) => isWritten === true)
  if (members.length === 0) return [name]
  // One that is alone is written unless it is said not to be.
  const isAlone = members.length === 1 && members[0]!.isWritten === undefined
  const all = (isAlone ? members : chosen).map(({ member }) => member)
  return all.length > 0 ? all : undefined
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
