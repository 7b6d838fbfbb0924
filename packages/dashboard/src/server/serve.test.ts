import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import type { Answer, Question, Store } from '@flowferry/answers'
import { FlowferryError } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { afterEach, describe, expect, test } from 'vitest'
import { type DashboardOptions, type ServedDashboard, serveDashboard } from '../index.ts'

const formats = [...vpcFlow.formats, ...cloudTrail.formats]
const token = 'a-token-of-the-tests'
const span = { since: '2026-11-20T09:00:00Z', until: '2026-11-20T10:00:00Z' }
const isBuilt = existsSync(new URL('../../dist/page/page.js', import.meta.url))

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}
interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** As a client may be made that sends what it likes: `fetch` sets Host and Origin itself. */
function send(port: number, path: string, { method = 'POST', headers = {}, body }: Sent = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe.skipIf(!isBuilt)('serveDashboard (skipped until `pnpm build`)', () => {
  let served: ServedDashboard | undefined
  afterEach(async () => {
    await served?.close()
    served = undefined
  })

  async function serve(ask: Store['ask'], options: Partial<DashboardOptions> = {}): Promise<number> {
    served = await serveDashboard({ store: { ask }, formats, token, now: () => new Date(span.until), ...options })
    return Number(new URL(served.url).port)
  }
  const nothing: Store['ask'] = async () => ({ rows: [], approximate: [] })
  const json = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const ask = (port: number, name: string, body: object) =>
    send(port, `/api/${name}`, { headers: json, body: JSON.stringify(body) })
  const errorOf = ({ text }: Got) => JSON.parse(text).error

  test('gives the page without a token, and nothing in it may come from elsewhere', async () => {
    const port = await serve(nothing)
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/page.js', 'text/javascript'],
      ['/page.css', 'text/css'],
    ] as const) {
      const { status, headers, text } = await send(port, path, { method: 'GET' })
      expect(status).toBe(200)
      expect(headers['content-type']).toBe(`${type}; charset=utf-8`)
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      )
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['cache-control']).toBe('no-store')
      expect(text.includes(token)).toBe(false)
    }
  })

  test('its address has the token where no server gets it: in the fragment', async () => {
    await serve(nothing)
    const { hostname, hash, search, pathname } = new URL(served!.url)
    expect([hostname, hash, search, pathname]).toEqual(['127.0.0.1', `#token=${token}`, '', '/'])
  })

  test.each([
    ['none', undefined, 'The address has no token'],
    ['another', 'Bearer another-token-of-16', 'another run'],
    ['one that is longer', `Bearer ${token}x`, 'another run'],
    ['a cookie', undefined, 'The address has no token'],
  ])('answers no question with %s token', async (_, authorization, message) => {
    let asked = 0
    const port = await serve(async () => {
      asked++
      return { rows: [], approximate: [] }
    })
    const headers = { ...json, cookie: `token=${token}`, authorization: authorization ?? '' }
    const got = await send(port, '/api/start', { headers, body: '{}' })
    expect(got.status).toBe(401)
    expect(errorOf(got)).toMatchObject({ code: 'TOKEN', message: expect.stringContaining(message) })
    expect(errorOf(got).advice).toContain('flowferry serve')
    expect(asked).toBe(0)
  })

  test.each([
    ['a name that leads to loopback', { host: 'evil.example:80' }, 421, 'HOST'],
    ['another port', { host: '127.0.0.1:1' }, 421, 'HOST'],
    ['a page elsewhere', { origin: 'https://evil.example' }, 403, 'ORIGIN'],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }, 403, 'ORIGIN'],
    ['a sandboxed page', { origin: 'null' }, 403, 'ORIGIN'],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403, 'ORIGIN'],
    ['a page of the same site', { 'sec-fetch-site': 'same-site' }, 403, 'ORIGIN'],
  ])('refuses %s, also with the token, also for the page', async (_, headers, status, code) => {
    const port = await serve(nothing)
    for (const [path, method] of [
      ['/api/start', 'POST'],
      ['/', 'GET'],
    ] as const) {
      const got = await send(port, path, {
        method,
        headers: { ...json, ...headers },
        body: method === 'POST' ? '{}' : '',
      })
      expect(got.status).toBe(status)
      expect(errorOf(got).code).toBe(code)
    }
  })

  test('a link of another page leads to the page, and to nothing else', async () => {
    const port = await serve(nothing)
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    const statusOf = async (headers: Record<string, string>, method = 'GET', path = '/') =>
      (await send(port, path, { method, headers })).status
    expect(await statusOf(link)).toBe(200)
    expect(await statusOf({ ...link, 'sec-fetch-dest': 'iframe' })).toBe(403)
    expect(await statusOf({ ...link, 'sec-fetch-mode': 'no-cors' })).toBe(403)
    expect(await statusOf({ ...link, origin: 'https://evil.example' }, 'POST', '/api/start')).toBe(403)
    expect(await statusOf({ ...link, host: 'evil.example' })).toBe(421)
  })

  test('takes its own Origin, and localhost', async () => {
    const port = await serve(nothing)
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      const headers = { ...json, host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }
      expect((await send(port, '/api/start', { headers, body: '{}' })).status).toBe(200)
    }
  })

  test.each([
    ['GET', '/api/start', 405],
    ['PUT', '/api/start', 405],
    ['DELETE', '/', 405],
    ['POST', '/', 405],
    ['POST', '/api/constructor', 404],
    ['POST', '/api/drop', 404],
    ['GET', '/../package.json', 404],
    ['GET', '/page.js.map', 404],
  ])('%s %s is refused', async (method, path, status) => {
    const port = await serve(nothing)
    expect((await send(port, path, { method, headers: json, body: method === 'GET' ? '' : '{}' })).status).toBe(status)
  })

  test.each([
    ['a body that is no JSON', 'start', '{', 'JSON'],
    ['a list', 'start', '[]', 'JSON object'],
    ['a body without end', 'start', `{"a":"${'a'.repeat(70_000)}"}`, 'bytes'],
    [
      'a span that ends before it begins',
      'finding',
      { name: 'unanswered', since: span.until, until: span.since },
      'before',
    ],
    ['a span of years', 'finding', { name: 'unanswered', since: '2001-01-01', until: '2026-01-01' }, '400 days'],
    ['a time that is none', 'panel', { ...span, name: 'flow-records', since: 'yesterday' }, 'ISO 8601'],
    ['a panel that is none', 'panel', { ...span, name: '__proto__' }, 'no panel'],
    ['more rows than a page has', 'question', { ...span, name: 'talkers', limit: 1_000_000 }, '1000'],
    ['a port that is none', 'why', { ...span, a: '10.0.0.1', b: '10.0.0.2', port: 70_000 }, '65535'],
    ['an address that is none', 'flows', { ...span, a: "10.0.0.1' OR true --" }, 'takes a block'],
    ['a filter of an object', 'panel', { ...span, name: 'flow-records', is: [{ field: 'a', value: {} }] }, 'value'],
    ['text that is too long', 'why', { ...span, a: 'a'.repeat(501), b: 'b' }, '500'],
  ])('refuses %s with what to change, and asks nothing', async (_, name, body, words) => {
    let asked = 0
    const port = await serve(async () => {
      asked++
      return { rows: [], approximate: [] }
    })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const got = await send(port, `/api/${name}`, { headers: json, body: text })
    expect(got.status).toBe(400)
    expect(errorOf(got)).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(words) })
    expect(asked).toBe(0)
  })

  test('JSON alone is taken: what a form may send without being asked is not', async () => {
    const port = await serve(nothing)
    const headers = { ...json, 'content-type': 'text/plain' }
    expect((await send(port, '/api/start', { headers, body: '{}' })).status).toBe(400)
  })

  test('a request that the page gives up ends its question in the store', async () => {
    let begin: (signal: AbortSignal) => void
    const begun = new Promise<AbortSignal>((resolve) => {
      begin = resolve
    })
    const port = await serve((_, signal) => {
      begin(signal!)
      return new Promise<Answer>((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
    })
    const sent = request({ host: '127.0.0.1', port, path: '/api/question', method: 'POST', headers: json })
    sent.on('error', () => undefined)
    sent.end(JSON.stringify({ ...span, name: 'talkers' }))
    const signal = await begun
    expect(signal.aborted).toBe(false)
    const aborted = once(signal, 'abort')
    sent.destroy()
    await aborted
    expect(signal.aborted).toBe(true)
  })

  test('gives rows up to the limit, and says that there are more', async () => {
    const questions: Question[] = []
    const port = await serve(async (question) => {
      questions.push(question)
      const rows = Array.from({ length: question.limit ?? 0 }, (_, index) => ({ 'source.ip': `10.0.0.${index}` }))
      return { rows, approximate: [] }
    })
    const { rows, more } = JSON.parse((await ask(port, 'question', { ...span, name: 'talkers', limit: 3 })).text)
    expect([rows.length, more]).toEqual([3, true])
    expect(questions[0]!.limit).toBe(4)
  })

  test('a store that fails is told of with what to do, and without its password', async () => {
    const port = await serve(async () => {
      throw new FlowferryError('TARGET_UNREACHABLE', 'connect https://elastic:hunter2@es.example:9200\u001b[2J')
    })
    const got = await ask(port, 'start', {})
    expect(got.status).toBe(502)
    expect(errorOf(got)).toMatchObject({ code: 'TARGET_UNREACHABLE', advice: expect.stringContaining('address') })
    expect(got.text).not.toContain('hunter2')
    expect(errorOf(got).message).toContain('\\u001b[2J')
    // The page shows both, once.
    expect(errorOf(got).message).not.toContain(errorOf(got).advice)
    expect(errorOf(got).message).not.toContain('[TARGET_UNREACHABLE]')
  })

  test('narrows a panel to values, and to none', async () => {
    const questions: Question[] = []
    const port = await serve(
      async (question) => {
        questions.push(question)
        return { rows: [], approximate: [] }
      },
      { from: 'duckdb:logs.db', own: ['10.0.0.0/8'] },
    )
    const is = [
      { field: 'destination.port', value: 22 },
      { field: 'aws.vpcflow.reject_reason', value: null },
    ]
    const copiesOf = async (body: object) =>
      JSON.parse((await ask(port, 'panel', { ...span, name: 'flow-records', ...body })).text).copy
    const copy = await copiesOf({ is })
    expect(questions[0]!.filters).toEqual([
      { field: 'destination.port', equals: 22 },
      { not: { field: 'aws.vpcflow.reject_reason', exists: true } },
    ])
    // A command line cannot narrow it.
    expect(copy.map(({ name }: { name: string }) => name)).toEqual(['KQL', 'DQL', 'SQL'])
    expect(await copiesOf({})).toContainEqual({
      name: 'CLI',
      text: 'flowferry ask flow-records --own 10.0.0.0/8 --from duckdb:logs.db --since 2026-11-20T09:00:00.000Z --until 2026-11-20T10:00:00.000Z',
    })
  })

  test('a port that is taken is an error', async () => {
    const port = await serve(nothing)
    await expect(serveDashboard({ store: { ask: nothing }, formats, port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })

  test.each([
    [{ store: {} as Store }, 'store'],
    [{ formats: [] }, 'formats'],
    [{ token: 'short' }, 'token'],
  ])('refuses options that cannot be: %o', async (wrong, name) => {
    const options = { store: { ask: nothing }, formats, ...wrong }
    await expect(serveDashboard(options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(name),
    })
  })
})
