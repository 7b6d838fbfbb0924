import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { formats } from '@flowferry/core/formats'
import { duckdb } from '@flowferry/sink-duckdb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startCloud } from '../../../../examples/demo/src/cloud.ts'
import { generate } from '../../../../examples/demo/src/samples/generate.ts'
import { nameProduct } from '../../../../test/support/product-header.ts'
import { runHere } from '../test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
let database: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  database = join(folder, 'logs.db')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  const sink = await duckdb(database)
  try {
    return await sink.query(sql)
  } finally {
    await sink.close()
  }
}

const samples = generate().filter(({ table }) => table !== 'aws_cloudtrail')
const [flows] = samples.filter(({ table }) => table === 'aws_vpcflow')
const [requests] = samples.filter(({ table }) => table === 'aws_cloudfront_logs')

describe('flowferry ingest', () => {
  it('puts a folder into a DuckDB file, and a second time nothing more', async () => {
    const logs = join(folder, 'logs')
    await mkdir(join(logs, 'deep'), { recursive: true })
    await writeFile(join(logs, 'flows.log.gz'), gzipSync(flows!.text))
    await writeFile(join(logs, 'deep/requests'), requests!.text)
    const first = await runHere(['ingest', logs, '--to', `duckdb:${database}`])
    expect(first.stdout).toMatch(/^files +2\n/)
    expect(first.stdout).toMatch(/\ndocuments written +5,000\n/)
    expect(first.stdout).not.toContain('failed')
    expect(first.stderr).toMatch(/^2 files, .* stored, to .*logs\.db\n$/)
    expect(first.code).toBe(0)
    const second = await runHere(['ingest', logs, '--to', `duckdb:${database}`, '--concurrency', '1'])
    expect(second.stdout).toMatch(/\ndocuments written +0\n/)
    expect(second.stdout).toMatch(/\nduplicates +5,000\n/)
    expect(second.code).toBe(0)
    expect(
      await rows(
        'SELECT (SELECT count(*) FROM aws_vpcflow) AS flows, (SELECT count(*) FROM aws_cloudfront_logs) AS requests',
      ),
    ).toEqual([{ flows: 3000, requests: 2000 }])
  })

  it('does not read the database that stands in the folder', async () => {
    await writeFile(join(folder, 'flows.log'), flows!.text)
    for (const written of ['3,000', '0']) {
      const { code, stdout } = await runHere(['ingest', folder, '--to', `duckdb:${database}`])
      expect(stdout).toMatch(new RegExp(`^files +1\\n[^]*documents written +${written}\\n`))
      expect(code).toBe(0)
    }
  })

  it('puts in what it can, names what failed, and exits with 1', async () => {
    await writeFile(join(folder, 'flows.log'), flows!.text)
    await writeFile(join(folder, 'notes.txt'), 'dear diary\n')
    const args = [join(folder, 'flows.log'), join(folder, 'notes.txt')]
    const { code, stdout, stderr } = await runHere(['ingest', ...args, '--to', `duckdb:${database}`])
    expect(stdout).toMatch(/\nfiles failed +1\n/)
    expect(stdout).toMatch(/\ndocuments written +3,000\n/)
    expect(stderr).toContain(`${join(folder, 'notes.txt')}\n  failed: `)
    expect(code).toBe(1)
  })

  it('exits with 3 when records are malformed', async () => {
    await writeFile(join(folder, 'flows.log'), `${flows!.text}rubbish\n`)
    const { code, stdout } = await runHere(['ingest', join(folder, 'flows.log'), '--to', `duckdb:${database}`])
    expect(stdout).toMatch(/\nmalformed +1\n/)
    expect(code).toBe(3)
  })

  describe('of a folder with more than logs', () => {
    let logs: string
    beforeEach(async () => {
      logs = join(folder, 'logs')
      await mkdir(join(logs, '2026/11'), { recursive: true })
      await writeFile(join(logs, '2026/flows.log'), flows!.text)
      await writeFile(join(logs, '2026/11/requests.log.gz'), gzipSync(requests!.text))
      for (const n of [1, 2, 3]) await writeFile(join(logs, `notes-${n}.txt`), `dear diary, day ${n}\n`)
    })
    const toDuckDB = (...more: string[]) => runHere(['ingest', logs, '--to', `duckdb:${database}`, ...more])

    it('tells what it would do, and writes nothing', async () => {
      const { code, stdout, stderr } = await toDuckDB('--dry-run', '--exclude', '*.txt')
      expect(stderr).toMatch(/^2 files, .* stored, to .*logs\.db; nothing is written\n$/)
      expect(stdout).toMatch(/^files +2\n/)
      expect(stdout).toMatch(/\nwould be written +5,000\n/)
      expect(stdout).toMatch(/\n {2}logs-aws\.cloudfront_logs-default +2,000\n {2}logs-aws\.vpcflow-default +3,000\n$/)
      expect(code).toBe(0)
      expect(existsSync(database)).toBe(false)
      const nowhere = await runHere(['ingest', logs, '--dry-run', '--json', '--include', '2026/11/'])
      expect(JSON.parse(nowhere.stdout)).toMatchObject({
        dryRun: true,
        objects: 1,
        documents: { 'logs-aws.cloudfront_logs-default': 2000 },
        counts: { read: 2000, written: 2000, malformed: 0 },
      })
      expect(await toDuckDB('--dry-run', '--setup')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('flowferry setup --dry-run'),
      })
    })

    it('reads what globs mean, and so many files', async () => {
      const only = await toDuckDB('--include', '**/11/*', '--json')
      expect(only.code, only.stderr).toBe(0)
      expect(JSON.parse(only.stdout)).toMatchObject({ objects: 1, counts: { written: 2000 } })
      const rest = await toDuckDB('--exclude', 'notes-*', '2026/11/', '--limit', '1', '--json')
      expect(JSON.parse(rest.stdout)).toMatchObject({ objects: 1, counts: { written: 3000 } })
      const none = await toDuckDB('--include', '*.json')
      expect(none).toMatchObject({
        code: 1,
        stdout: '',
        stderr: 'There is no file to read, or --include left it out.\n',
      })
      const told = await toDuckDB('--include', '*.json', '--json')
      expect([told.code, JSON.parse(told.stdout)]).toMatchObject([1, { objects: 0, counts: { read: 0 } }])
      expect(await toDuckDB('--include', '')).toMatchObject({ code: 2, stderr: expect.stringContaining('takes globs') })
    })

    it('tells once what several files have in common, and as JSON with their number', async () => {
      const { code, stdout, stderr } = await toDuckDB('--json')
      expect(stderr.match(/FORMAT_UNKNOWN/g)).toHaveLength(1)
      expect(stderr).toContain(`${join(logs, 'notes-1.txt')} and 2 more files\n  failed: `)
      expect(stderr).toContain('note: --log json names each file that failed')
      const { seconds, bytes, ...told } = JSON.parse(stdout)
      expect(seconds).toBeGreaterThanOrEqual(0)
      expect(bytes).toBeGreaterThan(0)
      expect(told).toEqual({
        objects: 5,
        failed: 3,
        skipped: 0,
        counts: { read: 5000, written: 5000, duplicate: 0, rejected: 0, filtered: 0, malformed: 0, unfinished: 0 },
        failures: [
          { code: 'FORMAT_UNKNOWN', message: expect.any(String), objects: 3, first: join(logs, 'notes-1.txt') },
        ],
      })
      expect(code).toBe(1)
    })

    it('fails a file of more malformed records than --malformed-share says, and stores one of fewer', async () => {
      const lines = Array.from({ length: 10 }, (_, n) => `5 192.0.2.1 192.0.2.${n} REJECT 1790000000`)
      const bad = ['rubbish', 'more rubbish']
      await writeFile(join(logs, 'odd.log'), ['version srcaddr dstaddr action end', ...bad, ...lines, ''].join('\n'))
      const counts = async (...args: string[]) => {
        const { code, stdout, stderr } = await toDuckDB('--include', 'odd.log', '--json', ...args)
        const { failed, counts } = JSON.parse(stdout)
        return { code, failed, malformed: counts.malformed, hinted: stderr.includes('--malformed-share') }
      }
      expect(await counts()).toEqual({ code: 1, failed: 1, malformed: 2, hinted: true })
      expect(await counts('--malformed-share', '0.2')).toEqual({ code: 3, failed: 0, malformed: 2, hinted: false })
      expect((await toDuckDB('--malformed-share', '')).code).toBe(2)
      expect(await toDuckDB('--malformed-share', '2')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('0 to 1'),
      })
    })

    it('passes over files of no known format where that is asked for', async () => {
      const { code, stdout, stderr } = await toDuckDB('--skip-unknown')
      expect(stdout).toMatch(/\nfiles skipped +3\n/)
      expect(stderr).toContain('  skipped: ')
      // That was asked for: nobody is to do anything.
      expect(stderr).not.toContain('hint: ')
      expect((await toDuckDB('--skip-unknown', '--quiet')).stderr).toBe('')
      expect(code).toBe(0)
    })

    it('tells errors alone where it is to be quiet', async () => {
      const good = await toDuckDB('--quiet', '--include', '2026/')
      expect(good).toMatchObject({ code: 0, stderr: '' })
      const { code, stderr } = await toDuckDB('--quiet')
      expect(stderr).toMatch(/^\S*notes-1\.txt and 2 more files\n {2}failed: .*\n(?:hint: .*\n){3}see .*\n$/)
      expect(code).toBe(1)
    })
  })

  it('reads a prefix of a bucket', async () => {
    vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
    const cloud = await startCloud()
    vi.stubEnv('AWS_ENDPOINT_URL', cloud.endpoint)
    vi.stubEnv('AWS_REGION', 'eu-central-1')
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
    await cloud.put(flows!.key, gzipSync(flows!.text))
    await cloud.put('elsewhere/notes.txt', Buffer.from('not below the prefix'))
    await cloud.put('AWSLogs/123456789012/ELBAccessLogTestFile', Buffer.from('Enable AccessLog for ELB'))
    const env = { AWS_ENDPOINT_URL: cloud.endpoint }
    const command = ['ingest', `s3://${cloud.bucket}/AWSLogs/`, '--to', `duckdb:${database}`]
    const { code, stdout, stderr } = await runHere(command, { env })
    expect(stderr).toContain('left out: test file of Elastic Load Balancing: s3://')
    expect(stdout).toMatch(/^files +1\n/)
    expect(stdout).toMatch(/\ndocuments written +3,000\n/)
    expect(code).toBe(0)
    await cloud.put('AWSLogs/notes.txt', Buffer.from('no log'))
    expect(await runHere(command, { env })).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/\nfiles failed +1\n/),
    })
    await cloud.put('AWSLogs/210987654321/ELBAccessLogTestFile', Buffer.from('Enable AccessLog for ELB'))
    const several = await runHere([...command, '--exclude', 'AWSLogs/notes.txt'], { env })
    expect(several.stderr).toMatch(/^left out: test file of Elastic Load Balancing: s3:\S+ and 1 more like it\n/)
    expect(several.code).toBe(0)
    expect(await runHere([...command, '--skip-unknown'], { env })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\nfiles skipped +1\n/),
    })
    const parsed = await runHere(['parse', `s3://${cloud.bucket}/${flows!.key}`], { env })
    expect(parsed.stdout.split('\n')).toHaveLength(3001)
    await cloud.stop()
  })

  it('says each file as a line of JSON, and keeps malformed records on S3', async () => {
    vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
    const cloud = await startCloud()
    vi.stubEnv('AWS_ENDPOINT_URL', cloud.endpoint)
    vi.stubEnv('AWS_REGION', 'eu-central-1')
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
    const env = { AWS_ENDPOINT_URL: cloud.endpoint }
    const file = join(folder, 'flows.log')
    await writeFile(file, `${flows!.text}rubbish\n`)
    const more = ['--to', `duckdb:${database}`, '--log', 'json', '--dead-records', `s3://${cloud.bucket}/dead/`]
    const { code, stderr } = await runHere(['ingest', file, ...more], { env })
    expect(code).toBe(3)
    const [, event, ...rest] = stderr.trimEnd().split('\n')
    expect(rest).toEqual([])
    expect(JSON.parse(event!)).toMatchObject({
      status: 'done',
      key: file,
      written: 3000,
      malformed: 1,
      kinds: ['vpcflow'],
    })
    const again = await runHere(['ingest', `s3://${cloud.bucket}/dead/`, '--to', `duckdb:${database}`], { env })
    // What is malformed needs its parser mended: it is passed over.
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^files +1\n/) })
    const wrong = await runHere(['ingest', file, '--to', `duckdb:${database}`, '--dead-records', 'dead/'], { env })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--dead-records takes a prefix') })
    await cloud.stop()
  })

  it.each([
    ['elasticsearch', { ELASTICSEARCH_API_KEY: 'a2V5' }, 'ApiKey a2V5'],
    ['opensearch', { OPENSEARCH_USERNAME: 'me', OPENSEARCH_PASSWORD: 'pw' }, `Basic ${btoa('me:pw')}`],
  ])('fills %s, with credentials from the environment', async (store, secrets, authorization) => {
    const cluster = await startCluster()
    await writeFile(join(folder, 'flows.log'), flows!.text)
    const env = { [`${store.toUpperCase()}_URL`]: cluster.url, ...secrets }
    const plain = await runHere(['ingest', join(folder, 'flows.log'), '--to', store], { env })
    const note = /^note: not installed: flowferry-aws\.vpcflow, .*--setup installs .*\n/
    expect(plain.stderr).toMatch(note)
    expect(plain.stderr.replace(note, '')).toMatch(new RegExp(`^1 file, .* stored, to ${cluster.url}\n$`))
    expect(plain.stdout).toMatch(/\ndocuments written +3,000\n/)
    expect(plain.code).toBe(0)
    expect(cluster.indices).toEqual(new Set(['logs-aws.vpcflow-default']))
    expect(cluster.authorizations).toEqual(new Set([authorization]))
    cluster.indices.clear()
    const args = ['--to', store, '--url', cluster.url, '--index', 'mine']
    expect(
      (await runHere(['ingest', join(folder, 'flows.log'), ...args], { env: secrets as Record<string, string> })).code,
    ).toBe(0)
    expect(cluster.indices).toEqual(new Set(['mine']))
    cluster.indices.clear()
    const dated = ['--url', cluster.url, '--index', 'mine', '--index-per', 'month', '--op', 'index', '--gzip']
    expect((await runHere(['ingest', join(folder, 'flows.log'), '--to', store, ...dated])).code).toBe(0)
    expect([...cluster.indices].every((name) => /^mine-\d{4}\.\d\d$/.test(name))).toBe(true)
    expect(cluster.ops).toEqual(new Set(['create', 'index']))
    cluster.stop()
  })

  it.each([
    ['no store', ['x'], 'Say where to: --to'],
    ['an unknown store', ['x', '--to', 'mysql'], '--to takes elasticsearch, opensearch or duckdb:FILE, not "mysql"'],
    ['no file for DuckDB', ['x', '--to', 'duckdb:'], 'needs the name of a file'],
    ['no address', ['x', '--to', 'opensearch'], 'pass --url, or set OPENSEARCH_URL'],
    ['no URL', ['x', '--to', 'elasticsearch', '--url', 'localhost'], '--url is no URL'],
    ['a URL without its scheme', ['x', '--to', 'elasticsearch', '--url', 'localhost:9200'], '--url is no URL'],
    [
      'templates for an index',
      ['x', '--to', 'elasticsearch', '--url', 'http://localhost:9', '--index', 'mine', '--setup'],
      'an --index gets its mapping from you',
    ],
    [
      'to overwrite in a data stream',
      ['x', '--to', 'elasticsearch', '--url', 'http://localhost:9', '--op', 'index'],
      '--op index needs --index-per or --index',
    ],
    ['options of a cluster for DuckDB', ['x', '--to', 'duckdb:never.db', '--gzip'], 'do not go with duckdb'],
    [
      'a password in the URL',
      ['x', '--to', 'elasticsearch', '--url', 'https://me:hidden@es:9200'],
      '--url must hold no password',
    ],
    ['an impossible concurrency', ['x', '--to', 'opensearch', '--concurrency', '0'], 'whole number from 1 to 64'],
    ['standard input', ['-', '--to', 'duckdb:/tmp/never.db'], 'no standard input'],
    [
      'an unknown format',
      ['x', '--to', 'opensearch', '--format', 'csv'],
      `--format takes ${Object.keys(formats).join(', ')}`,
    ],
  ])('refuses %s with 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runHere(['ingest', ...args])
    expect(stderr).toContain(words)
    expect(stderr).not.toContain('hidden')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('needs both halves of basic authentication', async () => {
    const env = { OPENSEARCH_URL: 'https://localhost:9', OPENSEARCH_USERNAME: 'admin' }
    const { code, stderr } = await runHere(['ingest', 'x', '--to', 'opensearch'], { env })
    expect(stderr).toBe('error: Set both OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD\n')
    expect(code).toBe(2)
  })

  it('says which variable names a certificate that is not there', async () => {
    const env = { ELASTICSEARCH_URL: 'https://localhost:9', ELASTICSEARCH_CA_FILE: join(folder, 'gone.pem') }
    const { code, stderr } = await runHere(['ingest', folder, '--to', 'elasticsearch'], { env })
    expect(stderr).toMatch(/^error: ELASTICSEARCH_CA_FILE names a file that cannot be read: ENOENT/)
    expect(code).toBe(2)
  })

  it('makes no database for a source that is not there', async () => {
    const { code, stderr } = await runHere(['ingest', join(folder, 'gone'), '--to', `duckdb:${database}`])
    expect(stderr).toContain('there is no such file or folder')
    expect(code).toBe(2)
    expect(existsSync(database)).toBe(false)
  })

  it('tells once what stopped it, with a hint', async () => {
    const cluster = await startCluster(401)
    for (const name of ['a.log', 'b.log']) await writeFile(join(folder, name), flows!.text)
    const { code, stderr } = await runHere(['ingest', folder, '--to', 'elasticsearch', '--url', cluster.url])
    expect(stderr.match(/TARGET_UNAUTHORIZED/g)).toHaveLength(1)
    expect(stderr).toMatch(/\nhint: .*credentials\nsee https:.*errors\.md#target_unauthorized\n$/)
    expect(code).toBe(1)
    cluster.stop()
  })

  it('ends at once where nobody answers', async () => {
    const cluster = await startCluster()
    cluster.stop()
    await writeFile(join(folder, 'flows.log'), flows!.text)
    const began = performance.now()
    const { code, stderr } = await runHere(['ingest', folder, '--to', 'opensearch', '--url', cluster.url])
    expect(stderr).toMatch(/^error: .*ECONNREFUSED .*\[TARGET_UNREACHABLE\]\nsee .*#target_unreachable\n$/)
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(code).toBe(1)
  })

  it('fails when there is nothing to read', async () => {
    const { code, stderr } = await runHere(['ingest', folder, '--to', `duckdb:${join(folder, '.hidden.db')}`])
    expect(stderr).toBe('There is no file to read.\n')
    expect(code).toBe(1)
  })
})

/** Takes every document, and remembers where it was to go; or answers everything with a failure. */
async function startCluster(failure?: number) {
  const indices = new Set<string>()
  const authorizations = new Set<string>()
  const ops = new Set<string>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    nameProduct(request, response)
    response.setHeader('content-type', 'application/json')
    // It knows no template.
    if (failure !== undefined || request.method === 'GET' || /_simulate_index/.test(request.url ?? '')) {
      response.statusCode = failure ?? 404
      response.end('{}')
      return
    }
    authorizations.add(request.headers.authorization ?? '')
    const body = Buffer.concat(chunks)
    const lines = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString().split('\n')
    const actions = lines
      .filter((_, index) => index % 2 === 0 && index < lines.length - 1)
      .map((text) => JSON.parse(text))
    const path = /^\/([^/?]+)\/_bulk/.exec(request.url ?? '')?.[1]
    for (const action of actions)
      for (const [op, { _index }] of Object.entries<{ _index?: string }>(action)) {
        ops.add(op)
        indices.add(_index ?? path ?? '')
      }
    response.end(JSON.stringify({ errors: false, items: actions.map(() => ({ create: { status: 201 } })) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${port}`, indices, authorizations, ops, stop }
}
