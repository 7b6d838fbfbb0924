import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3'
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memorySink } from '@flowferry/core/testing'
import { duckdb } from '@flowferry/sink-duckdb'
import { type SqsMessage, s3Objects } from '@flowferry/source-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, vi } from 'vitest'
import { awsEnvironment, putAll, s3At } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { runHere } from '../src/test-io.ts'

const { test, urls } = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = urls
const withElasticsearch = onServers('elasticsearch')
const environment = { ...awsEnvironment(endpoint), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
const root = fileURLToPath(new URL('../../../', import.meta.url))
const built = join(root, 'packages/cli/dist/cli.js')

const s3 = s3At(endpoint)
const sqs = new SQSClient({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})
const bucket = `backfill-${randomUUID().slice(0, 8)}`
const from = Date.UTC(2026, 10, 20)
const to = Date.UTC(2026, 10, 21)
const recordsPerFile = 60
const prefix = 'AWSLogs/111122223333/vpcflowlogs/eu-central-1'

/** A file of one record a second, up to its own time. */
function flowFile(minute: number) {
  const time = from + minute * 60_000
  const iso = new Date(time).toISOString()
  const stamp = iso.replace(/[-:]/g, '').replace(/\d\d\.\d{3}/, '')
  const day = iso.slice(0, 10).replaceAll('-', '/')
  const ends = Array.from({ length: recordsPerFile }, (_, n) => time / 1000 - n)
  const rows = ends.map((end) => `2 eni-${minute} 10.0.0.1 ${end - 60} ${end} OK\n`)
  return {
    key: `${prefix}/${day}/111122223333_vpcflowlogs_eu-central-1_fl-1_${stamp}_${(minute + 5000).toString(16)}.log.gz`,
    body: gzipSync(`version interface-id srcaddr start end log-status\n${rows.join('')}`),
    kept: ends.filter((end) => end * 1000 >= from && end * 1000 < to).length,
  }
}

// A file each minute and a half, some before and after the day: the plan has some 1,000 of them.
const files = Array.from({ length: 1200 }, (_, n) => flowFile(n * 1.5 - 180))
const truth = files.reduce((sum, { kept }) => sum + kept, 0)
const day = ['--since', '2026-11-20', '--until', '2026-11-21']

let folder: string
beforeAll(async () => {
  if (urls.length === 0) return
  spawnSync(process.execPath, [join(root, 'scripts/bootstrap.mjs')], { cwd: root, timeout: 300_000 })
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  await putAll(s3, bucket, files)
}, 300_000)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})
afterAll(() => {
  s3.destroy()
  sqs.destroy()
})

const backfill = (args: readonly string[], source = `s3://${bucket}`) =>
  runHere(['backfill', source, ...day, ...args], { env: environment })

async function rows(path: string, sql = 'SELECT count(*) AS n, count(DISTINCT _id) AS ids FROM aws_vpcflow') {
  const sink = await duckdb(path)
  try {
    return await sink.query(sql)
  } finally {
    await sink.close()
  }
}

