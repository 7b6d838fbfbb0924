import { readFile } from 'node:fs/promises'
import type { Client as Elasticsearch } from '@elastic/elasticsearch'
import { FlowferryError } from '@flowferry/core'
import { isIt } from '@flowferry/core/internal'
import { abortOn } from '@flowferry/search'
import type { Client as OpenSearch } from '@opensearch-project/opensearch'
import { warnOnce } from './aws.ts'
import { type Io, UsageError } from './io.ts'
import { type Engine, requireEngine } from './product.ts'

/** The options that say which cluster, and how it is signed in to. */
export interface ClusterOptions {
  readonly url?: string
  /** Of Elastic Cloud, in place of an address. */
  readonly cloudId?: string
  /** In place of what the environment holds of the cluster's own users and keys. */
  readonly auth?: 'sigv4'
}

/** A cluster that the command line names: checked, but nothing was opened or asked yet. */
export interface Cluster {
  readonly engine: Engine
  /** Without a credential. */
  readonly name: string
  readonly node: string | { readonly cloudId: string }
  /** What requests are signed for, with credentials of AWS. */
  readonly sign?: { readonly service: 'es' | 'aoss'; readonly region: string }
}

/**
 * The cluster that options and the environment name.
 *
 * @throws UsageError where they name none, or two, or what does not go with the engine
 */
export function clusterOf(engine: Engine, { url, cloudId, auth }: ClusterOptions, io: Io): Cluster {
  if (engine === 'opensearch') {
    if (cloudId !== undefined) throw new UsageError('--cloud-id is of Elastic Cloud: it does not go with opensearch')
    const node = addressIn('OPENSEARCH_URL', url, io)
    if (node === undefined) throw unknownAddress('pass --url, or set OPENSEARCH_URL')
    const sign = auth === 'sigv4' ? signingOf(node, io) : undefined
    if (!sign) basicAuth('OPENSEARCH', io)
    if (!sign && amazonOf(node)?.service === 'aoss')
      throw new UsageError('A collection of OpenSearch Serverless takes signed requests alone: --auth sigv4')
    return { engine, name: addressOf(node), node, ...(sign && { sign }) }
  }
  if (auth !== undefined) throw new UsageError('--auth sigv4 is of OpenSearch: Elasticsearch knows no AWS credentials')
  if (url !== undefined && cloudId !== undefined) throw new UsageError('--url and --cloud-id are two ways; choose one')
  if (!io.env.ELASTICSEARCH_API_KEY) basicAuth('ELASTICSEARCH', io)
  // What the command line says counts before the environment.
  const id = cloudId ?? (url === undefined ? io.env.ELASTIC_CLOUD_ID : undefined)
  const node = id === undefined || cloudId === undefined ? addressIn('ELASTICSEARCH_URL', url, io) : undefined
  if (id && node !== undefined)
    throw new UsageError('ELASTICSEARCH_URL and ELASTIC_CLOUD_ID are both set: pass --url or --cloud-id, or unset one')
  if (id) return { engine, name: cloudAddressOf(id), node: { cloudId: id } }
  if (node === undefined) throw unknownAddress('pass --url or --cloud-id, or set ELASTICSEARCH_URL or ELASTIC_CLOUD_ID')
  return { engine, name: addressOf(node), node }
}

const unknownAddress = (how: string) => new UsageError(`The address of the cluster is not known: ${how}`)

