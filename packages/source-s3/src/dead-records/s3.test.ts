import { gunzipSync } from 'node:zlib'
import type { PutObjectCommand } from '@aws-sdk/client-s3'
import type { DeadRecord } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { s3DeadRecords } from './s3.ts'

const record = (ordinal: number, key = 'AWSLogs/1/a.log.gz'): DeadRecord => ({
  fate: 'malformed',
  bucket: 'logs',
  key,
  etag: 'e1',
  ordinal,
  offset: 9,
  kind: 'vpcflow',
  id: `id-${ordinal}`,
  type: 'malformed',
  reason: 'r',
  time: '2026-11-22T00:00:00.000Z',
  text: 'ü\n"',
})

function store() {
  const puts: PutObjectCommand['input'][] = []
  const s3 = {
    send: async ({ input }: PutObjectCommand) => {
      puts.push(input)
      return {}
    },
  } as never
  return { puts, dead: s3DeadRecords({ s3, bucket: 'my-dead', prefix: 'dead/' }) }
}
const { signal } = new AbortController()

describe('s3DeadRecords', () => {
  it('puts one object under a key of the original and its first ordinal', async () => {
    const { puts, dead } = store()
    await dead.write([record(12), record(15)], signal)
    expect(puts).toMatchObject([
      { Bucket: 'my-dead', Key: 'dead/logs/AWSLogs/1/a.log.gz/e1/malformed-000000000012.ndjson.gz' },
    ])
    const lines = gunzipSync(puts[0]!.Body as Buffer).toString()
    expect(lines.endsWith('\n')).toBe(true)
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([record(12), record(15)])
  })

  it('has a place for a local file', async () => {
    const { puts, dead } = store()
    await dead.write([{ ...record(0, '/var/log/a.log'), bucket: '' }], signal)
    expect(puts[0]!.Key).toBe('dead/var/log/a.log/e1/malformed-000000000000.ndjson.gz')
  })

  it('hashes a key that leaves no room', async () => {
    const { puts, dead } = store()
    await dead.write([record(0, 'ü'.repeat(500))], signal)
    expect(puts[0]!.Key).toMatch(/^dead\/logs\/[\w-]{43}\/e1\/malformed-000000000000\.ndjson\.gz$/)
  })

  it('hashes none that has room, to the byte', async () => {
    const { puts, dead } = store()
    const key = 'k'.repeat(1024 - 'dead/logs//e1/malformed-000000000000.ndjson.gz'.length)
    await dead.write([record(0, key)], signal)
    await dead.write([record(0, `${key}k`)], signal)
    expect(puts.map(({ Key }) => Key!.includes(key))).toEqual([true, false])
  })

  it('rejects where S3 does, so that their object is not taken for done', async () => {
    const s3 = { send: () => Promise.reject(new Error('SlowDown')) } as never
    await expect(
      s3DeadRecords({ s3, bucket: 'my-dead', prefix: 'd'.repeat(512) }).write([record(0)], signal),
    ).rejects.toThrow('SlowDown')
  })

  it.each([
    { prefix: 'd'.repeat(513) },
    { bucket: '' },
    { prefix: '/dead' },
    { prefix: undefined as never },
    { s3: {} as never },
  ])('refuses %o', (options) => {
    const s3 = { send: async () => ({}) } as never
    expect(() => s3DeadRecords({ s3, bucket: 'my-dead', prefix: 'dead/', ...options })).toThrow('INVALID_OPTION')
  })
})