async function createQueue(name: string) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-${randomUUID().slice(0, 8)}` }))
  return QueueUrl!
}

async function drain(queueUrl: string): Promise<SqsMessage[]> {
  const all: SqsMessage[] = []
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    )
    if (Messages.length === 0) return all
    all.push(...Messages)
    const Entries = Messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle: ReceiptHandle! }))
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }))
  }
}

describe('flowferry backfill on a server', () => {
  test('puts the records of a span into DuckDB, and a second time nothing more', async () => {
    const database = join(folder, 'logs.db')
    const first = await backfill(['--to', `duckdb:${database}`, '--json'])
    expect(first.code, first.stderr).toBe(0)
    const told = JSON.parse(first.stdout)
    expect(told).toMatchObject({ counts: { written: truth, duplicate: 0 }, failed: 0, skipped: 0, failures: [] })
    expect(told.counts.read).toBe(told.objects * recordsPerFile)
    expect(told.counts.read).toBe(told.counts.written + told.counts.filtered)
    expect(await rows(database)).toEqual([{ n: truth, ids: truth }])
    const second = await backfill(['--to', `duckdb:${database}`], `s3://${bucket}/${prefix}/`)
    expect(second.stdout).toMatch(/\ndocuments written +0\nduplicates +\d/)
    expect(second.code).toBe(0)
  })

  test('tells in a dry run what it would do, near the truth', async () => {
    const plain = await backfill(['--dry-run'])
    expect(plain.stdout).toMatch(/vpcflowlogs +1,0\d\d +\d+ kB/)
    expect(plain.stdout).toContain('an estimate')
    const { stdout, code } = await backfill(['--dry-run', '--json', '--to', `duckdb:${join(folder, 'never.db')}`])
    const [flows] = JSON.parse(stdout).services
    expect(flows.documents).toBeGreaterThan(truth * 0.5)
    expect(flows.documents).toBeLessThan(truth * 1.5)
    expect(existsSync(join(folder, 'never.db'))).toBe(false)
    expect(code).toBe(0)
  })

  test('writes the manifest of a job to a file and to S3', async () => {
    const path = join(folder, 'manifest.csv')
    expect((await backfill(['--manifest', path])).code).toBe(0)
    const text = await readFile(path, 'utf8')
    const keys = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(',')[1])
    expect(files.filter(({ kept }) => kept > 0).every(({ key }) => keys.includes(key))).toBe(true)
    const { stdout } = await backfill(['--manifest', `s3://${bucket}/jobs/manifest.csv`, '--json'])
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'jobs/manifest.csv' }))
    expect(await Body!.transformToString()).toBe(text)
    expect(`"${JSON.parse(stdout).etag}"`).toBe(ETag)
  })

  test('tells of every object that failed, in a file and a dead-letter queue, and does the others', async () => {
    const broken = `broken-${bucket}`
    await s3.send(new CreateBucketCommand({ Bucket: broken }))
    await putAll(s3, broken, files.slice(200, 230))
    const bad = files.slice(230, 255).map(({ key }) => key)
    const cut = gzipSync('x'.repeat(300)).subarray(0, 20)
    await putAll(
      s3,
      broken,
      bad.map((key) => ({ key, body: cut })),
    )
    const queueUrl = await createQueue('dead')
    const failures = join(folder, 'failed.jsonl')
    const { code, stdout, stderr } = await backfill(
      ['--to', `duckdb:${join(folder, 'logs.db')}`, '--failures', failures, '--dlq', queueUrl],
      `s3://${broken}`,
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/\ndocuments written +1,800\n/)
    expect(stdout).toMatch(/\nobjects failed +25\n/)
    expect(stderr).toContain(' and 24 more objects\n  failed: ')
    expect(stderr.match(/^ {2}failed: /gm)).toHaveLength(1)
    const lines = (await readFile(failures, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ key }) => key).sort()).toEqual([...bad].sort())
    const messages = await drain(queueUrl)
    const named = s3Objects(messages, { s3 }).flatMap(({ objects }) => objects.map(({ key }) => key))
    expect(named.sort()).toEqual([...bad].sort())
    expect(messages[0]!.MessageAttributes!['flowferry.cause']!.StringValue).toContain('"code":')
  })

  test('stops where the target refuses, and says how to go on', async () => {
    const cluster = createServer((_, response) => response.writeHead(401).end('{}'))
    await new Promise<void>((resolve) => cluster.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`
    const checkpoint = join(folder, 'day.json')
    const { code, stderr } = await backfill(['--to', 'opensearch', '--url', url, '--checkpoint', checkpoint])
    cluster.close()
    cluster.closeAllConnections()
    expect(code).toBe(1)
    expect(stderr).toMatch(/stopped early: .*TARGET_UNAUTHORIZED/s)
    expect(stderr).toContain(`to resume: the same command goes on from ${checkpoint}\n`)
    const state = JSON.parse(await readFile(checkpoint, 'utf8'))
    expect(state).toMatchObject({ failed: 0, finished: false })
    // Files of the margin, which have nothing for the store, are done.
    expect(state.objects).toBeLessThanOrEqual(10)
  })

  test('does so many objects of those that are meant, and goes on from there', async () => {
    const database = join(folder, 'logs.db')
    const checkpoint = join(folder, 'c.json')
    const args = ['--to', `duckdb:${database}`, '--checkpoint', checkpoint, '--json', '--quiet', '--limit', '50']
    const globs = ['--include', '**/2026/11/20/*', '--exclude', '*T00*', '*T1*', '*T2*']
    const isMeant = (key: string) => key.includes('/2026/11/20/') && !/T(?:00|1|2)\d*Z_[^/]*$/.test(key)
    const meant = files.filter(({ key }) => isMeant(key)).length
    expect(meant).toBeGreaterThan(100)
    let objects = 0
    for (let runs = Math.ceil(meant / 50); runs > 0; runs--) {
      const { code, stdout, stderr } = await backfill([...args, ...globs])
      expect(code, stderr).toBe(0)
      expect(stderr).toBe('')
      const told = JSON.parse(stdout)
      expect(told.objects).toBe(Math.min(50, meant - objects))
      objects += told.objects
      expect(JSON.parse(await readFile(checkpoint, 'utf8')).finished).toBe(objects === meant)
    }
    expect(objects).toBe(meant)
    const after = await backfill([...args, ...globs])
    expect(JSON.parse(after.stdout)).toEqual({ objects: 0, failed: 0, finished: true })
    const other = await backfill(args)
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('its include is') })
    const dry = await backfill(['--dry-run', '--json', ...globs])
    expect(JSON.parse(dry.stdout).objects).toBe(meant)
    const few = await backfill(['--dry-run', '--json', ...globs, '--limit', '7'])
    expect(JSON.parse(few.stdout).objects).toBe(7)
  })

  test('refuses the checkpoint of another backfill, and does nothing again that is finished', async () => {
    const checkpoint = join(folder, 'c.json')
    const way = ['--to', `duckdb:${join(folder, 'logs.db')}`, '--checkpoint', checkpoint]
    const hour = ['backfill', `s3://${bucket}`, '--since', '2026-11-20T10:00Z', '--until', '2026-11-20T10:30Z', ...way]
    expect((await runHere(hour, { env: environment })).code).toBe(0)
    const again = await runHere(hour, { env: environment })
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('is finished') })
    const other = await backfill(way)
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/is the checkpoint of another backfill: its since is "2026-11-20T10:00Z"/)
    await writeFile(checkpoint, '{"version":1')
    expect(await backfill(way)).toMatchObject({ code: 2, stderr: expect.stringContaining('is no checkpoint') })
  })
})