/** Of the command line or the environment, checked. */
function addressIn(variable: string, url: string | undefined, io: Io): string | undefined {
  const node = url ?? io.env[variable]
  if (!node) return undefined
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

/** Without a credential, and without what stands behind the path. */
export function addressOf(node: string): string {
  const { origin, pathname } = new URL(node)
  return origin + pathname.replace(/\/+$/, '')
}

/** The host of a Cloud ID, for people: the client reads it itself. Of one that is none, its name. */
function cloudAddressOf(id: string): string {
  const [name, encoded = ''] = id.split(':')
  const [host, cluster] = Buffer.from(encoded, 'base64').toString().split('$')
  const address = `https://${cluster}.${host}`
  return host && cluster && URL.canParse(address) ? addressOf(address) : `Elastic Cloud ${name}`
}

/**
 * What a host name of AWS says of a cluster; undefined for any other.
 * https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-collection-endpoints.html
 */
function amazonOf(node: string): { readonly service: 'es' | 'aoss'; readonly region: string } | undefined {
  const { hostname } = new URL(node)
  const [, region, service] = /\.([a-z0-9-]+)\.(es|aoss)(?:-fips)?\.amazonaws\.com(?:\.cn)?$/.exec(hostname) ?? []
  const [, newer, newerRegion] = /\.(aos|aoss)(?:-fips)?\.([a-z0-9-]+)\.on\.aws$/.exec(hostname) ?? []
  const found = region ?? newerRegion
  return found === undefined ? undefined : { service: (service ?? newer) === 'aoss' ? 'aoss' : 'es', region: found }
}

/** A domain behind a name of one's own, or behind a tunnel, says neither: it is one of `es`, in the region of the environment. */
function signingOf(node: string, { env }: Io): NonNullable<Cluster['sign']> {
  const known = amazonOf(node)
  if (known) return known
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  if (!region) throw new UsageError('--auth sigv4 needs a region, which the address does not name: set AWS_REGION')
  return { service: 'es', region }
}

/** Of the question what is there. */
const once = { maxRetries: 0, requestTimeout: 10_000 }

/**
 * A client for the cluster, once it is seen to be Elasticsearch.
 *
 * @throws UsageError where it is something else
 * @throws FlowferryError TARGET_UNREACHABLE
 */
export async function openElasticsearch({ node, name }: Cluster, io: Io): Promise<Elasticsearch> {
  const { Client } = await import('@elastic/elasticsearch')
  const { ELASTICSEARCH_API_KEY: key } = io.env
  const auth = key ? { apiKey: apiKeyOf(key) } : basicAuth('ELASTICSEARCH', io)
  const tls = await authority('ELASTICSEARCH', io)
  const more = { ...(auth && { auth }), ...(tls && { tls }) }
  const client =
    typeof node === 'string'
      ? new Client({ node, ...more })
      : await inCloud(() => new Client({ cloud: { id: node.cloudId }, ...more }))
  const ask = async () => {
    const { statusCode, headers, body } = await client.transport.request(
      { method: 'GET', path: '/' },
      { ...once, meta: true, redaction: { type: 'off' }, ...(io.signal && { signal: io.signal }) },
    )
    return { status: statusCode, headers, body }
  }
  return ready(client, requireEngine('elasticsearch', name, ask, io.signal))
}

async function inCloud<C>(make: () => C): Promise<C> {
  try {
    return make()
  } catch (error) {
    throw new UsageError(`The Cloud ID is none, as Elastic Cloud shows it: ${(error as Error).message}`)
  }
}

/** Base64 as it is created, or the id and key of which that is made. */
function apiKeyOf(text: string): string | { id: string; api_key: string } {
  const [, id, key] = /^([^:]+):(.+)$/s.exec(text) ?? []
  return id !== undefined && key !== undefined ? { id, api_key: key } : text
}

/** The same for OpenSearch. */
export async function openOpenSearch({ node, name, sign }: Cluster, io: Io): Promise<OpenSearch> {
  const { Client } = await import('@opensearch-project/opensearch')
  const auth = sign ? undefined : basicAuth('OPENSEARCH', io)
  const tls = await authority('OPENSEARCH', io)
  const client = new Client({
    node: node as string,
    ...(sign && (await signer(sign, io))),
    ...(auth && { auth }),
    ...(tls && { ssl: tls }),
  })
  const ask = async () => {
    const sent = client.transport.request({ method: 'GET', path: '/' }, once)
    const unlisten = abortOn(io.signal, sent)
    try {
      const { statusCode, headers, body } = await sent
      return { status: statusCode, headers, body }
    } finally {
      unlisten()
    }
  }
  return ready(client, requireEngine('opensearch', name, ask, io.signal))
}

async function ready<C extends { readonly close: () => Promise<unknown> }>(client: C, seen: Promise<void>): Promise<C> {
  try {
    await seen
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

/** The client's own signer, with the credentials that the AWS CLI would find. */
async function signer(sign: NonNullable<Cluster['sign']>, io: Io) {
  warnOnce(io)
  const { AwsSigv4Signer } = await import('@opensearch-project/opensearch/aws-v3')
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
  const getCredentials = defaultProvider()
  try {
    await getCredentials()
  } catch (error) {
    throw new FlowferryError('TARGET_UNAUTHORIZED', `--auth sigv4: ${(error as Error).message}`, { cause: error })
  }
  return AwsSigv4Signer({ ...sign, getCredentials })
}

function basicAuth(prefix: string, io: Io): { username: string; password: string } | undefined {
  const username = io.env[`${prefix}_USERNAME`]
  const password = io.env[`${prefix}_PASSWORD`]
  if (!username && !password) return undefined
  if (!username || !password) throw new UsageError(`Set both ${prefix}_USERNAME and ${prefix}_PASSWORD`)
  return { username, password }
}

/** The header that a cluster's users sign in with to Kibana and OpenSearch Dashboards. */
export function authorizationOf(engine: Engine, io: Io): string | undefined {
  const key = engine === 'elasticsearch' && io.env.ELASTICSEARCH_API_KEY
  if (key) return `ApiKey ${typeof apiKeyOf(key) === 'string' ? key : base64(key)}`
  const user = basicAuth(engine.toUpperCase(), io)
  return user && `Basic ${base64(`${user.username}:${user.password}`)}`
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

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

/** Throws for what names no store. */
export function unknownStore(option: '--to' | '--from', text: string, takes: string): UsageError {
  return new UsageError(
    `${option} takes ${takes}, not "${text}"${isIt(text, ['elasticsearch', 'opensearch', 'duckdb:'])}`,
  )
}
