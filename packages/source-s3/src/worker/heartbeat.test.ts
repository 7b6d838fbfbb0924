import type { FlowferryError } from '@flowferry/core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { maxVisibilitySeconds, type Receipt } from '../queue/queue.ts'
import { startHeartbeat } from './heartbeat.ts'

const queueUrl = 'https://sqs.test/1/q'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function start(visibilitySeconds = 40, respond: () => unknown = () => ({})) {
  const fake = fakeSqs()
  fake.onCall(respond)
  const errors: FlowferryError[] = []
  let messages: readonly Receipt[] = [
    { MessageId: 'a', ReceiptHandle: 'ra' },
    { MessageId: 'b', ReceiptHandle: 'rb' },
  ]
  const heartbeat = startHeartbeat({
    sqs: fake.sqs,
    queueUrl,
    visibilitySeconds,
    messages: () => messages,
    onError: (error) => errors.push(error),
  })
  return {
    heartbeat,
    errors,
    beats: () => fake.count('ChangeMessageVisibilityBatch'),
    input: () => fake.calls.at(-1)!.input.Entries,
    finish: (messageId: string) => {
      messages = messages.filter(({ MessageId }) => MessageId !== messageId)
    },
  }
}
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000)

it('beats at half of the visibility timeout, for the messages still in work', async () => {
  const { heartbeat, beats, input, finish } = start()
  await seconds(19)
  expect(beats()).toBe(0)
  await seconds(1)
  expect(beats()).toBe(1)
  expect(input()).toMatchObject([
    { ReceiptHandle: 'ra', VisibilityTimeout: 40 },
    { ReceiptHandle: 'rb', VisibilityTimeout: 40 },
  ])
  finish('a')
  await seconds(20)
  expect(beats()).toBe(2)
  expect(input()).toMatchObject([{ ReceiptHandle: 'rb' }])
  await heartbeat.stop()
  await seconds(100)
  expect(beats()).toBe(2)
})

it('beats again after a tenth when a beat failed, and tells the error', async () => {
  let failing = true
  const { heartbeat, beats, errors } = start(40, () => (failing ? awsError('ServiceUnavailable', 503) : {}))
  await seconds(20)
  expect(beats()).toBe(1)
  expect(errors.map(({ place }) => place.messageId)).toEqual(['a', 'b'])
  failing = false
  await seconds(4)
  expect(beats()).toBe(2)
  await seconds(19)
  expect(beats()).toBe(2)
  await heartbeat.stop()
})

it('does not tell of a message that was deleted during the beat', async () => {
  let finish: (messageId: string) => void = () => {}
  const { heartbeat, errors, ...rest } = start(40, () => {
    finish('a')
    return { Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid', Message: 'gone', SenderFault: true }] }
  })
  finish = rest.finish
  await seconds(20)
  expect(errors).toEqual([])
  await heartbeat.stop()
})

it('has expired when no beat succeeded within the visibility timeout', async () => {
  const { heartbeat } = start(40, () => awsError('ServiceUnavailable', 503))
  await seconds(39)
  expect(heartbeat.expired()).toBe(false)
  await seconds(1)
  expect(heartbeat.expired()).toBe(true)
  await heartbeat.stop()
})

it('stops below the 12 hours for which SQS hides a message at most, and says so', async () => {
  const { heartbeat, errors, input } = start(10_000)
  await seconds(maxVisibilitySeconds - 2)
  expect(heartbeat.expired()).toBe(false)
  expect((input() as { VisibilityTimeout: number }[])[0]!.VisibilityTimeout).toBeLessThan(10_000)
  await seconds(1)
  expect(heartbeat.expired()).toBe(true)
  await seconds(10_000)
  expect(errors).toMatchObject([{ code: 'QUEUE_FAILED', message: expect.stringContaining('12 hours') }])
  await heartbeat.stop()
})

it('gives up a request without a response in time for the next one', async () => {
  const { heartbeat, beats, errors } = start(40, () => new Promise(() => undefined))
  await seconds(20)
  expect(beats()).toBe(1)
  await seconds(4)
  expect(errors).toHaveLength(2)
  await seconds(4)
  expect(beats()).toBe(2)
  const stopping = heartbeat.stop()
  await seconds(4)
  await stopping
})
