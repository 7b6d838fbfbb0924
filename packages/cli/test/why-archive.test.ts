/** `flowferry why` straight over an archive, on a real S3 server. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { type Certainty, certainties, type Diagnosis } from '@flowferry/answers/why'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { afterAll, afterEach, beforeEach, describe, expect, vi } from 'vitest'
import { archiveOf } from '../../../bench/inputs/archive.mjs'
import { startArchiveServer } from '../../../bench/lib/archive-server.mjs'
import { awsEnvironment, putAll, s3At } from '../../../test/support/aws.ts'
import { faultProxy } from '../../../test/support/fault-proxy.ts'
import { onServers } from '../../../test/support/servers.ts'
import { type World, world } from '../../../test/worlds/world.ts'
import { tableOf, vpcTypes, writeTable } from '../../parquet/src/files.suite.ts'
import type { ArchiveCost } from '../src/archive/open.ts'
import { runHere } from '../src/test-io.ts'

const { test, urls } = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = urls
const environmentAt = (url: string) => ({
  ...awsEnvironment(url),
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
})
const s3 = s3At(endpoint)
type Answer = Diagnosis & { readonly archive: ArchiveCost }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  for (const [name, value] of Object.entries(environmentAt(endpoint))) vi.stubEnv(name, value)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})
afterAll(() => s3.destroy())

async function bucketOf(files: World['files']): Promise<string> {
  const bucket = `why-${randomUUID().slice(0, 8)}`
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  await putAll(s3, bucket, files)
  return bucket
}

const time = (iso: string) => iso.replace('.000', '')
const why = (one: World, from: string, ...more: string[]) => {
  const span = ['--since', time(one.since), '--until', time(one.until)]
  return runHere(['why', one.a, `${one.b}:${one.port}`, '--from', from, ...span, ...more], {
    env: environmentAt(endpoint),
  })
}

async function answerOf(ran: ReturnType<typeof why>): Promise<Answer> {
  const { stdout, stderr } = await ran
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout)
}

/** What does not depend on how far back was read. */
const told = ({ archive: _, cannotTell: __, ...rest }: Answer) => rest
const rank = ({ certainty }: { readonly certainty: Certainty }) => certainties.indexOf(certainty)

describe('over the archive as over a file of the same records', () => {
  // A third of the rows: packages/answers/src/why/archive.test.ts has them all.
  const worlds = Number(process.env.FLOWFERRY_WORLDS ?? 8)
  test.each(Array.from({ length: worlds }, (_, seed) => [seed]))('world %i has the same answer', async (seed) => {
    const one = world(seed, { noise: 20 })
    const bucket = await bucketOf(one.files)
    const database = join(folder, 'logs.db')
    const ingested = await runHere(['ingest', `s3://${bucket}`, '--to', `duckdb:${database}`], {
      env: environmentAt(endpoint),
    })
    expect(ingested.code, ingested.stderr).toBe(0)
    const whole = await answerOf(why(one, `duckdb:${database}`, '--json'))
    const read = await answerOf(why(one, `s3://${bucket}`, '--json'))
    expect(rank(read)).toBeGreaterThanOrEqual(rank(whole))
    expect(told(read)).toEqual(told(whole))
    const { objects, requests, records, failed } = read.archive
    expect(failed).toEqual([])
    expect(requests.get).toBe(objects)
    expect(records.kept).toBeLessThan(records.read)
  })

  test('and the same where the flow logs are Parquet', async () => {
    const one = world(2, { row: '3', variant: 'both', noise: 20 })
    const files = await Promise.all(
      one.files.map(async (file) => {
        if (!file.key.includes('/vpcflowlogs/')) return file
        const table = await tableOf(vpcFlow, gunzipSync(file.body).toString())
        const body = writeTable(table, vpcTypes, { codec: 'GZIP' })
        return { ...file, key: file.key.replace(/\.log\.gz$/, '.log.parquet'), body }
      }),
    )
    const text = await answerOf(why(one, `s3://${await bucketOf(one.files)}`, '--json'))
    const read = await answerOf(why(one, `s3://${await bucketOf(files)}`, '--json'))
    expect(read.archive.failed).toEqual([])
    expect(read.archive.records).toEqual(text.archive.records)
    expect({ cause: read.cause, certainty: read.certainty }).toEqual({ cause: text.cause, certainty: text.certainty })
  })

  test('and the same where a day is read', async () => {
    const one = world(40, { noise: 20 })
    const bucket = await bucketOf(one.files)
    const read = await answerOf(why(one, `s3://${bucket}`, '--json'))
    expect(told(await answerOf(why(one, `s3://${bucket}`, '--json', '--lookback', '1d')))).toEqual(told(read))
  })
})