/** Runs the built command, and kills it without a warning when `moment` comes, unless it has ended. */
async function runAndKill(args: readonly string[], moment: () => Promise<void>) {
  const child = spawn(process.execPath, [built, 'backfill', `s3://${bucket}`, ...day, ...args], {
    env: { ...process.env, ...environment },
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdout.resume()
  void moment().then(() => child.kill('SIGKILL'))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stderr }
}

const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** Kills it at random times until one run comes to its end; tells how many objects each run found done. */
async function untilDone(args: readonly string[], checkpoint: string): Promise<number[]> {
  const doneBefore: number[] = []
  const written = () =>
    stat(checkpoint).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
  for (let run = 0; run < 60; run++) {
    const before = await written()
    // Every third run at any time, as while it starts or lists; the others once they have got on. The first two soon, so
    // that no machine is too fast to be stopped.
    const moment = async () => {
      if (run % 3 !== 0) while ((await written()) === before) await wait(20)
      await wait(Math.random() * (run === 0 ? 500 : run === 1 ? 0 : 4000))
    }
    const { code, stderr } = await runAndKill([...args, '--checkpoint', checkpoint], moment)
    doneBefore.push(Number(/going on: ([\d,]+)/.exec(stderr)?.[1]?.replaceAll(',', '') ?? 0))
    if (code === 0) return doneBefore
    // Killed, and nothing else.
    expect(code, stderr).toBeNull()
  }
  throw new Error('60 runs were not enough')
}

describe('a backfill that is killed again and again', () => {
  test('ends with the truth in DuckDB, without beginning at zero each time', { timeout: 400_000 }, async () => {
    const database = join(folder, 'logs.db')
    const doneBefore = await untilDone(['--to', `duckdb:${database}`], join(folder, 'day.json'))
    console.log(`duckdb: killed ${doneBefore.length - 1} times; objects done before each run: ${doneBefore.join(', ')}`)
    expect(await rows(database)).toEqual([{ n: truth, ids: truth }])
    expect(doneBefore.length).toBeGreaterThan(1)
    // Those that were killed before they could tell have 0.
    const told = doneBefore.filter((objects) => objects > 0)
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(Math.max(...doneBefore)).toBeGreaterThan(0)
  })

  withElasticsearch.test('ends with the truth in Elasticsearch', { timeout: 400_000 }, async () => {
    const [node] = withElasticsearch.urls
    const client = new Elasticsearch({ node: node! })
    const index = `backfill-${randomUUID().slice(0, 8)}`
    const args = ['--to', 'elasticsearch', '--url', node!, '--index', index]
    const doneBefore = await untilDone(args, join(folder, 'day.json'))
    console.log(
      `elasticsearch: killed ${doneBefore.length - 1} times; objects done before each run: ${doneBefore.join(', ')}`,
    )
    await client.indices.refresh({ index })
    const { count } = await client.count({ index })
    await client.indices.delete({ index })
    await client.close()
    expect(count).toBe(truth)
    expect(doneBefore.length).toBeGreaterThan(1)
    expect(Math.max(...doneBefore)).toBeGreaterThan(0)
  })

  test('has sent every object to the queue', { timeout: 400_000 }, async () => {
    const queueUrl = await createQueue('fleet')
    const args = ['--enqueue', queueUrl, '--rate', '150']
    const doneBefore = await untilDone(args, join(folder, 'day.json'))
    const messages = await drain(queueUrl)
    console.log(
      `queue: killed ${doneBefore.length - 1} times; objects sent before each run: ${doneBefore.join(', ')}; ${messages.length} messages`,
    )
    expect(Math.max(...doneBefore)).toBeGreaterThan(0)
    const sink = memorySink()
    const report = await ingest({ source: s3Objects(messages, { s3 }), parser: vpcFlow, sink })
    expect(report.ok).toBe(true)
    const inSpan = [...sink.documents.values()].filter(({ document }) => {
      const time = Date.parse(String(document['@timestamp']))
      return time >= from && time < to
    })
    expect(inSpan).toHaveLength(truth)
    // What was sent twice is what the last second before each kill had.
    expect(messages.length).toBeLessThan(sink.documents.size / recordsPerFile + 600 * doneBefore.length)
  })
})
