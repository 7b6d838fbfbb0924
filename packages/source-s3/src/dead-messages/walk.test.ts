import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { elapse } from '../../test/timers.ts'
import { causeAttribute } from './cause.ts'
import { type ReceivedDeadLetter, walkDeadLetters } from './walk.ts'

const queueUrl = 'https://sqs.test/1/dead'
const event = JSON.stringify({
  Records: [
    {
      eventSource: 'aws:s3',
      eventVersion: '2.1',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'logs' }, object: { key: 'a' } },
    },
  ],
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const visible = (sqs: ReturnType<typeof fakeSqs>) =>
  sqs.queue(queueUrl).filter(({ visibleAt }) => visibleAt <= Date.now()).length

function walk(fake: ReturnType<typeof fakeSqs>, more: Partial<Parameters<typeof walkDeadLetters>[0]> = {}) {
  const seen: ReceivedDeadLetter[] = []
  const failures = walkDeadLetters({
    sqs: fake.sqs,
    queueUrl,
    visibilitySeconds: 30,
    visit: async (deadLetters) => {
      seen.push(...deadLetters)
      return false
    },
    ...more,
  })
  return { seen, failures: elapse(failures) }
}

it('visits each message once, and makes all visible again', async () => {
  const fake = fakeSqs()
  for (let n = 0; n < 25; n++) fake.put(queueUrl, `b${n}`)
  const { seen, failures } = walk(fake)
  expect(await failures).toEqual([])
  expect(new Set(seen.map(({ body }) => body)).size).toBe(25)
  expect(seen).toHaveLength(25)
  expect(visible(fake)).toBe(25)
})

it('gives what a filter needs: cause, objects, and the time of sending', async () => {
  vi.setSystemTime(new Date('2026-11-22T10:00:00Z'))
  const fake = fakeSqs()
  fake.put(queueUrl, event, { [causeAttribute]: { DataType: 'String', StringValue: '{"code":"OBJECT_FORBIDDEN"}' } })
  fake.put(queueUrl, 'no event')
  const { seen, failures } = walk(fake)
  await failures
  expect(seen).toMatchObject([
    {
      cause: { code: 'OBJECT_FORBIDDEN' },
      objects: [{ bucket: 'logs', key: 'a' }],
      sentAt: new Date('2026-11-22T10:00:00Z'),
    },
    { body: 'no event', objects: [] },
  ])
  expect(seen[1]).not.toHaveProperty('cause')
})

it('visits a message once that SQS gives twice, and none without a body or an id; never with no message', async () => {
  const fake = fakeSqs()
  fake.put(queueUrl, 'b')
  const visits: number[] = []
  let receives = 0
  const twice = { MessageId: 'm', ReceiptHandle: 'r', Body: 'x' }
  fake.onCall(({ command }) =>
    command === 'ReceiveMessage' && ++receives <= 2
      ? { Messages: [twice, { MessageId: 'n', ReceiptHandle: 'r' }, { ReceiptHandle: 'r', Body: 'y' }] }
      : undefined,
  )
  const { failures } = walk(fake, {
    visit: async (deadLetters) => {
      visits.push(deadLetters.length)
      return false
    },
  })
  await failures
  expect(visits).toEqual([1, 1])
})

it('ends when visit says so, and leaves messages passed to keepHidden hidden', async () => {
  const fake = fakeSqs()
  for (let n = 0; n < 25; n++) fake.put(queueUrl, `b${n}`)
  const { failures } = walk(fake, {
    visit: async ([first], keepHidden) => {
      keepHidden(first!)
      return true
    },
  })
  await failures
  expect(fake.count('ReceiveMessage')).toBe(1)
  expect(visible(fake)).toBe(24)
})

it('keeps messages hidden while a visit takes its time', async () => {
  const fake = fakeSqs()
  fake.put(queueUrl, 'b')
  const { failures } = walk(fake, {
    visit: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100_000))
      expect(visible(fake)).toBe(0)
      return true
    },
  })
  expect(await failures).toEqual([])
  expect(visible(fake)).toBe(1)
  const calls = fake.calls.length
  await vi.advanceTimersByTimeAsync(100_000)
  expect(fake.calls).toHaveLength(calls)
})

it('makes the messages visible after a heartbeat that is on its way, which would hide them again', async () => {
  const fake = fakeSqs()
  fake.put(queueUrl, 'b')
  const order: string[] = []
  let begin!: () => void
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  fake.onCall(async ({ command, input }) => {
    if (command !== 'ChangeMessageVisibilityBatch') return
    const [{ VisibilityTimeout }] = input.Entries as [{ VisibilityTimeout: number }]
    if (VisibilityTimeout > 0) {
      begin()
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    order.push(VisibilityTimeout > 0 ? 'hidden' : 'visible')
  })
  const { failures } = walk(fake, {
    visit: () => begun.then(() => true),
  })
  expect(await failures).toEqual([])
  expect(order).toEqual(['hidden', 'visible'])
})

it('throws when the queue cannot be read at all, and else returns the error', async () => {
  const fake = fakeSqs()
  fake.onCall(() => awsError('AccessDenied', 403))
  await expect(walk(fake).failures).rejects.toMatchObject({ code: 'QUEUE_FAILED' })

  for (let n = 0; n < 12; n++) fake.put(queueUrl, `b${n}`)
  let receives = 0
  fake.onCall(({ command }) =>
    command === 'ReceiveMessage' && ++receives > 1 ? awsError('RequestThrottled', 403) : undefined,
  )
  const { seen, failures } = walk(fake)
  expect(await failures).toMatchObject([{ code: 'QUEUE_FAILED', retryable: true }])
  expect(seen).toHaveLength(10)
  expect(visible(fake)).toBe(12)
})

it('ends at the second empty answer in a row: SQS may have none at once', async () => {
  const fake = fakeSqs()
  fake.put(queueUrl, 'b')
  let receives = 0
  fake.onCall(({ command }) => (command === 'ReceiveMessage' && ++receives === 1 ? {} : undefined))
  const { seen, failures } = walk(fake)
  expect(await failures).toEqual([])
  expect(seen).toHaveLength(1)
  // With any wait SQS asks all of its servers.
  expect(fake.calls.filter(({ command }) => command === 'ReceiveMessage')[0]!.input).toMatchObject({
    WaitTimeSeconds: 1,
  })
  // None, the message, none, none.
  expect(fake.count('ReceiveMessage')).toBe(4)
})

it('makes the messages visible when visit throws', async () => {
  const fake = fakeSqs()
  fake.put(queueUrl, 'b')
  const { failures } = walk(fake, { visit: () => Promise.reject(new Error('enough')) })
  await expect(failures).rejects.toThrow('enough')
  expect(visible(fake)).toBe(1)
})
