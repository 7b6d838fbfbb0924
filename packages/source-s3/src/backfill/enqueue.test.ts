import type { SendMessageBatchCommandInput } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { s3Objects } from '../events/s3-objects.ts'
import { type EnqueueOptions, enqueue } from './enqueue.ts'
import { batchManifest } from './manifest.ts'
import { type EventObject, s3EventBody } from './s3-event.ts'

const s3 = { send: () => Promise.reject(new Error('not read here')) } as never
const odd = ['a b/ü+1%.log', "it's(1)*!~.gz", 'year=2026/日/\u{1F600}', 'x&y;z:@,$?#"<>\\^`{|}[]']
const objectOf = (key: string): EventObject => ({
  bucket: 'logs',
  key,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  size: 12,
  lastModified: new Date('2026-11-22T10:00:00Z'),
})
const many = (count: number) => Array.from({ length: count }, (_, n) => objectOf(`key-${n}`))

/** A queue that answers as told: for each request an error to throw, ids to refuse, or nothing. */
function queue(answers: (Error | readonly { Id: string; Code: string; SenderFault: boolean }[] | undefined)[] = []) {
  const requests: SendMessageBatchCommandInput[] = []
  const taken: string[] = []
  const send = async ({ input }: { input: SendMessageBatchCommandInput }) => {
    requests.push(input)
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    const refused = new Set(answer?.map(({ Id }) => Id))
    for (const { Id, MessageBody } of input.Entries!) if (!refused.has(Id!)) taken.push(MessageBody!)
    return { Failed: answer ?? [] }
  }
  return { sqs: { send } as unknown as EnqueueOptions<EventObject>['sqs'], requests, taken }
}
const options = { queueUrl: 'https://sqs.test/1/logs', region: 'eu-central-1' }
const keysOf = (bodies: readonly string[]) =>
  s3Objects(
    bodies.map((Body, n) => ({ MessageId: String(n), Body })),
    { s3 },
  ).flatMap(({ objects }) => objects.map(({ key }) => key))

describe('s3EventBody', () => {
  it('is read by s3Objects as what the listing stated', () => {
    const [message] = s3Objects([{ MessageId: '1', Body: s3EventBody(odd.map(objectOf), 'eu-central-1') }], { s3 })
    expect(message!.error).toBeUndefined()
    expect(message!.objects).toMatchObject(
      odd.map((key) => ({ bucket: 'logs', key, etag: 'd41d8cd98f00b204e9800998ecf8427e', size: 12 })),
    )
  })

  it("has S3's own form", () => {
    expect(JSON.parse(s3EventBody([objectOf('year=2026/a b+c.gz')], 'cn-north-1'))).toEqual({
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: 'cn-north-1',
          eventTime: '2026-11-22T10:00:00.000Z',
          eventName: 'ObjectCreated:Put',
          s3: {
            s3SchemaVersion: '1.0',
            configurationId: 'flowferry-backfill',
            bucket: { name: 'logs', arn: 'arn:aws-cn:s3:::logs' },
            object: { key: 'year%3D2026/a+b%2Bc.gz', size: 12, eTag: 'd41d8cd98f00b204e9800998ecf8427e' },
          },
        },
      ],
    })
  })
})

