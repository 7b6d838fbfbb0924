/** S3 access logs in a bucket of a real S3 server: no folder of a service, every layout that AWS writes, and none to be told. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { duckdb } from '@flowferry/sink-duckdb'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { awsEnvironment, putAll, s3At } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { runHere } from '../src/test-io.ts'

const { test, urls } = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = urls
const env = { ...awsEnvironment(endpoint), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
const s3 = s3At(endpoint)
const bucket = `access-${randomUUID().slice(0, 8)}`
const span = ['--since', '2026-11-22T10:00Z', '--until', '2026-11-22T11:00Z']

/** A request of each of the times, under a key whose time is another one. */
function file(key: string, ...times: readonly string[]) {
  const lines = times.map(
    (time) =>
      `79a59df9 shop [22/Nov/2026:${time} +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT a.jpg "GET /a.jpg HTTP/1.1" 403 AccessDenied 1024 4406583 41 28 "-" "curl/8.5" -\n`,
  )
  return { key, body: Buffer.from(lines.join('')) }
}

const wanted = [
  // Three hours late.
  file('2026-11-22-13-40-01-0123456789ABCDEF', '10:15:42', '10:20:00', '13:30:00'),
  file('access/shop-2026-11-22-10-30-00-0123456789ABCDE0', '09:59:59', '10:00:00'),
  // The whole day's, though it came on the next.
  file('123456789012/eu-central-1/shop/2026/11/22/2026-11-22-00-00-00-0123456789ABCDE1', '10:59:59', '23:00:00'),
  file('logs/123456789012/eu-central-1/shop/2026/11/22/2026-11-22-11-02-30-0123456789ABCDE2', '10:58:00'),
]
const others = [
  file('2026-11-22-09-40-01-0123456789ABCDE3', '09:15:42'),
  file('2025-11-22-10-40-01-0123456789ABCDE4', '10:15:42'),
  file('access/shop-2026-11-23-10-30-00-0123456789ABCDE5', '10:00:00'),
  file('123456789012/eu-central-1/shop/2026/11/21/2026-11-21-00-00-00-0123456789ABCDE6', '10:59:59'),
]

let folder: string
beforeAll(async () => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  if (urls.length === 0) return
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  await putAll(s3, bucket, [...wanted, ...others])
})
afterAll(async () => {
  vi.unstubAllEnvs()
  s3.destroy()
  await rm(folder, { recursive: true })
})

test('a backfill of all formats finds those of the span, and stores its records', async () => {
  const told = await runHere(['backfill', `s3://${bucket}`, ...span, '--dry-run', '--json'], { env })
  expect(told.code, told.stderr).toBe(0)
  expect(JSON.parse(told.stdout).services).toMatchObject([{ service: 's3access', objects: wanted.length }])
  const database = join(folder, 'logs.db')
  const done = await runHere(['backfill', `s3://${bucket}`, ...span, '--to', `duckdb:${database}`, '--json'], { env })
  expect(done.code, done.stderr).toBe(0)
  expect(JSON.parse(done.stdout)).toMatchObject({ objects: 4, counts: { read: 8, written: 5, filtered: 3 } })
  const sink = await duckdb(database)
  const rows = await sink.query(`SELECT strftime("@timestamp", '%H:%M:%S') AS at FROM s3_requests ORDER BY 1`)
  await sink.close()
  expect(rows.map(({ at }) => at)).toEqual(['10:00:00', '10:15:42', '10:20:00', '10:58:00', '10:59:59'])
})

test('the cost of them is that of their files', async () => {
  const { code, stdout, stderr } = await runHere(
    ['cost', `s3://${bucket}`, ...span, '--format', 's3-access', '--json'],
    { env },
  )
  expect(code, stderr).toBe(0)
  // A month has 720 of such hours.
  expect(JSON.parse(stdout).figures).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ section: 'held', name: 's3access: s3-access, files', value: wanted.length * 720 }),
      expect.objectContaining({ section: 'held', name: 's3access: s3-access, records', value: 8 * 720 }),
      expect.objectContaining({ section: 'delivery', name: 's3access: s3-access', dollars: 0 }),
    ]),
  )
})
