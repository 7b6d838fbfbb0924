import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { elapse } from '../../test/timers.ts'
import {
  changeVisibility,
  deleteMessages,
  isDenied,
  isFifo,
  isPermanent,
  isRefusedForAll,
  isUrlOfArn,
  queueError,
  queueSettings,
  receive,
  sendMessage,
} from './queue.ts'

const url = 'https://sqs.test/1/q'
const receipts = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ MessageId: `m${n}`, ReceiptHandle: `r${n}` }))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('receive', () => {
  it('asks for the attributes that the library reads', async () => {
    const { sqs, calls, put } = fakeSqs()
    put(url, 'b')
    expect(await receive(sqs, url, { messages: 4, waitSeconds: 3, visibilitySeconds: 60 })).toHaveLength(1)
    expect(calls[0]!.input).toMatchObject({
      MaxNumberOfMessages: 4,
      WaitTimeSeconds: 3,
      VisibilityTimeout: 60,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId', 'SequenceNumber', 'SentTimestamp'],
      MessageAttributeNames: ['All'],
    })
  })

  it('gives SQS 15 s beyond the wait', async () => {
    const { sqs, onCall } = fakeSqs()
    onCall(() => new Promise(() => undefined))
    const began = Date.now()
    const receiving = receive(sqs, url, { messages: 1, waitSeconds: 20, visibilitySeconds: 30 })
    await expect(elapse(receiving)).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(Date.now() - began).toBe(35_000)
  })
})

describe('queueSettings', () => {
  const read = (attributes: Record<string, string>) =>
    queueSettings(fakeSqs({ attributes }).sqs, url, new AbortController().signal)

  it('reads the visibility timeout and the RedrivePolicy', async () => {
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: 'arn', maxReceiveCount: '5' })
    expect(await read({ VisibilityTimeout: '90', RedrivePolicy })).toEqual({ visibilitySeconds: 90, maxReceives: 5 })
  })

  it('has neither where the queue has none', async () => {
    expect(await read({ VisibilityTimeout: '0' })).toEqual({})
  })
})

describe('requests of many entries', () => {
  it('have ten entries each', async () => {
    const { sqs, calls, onCall } = fakeSqs()
    onCall(() => ({}))
    expect(await changeVisibility(sqs, url, receipts(25), 40)).toEqual([])
    const entries = calls.map(({ input }) => input.Entries as Record<string, unknown>[])
    expect(entries.map(({ length }) => length)).toEqual([10, 10, 5])
    expect(entries[2]![4]).toMatchObject({ ReceiptHandle: 'r24', VisibilityTimeout: 40 })
  })

  it('tell the entries that failed, and of a refused request all of its own', async () => {
    const { sqs, onCall } = fakeSqs()
    let requests = 0
    onCall(() => {
      if (++requests === 2) return awsError('RequestThrottled', 403)
      return { Failed: [{ Id: '3', Code: 'ReceiptHandleIsInvalid', Message: 'expired', SenderFault: true }] }
    })
    const failures = await changeVisibility(sqs, url, receipts(20), 0)
    expect(failures.map(({ message }) => message.MessageId)).toEqual([
      'm3',
      ...receipts(20)
        .slice(10)
        .map(({ MessageId }) => MessageId),
    ])
    expect(failures[0]!.error).toMatchObject({ place: { messageId: 'm3' }, retryable: false })
    expect(failures[1]!.error).toMatchObject({ code: 'QUEUE_FAILED', retryable: true })
  })
})

describe('deleteMessages', () => {
  it('tries failed entries again, and no others', async () => {
    const { sqs, calls, onCall } = fakeSqs()
    let requests = 0
    onCall(() => ({ Failed: ++requests < 3 ? [{ Id: '0', Code: 'InternalError', SenderFault: false }] : [] }))
    expect(await elapse(deleteMessages(sqs, url, receipts(3)))).toEqual([])
    expect(calls.map(({ input }) => (input.Entries as unknown[]).length)).toEqual([3, 1, 1])
  })

  it('gives up after three tries', async () => {
    const { sqs, count, onCall } = fakeSqs()
    onCall(() => awsError('ServiceUnavailable', 503))
    expect(await elapse(deleteMessages(sqs, url, receipts(2)))).toMatchObject([
      { message: { MessageId: 'm0' } },
      { message: { MessageId: 'm1' } },
    ])
    expect(count('DeleteMessageBatch')).toBe(3)
  })
})

