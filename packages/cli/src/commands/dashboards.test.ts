import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runHere } from '../test-io.ts'

/** As much of Kibana as imports saved objects. */
let asked: { request: IncomingMessage; file: string }[]
let answer: (objects: number) => { status: number; body: unknown; location?: string }
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const form = await new Response(Buffer.concat(chunks), {
    headers: { 'content-type': request.headers['content-type']! },
  }).formData()
  const file = await (form.get('file') as File).text()
  asked.push({ request, file })
  const { status, body, location } = answer(file.trimEnd().split('\n').length)
  response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
})
let url: string
let folder: string
beforeEach(async () => {
  asked = []
  answer = (objects) => ({ status: 200, body: { success: true, successCount: objects } })
  folder = await mkdtemp(join(tmpdir(), 'flowferry-dashboards-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.close()
  server.closeAllConnections()
  await rm(folder, { recursive: true })
})

const titles = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((object) => JSON.parse(object).attributes.title)

describe('flowferry setup --dashboards', () => {
  it('writes the saved objects into a file', async () => {
    const file = join(folder, 'flowferry.ndjson')
    const { code, stdout } = await runHere(['setup', '--dashboards', file])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+ saved objects written to /)
    expect(titles(await readFile(file, 'utf8'))).toContain('Network: VPC Flow Logs [flowferry]')
    expect(asked).toEqual([])
    const json = await runHere(['setup', '--dashboards', file, '--json'])
    expect(JSON.parse(json.stdout)).toEqual({ file, objects: Number(/^\d+/.exec(stdout)![0]) })
  })

  it('says that an import is not signed, which a file needs not be', async () => {
    const given = ['--to', 'opensearch', '--auth', 'sigv4']
    const { code, stderr } = await runHere(['setup', ...given, '--dashboards', 'https://dashboards.example'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/does not sign its import: set OPENSEARCH_USERNAME/)])
    const file = await runHere(['setup', ...given, '--dashboards', join(folder, 'signed.ndjson')])
    expect([file.code, file.stderr]).toEqual([0, ''])
  })

  it('takes the formats, the index and the own addresses that are said', async () => {
    const file = join(folder, 'flowferry.ndjson')
    const args = ['--format', 'vpc-flow', '--index', 'all-logs', '--own', '192.0.2.0/24']
    await runHere(['setup', '--dashboards', file, ...args])
    const text = await readFile(file, 'utf8')
    expect(titles(text)).toContain('all-logs')
    expect(titles(text)).not.toContain('Audit: CloudTrail [flowferry]')
    expect(text).toContain('192.0.2.0/24')
  })

  it('imports them, over those of an earlier import, with the credentials of the environment', async () => {
    const kibana = ['setup', '--to', 'elasticsearch', '--dashboards', `${url}/s/network/`]
    const { code, stdout } = await runHere(kibana, { env: { ELASTICSEARCH_API_KEY: 'key' } })
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^(\\d+) of \\1 saved objects imported into ${url}/s/network\\n$`))
    const env = { OPENSEARCH_USERNAME: 'me', OPENSEARCH_PASSWORD: 'secret' }
    await runHere(['setup', '--to', 'opensearch', '--dashboards', url], { env })
    expect(asked.map(({ request }) => [request.url, request.headers.authorization])).toEqual([
      ['/s/network/api/saved_objects/_import?overwrite=true', 'ApiKey key'],
      ['/api/saved_objects/_import?overwrite=true', `Basic ${Buffer.from('me:secret').toString('base64')}`],
    ])
    for (const { request, file } of asked) {
      expect(request.headers).toMatchObject({ 'kbn-xsrf': 'flowferry', 'osd-xsrf': 'flowferry' })
      expect(file).toBe(asked[0]!.file)
    }
  })

  it('names what is not imported', async () => {
    answer = (objects) => ({
      status: 200,
      body: {
        success: false,
        successCount: objects - 1,
        errors: [{ type: 'search', id: 'flowferry-search-cdn', error: { type: 'unsupported_type' } }],
      },
    })
    const { code, stderr } = await runHere(['setup', '--to', 'opensearch', '--dashboards', url])
    expect(stderr).toBe('error: search flowferry-search-cdn is not imported: unsupported_type\n')
    expect(code).toBe(1)
  })

  it.each([
    [401, '{"message":"no"}', 'TARGET_UNAUTHORIZED'],
    [302, '', 'TARGET_UNAUTHORIZED'],
    [500, '{"message":"broken"}', 'broken'],
    [200, '<html>a proxy</html>', 'TARGET_FAILED'],
  ])('fails at an answer of %s %s, without a credential', async (status, body, told) => {
    answer = () => ({ status, body, location: '/login' })
    const env = { OPENSEARCH_USERNAME: 'me', OPENSEARCH_PASSWORD: 'secret' }
    const { code, stderr } = await runHere(['setup', '--to', 'opensearch', '--dashboards', url], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(told)
    expect(stderr).not.toContain('secret')
    expect(asked).toHaveLength(1)
  })

  it('fails where nothing answers', async () => {
    server.close()
    server.closeAllConnections()
    const { code, stderr } = await runHere(['setup', '--to', 'opensearch', '--dashboards', url])
    expect(stderr).toContain('TARGET_UNREACHABLE')
    expect(code).toBe(1)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  it.each([
    [['--dashboards', 'http://kibana.example'], 'needs --to elasticsearch (Kibana) or --to opensearch'],
    [['--dashboards', 'https://me:secret@kibana.example', '--to', 'elasticsearch'], 'must hold no password'],
    [['--dashboards', 'x.ndjson', '--retention', '30d'], 'writes saved objects and no templates'],
    [['--own', '10.0.0.0/8', '--to', 'elasticsearch', '--url', 'http://127.0.0.1:1'], '--own goes with --dashboards'],
  ])('refuses %s', async (args, told) => {
    const { code, stderr } = await runHere(['setup', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(told)
    expect(stderr).not.toContain('secret')
  })
})
