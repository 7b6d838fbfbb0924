import { gzipSync } from 'node:zlib'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { byteBudget, ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memorySink } from '@flowferry/core/testing'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { createStack, type Handler, invoke, type Stack } from '../../../test/support/aws.ts'
import { s3Event } from '../../../test/support/s3-event.ts'
import { onServers } from '../../../test/support/servers.ts'
import { batchResponse, s3Objects, settle } from '../src/index.ts'
import { createQueue } from './aws.ts'
import { narrowSink } from './narrow-sink.ts'

const records = 24_000
const header = 'version srcaddr dstaddr srcport packets end'
const line = (n: number) => `5 10.0.${n % 250}.1 10.1.0.1 ${n % 60_000} ${n} ${1790000000 + n}`
const file = gzipSync([header, ...Array.from({ length: records }, (_, n) => line(n))].join('\n'))
const key = 'AWSLogs/123456789012/vpcflowlogs/big.log.gz'

const { test, urls } = onServers('aws')
let stack: Stack
beforeAll(async () => {
  if (urls[0]) stack = await createStack(urls[0], { visibilitySeconds: 20, maxReceiveCount: 4 })
})
afterAll(() => stack?.close())

describe('a file that is larger than an invocation', () => {
  /** Invokes a function until the queue is empty; in each invocation the store takes `share` of a file, and no more. */
  const work = async ({ queueUrl, queueArn }: Pick<Stack, 'queueUrl' | 'queueArn'>, share: number) => {
    const sink = narrowSink()
    const counts = { written: 0, duplicate: 0 }
    const continued: string[] = []
    const handler: Handler = async (event, deadline) => {
      sink.room = records * share
      const source = s3Objects(event, stack)
      const options = { batchBytes: 64 * 1024, budget: byteBudget(128 * 1024) }
      const report = await ingest({ source, parser: vpcFlow, sink, deadline, ...options })
      counts.written += report.counts.written
      counts.duplicate += report.counts.duplicate
      const settled = await settle(report, event, {
        sqs: stack.sqs,
        deadLetter: { queueUrl: stack.deadLetterQueueUrl, maxAttempts: 3 },
      })
      expect(settled.queueErrors).toEqual([])
      continued.push(...settled.continued)
      return batchResponse(settled)
    }
    let invocations = 0
    while ((await stack.depth(queueUrl)) > 0 && invocations < 20)
      if (await invoke({ ...stack, queueUrl, queueArn }, handler, 2500)) invocations++
    expect([await stack.depth(queueUrl), await stack.depth(stack.deadLetterQueueUrl)]).toEqual([0, 0])
    return { documents: sink.documents, counts, continued, invocations }
  }

  test('finishes over several, each continuing the last', async () => {
    await stack.put(key, file)
    const { documents, counts, continued, invocations } = await work(stack, 0.3)
    expect(counts).toEqual({ written: records, duplicate: 0 })
    expect(
      new Set([...documents.values()].map(({ document }) => (document.network as { packets: number }).packets)).size,
    ).toBe(records)
    expect(continued.length).toBeGreaterThanOrEqual(3)
    // The stack's first message, `s3:TestEvent`, may have one of its own.
    expect(invocations - continued.length).toBeGreaterThanOrEqual(1)
    expect(invocations - continued.length).toBeLessThanOrEqual(2)
  })

  test('does so from a FIFO queue', async () => {
    const { QueueUrl } = await stack.sqs.send(
      new CreateQueueCommand({
        QueueName: `${stack.bucket}.fifo`,
        Attributes: { FifoQueue: 'true', VisibilityTimeout: '5' },
      }),
    )
    const { Attributes } = await stack.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    )
    for (const id of ['one', 'two'])
      await stack.sqs.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: s3Event(stack.bucket, key),
          MessageGroupId: 'group',
          MessageDeduplicationId: id,
        }),
      )
    const { documents, counts, continued } = await work({ queueUrl: QueueUrl!, queueArn: Attributes!.QueueArn! }, 0.6)
    expect(documents.size).toBe(records)
    // The second message names the same file, and each of its records is read once too.
    expect(counts).toEqual({ written: records, duplicate: records })
    expect(continued.length).toBeGreaterThanOrEqual(2)
  })
})

describe('a message that is not begun before the deadline', () => {
  test('is not given up, however few attempts there are', async () => {
    const [main, dead] = [await createQueue('late', { VisibilityTimeout: '2' }), await createQueue('late-dead')]
    for (let n = 0; n < 2; n++)
      await stack.sqs.send(new SendMessageCommand({ QueueUrl: main.url, MessageBody: s3Event(stack.bucket, key) }))
    const queue = { ...stack, queueUrl: main.url, queueArn: main.arn }
    const memory = memorySink()
    const silent = { send: () => new Promise<never>(() => undefined) } as unknown as Stack['s3']
    let invocations = 0
    const handler: Handler = async (event, deadline) => {
      // In the first invocation S3 is silent, and the message that is begun takes all the time.
      const source = s3Objects(event, { s3: invocations++ === 0 ? silent : stack.s3 })
      const report = await ingest({ source, parser: vpcFlow, sink: memory, deadline, concurrency: 1 })
      const deadLetter = { queueUrl: dead.url, maxAttempts: 1 }
      return batchResponse(await settle(report, event, { sqs: stack.sqs, deadLetter }))
    }
    await invoke(queue, handler, 1500)
    expect([await stack.depth(main.url), await stack.depth(dead.url)]).toEqual([1, 1])
    while ((await stack.depth(main.url)) > 0 && invocations < 20) await invoke(queue, handler)
    expect([await stack.depth(main.url), await stack.depth(dead.url)]).toEqual([0, 1])
    expect(memory.documents.size).toBe(records)
  })
})
