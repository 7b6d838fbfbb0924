import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { authorizationOf, clusterOf } from './cluster.ts'
import type { Io } from './io.ts'
import { runHere } from './test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

const ioOf = (env: Record<string, string> = {}) => ({ env }) as unknown as Io
const cloudId = (cluster = '0123abcd', host = 'eu-central-1.aws.cloud.example') =>
  `logs:${Buffer.from(`${host}$${cluster}$kibana`).toString('base64')}`

describe('clusterOf', () => {
  it.each([
    ['a domain', 'https://search-logs-abc.eu-central-1.es.amazonaws.com', 'es', 'eu-central-1'],
    ['a domain with IPv6', 'https://search-logs-abc.aos.us-east-1.on.aws', 'es', 'us-east-1'],
    ['a domain in China', 'https://search-logs-abc.cn-north-1.es.amazonaws.com.cn', 'es', 'cn-north-1'],
    ['a collection', 'https://0123.eu-west-1.aoss.amazonaws.com', 'aoss', 'eu-west-1'],
    ['a collection by FIPS', 'https://0123.us-east-1.aoss-fips.amazonaws.com', 'aoss', 'us-east-1'],
    ['a newer collection', 'https://0123.aoss.us-west-2.on.aws', 'aoss', 'us-west-2'],
    ['a name of its own', 'https://logs.example', 'es', 'ap-south-1'],
    ['a host that only looks so', 'https://aoss.amazonaws.com.example', 'es', 'ap-south-1'],
  ])('tells of %s what is signed', (_, url, service, region) => {
    const { sign } = clusterOf('opensearch', { url, auth: 'sigv4' }, ioOf({ AWS_REGION: 'ap-south-1' }))
    expect(sign).toEqual({ service, region })
  })

  it('reads a Cloud ID, of the option or the environment, and an option before the environment', () => {
    const name = 'https://0123abcd.eu-central-1.aws.cloud.example'
    const node = { cloudId: cloudId() }
    expect(clusterOf('elasticsearch', node, ioOf())).toEqual({ engine: 'elasticsearch', name, node })
    expect(clusterOf('elasticsearch', {}, ioOf({ ELASTIC_CLOUD_ID: cloudId() }))).toMatchObject({ name, node })
    const both = ioOf({ ELASTIC_CLOUD_ID: cloudId(), ELASTICSEARCH_URL: 'https://es.example' })
    expect(clusterOf('elasticsearch', { cloudId: cloudId('other') }, both).node).toEqual({ cloudId: cloudId('other') })
    expect(clusterOf('elasticsearch', { url: 'https://own.example' }, both).node).toBe('https://own.example')
    expect(() => clusterOf('elasticsearch', {}, both)).toThrow('are both set')
  })

  it.each([
    ['signing for Elasticsearch', 'elasticsearch', { url: 'https://es.example', auth: 'sigv4' }, 'is of OpenSearch'],
    ['a Cloud ID for OpenSearch', 'opensearch', { cloudId: 'a:b' }, 'is of Elastic Cloud'],
    ['two addresses', 'elasticsearch', { url: 'https://es.example', cloudId: 'a:b' }, 'are two ways'],
    ['no region', 'opensearch', { url: 'https://logs.example', auth: 'sigv4' }, 'set AWS_REGION'],
    ['a collection without signing', 'opensearch', { url: 'https://0.eu-west-1.aoss.amazonaws.com' }, '--auth sigv4'],
  ] as const)('refuses %s', (_, engine, options, words) => {
    expect(() => clusterOf(engine, options, ioOf())).toThrow(words)
  })

  it('signs in to Kibana with a key as it is created, or with its id', () => {
    const created = Buffer.from('id:secret').toString('base64')
    for (const key of [created, 'id:secret'])
      expect(authorizationOf('elasticsearch', ioOf({ ELASTICSEARCH_API_KEY: key }))).toBe(`ApiKey ${created}`)
  })
})

/** As the signer takes it. */
class Sha256 {
  readonly #begin: () => Hash | Hmac
  #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#begin = () => (secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string))
    this.#hash = this.#begin()
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    this.#hash = this.#begin()
  }
}

type Handler = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void

let folder: string
let stop: (() => void) | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  await writeFile(
    join(folder, 'flows.log'),
    'version srcaddr dstaddr action end\n5 192.0.2.1 192.0.2.2 REJECT 1790000000\n',
  )
})
afterEach(async () => {
  vi.unstubAllEnvs()
  stop?.()
  stop = undefined
  await rm(folder, { recursive: true })
})

