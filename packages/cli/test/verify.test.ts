/** `flowferry verify` of an archive on a real S3 server, whose metadata holds the signatures. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { awsEnvironment, s3At } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { keyPair, type Objects, writeTrail } from '../../source-s3/test/trail.ts'
import { runHere } from '../src/test-io.ts'

const { test, urls } = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = urls
const s3 = s3At(endpoint)
afterAll(() => s3.destroy())

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-verify-'))
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => {
  const environment = { ...awsEnvironment(endpoint), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(() => vi.unstubAllEnvs())

test('is whole as it was delivered, and tells each thing that is done to it', async () => {
  const Bucket = `trails-${process.pid}-${Date.now().toString(36)}`
  const pair = keyPair()
  const objects: Objects = new Map()
  const { logs, digests } = writeTrail(objects, {
    bucket: Bucket,
    start: Date.parse('2026-11-21T20:00:00Z'),
    hours: 8,
    pair,
  })
  await s3.send(new CreateBucketCommand({ Bucket }))
  const put = (Key: string, Body: Buffer, Metadata = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata }))
  for (const [key, { body, metadata }] of objects) await put(key, body, metadata)
  const keys = join(folder, 'keys.json')
  await writeFile(keys, JSON.stringify({ PublicKeyList: [pair.publicKey] }))
  const verify = () =>
    runHere(
      [
        'verify',
        `s3://${Bucket}`,
        '--since',
        '2026-11-21T20:00Z',
        '--until',
        '2026-11-22T04:00Z',
        '--public-keys',
        keys,
      ],
      { env: awsEnvironment(endpoint) },
    )

  const whole = await verify()
  expect(whole.stdout).toContain('8 of 8 digests signed\n16 of 16 log files as signed for')
  expect(whole.code).toBe(0)

  await s3.send(new DeleteObjectCommand({ Bucket, Key: logs[0]![0]! }))
  await put(logs[1]![0]!, gzipSync('{"Records":[]}'))
  const inserted = logs[2]![0]!.replace(/_[^_]*$/, '_inserted.json.gz')
  await put(inserted, gzipSync('{"Records":[]}'))
  // As a copy onto itself with other metadata leaves it.
  await put(digests[5]!, objects.get(digests[5]!)!.body)
  const changed = await verify()
  for (const finding of [
    `log-missing  ${logs[0]![0]}`,
    `log-changed  ${logs[1]![0]}`,
    `log-inserted  ${inserted}`,
    `digest-unsigned  ${digests[5]}`,
  ])
    expect(changed.stdout).toContain(`${finding}\n`)
  expect(changed.stdout).toContain('7 of 8 digests signed\n14 of 16 log files as signed for')
  expect(changed.code).toBe(4)
})
