import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { FlowferryError } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { faultProxy } from '../../../test/support/fault-proxy.ts'
import { type ConsumeOptions, type ConsumeTotals, consume, redrive, type SqsMessage, settle } from '../src/index.ts'
import { absent, createQueue, endpoint, queueLength, sqs, sqsAt } from './aws.ts'
import { done, failed, notFound, report } from './reports.ts'

const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))
const allDone = async (messages: readonly SqsMessage[]) => report(messages.map(({ MessageId }) => done(MessageId)))
const allFailed = async (messages: readonly SqsMessage[]) =>
  report(messages.map(({ MessageId }) => failed(MessageId, notFound('a b/ü.log'))))
const body = '{"Records": [ ],\n  "kept":\t"verbatim ü 日 \u{1F600} \\u0041" }'

const send = (url: string, text: string, more: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: text, ...more }))
const receive = async (url: string) => {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      WaitTimeSeconds: 1,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
  )
  return Messages
}

describe.skipIf(absent)('consume', () => {
  const errors: FlowferryError[] = []
  /** Runs a worker until `enough`, then stops it. */
  const run = async (
    url: string,
    handler: Parameters<typeof consume>[1],
    enough: () => boolean | Promise<boolean>,
    options: Partial<ConsumeOptions> = {},
  ): Promise<ConsumeTotals> => {
    const stop = new AbortController()
    errors.length = 0
    const onError = (error: FlowferryError) => errors.push(error)
    const running = consume(url, handler, { sqs, signal: stop.signal, waitSeconds: 1, onError, ...options })
    for (let tries = 0; tries < 400 && !(await enough()); tries++) await wait(100)
    stop.abort()
    return running
  }
  /** The queue's one message is in work for so long, and is delivered once. */
  const workOnce = async (url: string, milliseconds: number, options: Partial<ConsumeOptions> = {}): Promise<void> => {
    let deliveries = 0
    let finished = false
    const totals = await run(
      url,
      async (messages) => {
        deliveries++
        await wait(milliseconds)
        finished = true
        return allDone(messages)
      },
      () => finished,
      options,
    )
    expect(deliveries).toBe(1)
    expect(totals).toMatchObject({ received: 1, deleted: 1 })
  }

  it('deletes what is done, and leaves what failed', async () => {
    const { url } = await createQueue('work')
    await Promise.all(Array.from({ length: 24 }, (_, n) => send(url, n === 7 ? 'bad' : `good ${n}`)))
    let handled = 0
    const totals = await run(
      url,
      async (messages) => {
        handled += messages.length
        return report(messages.map(({ MessageId, Body }) => (Body === 'bad' ? failed(MessageId) : done(MessageId))))
      },
      () => handled === 24,
    )
    expect(totals).toMatchObject({ received: 24, deleted: 23, failed: 1, released: 0 })
    expect(await queueLength(url)).toBe(1)
    expect(errors).toEqual([])
  })

  it('keeps a message hidden for longer than the visibility timeout while it is in work', async () => {
    const { url } = await createQueue('long', { VisibilityTimeout: '2' })
    await send(url, 'long')
    await workOnce(url, 5000)
    expect(await queueLength(url)).toBe(0)
    expect(errors).toEqual([])
  })

  it('keeps it hidden where SQS refuses a heartbeat until the SDK gives up', async () => {
    const { url } = await createQueue('beat', { VisibilityTimeout: '10' })
    await send(url, 'long')
    let beats = 0
    const refusal = JSON.stringify({ __type: 'com.amazonaws.sqs#ServiceUnavailable', message: 'by the test' })
    const proxy = await faultProxy(endpoint!, ({ headers }) => {
      if (!String(headers['x-amz-target']).endsWith('.ChangeMessageVisibilityBatch') || ++beats > 3) return undefined
      return { does: 'answer', status: 503, headers: { 'content-type': 'application/json' }, body: refusal }
    })
    const through = sqsAt(proxy.url)
    // Beyond the end of the first timeout.
    await workOnce(url, 12_000, { sqs: through })
    through.destroy()
    await proxy.close()
    expect(beats).toBeGreaterThan(3)
    expect(errors).toMatchObject([{ code: 'QUEUE_FAILED', retryable: true }])
  })

  it('sends the last attempt to the dead-letter queue byte for byte, and redrive brings it back', async () => {
    const dead = await createQueue('dead', { VisibilityTimeout: '0' })
    const policy = { deadLetterTargetArn: dead.arn, maxReceiveCount: 4 }
    const { url } = await createQueue('work', { RedrivePolicy: JSON.stringify(policy) })
    await send(url, body, {
      MessageAttributes: {
        text: { DataType: 'String', StringValue: 'kept ü' },
        blob: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255, 1]) },
      },
    })
    const totals = await run(url, allFailed, async () => (await queueLength(dead.url)) === 1, {
      deadLetter: { queueUrl: dead.url },
      retrySeconds: 0,
    })
    expect(totals).toMatchObject({ received: 3, failed: 2, deadLettered: 1, deleted: 0 })
    expect(await queueLength(url)).toBe(0)

    const dry = await redrive({ sqs, from: dead.url, to: url, dryRun: true })
    expect(dry).toMatchObject({ seen: 1, redriven: 1, byCause: { OBJECT_NOT_FOUND: 1 }, failures: [] })
    const [letter] = await receive(dead.url)
    expect(letter?.Body).toBe(body)
    expect(Object.keys(letter!.MessageAttributes!).sort()).toEqual(['blob', 'flowferry.cause', 'text'])
    expect(Buffer.from(letter!.MessageAttributes!.blob!.BinaryValue!)).toEqual(Buffer.from([0, 255, 1]))
    expect(JSON.parse(letter!.MessageAttributes!['flowferry.cause']!.StringValue!)).toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      stage: 'object',
      attempts: 3,
      bucket: 'logs',
      key: 'a b/ü.log',
    })

    expect(await redrive({ sqs, from: dead.url, to: url })).toMatchObject({ seen: 1, redriven: 1, failures: [] })
    const [back] = await receive(url)
    expect(back?.Body).toBe(body)
    expect(Object.keys(back!.MessageAttributes!).sort()).toEqual(['blob', 'text'])
    expect(await queueLength(dead.url)).toBe(0)
  })

  it('redrives by filter, send before delete, each message once', async () => {
    const dead = await createQueue('dead', { VisibilityTimeout: '0' })
    const { url } = await createQueue('work')
    const cause = (code: string) => ({
      MessageAttributes: { 'flowferry.cause': { DataType: 'String', StringValue: JSON.stringify({ code }) } },
    })
    for (let n = 0; n < 15; n++) await send(dead.url, `archived ${n}`, cause('OBJECT_ARCHIVED'))
    for (let n = 0; n < 8; n++) await send(dead.url, `missing ${n}`, cause('OBJECT_NOT_FOUND'))
    await send(dead.url, body)
    const result = await redrive({
      sqs,
      from: dead.url,
      to: url,
      filter: (letter) => letter.cause?.code !== 'OBJECT_NOT_FOUND',
    })
    expect(result).toEqual({
      seen: 24,
      redriven: 16,
      skipped: 8,
      byCause: { OBJECT_ARCHIVED: 15, OBJECT_NOT_FOUND: 8, UNKNOWN: 1 },
      failures: [],
    })
    expect([await queueLength(url), await queueLength(dead.url)]).toEqual([16, 8])
    const back: SqsMessage[] = []
    for (let messages = await receive(url); messages.length > 0; messages = await receive(url)) back.push(...messages)
    expect(back.map(({ Body }) => Body)).toContain(body)
    expect(back.every(({ MessageAttributes }) => MessageAttributes === undefined)).toBe(true)
    expect(await receive(dead.url)).not.toHaveLength(0)
  })

  it('finishes what runs when it is stopped, and gives the rest back', async () => {
    const { url } = await createQueue('drain', { VisibilityTimeout: '60' })
    for (let n = 0; n < 4; n++) await send(url, n % 2 ? 'quick' : 'slow')
    let begun = 0
    const began = Date.now()
    const totals = await run(
      url,
      async ([message], signal) => {
        begun++
        const end = Date.now() + (message!.Body === 'slow' ? 60_000 : 1500)
        while (!signal.aborted && Date.now() < end) await wait(50)
        const reason = new FlowferryError('ABORTED', 'Stopped')
        return signal.aborted ? report([failed(message!.MessageId, reason)], reason) : allDone([message!])
      },
      () => begun === 4,
      { batchSize: 1, concurrency: 4, drainMilliseconds: 4000 },
    )
    expect(Date.now() - began).toBeLessThan(15_000)
    expect(totals).toMatchObject({ received: 4, deleted: 2, released: 2, failed: 0 })
    expect((await receive(url)).map(({ Body }) => Body)).toEqual(['slow', 'slow'])
  })

  it('with a batchSize of 1, a large file holds no small one in flight', async () => {
    const { url } = await createQueue('sizes')
    await Promise.all(Array.from({ length: 10 }, (_, n) => send(url, n === 3 ? 'large' : `small ${n}`)))
    // The large one ends when all others are deleted, however long that takes.
    const alone = async () => (await queueLength(url)) === 1
    let finished = false
    const totals = await run(
      url,
      async ([message]) => {
        if (message!.Body === 'large') {
          while (!(await alone())) await wait(100)
          finished = true
        }
        return allDone([message!])
      },
      () => finished,
      { batchSize: 1, concurrency: 10 },
    )
    expect(totals).toMatchObject({ received: 10, deleted: 10, failed: 0 })
    expect(await queueLength(url)).toBe(0)
  })

  it('holds messages through an outage of the target', async () => {
    const { url } = await createQueue('outage', { VisibilityTimeout: '2' })
    await send(url, 'patient')
    const receives: (string | undefined)[] = []
    let calls = 0
    const totals = await run(
      url,
      async (messages) => {
        receives.push(...messages.map(({ Attributes }) => Attributes?.ApproximateReceiveCount))
        if (++calls === 4) return allDone(messages)
        const reason = new FlowferryError('TARGET_UNREACHABLE', 'No answer')
        return report(
          messages.map(({ MessageId }) => failed(MessageId, reason)),
          reason,
        )
      },
      () => calls === 4,
    )
    expect(receives).toEqual(['1', '1', '1', '1'])
    expect(totals).toMatchObject({ received: 1, deleted: 1, failed: 0, reports: 4 })
  })

  it('rejects when there is no such queue', async () => {
    const { url } = await createQueue('there')
    const missing = consume(`${url}-not`, allDone, { sqs })
    await expect(missing).rejects.toMatchObject({ code: 'QUEUE_FAILED', retryable: false })
  })
})

