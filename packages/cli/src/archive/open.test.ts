import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startArchiveServer } from '../../../../bench/lib/archive-server.mjs'
import { noSettings } from '../config/settings.ts'
import { type ArchiveRequest, openArchive } from './open.ts'

vi.setConfig({ testTimeout: 120_000 })

const from = new Date('2026-11-22T09:00:00Z')
const to = new Date('2026-11-22T10:00:00Z')
const second = from.getTime() / 1000
const key = (n: number) =>
  `AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/11/22/111122223333_vpcflowlogs_eu-west-1_fl-1_20261122T09${String(n).padStart(2, '0')}Z_a.log.gz`

/** So many flow records, one a second. */
function file(records: number): Buffer {
  const lines = Array.from(
    { length: records },
    (_, n) =>
      `eni-${n % 10} 10.0.${(n >> 8) & 255}.${n & 255} 10.9.0.1 ${second + (n % 3600)} ${second + (n % 3600)} ACCEPT OK`,
  )
  return gzipSync(`interface-id srcaddr dstaddr start end action log-status\n${lines.join('\n')}\n`)
}

let server: Awaited<ReturnType<typeof startArchiveServer>> | undefined
const io = () => ({ stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), env: process.env })

beforeEach(() => {
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
})
afterEach(() => {
  vi.unstubAllEnvs()
  server?.close()
})

async function opened(files: readonly Buffer[], request: Partial<ArchiveRequest> = {}) {
  const keys = files.map((_, n) => key(n))
  server = await startArchiveServer({ keys, bodyOf: (one) => files[keys.indexOf(one)]! })
  vi.stubEnv('AWS_ENDPOINT_URL', server.url)
  const parts = [{ formats: vpcFlow.formats, from, to }]
  return openArchive('s3://logs', { parts, settings: noSettings, ...request }, io())
}

const question = {
  kind: 'groups',
  formats: ['aws.vpcflow'],
  span: { from: from.toISOString(), to: to.toISOString() },
  measures: { flows: { count: true } },
} as const

describe('openArchive', () => {
  test('answers of all records of the span where no filter is, and tells what it took', async () => {
    const archive = await opened([file(100), file(50)])
    expect(await archive.ask(question)).toEqual({ rows: [{ flows: 150 }], approximate: [] })
    expect(archive.cost).toMatchObject({
      objects: 2,
      records: { read: 150, kept: 150 },
      requests: { get: 2 },
      failed: [],
    })
    expect(archive.cost.requests).toEqual(server!.requests)
    expect(archive.cost.bytes).toBe(file(100).length + file(50).length)
    await archive.close()
  })

  test('is empty, and not partial, where the filter kept nothing of what was read', async () => {
    const archive = await opened([file(100)], { parts: [{ formats: vpcFlow.formats, from, to, filter: () => false }] })
    expect(await archive.ask(question)).toEqual({ rows: [{ flows: 0 }], approximate: [] })
    await archive.close()
  })

  test('is partial where it has none of the format, or not all', async () => {
    const parts = [vpcFlow, cloudTrail].map(({ formats }) => ({ formats, from, to }))
    const archive = await opened([file(100), file(100).subarray(0, 200)], { parts })
    const { partial } = await archive.ask(question)
    expect(partial?.why).toContain(`${key(1)} could not be read`)
    expect(archive.unread).toEqual([
      // An hour late, a quarter of an hour early: what the format's archive declares.
      { formats: vpcFlow.formats, from: new Date('2026-11-22T08:01:00Z'), to: new Date('2026-11-22T09:17:00Z') },
    ])
    const events = await archive.ask({ ...question, formats: ['aws.cloudtrail'] })
    expect(events.partial?.why).toContain('s3://logs has no CloudTrail')
    await archive.close()
  })

  test('ends where its memory does, and says what to do', async () => {
    // Less than DuckDB takes to insert anything.
    await expect(opened([file(100)], { memory: 16 * 1024 * 1024 })).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(
        /takes more than 17 MB of memory: shorten it .* flowferry backfill s3:\/\/logs --to/,
      ),
    })
  })

  test('refuses what is no address', async () => {
    await expect(openArchive('logs', { parts: [], settings: noSettings }, io())).rejects.toThrow(
      'An archive is s3://bucket',
    )
  })
})