async function serve(handler: Handler): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    handler(request, Buffer.concat(chunks), response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function connections(handler: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => handler(socket.on('error', () => socket.destroy())))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stop = () => void server.close()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The answer of a cluster that has each document. */
function stored(body: Buffer): string {
  const actions = body
    .toString()
    .split('\n')
    .filter((text) => text.startsWith('{"create"'))
  return JSON.stringify({ errors: false, items: actions.map(() => ({ create: { status: 201, result: 'created' } })) })
}

describe('--auth sigv4', () => {
  const secrets = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/EXAMPLEKEY',
    sessionToken: 'a+session/token==',
  }
  interface Asked {
    readonly method: string
    readonly path: string
    readonly headers: IncomingHttpHeaders
    readonly body: Buffer
  }
  const asked: Asked[] = []
  beforeEach(() => {
    asked.length = 0
    vi.stubEnv('AWS_ACCESS_KEY_ID', secrets.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secrets.secretAccessKey)
    vi.stubEnv('AWS_SESSION_TOKEN', secrets.sessionToken)
    vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
  })

  /** The header that AWS would compute of what came, at the time that it names: by the signer of the AWS SDK, and not by the client's. */
  async function expectedOf({ method, path, headers, body }: Asked): Promise<string | undefined> {
    const [, names = ''] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? []
    const own = Object.fromEntries(names.split(';').map((name) => [name, String(headers[name])]))
    const { pathname, searchParams } = new URL(path, 'http://localhost')
    const [, year, month, day, hour, minute, second] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(own['x-amz-date']!) ?? []
    const signer = new SignatureV4({ service: 'es', region: 'eu-central-1', credentials: secrets, sha256: Sha256 })
    const signed = await signer.sign(
      {
        method,
        protocol: 'http:',
        hostname: 'localhost',
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: own,
        body,
      },
      {
        signingDate: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`),
        signableHeaders: new Set(names.split(';')),
      },
    )
    return signed.headers.authorization
  }

  it.each([
    ['plain', []],
    ['compressed', ['--gzip']],
  ])('signs every request, %s, by what the environment holds', async (_, more) => {
    const url = await serve(({ method, url: path, headers }, body, response) => {
      asked.push({ method: method!, path: path!, headers, body })
      response.setHeader('content-type', 'application/json')
      if (method === 'POST') response.end(stored(headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body))
      else response.writeHead(404).end('{}')
    })
    const args = ['ingest', folder, '--to', 'opensearch', '--url', url, '--auth', 'sigv4', '--index', 'mine', ...more]
    const { code, stdout, stderr } = await runHere(args, { env: { AWS_REGION: 'eu-central-1' } })
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/\ndocuments written +1\n/)
    expect(asked.map(({ method }) => method)).toContain('POST')
    const form =
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/es\/aws4_request, SignedHeaders=\S*host\S*, Signature=[0-9a-f]{64}$/
    for (const one of asked) {
      expect(one.headers.authorization).toMatch(form)
      expect(one.headers['x-amz-security-token']).toBe(secrets.sessionToken)
      expect(await expectedOf(one)).toBe(one.headers.authorization)
      const isBody = createHash('sha256').update(one.body).digest('hex') === one.headers['x-amz-content-sha256']
      expect(isBody).toBe(true)
    }
    for (const secret of Object.values(secrets)) expect(stdout + stderr).not.toContain(secret)
  })

  it('tells that there are no credentials', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'))
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'))
    const args = ['ingest', folder, '--to', 'opensearch', '--url', 'http://127.0.0.1:9', '--auth', 'sigv4']
    expect(await runHere(args, { env: { AWS_REGION: 'eu-central-1' } })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/--auth sigv4: .*credentials.*TARGET_UNAUTHORIZED/s),
    })
  })

  it('names a time series collection, which takes no ids', async () => {
    const reason = 'Document ID is not supported in create/index operation request'
    const url = await serve(({ method }, _, response) => {
      response.setHeader('content-type', 'application/json')
      const error = { type: 'illegal_argument_exception', reason }
      if (method === 'POST') response.end(JSON.stringify({ errors: true, items: [{ create: { status: 400, error } }] }))
      else response.writeHead(404).end('{}')
    })
    const args = ['ingest', folder, '--to', 'opensearch', '--url', url, '--auth', 'sigv4', '--index', 'mine']
    expect(await runHere(args, { env: { AWS_REGION: 'eu-central-1' } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'hint: a time series or vector search collection of OpenSearch Serverless takes no',
      ),
    })
  })
})

describe('a Cloud ID', () => {
  it('is read by the client, and one that is none is refused', async () => {
    const args = ['ingest', folder, '--to', 'elasticsearch', '--cloud-id']
    // No name below .invalid has an address: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
    const unreachable = await runHere([...args, cloudId('0123abcd', 'cloud.invalid')])
    expect(unreachable).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('https://0123abcd.cloud.invalid got no answer'),
    })
    for (const none of ['logs', cloudId('abc', 'host name')])
      expect(await runHere([...args, none]), none).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('The Cloud ID is none'),
      })
  })
})

describe('a key', () => {
  it('goes as it is created, or by its id', async () => {
    const seen = new Set<string | undefined>()
    const url = await serve(({ method, headers }, body, response) => {
      seen.add(headers.authorization)
      response.setHeader('content-type', 'application/json').setHeader('x-elastic-product', 'Elasticsearch')
      if (method === 'POST') response.end(stored(body))
      else response.writeHead(404).end('{}')
    })
    const created = Buffer.from('id:secret').toString('base64')
    for (const key of [created, 'id:secret']) {
      const args = ['ingest', folder, '--to', 'elasticsearch', '--url', url, '--index', 'mine']
      const { code, stderr } = await runHere(args, { env: { ELASTICSEARCH_API_KEY: key } })
      expect(code, stderr).toBe(0)
    }
    expect(seen).toEqual(new Set([`ApiKey ${created}`]))
  })
})

describe('what is no engine', () => {
  const ingest = (to: string, url: string) => runHere(['ingest', folder, '--to', to, '--url', url])
  const answers = (headers: Record<string, string>, body: string, status = 200) =>
    serve((_, __, response) => response.writeHead(status, headers).end(body))
  const json = { 'content-type': 'application/json' }
  const openSearch = JSON.stringify({ version: { distribution: 'opensearch', number: '2.19.4' } })

  it.each([
    [
      'OpenSearch',
      'elasticsearch',
      json,
      openSearch,
      200,
      /is no Elasticsearch: where it is OpenSearch, name opensearch/,
    ],
    [
      'OpenSearch 3',
      'elasticsearch',
      { ...json, 'x-opensearch-version': 'OpenSearch/3.3.0' },
      openSearch,
      200,
      /is OpenSearch, not Elasticsearch: name opensearch in place/,
    ],
    [
      'Elasticsearch',
      'opensearch',
      { ...json, 'x-elastic-product': 'Elasticsearch' },
      '{}',
      200,
      /is Elasticsearch, not OpenSearch: name elas/,
    ],
    [
      'Elasticsearch that refuses',
      'opensearch',
      { ...json, 'x-elastic-product': 'Elasticsearch' },
      '{}',
      401,
      /is Elasticsearch, not OpenSearch/,
    ],
    [
      'Kibana',
      'elasticsearch',
      { 'kbn-name': 'kibana', location: '/login' },
      '',
      302,
      /is Kibana, which stores nothing: take the address of Elasticsearch/,
    ],
    [
      'Kibana, for OpenSearch',
      'opensearch',
      { ...json, 'kbn-name': 'kibana' },
      '{}',
      404,
      /is Kibana, which stores nothing/,
    ],
    [
      'Dashboards',
      'opensearch',
      { 'osd-name': 'osd', location: '/app/login' },
      '',
      302,
      /is OpenSearch Dashboards, which stores nothing: take the address of OpenSearch/,
    ],
    [
      'a page',
      'elasticsearch',
      { 'content-type': 'text/html' },
      '<html>',
      200,
      /answers with a page, not with JSON, and is no Elasticsearch/,
    ],
    ['S3', 'opensearch', { 'content-type': 'application/xml' }, '<Error/>', 200, /answers with a page, not with JSON/],
    [
      'a page, for OpenSearch',
      'opensearch',
      { 'content-type': 'text/html' },
      '<html>',
      200,
      /answers with a page, not with JSON, and is no OpenSearch/,
    ],
  ])('is told: %s', async (_, to, headers, body, status, words) => {
    const { code, stdout, stderr } = await ingest(to, await answers(headers as Record<string, string>, body, status))
    expect(stderr).toMatch(words)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it.each(['elasticsearch', 'opensearch'])('is told by a question, too: %s', async (from) => {
    const url = await answers({ 'content-type': 'text/html' }, '<html>')
    const asked = await runHere(['ask', 'talkers', '--from', from, '--url', url])
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('answers with a page, not with JSON') })
  })

  it.each(['elasticsearch', 'opensearch'])('is told: http where https is said, of %s', async (to) => {
    const url = (await answers(json, '{}')).replace('http:', 'https:')
    expect(await ingest(to, url)).toMatchObject({
      code: 2,
      stderr: `error: ${url}: the server speaks http, and not https: take http:// in place of https://\n`,
    })
  })

  it.each(['elasticsearch', 'opensearch'])('is told: https where http is said, of %s', async (to) => {
    // As a server that speaks TLS alone: it ends the connection, or an alert tells the same.
    const server = connections((socket) => socket.once('data', () => socket.destroy()))
    expect(await ingest(to, await server)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('where it speaks https, take https:// in place of http://'),
    })
    stop!()
    const alert = connections((socket) => socket.once('data', () => socket.end(Buffer.from('15030300020246', 'hex'))))
    expect(await ingest(to, await alert)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the server speaks no http: take https:\/\/ in place of http:\/\/\n$/),
    })
  })

  it('goes on where nothing is told', async () => {
    const url = await serve(({ method }, body, response) => {
      if (method === 'POST') response.writeHead(200, json).end(stored(body))
      else response.writeHead(403, json).end('{}')
    })
    const { code, stderr } = await runHere(['ingest', folder, '--to', 'opensearch', '--url', url, '--index', 'mine'])
    expect(code, stderr).toBe(0)
  })
})
