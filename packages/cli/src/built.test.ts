import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as zlib from 'node:zlib'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { duckdb } from '@flowferry/sink-duckdb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import example from '../../../examples/custom-parser/flowferry.config.ts'
import { generate } from '../../../examples/demo/src/samples/generate.ts'
import { parserFor } from './formats.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

const built = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const libraries = ['core/dist/index', 'source-s3/dist/index', 'sink-duckdb/dist/index', 'enrich/dist/cidr'].map(
  (path) => fileURLToPath(new URL(`../../${path}.js`, import.meta.url)),
)
const ready = [built, ...libraries].every((path) => existsSync(path))

/** Text in one Zstandard frame of one raw block. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1 */
function rawFrame(text: string): Buffer {
  const header = (text.length << 3) | 1
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length, header & 0xff, header >> 8, 0]),
    Buffer.from(text),
  ])
}

describe.skipIf(!ready)('the built file (skipped until `pnpm build`)', () => {
  it('parses standard input, and ends quietly when its reader has enough', async () => {
    const child = spawn(process.execPath, [built, 'parse', '-'])
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdin.on('error', () => undefined)
    const flows = generate().filter(({ table }) => table === 'aws_vpcflow')
    child.stdin.end(flows.map(({ text }) => text).join(''))
    const first = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))))
    child.stdout.destroy()
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(JSON.parse(first.split('\n')[0]!)).toMatchObject({ event: { dataset: 'aws.vpcflow' } })
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('ingests a folder of what shippers compressed, gzip twice and Zstandard where Node reads it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowferry-built-'))
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const text = 'version srcaddr dstaddr end\n2 10.0.0.1 203.0.113.9 1795338932\n2 10.0.0.2 203.0.113.9 1795338932\n'
    const isRead = 'createZstdDecompress' in zlib
    writeFileSync(join(logs, 'twice.log.gz'), zlib.gzipSync(zlib.gzipSync(text)))
    const frame = rawFrame(text)
    writeFileSync(join(logs, 'flow.log.zst'), frame)
    writeFileSync(join(logs, 'both.log.gz'), zlib.gzipSync(frame))
    try {
      const said = await new Promise<{ code: unknown; stdout: string }>((resolve) =>
        execFile(process.execPath, [built, 'ingest', logs, '--to', `duckdb:${folder}/x.db`], (error, stdout, stderr) =>
          resolve({ code: error?.code ?? 0, stdout: stdout + stderr }),
        ),
      )
      expect(said.stdout).toMatch(isRead ? /\ndocuments written +6\n/ : /\ndocuments written +2\n/)
      if (isRead) expect(said.code, said.stdout).toBe(0)
      else expect(said.stdout).toContain('Run on Node 22.15 or newer')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('exits with 2 for bad usage', async () => {
    const child = spawn(process.execPath, [built, 'ingest'])
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(2)
  })
})

describe.skipIf(!ready)("the built file with the example's flowferry.config.ts (skipped until `pnpm build`)", () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowferry-built-'))
    mkdirSync(join(folder, 'logs'))
    for (const [name, lines] of Object.entries(logs)) writeFileSync(join(folder, 'logs', name), `${lines.join('\n')}\n`)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const logs = {
    'access.log': ['192.0.2.7 - - [22/Nov/2026:10:15:32 +0100] "GET /cart HTTP/1.1" 200 5316 "-" "curl/8.7.1"'],
    'proxy.log': ['time\tclient\thost\tbytes\ttook', '1795338932\t10.200.0.7\texample.com\t5316\t0.25'],
    'flow.log': [
      'version account-id interface-id srcaddr dstaddr end log-status',
      '2 123456789012 eni-1 10.0.0.1 203.0.113.9 1795338932 OK',
      '2 123456789012 eni-1 - - 1795338932 NODATA',
    ],
  }
  const run = (...args: string[]) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const cwd = fileURLToPath(new URL('../../../examples/custom-parser/src/', import.meta.url))
      execFile(process.execPath, [built, ...args], { cwd }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      )
    })

  it('parses own formats, and those of AWS with enrichments', async () => {
    const own = await run('parse', join(folder, 'logs/access.log'))
    expect(own.stderr).toContain('(nginx): 1 record: 1 printed\n')
    expect(JSON.parse(own.stdout)).toMatchObject({ url: { path: '/cart' } })
    const { stdout, stderr, code } = await run('parse', join(folder, 'logs/flow.log'))
    expect(stderr).toContain('(vpc-flow): 2 records: 1 printed, 1 filtered\n')
    expect(JSON.parse(stdout)).toMatchObject({
      cloud: { account: { name: 'production' } },
      labels: {
        team: 'payments',
        source_network: 'production',
        source_locality: 'own',
        destination_network: 'office',
        destination_locality: 'own',
      },
    })
    expect(code).toBe(0)
  })

  it('puts them into DuckDB, where they can be asked about', async () => {
    const file = join(folder, 'logs.db')
    const { code, stdout, stderr } = await run('ingest', join(folder, 'logs'), '--to', `duckdb:${file}`)
    expect(stdout).toMatch(/\ndocuments written +3\n/)
    expect(code, stderr).toBe(0)
    const { formats = {}, enrichments = [] } = example
    const parser = await parserFor(['proxy'], 'small', { formats, enrichments })
    const sink = await duckdb(file)
    try {
      const { rows } = await duckdbStore({ connection: sink.connection, formats: parser.formats }).ask({
        kind: 'groups',
        formats: ['custom.proxy'],
        span: { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' },
        groups: ['url.domain', 'labels.source_network', 'labels.source_locality'],
        measures: { requests: { count: true } },
      })
      expect(rows).toEqual([
        {
          'url.domain': 'example.com',
          'labels.source_network': 'partner',
          'labels.source_locality': 'foreign',
          requests: 1,
        },
      ])
    } finally {
      await sink.close()
    }
  })

  it('would set up their templates', async () => {
    /** The templates that it would install, by the pattern of their names. */
    const simulated = new Map<string, { mappings: { properties: object } }>()
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const { index_patterns: patterns, template } = JSON.parse(Buffer.concat(chunks).toString() || '{}')
      if (template) simulated.set(patterns[0], template)
      response.setHeader('x-elastic-product', 'Elasticsearch')
      response.setHeader('content-type', 'application/json')
      response.statusCode = request.url!.includes('_simulate_index') || request.url!.includes('?') ? 200 : 404
      response.end(JSON.stringify({ index_templates: [], template }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const { code, stdout, stderr } = await run('setup', '--to', 'elasticsearch', '--url', url, '--dry-run')
      expect(stdout, stderr).toContain('index template flowferry-custom.proxy would be created\n')
      expect(stdout).toContain('index template flowferry-nginx.access would be created\n')
      expect(stdout).toContain('index template flowferry-aws.vpcflow would be created\n')
      expect(code, stderr).toBe(0)
      const { properties } = simulated.get('logs-custom.proxy-*')!.mappings
      expect(properties).toMatchObject({ 'url.domain': {}, 'labels.source_network': { type: 'keyword' } })
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })
})
