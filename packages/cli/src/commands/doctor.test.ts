import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Check } from '../doctor/check.ts'
import { runHere } from '../test-io.ts'

/** A place that takes the requests of all services. */
let server: Server
let requests: string[]
let answer: (request: IncomingMessage, response: ServerResponse) => void
let env: Record<string, string>
beforeEach(async () => {
  requests = []
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  env = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
})
afterEach(() => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
})
const isS3 = ({ method }: IncomingMessage) => method === 'GET'
const doctor = (args: readonly string[], signal?: AbortSignal) =>
  runHere(['doctor', '--no-config', ...args], { env, ...(signal && { signal }) })

describe('doctor', () => {
  it.each(['STS', 'S3'])('ends with the user where %s does not answer', async (silent) => {
    const user = new AbortController()
    answer = (request, response) => {
      if (silent === 'STS' || isS3(request)) user.abort()
      else response.end(identity)
    }
    const { code, stdout, stderr } = await doctor(['--bucket', 'logs', '--json'], user.signal)
    expect(stderr).toContain('The user ended it')
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it('ends with the user where a store does not answer', async () => {
    for (const store of ['elasticsearch', 'opensearch'] as const) {
      const user = new AbortController()
      answer = ({ url }, response) => {
        if (url !== '/') {
          user.abort()
          return
        }
        response.setHeader('content-type', 'application/json')
        if (store === 'elasticsearch') response.setHeader('x-elastic-product', 'Elasticsearch')
        const version = store === 'opensearch' ? { distribution: 'opensearch', number: '3.1.0' } : { number: '9.5.3' }
        response.end(JSON.stringify({ version }))
      }
      const { code, stderr } = await doctor(['--to', store, '--url', env.AWS_ENDPOINT_URL!], user.signal)
      expect(stderr, store).toContain('The user ended it')
      expect(code).toBe(1)
    }
  })

  it('goes on where STS gives no answer', async () => {
    answer = (request, response) => {
      if (!isS3(request)) request.socket.destroy()
      else response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')
    }
    const { stdout } = await doctor(['--bucket', 'logs', '--json'])
    const { checks } = JSON.parse(stdout) as { checks: Check[] }
    const by = Object.fromEntries(checks.map(({ check, status }) => [check, status]))
    expect(by).toMatchObject({ credentials: 'unknown', bucket: 'ok', objects: 'fault' })
  })

  it('reads its command line before it asks AWS', async () => {
    answer = (_, response) => response.end()
    for (const wrong of [
      ['--to', 'x'],
      ['--to', 'duckdb:'],
      ['--to', 'duckdb:logs.db', '--index', 'x'],
      ['--to', 'elasticsearch'],
      ['--to', 'opensearch', '--url', 'localhost:9200'],
      ['--documents', 'full'],
      ['--format', 'vpcflow'],
    ])
      expect((await doctor(['--bucket', 'logs', ...wrong])).code, wrong.join(' ')).toBe(2)
    expect(requests).toEqual([])
  })

  it('compiles each format once, in the form in which it is stored', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowferry-doctor-'))
    try {
      const file = join(folder, 'flowferry.config.mjs')
      writeFileSync(file, counting)
      for (const [options, form] of [
        [[], 'small'],
        [['--documents', 'full', '--to', `duckdb:${join(folder, 'logs.db')}`], 'full'],
        [['--format', 'counted'], 'small'],
      ] as const) {
        const compiled: string[] = []
        vi.stubGlobal('compiled', compiled)
        const { code, stderr } = await runHere(['doctor', '--config', file, ...options], { env })
        expect(code, stderr).toBe(0)
        expect(compiled, options.join(' ')).toEqual(form === 'full' ? ['bound', 'full'] : ['bound'])
      }
    } finally {
      vi.unstubAllGlobals()
      rmSync(folder, { recursive: true })
    }
  })

  it('says of what is not named which option names it', async () => {
    const { code, stdout } = await doctor([])
    for (const text of ['--bucket takes its name', '--queue takes its URL', '--to takes one'])
      expect(stdout).toMatch(new RegExp(`none is named: ${text}`))
    expect(code).toBe(0)
  })
})

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/me</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`

/** A config whose one format tells what is made of it. */
const counting = `const plain = {
  formats: [{ kind: 'counted', title: 'Counted', dataset: 'custom.counted', mapping: {}, fields: [], archive: [] }],
  schema: { fields: {}, cases: [] },
  claims: () => undefined,
  async *parse() {},
}
const bound = { ...plain, with: () => bound, get full() { globalThis.compiled.push('full'); return plain } }
export default {
  formats: { counted: { ...plain, with() { globalThis.compiled.push('bound'); return bound } } },
  enrichments: [{ name: 'none', derived: () => [] }],
}
`
