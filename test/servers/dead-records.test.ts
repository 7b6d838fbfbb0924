import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import {
  type DeadRecord,
  type DeadRecords,
  deadIndex,
  deadRecordFormat,
  ingest,
  lines,
  rejectedDocuments,
} from '@flowferry/core'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { s3DeadRecords, s3Object, sqsDeadRecords } from '@flowferry/source-s3'
import { describe, expect } from 'vitest'
import { createStack } from '../support/aws.ts'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

/** Every hundredth has a size that is no number; the engines refuse it under a mapping that wants one. */
const sizes = lines({
  kind: 'size',
  dataset: 'custom.size',
  record: (line) => (/^(?:\d+|large)$/.test(line) ? { size: /^\d+$/.test(line) ? Number(line) : line } : undefined),
  document: ({ size }) => ({ '@timestamp': '2026-11-22T00:00:00.000Z', custom: { size } }),
})
const total = 25_000
const isLarge = (n: number) => n % 100 === 50
const isMalformed = (n: number) => n % 1000 === 999
const body = Array.from({ length: total }, (_, n) => `${isMalformed(n) ? `?? ${n}` : isLarge(n) ? 'large' : n}\n`).join(
  '',
)
const source = (chunkBytes: number) =>
  memorySource(memoryObject({ bucket: 'logs', key: 'sizes.log', body, chunkBytes }))
const large = Array.from({ length: total }, (_, n) => n).filter(isLarge)
const malformed = Array.from({ length: total }, (_, n) => n).filter(isMalformed)
const counts = { read: total, rejected: large.length, malformed: malformed.length }

describe.each(engines)('dead records of $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name, 'aws')
  const { ask, search, count } = searchServer(urls[0]!)
  const unique = `dead-${name}-${process.pid}`

  /** Reads the file twice, differently cut, into an index that refuses some of it. */
  async function ingestTwice(index: string, deadRecords: DeadRecords) {
    await ask('DELETE', `/${index}`)
    await ask('PUT', `/${index}`, {
      settings: { number_of_replicas: 0 },
      mappings: { properties: { custom: { properties: { size: { type: 'long' } } } } },
    })
    const target = sink(urls[0]!, { index, maxBodyBytes: 200_000 })
    const first = await ingest({ source: source(65_536), parser: sizes, sink: target, deadRecords })
    expect(first).toMatchObject({ ok: true, counts: { ...counts, written: total - large.length - malformed.length } })
    const again = await ingest({ source: source(5000), parser: sizes, sink: target, deadRecords, batchBytes: 20_000 })
    expect(again).toMatchObject({ ok: true, counts: { ...counts, written: 0 } })
  }

  test('in an index: whole, once, though the file came twice', async () => {
    const namespace = unique.replaceAll('-', '_')
    await setup(urls[0]!, { formats: [deadRecordFormat] })
    const stream = `logs-flowferry.dead_letter-${namespace}`
    await ask('DELETE', `/_data_stream/${stream}`)
    await ingestTwice(unique, deadIndex(sink(urls[0]!), { namespace }))
    const { total: kept, hits } = await search(stream, {
      query: { term: { 'flowferry.fate': 'rejected' } },
      sort: [{ 'flowferry.ordinal': 'asc' }],
    })
    expect(kept).toBe(large.length)
    expect(hits.map(({ _source }) => (_source.flowferry as { ordinal: number }).ordinal)).toEqual(large)
    const [first] = hits
    expect(first!._source).toMatchObject({
      event: { kind: 'pipeline_error' },
      error: { type: expect.stringMatching(/mapper_parsing_exception|document_parsing_exception/) },
      aws: { s3: { bucket: { name: 'logs' }, object: { key: 'sizes.log' } } },
    })
    const { document } = first!._source.flowferry as { document: string }
    expect(JSON.parse(document)).toMatchObject({ custom: { size: 'large' } })
    expect(await count(stream, { term: { 'flowferry.fate': 'malformed' } })).toBe(malformed.length)
    await ask('DELETE', `/_data_stream/${stream}`)
    await ask('DELETE', `/${unique}`)
  })

  test('on S3: overwritten by a repeat, and indexed once the mapping is mended', async () => {
    const stack = await createStack(urls[1]!)
    const dead = s3DeadRecords({ s3: stack.s3, bucket: stack.bucket, prefix: 'dead/' })
    await ingestTwice(unique, dead)
    const { Contents = [] } = await stack.s3.send(new ListObjectsV2Command({ Bucket: stack.bucket, Prefix: 'dead/' }))
    const etag = /sizes\.log\/(\w+)\//.exec(Contents[0]!.Key!)![1]
    const at = (fate: string, ordinal: number) =>
      `dead/logs/sizes.log/${etag}/${fate}-${String(ordinal).padStart(12, '0')}.ndjson.gz`
    expect(Contents.map(({ Key }) => Key)).toEqual([
      ...[999, 10_999, 20_999].map((ordinal) => at('malformed', ordinal)),
      ...[50, 10_050, 20_050].map((ordinal) => at('rejected', ordinal)),
    ])

    const mended = `${unique}-mended`
    await ask('DELETE', `/${mended}`)
    await ask('PUT', `/${mended}`, {
      settings: { number_of_replicas: 0 },
      mappings: { properties: { custom: { properties: { size: { type: 'keyword' } } } } },
    })
    for (const expected of [{ written: large.length }, { duplicate: large.length }]) {
      const report = await ingest({
        source: Contents.map(({ Key }) => ({
          objects: [s3Object({ bucket: stack.bucket, key: Key! }, { s3: stack.s3 })],
        })),
        parser: rejectedDocuments(sizes.formats),
        sink: sink(urls[0]!, { index: mended }),
      })
      expect(report).toMatchObject({ ok: true, counts: { read: large.length, ...expected } })
    }
    const { hits } = await search(mended, { size: 1, query: { match_all: {} } })
    expect(await count(mended)).toBe(large.length)
    expect(hits[0]!._source).toMatchObject({ custom: { size: 'large' }, data_stream: { dataset: 'custom.size' } })
    stack.close()
    for (const index of [unique, mended]) await ask('DELETE', `/${index}`)
  })

  test('in a queue: a message each', async () => {
    const stack = await createStack(urls[1]!)
    const { QueueUrl } = await stack.sqs.send(
      new CreateQueueCommand({ QueueName: `${unique}-${Date.now()}.fifo`, Attributes: { FifoQueue: 'true' } }),
    )
    await ingestTwice(unique, sqsDeadRecords({ sqs: stack.sqs, queueUrl: QueueUrl! }))
    // A FIFO queue takes each once, though the file came twice.
    expect(await stack.depth(QueueUrl!)).toBe(large.length + malformed.length)
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    )
    const records = Messages.map(({ Body }) => JSON.parse(Body!) as DeadRecord)
    expect(records.length).toBeGreaterThan(0)
    for (const record of records)
      expect(record).toMatchObject({ bucket: 'logs', key: 'sizes.log', reason: expect.any(String) })
    stack.close()
    await ask('DELETE', `/${unique}`)
  })
})
