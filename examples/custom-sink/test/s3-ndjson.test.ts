import { gunzipSync, gzipSync } from 'node:zlib'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { ingest, type LogDocument } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySlice, memorySource, sinkContract } from '@flowferry/core/testing'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { s3At } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { s3Ndjson } from '../src/s3-ndjson.ts'

const { test, urls } = onServers('aws')
const [aws] = urls as [string]
const bucket = `sink-${process.pid}-${Date.now().toString(36)}`
let s3: S3Client
let prefixes = 0

beforeAll(async () => {
  if (!aws) return
  s3 = s3At(aws)
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
})
afterAll(() => s3?.destroy())

const keysOf = async (Prefix: string) => {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }))
  return Contents.map(({ Key }) => Key!)
}

/** Every line below a prefix, doubles too. */
async function linesOf(prefix: string): Promise<(LogDocument & { _id: string })[]> {
  const objects = (await keysOf(prefix)).map(async (Key) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
    const text = gunzipSync(await Body!.transformToByteArray()).toString()
    return text.trimEnd().split('\n')
  })
  return (await Promise.all(objects)).flat().map((line) => JSON.parse(line))
}

const flows = (records: number) =>
  ['srcaddr end', ...Array.from({ length: records }, (_, n) => `192.0.2.${n % 250} ${1_700_000_000 + n}`)].join('\n')

describe('s3Ndjson', () => {
  sinkContract({
    test,
    create: async () => {
      const prefix = `contract-${prefixes++}/`
      return {
        // Two records an object: the contract's slices are spread over several.
        sink: s3Ndjson({ s3, bucket, prefix, records: 2 }),
        read: async () => {
          const lines = await linesOf(prefix)
          const documents = new Map(lines.map(({ _id, ...document }) => [_id, document]))
          expect(documents.size).toBe(lines.length)
          return documents
        },
      }
    },
  })

  test('names objects by the log file and its ordinals', async () => {
    const prefix = `names-${prefixes++}/`
    const slice = memorySlice({ records: 5 })
    await s3Ndjson({ s3, bucket, prefix, records: 3 }).write([slice])
    const file = `${prefix}logs-flowferry.test-default/${slice.object.idPrefix}`
    expect(await keysOf(prefix)).toEqual([`${file}/000000000000.ndjson.gz`, `${file}/000000000003.ndjson.gz`])
  })

  test('stores a log file once, however its deliveries are cut, and when two come at the same time', async () => {
    const prefix = `cut-${prefixes++}/`
    const body = gzipSync(flows(5000))
    const deliver = (chunkBytes: number, batchBytes: number) => {
      const source = memorySource(memoryObject({ key: 'flows.log.gz', body, chunkBytes }))
      return ingest({ source, parser: vpcFlow, sink: s3Ndjson({ s3, bucket, prefix, records: 700 }), batchBytes })
    }
    const together = await Promise.all([deliver(500, 10_000), deliver(900, 7000)])
    const again = await deliver(65_536, 1_000_000)
    const reports = [...together, again]
    for (const { ok, counts } of reports) {
      expect(ok).toBe(true)
      expect(counts.written + counts.duplicate).toBe(5000)
    }
    expect(reports.reduce((sum, { counts }) => sum + counts.written, 0)).toBe(5000)
    expect(again.counts).toMatchObject({ written: 0, duplicate: 5000 })
    const lines = await linesOf(prefix)
    expect([lines.length, new Set(lines.map(({ _id }) => _id)).size]).toEqual([5000, 5000])
    expect(await keysOf(prefix)).toHaveLength(8)
  })

  test('asks again where the answer to a put was lost', async () => {
    const prefix = `lost-${prefixes++}/`
    let puts = 0
    // The SDK tries again by itself: what it then hears is that the object is there.
    const twice: Pick<S3Client, 'send'> = {
      send: async (command: never) => {
        if ((command as { constructor: { name: string } }).constructor.name === 'PutObjectCommand' && puts++ === 0)
          await s3.send(command)
        return s3.send(command)
      },
    } as never
    const { slices } = await s3Ndjson({ s3: twice, bucket, prefix }).write([memorySlice({ records: 4 })])
    expect(slices).toEqual([{ written: 0, duplicate: 4, rejected: [], unfinished: 0 }])
    expect(await linesOf(prefix)).toHaveLength(4)
  })

  test.each<[string, { endpoint?: string; bucket?: string }, string]>([
    ['without the bucket', { bucket: 'no-such-bucket' }, 'TARGET_NOT_FOUND'],
    ['without a way to S3', { endpoint: 'http://127.0.0.1:1' }, 'TARGET_UNREACHABLE'],
  ])('%s stops, and no document is refused', async (_, { endpoint = aws, bucket = 'any' }, code) => {
    const { slices, error, stop } = await s3Ndjson({ s3: s3At(endpoint), bucket, prefix: '' }).write([
      memorySlice({ records: 3 }),
    ])
    expect(slices).toEqual([{ written: 0, duplicate: 0, rejected: [], unfinished: 3 }])
    expect([error?.code, stop]).toEqual([code, true])
  })

  test('overwrites no object that it did not write', async () => {
    const slice = memorySlice({ records: 3 })
    const prefix = `foreign-${prefixes++}/`
    const sink = s3Ndjson({ s3, bucket, prefix })
    await sink.write([slice])
    const [Key] = await keysOf(prefix)
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: Key!, Body: 'not ours' }))
    const { error, stop } = await sink.write([slice])
    expect([error?.code, error?.message, stop]).toEqual(['TARGET_FAILED', expect.stringContaining(Key!), true])
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: Key! }))
    expect(await Body!.transformToString()).toBe('not ours')
  })
})