describe('enqueue', () => {
  it('sends batches of ten messages of one object each', async () => {
    const { sqs, requests, taken } = queue()
    const sent: string[] = []
    const onSent = (objects: readonly EventObject[]) => sent.push(...objects.map(({ key }) => key))
    const objects = [...many(23), ...odd.map(objectOf)]
    expect(await enqueue(objects, { sqs, ...options, onSent })).toEqual({ objects: 27, messages: 27, requests: 3 })
    expect(requests.map(({ Entries }) => Entries!.length).sort()).toEqual([10, 10, 7])
    expect(keysOf(taken).sort()).toEqual(objects.map(({ key }) => key).sort())
    expect(sent.sort()).toEqual(keysOf(taken).sort())
    expect(requests[0]!.Entries![0]).not.toHaveProperty('MessageGroupId')
  })

  it('puts several objects into a message, and no more bytes into a batch than SQS takes', async () => {
    const { sqs, requests, taken } = queue()
    const objects = Array.from({ length: 250 }, (_, n) => objectOf(`${'k'.repeat(900)}${n}`))
    expect(await enqueue(objects, { sqs, ...options, recordsPerMessage: 100 })).toMatchObject({
      objects: 250,
      messages: 3,
    })
    expect(keysOf(taken).sort()).toEqual(objects.map(({ key }) => key).sort())
    for (const { Entries } of requests)
      expect(Entries!.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody!), 0)).toBeLessThanOrEqual(
        262_144,
      )
    expect(requests).toHaveLength(2)
  })

  it('knows messages of a FIFO queue by their objects', async () => {
    const ids = async () => {
      const { sqs, requests } = queue()
      await enqueue(many(2), { sqs, ...options, queueUrl: 'https://sqs.test/1/logs.fifo' })
      return requests[0]!.Entries!.map(({ MessageGroupId, MessageDeduplicationId }) => [
        MessageGroupId,
        MessageDeduplicationId,
      ])
    }
    const first = await ids()
    expect(new Set(first.flat()).size).toBe(2)
    expect(await ids()).toEqual(first)
  })

  it('sends what was refused for load again, and that alone', async () => {
    const refused = [{ Id: '1', Code: 'ServiceUnavailable', SenderFault: false }]
    const lost = Object.assign(new Error('reset'), { name: 'TimeoutError' })
    const { sqs, requests, taken } = queue([refused, lost])
    expect(await enqueue(many(3), { sqs, ...options })).toEqual({ objects: 3, messages: 3, requests: 3 })
    expect(requests.map(({ Entries }) => Entries!.length)).toEqual([3, 1, 1])
    expect(keysOf(taken)).toEqual(['key-0', 'key-2', 'key-1'])
  })

  it('ends when SQS refuses for good, and has told what was sent', async () => {
    const gone = Object.assign(new Error('no such queue'), { name: 'QueueDoesNotExist' })
    const { sqs, requests } = queue([undefined, gone])
    const sent: EventObject[] = []
    const run = enqueue(many(100), { sqs, ...options, concurrency: 1, onSent: (objects) => sent.push(...objects) })
    await expect(run).rejects.toMatchObject({ code: 'QUEUE_FAILED', message: expect.stringContaining('no such queue') })
    expect(requests).toHaveLength(2)
    expect(sent).toHaveLength(10)
  })

  it('holds its rate', async () => {
    const { sqs } = queue()
    const started = performance.now()
    await enqueue(many(40), { sqs, ...options, messagesPerSecond: 100 })
    // The first batch goes at once.
    expect(performance.now() - started).toBeGreaterThan(280)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const { sqs, requests } = queue()
    const run = enqueue(many(1000), { sqs, ...options, signal: stop.signal, onSent: () => stop.abort() })
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' })
    expect(requests.length).toBeLessThan(10)
  })

  it.each([
    [{ queueUrl: 'logs' }, /queue's URL/],
    [{ region: '' }, /`region`/],
    [{ recordsPerMessage: 101 }, /from 1 to 100/],
    [{ messagesPerSecond: 0 }, /from 0.1 to 10000/],
    [{ sqs: {} as never }, /`sqs` must be a client/],
  ])('refuses %o', async (wrong, words) => {
    await expect(enqueue([], { sqs: queue().sqs, ...options, ...wrong })).rejects.toThrow(words)
  })
})

describe('batchManifest', () => {
  it('writes a line an object, keys URL-encoded', async () => {
    const objects = (async function* () {
      for (const object of [...many(1500), ...odd.map(objectOf)]) yield object
    })()
    const pieces: string[] = []
    for await (const piece of batchManifest(objects)) pieces.push(piece)
    expect(pieces).toHaveLength(2)
    const lines = pieces.join('').split('\n')
    expect(lines.slice(0, 2)).toEqual(['logs,key-0', 'logs,key-1'])
    const last = lines.slice(1500, -1).map((line) => line.split(','))
    expect(last.map(([, key]) => decodeURIComponent(key!))).toEqual(odd)
    expect(last.every((fields) => fields.length === 2)).toBe(true)
  })
})