describe('sendMessage', () => {
  const message = { body: 'b', attributes: {}, messageId: 'm' }
  const inputOf = async (queueUrl: string, groupId: string | undefined) => {
    const { sqs, calls } = fakeSqs()
    await sendMessage(sqs, queueUrl, { ...message, groupId })
    return calls[0]!.input
  }

  it('names group and deduplication id to a FIFO queue alone', async () => {
    expect(await inputOf(`${url}.fifo`, 'g')).toMatchObject({ MessageGroupId: 'g', MessageDeduplicationId: 'm' })
    expect(await inputOf(url, 'g')).not.toHaveProperty('MessageGroupId')
    expect(await inputOf(url, 'g')).not.toHaveProperty('MessageDeduplicationId')
  })

  it('takes the message as its own group where it has none', async () => {
    expect(await inputOf(`${url}.fifo`, undefined)).toMatchObject({ MessageGroupId: 'm' })
  })
})

it('isFifo reads the name', () => {
  expect([isFifo(`${url}.fifo`), isFifo(url)]).toEqual([true, false])
})

it.each([
  ['https://sqs.eu-central-1.amazonaws.com/123456789012/logs', true],
  ['https://sqs.us-east-1.amazonaws.com/123456789012/logs', false],
  ['https://sqs.eu-central-1.amazonaws.com/123456789012/other', false],
  ['https://sqs.eu-central-1.amazonaws.com/210987654321/logs', false],
  ['https://vpce-1.sqs.eu-central-1.vpce.amazonaws.com/123456789012/logs', true],
  ['http://localhost:4566/123456789012/logs', true],
])('isUrlOfArn of %s is %s', (queueUrl, same) => {
  expect(isUrlOfArn(queueUrl, 'arn:aws:sqs:eu-central-1:123456789012:logs')).toBe(same)
})

it.each([
  ['AccessDenied', 403, true, true],
  ['SomethingNew', 401, true, true],
  ['RequestThrottled', 403, false, false],
  ['AWS.SimpleQueueService.NonExistentQueue', 400, false, true],
  ['QueueDoesNotExist', 400, false, true],
  ['InternalError', 500, false, false],
])('%s with %s is denied: %s, permanent: %s', (name, status, denied, permanent) => {
  const error = awsError(name, status as number)
  expect([isDenied(error), isPermanent(error)]).toEqual([denied, permanent])
  expect(queueError('SendMessage', 'm', error)).toMatchObject({
    code: 'QUEUE_FAILED',
    retryable: !permanent,
    place: { messageId: 'm' },
    message: expect.stringContaining(`SendMessage: ${name}`),
  })
})

it.each([
  ['ExpiredToken', 400, 'SOURCE_CREDENTIALS'],
  ['CredentialsProviderError', undefined, 'SOURCE_CREDENTIALS'],
  ['KmsInvalidState', 400, 'SOURCE_KEY'],
])('%s is an outage, not a refusal for good, and names its cause', (name, status, code) => {
  const error = awsError(name, status as number)
  expect([isDenied(error), isPermanent(error), isRefusedForAll(error)]).toEqual([false, false, true])
  expect(queueError('SendMessage', 'm', error)).toMatchObject({ code, retryable: true })
  expect(isRefusedForAll(awsError('RequestThrottled', 403))).toBe(false)
})

it('takes an unknown error as one that passes', () => {
  expect([isDenied(undefined), isPermanent(undefined)]).toEqual([false, false])
  expect(queueError('x').retryable).toBe(true)
})