describe('what it says beside', () => {
  const one = world(2, { row: '3', variant: 'both', noise: 20 })

  test('what it took, on standard error', async () => {
    const bucket = await bucketOf(one.files)
    const { stdout, stderr, code } = await why(one, `s3://${bucket}/AWSLogs`)
    expect(code, stderr).toBe(4)
    expect(stderr).toMatch(/^reads \d+ objects of s3:\/\/why-\w+\/AWSLogs, \d+ kB\n/)
    expect(stderr).toMatch(
      /\nread \d+ objects, \d+ kB, by \d+ LIST and \d+ GET requests; [\d,]+ of [\d,]+ records kept; /,
    )
    expect(stdout).not.toContain('could not be read')
  })

  test('nothing of other accounts and regions', async () => {
    const bucket = await bucketOf(one.files)
    const elsewhere = ['--account', '999988887777', '--region', 'sa-east-1', '--json']
    const { archive, ...answer } = await answerOf(why(one, `s3://${bucket}`, ...elsewhere))
    expect(archive).toMatchObject({ objects: 0, records: { read: 0, kept: 0 } })
    expect(answer).toMatchObject({ cause: 'cannot-tell', certainty: 'cannot-tell' })
    expect(JSON.stringify(answer.cannotTell)).toContain('has no object of the span')
  })

  test('what is not known since no earlier record was read', async () => {
    const lost = world(7, { row: '8', variant: 'both', noise: 20 })
    const bucket = await bucketOf(lost.files)
    const { cannotTell } = await answerOf(why(lost, `s3://${bucket}`, '--account', '999988887777', '--json'))
    expect(JSON.stringify(cannotTell)).toContain('--lookback reads back further')
  })

  test('an object that cannot be read makes the answer partial, and less sure where it may hold what is missed', async () => {
    const silent = world(6, { row: '9', variant: 'both', noise: 60 })
    const bucket = await bucketOf(silent.files)
    const before = await answerOf(why(silent, `s3://${bucket}`, '--json'))
    expect(before.certainty).toBe('high')
    const flows = silent.files.filter(({ key }) => key.includes('/vpcflowlogs/'))
    const cut = async (minute: number) => {
      const time = Date.parse(silent.since) + minute * 60_000
      const near = flows.toSorted((x, y) => distance(x, time) - distance(y, time))[0]!
      const Body = near.body.subarray(0, near.body.length - 30)
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: near.key, Body }))
      return near.key
    }
    // Of its key's time the records may be an hour older: half of the span is still whole.
    const first = await cut(30)
    const { stderr, stdout } = await why(silent, `s3://${bucket}`, '--json')
    expect(stderr).toContain(first)
    const after: Answer = JSON.parse(stdout)
    expect(after.archive.failed).toMatchObject([{ key: first, code: 'COMPRESSION_CORRUPT' }])
    expect(JSON.stringify(after.cannotTell)).toContain(`${first} could not be read`)
    expect(rank(after)).toBeGreaterThanOrEqual(rank(before))
    await cut(80)
    expect(rank(await answerOf(why(silent, `s3://${bucket}`, '--json')))).toBeGreaterThan(rank(before))
  })

  test('a file among the logs that is none makes it partial, too', async () => {
    const bucket = await bucketOf(one.files)
    const [{ key }] = one.files.filter((file) => file.key.includes('/CloudTrail/')) as [World['files'][number]]
    const strange = key.replace(/[^/]+$/, 'notes.txt')
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: strange, Body: 'to whom it may concern\n' }))
    const { archive, cannotTell } = await answerOf(why(one, `s3://${bucket}`, '--json'))
    expect(archive.failed).toMatchObject([{ key: strange, code: 'JSON_INVALID' }])
    expect(JSON.stringify(cannotTell)).toContain(strange)
  })

  test('a bucket that is not there ends it', async () => {
    const { code, stdout, stderr } = await why(one, 's3://nobody-has-this-one', '--json')
    expect(stderr).toContain('BUCKET_NOT_FOUND')
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })
})

const distance = ({ lastModified }: World['files'][number], time: number) => Math.abs(lastModified.getTime() - time)

describe('the stub of the bench', () => {
  test('gets the same requests as a real server of 10,000 keys, and gives the same answer', async () => {
    const one = world(8, { row: '3', variant: 'both', noise: 20 })
    const named = one.files.length + 4
    const filler = gzipSync('version interface-id srcaddr dstaddr start end log-status\n')
    const archive = archiveOf(one, { keys: 10_000, named, filler })
    expect(archive.keys).toHaveLength(10_000)
    const { keys, bodyOf, account, region } = archive
    const bucket = `why-${randomUUID().slice(0, 8)}`
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    await putAll(
      s3,
      bucket,
      keys.map((key) => ({ key, body: bodyOf(key) })),
    )
    const stub = await startArchiveServer(archive)
    const at = async (url: string) => {
      const seen: string[] = []
      const proxy = await faultProxy(url, (request) => {
        const asked = new URL(request.url!, 'http://s3')
        // Each server makes tokens of its own.
        if (asked.searchParams.has('continuation-token')) asked.searchParams.set('continuation-token', 'a token')
        seen.push(`${request.method} ${asked.pathname}${asked.search}`)
        return undefined
      })
      vi.stubEnv('AWS_ENDPOINT_URL', proxy.url)
      try {
        const places = ['--account', account, '--region', region]
        const { archive, ...answer } = await answerOf(why(one, `s3://${bucket}`, '--json', ...places))
        const { seconds: _, ...cost } = archive
        return { answer, cost, requests: seen.sort() }
      } finally {
        await proxy.close()
      }
    }
    try {
      const real = await at(endpoint)
      expect(await at(stub.url)).toEqual(real)
      expect(real.cost).toMatchObject({ objects: named, requests: { get: named } })
      expect(real.requests).toHaveLength(named + real.cost.requests.list)
    } finally {
      stub.close()
    }
  }, 900_000)
})