describe.skipIf(absent)('settle in a Lambda', () => {
  it('sends to a FIFO queue with the group of the original', async () => {
    const name = `dead-${Date.now()}.fifo`
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: 'true' } }))
    const attributes = { ApproximateReceiveCount: '4', MessageGroupId: 'group' }
    const event = { Records: [{ messageId: 'm-1', body, attributes, messageAttributes: {} }] }
    for (let twice = 0; twice < 2; twice++) {
      const result = await settle(report([failed('m-1')]), event, {
        sqs,
        deadLetter: { queueUrl: QueueUrl!, maxAttempts: 4 },
      })
      expect(result).toMatchObject({ ok: true, deadLettered: ['m-1'], queueErrors: [] })
    }
    const letters = await receive(QueueUrl!)
    expect(letters.map(({ Body, Attributes }) => [Body, Attributes?.MessageGroupId])).toEqual([[body, 'group']])
  })

  it('leaves the message failed when the queue does not exist', async () => {
    const { url } = await createQueue('there')
    const event = [{ MessageId: 'm-1', Body: body, Attributes: { ApproximateReceiveCount: '9' } }]
    const result = await settle(report([failed('m-1')]), event, {
      sqs,
      deadLetter: { queueUrl: `${url}-not`, maxAttempts: 4 },
    })
    expect(result).toMatchObject({ ok: false, deadLettered: [], queueErrors: [{ code: 'QUEUE_FAILED' }] })
  })
})
