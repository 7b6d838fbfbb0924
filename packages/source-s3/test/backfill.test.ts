import { gzipSync } from 'node:zlib'
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memorySink } from '@flowferry/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { putAll } from '../../../test/support/aws.ts'
import {
  type ArchiveOptions,
  archiveObjects,
  backfillSource,
  enqueue,
  type SqsMessage,
  s3Objects,
  withinSpan,
} from '../src/index.ts'
import { absent, createQueue, queueLength, s3, sqs, unique } from './aws.ts'

const from = new Date('2026-11-22T00:00:00Z')
const to = new Date('2026-11-22T06:00:00Z')
const folder = 'a folder+/AWSLogs/111122223333/vpcflowlogs/eu-central-1'

/** A file of two flows: one of its own minute, one of half an hour before. */
function flowFile(minute: number) {
  const time = from.getTime() + minute * 60_000
  const iso = new Date(time).toISOString()
  const stamp = iso.replace(/[-:]/g, '').replace(/\d\d\.\d{3}/, '')
  const key = `${folder}/${iso.slice(0, 10).replaceAll('-', '/')}/111122223333_vpcflowlogs_eu-central-1_fl-1_${stamp}_${String(minute)}.log.gz`
  const rows = [time, time - 30 * 60_000].map((end, n) => `2 eni-${minute} ${n} ${end / 1000 - 60} ${end / 1000} OK\n`)
  return { key, time, body: gzipSync(`version interface-id srcport start end log-status\n${rows.join('')}`) }
}
const within = (time: number) => time >= from.getTime() && time < to.getTime()

async function received(url: string): Promise<SqsMessage[]> {
  const all: SqsMessage[] = []
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    )
    if (Messages.length === 0) return all
    all.push(...Messages)
    for (const { ReceiptHandle } of Messages)
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: ReceiptHandle! }))
  }
}

describe.skipIf(absent)('a backfill on a server', () => {
  const bucket = unique('archive')
  // A file a minute, before, in and after the span: more than a page of a listing.
  const files = Array.from({ length: 1300 }, (_, n) => flowFile(n - 400))
  const minutes = (count: number) => count * 60_000
  const expected = files
    .filter(({ time }) => time + minutes(1 + 15) > from.getTime() && time - minutes(60) < to.getTime())
    .map(({ key }) => key)
    .sort()
  const truth = files.flatMap(({ time }) => [time, time - 30 * 60_000]).filter(within).length
  const options: ArchiveOptions = { s3, bucket, parser: vpcFlow, from, to }

  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    await putAll(s3, bucket, files)
  })

  const keys = async (more: Partial<ArchiveOptions> = {}) => {
    const found: string[] = []
    for await (const { key } of archiveObjects({ ...options, ...more })) found.push(key)
    return found
  }

  it('finds the objects of a span among more than a page of keys, from the top and behind any', async () => {
    let requests = 0
    const found = await keys({ onRequest: () => requests++ })
    expect(found).toEqual(expected)
    expect(found).toHaveLength(435)
    expect(requests).toBeLessThan(12)
    expect(await keys({ after: found[99]! })).toEqual(found.slice(100))
    expect(await keys({ prefix: `${folder}/2026/` })).toEqual(found)
    const all = await keys({ from: new Date('2026-11-01'), to: new Date('2026-12-01') })
    expect(all).toEqual(files.map(({ key }) => key).sort())
  })

  it('writes the records of the span, and those alone', async () => {
    const sink = memorySink()
    const source = backfillSource(archiveObjects(options), { s3 })
    const report = await ingest({ source, parser: vpcFlow, sink, filter: withinSpan({ from, to, parser: vpcFlow }) })
    expect(report.ok).toBe(true)
    expect(report.counts.written).toBe(truth)
    expect(report.counts.read).toBe(report.counts.written + report.counts.filtered)
  })

  it.each(['standard', 'fifo'])(
    'lets the consumers of a %s queue do it, under the ids of the local way',
    async (type) => {
      const name = type === 'fifo' ? { FifoQueue: 'true' } : {}
      const { url } = await createQueue('work', name, type === 'fifo' ? '.fifo' : '')
      const some = { ...options, from: new Date('2026-11-22T02:00:00Z'), to: new Date('2026-11-22T02:30:00Z') }
      const result = await enqueue(archiveObjects(some), {
        sqs,
        queueUrl: url,
        region: 'us-east-1',
        recordsPerMessage: 3,
      })
      expect(result.objects).toBe((await keys(some)).length)
      expect(await queueLength(url)).toBe(result.messages)
      const [fleet, local] = [memorySink(), memorySink()]
      const messages = await received(url)
      const report = await ingest({ source: s3Objects(messages, { s3 }), parser: vpcFlow, sink: fleet })
      expect(report).toMatchObject({ ok: true, objects: result.objects })
      await ingest({ source: backfillSource(archiveObjects(some), { s3 }), parser: vpcFlow, sink: local })
      expect([...fleet.documents.keys()].sort()).toEqual([...local.documents.keys()].sort())
    },
  )

  it('gives the ids of the live way, also in a bucket with versions', async () => {
    const live = unique('live')
    const queue = await createQueue('live')
    await s3.send(new CreateBucketCommand({ Bucket: live }))
    await s3.send(new PutBucketVersioningCommand({ Bucket: live, VersioningConfiguration: { Status: 'Enabled' } }))
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: live,
        NotificationConfiguration: { QueueConfigurations: [{ QueueArn: queue.arn, Events: ['s3:ObjectCreated:*'] }] },
      }),
    )
    const [file, other] = [flowFile(10), flowFile(11)]
    // An earlier version, which a listing does not show.
    await s3.send(new PutObjectCommand({ Bucket: live, Key: file.key, Body: other.body }))
    await received(queue.url)
    await s3.send(new PutObjectCommand({ Bucket: live, Key: file.key, Body: file.body }))
    const messages = (await received(queue.url)).filter(({ Body }) => !Body?.includes('s3:TestEvent'))
    const sink = memorySink()
    const parser = vpcFlow
    const first = await ingest({ source: s3Objects(messages, { s3 }), parser, sink })
    expect(first.messages[0]!.objects[0]!.versionId).toBeDefined()
    expect(first.counts.written).toBe(2)
    const again = await ingest({
      source: backfillSource(archiveObjects({ ...options, bucket: live }), { s3 }),
      parser,
      sink,
    })
    expect(again.counts).toMatchObject({ read: 2, written: 0, duplicate: 2 })
  })
})
