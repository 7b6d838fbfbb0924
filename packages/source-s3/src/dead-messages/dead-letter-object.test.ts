import { FlowferryError } from '@flowferry/core'
import { expect, it } from 'vitest'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { readEnvelope } from '../events/envelope.ts'
import type { SqsAttribute } from '../events/messages.ts'
import { readCause } from './cause.ts'
import { deadLetterObject } from './dead-letter-object.ts'

const queueUrl = 'https://sqs.test/1/dead'
const object = { bucket: 'logs', key: 'AWSLogs/1/a b.log.gz', etag: 'e', size: 5 }
const error = new FlowferryError('TARGET_BLOCKED', 'The disk is full')

it('sends the event of an upload with the cause, which names the object', async () => {
  const { sqs, queue } = fakeSqs()
  await deadLetterObject(object, error, { sqs, queueUrl, region: 'eu-central-1' })
  const { body, attributes } = queue(queueUrl)[0]!
  expect(readEnvelope(body).objects).toEqual([{ ...object, region: 'eu-central-1' }])
  expect(readCause(attributes as Record<string, SqsAttribute>)).toMatchObject({
    code: 'TARGET_BLOCKED',
    attempts: 1,
    bucket: 'logs',
    key: 'AWSLogs/1/a b.log.gz',
  })
})

it('gives a FIFO queue the same id for the same object', async () => {
  const { sqs, calls } = fakeSqs()
  const fifo = { sqs, queueUrl: `${queueUrl}.fifo`, region: 'eu-central-1' }
  const at = { ...object, lastModified: new Date('2026-11-22T00:00:00Z') }
  await deadLetterObject(at, error, fifo)
  await deadLetterObject(at, error, fifo)
  await deadLetterObject({ ...at, etag: 'other' }, error, fifo)
  const ids = calls.map(({ input }) => input.MessageDeduplicationId)
  expect(ids[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(ids[1]).toBe(ids[0])
  expect(ids[2]).not.toBe(ids[0])
})

it('rejects when SQS refuses, and for a wrong option', async () => {
  const { sqs, onCall } = fakeSqs()
  onCall(() => awsError('AccessDenied', 403))
  const sent = deadLetterObject(object, error, { sqs, queueUrl, region: 'eu-central-1' })
  await expect(sent).rejects.toMatchObject({ code: 'QUEUE_FAILED', retryable: false })
  for (const wrong of [{ queueUrl: 'dead' }, { sqs: undefined as never }])
    await expect(
      deadLetterObject(object, error, { sqs, queueUrl, region: 'eu-central-1', ...wrong }),
    ).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})
