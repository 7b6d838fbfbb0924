import { Readable } from 'node:stream'
import { byKey, detect, ingest, lines } from '@flowferry/core'
import { memoryObject, memorySink } from '@flowferry/core/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { s3Event } from '../../../../test/support/s3-event.ts'
import { awsError } from '../../test/fake-sqs.ts'
import { elapse } from '../../test/timers.ts'
import { dlq, type Handler, queueUrl, worker } from '../../test/worker.ts'
import { readCause } from '../dead-messages/cause.ts'
import { s3Objects } from '../events/s3-objects.ts'

const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => (/^\d+$/.test(line) ? { value: Number(line) } : undefined),
  document: ({ value }) => ({ '@timestamp': new Date(value * 1000).toISOString() }),
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a source that is away', () => {
  /** S3 in memory: every key has one line, unless `refuse` says otherwise. */
  const reading = (refuse: (bucket: string, key: string) => Error | undefined) => {
    const send = async ({ input }: { input: { Bucket: string; Key: string } }) => {
      const error = refuse(input.Bucket, input.Key)
      if (error) throw error
      return { Body: Readable.from([Buffer.from('1\n')]), ETag: '"e"', ContentLength: 2 }
    }
    const handler: Handler = (messages, signal) =>
      ingest({
        source: s3Objects(messages, { s3: { send } as never }),
        parser: numbers,
        sink: memorySink(),
        signal,
        batchSeconds: 1,
      })
    return handler
  }
  const denied = awsError('AccessDenied', 403, 'Access Denied')

  it.each([
    ['ExpiredToken', 400, 'SOURCE_CREDENTIALS', /credentials/],
    ['InvalidAccessKeyId', 403, 'SOURCE_CREDENTIALS', /credentials/],
    ['SignatureDoesNotMatch', 403, 'SOURCE_CREDENTIALS', /credentials/],
    ['RequestTimeTooSkewed', 403, 'SOURCE_CLOCK', /clock/],
    ['AccountProblem', 403, 'SOURCE_ACCOUNT', /account/],
    ['SlowDown', 503, 'SOURCE_OVERLOADED', /load/],
    ['ECONNREFUSED', undefined, 'SOURCE_UNREACHABLE', /DNS/],
    ['PermanentRedirect', 301, 'SOURCE_REGION', /region/],
    ['KMS.DisabledException', 400, 'SOURCE_KEY', /KMS key/],
  ])('by %s: no attempt is lost, receiving pauses, and the error says why', async (name, status, code, words) => {
    const { put, start, queue, count, stop, errors } = worker()
    for (let n = 0; n < 12; n++) put(queueUrl, s3Event('logs', `k${n}`))
    let away = true
    const running = start(
      reading(() => (away ? awsError(name, status as number) : undefined)),
      {
        deadLetter: { queueUrl: dlq, maxAttempts: 1 },
      },
    )
    await vi.advanceTimersByTimeAsync(40_000)
    // Both batches wait, and nothing else is asked for.
    expect(count('ReceiveMessage')).toBe(2)
    await vi.advanceTimersByTimeAsync(1_800_000)
    expect(queue(queueUrl).map(({ receives }) => receives)).toEqual(Array(12).fill(1))
    expect(queue(dlq)).toEqual([])
    expect(errors.map((error) => error.code)).toEqual([code, code])
    expect(errors[0]!.message).toMatch(words)
    expect(errors[0]!.message).not.toContain('Grant s3:GetObject')
    away = false
    await vi.advanceTimersByTimeAsync(120_000)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 12, deleted: 12, failed: 0, deadLettered: 0 })
  })

  it('lets go at once of messages that failed for a reason of their own', async () => {
    const { put, start, queue, stop } = worker()
    for (const key of ['good', 'expired', 'denied']) put(queueUrl, s3Event('logs', key))
    let away = true
    const handler = reading((_, key) => {
      if (key === 'denied') return denied
      return key === 'expired' && away ? awsError('ExpiredToken', 400) : undefined
    })
    const running = start(handler, { deadLetter: { queueUrl: dlq, maxAttempts: 1 } })
    await vi.advanceTimersByTimeAsync(5000)
    expect(queue(queueUrl).map(({ body }) => body)).toEqual([s3Event('logs', 'expired')])
    expect(queue(dlq).map(({ body }) => body)).toEqual([s3Event('logs', 'denied')])
    away = false
    await vi.advanceTimersByTimeAsync(60_000)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 3, deleted: 2, deadLettered: 1 })
  })

  it('gives its messages back when the worker is stopped, also at their last attempt', async () => {
    const { put, run, queue, visible } = worker()
    put(queueUrl, s3Event('logs', 'a'))
    const handler = reading(() => awsError('ExpiredToken', 400))
    const totals = await run(handler, { concurrency: 1, deadLetter: { queueUrl: dlq, maxAttempts: 1 } }, 10_000)
    expect(totals).toMatchObject({ received: 1, released: 1, deadLettered: 0, failed: 0 })
    expect([queue(dlq).length, visible()]).toEqual([0, 1])
  })

  it('of one bucket holds up the others for a minute, and no longer', async () => {
    const { put, start, queue, stop } = worker()
    for (let n = 0; n < 10; n++) put(queueUrl, s3Event('broken', `k${n}`))
    for (let n = 0; n < 60; n++) put(queueUrl, s3Event('logs', `k${n}`))
    let away = true
    const handler = reading((bucket) =>
      bucket === 'broken' && away ? awsError('KMS.DisabledException', 400) : undefined,
    )
    const running = start(handler, { concurrency: 1, deadLetter: { queueUrl: dlq, maxAttempts: 1 } })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(queue(queueUrl)).toHaveLength(70)
    await vi.advanceTimersByTimeAsync(300_000)
    expect(queue(queueUrl).map(({ body, receives }) => [body.includes('broken'), receives])).toEqual(
      Array(10).fill([true, 1]),
    )
    away = false
    await vi.advanceTimersByTimeAsync(120_000)
    stop.abort()
    expect(await elapse(running)).toMatchObject({ received: 70, deleted: 70, deadLettered: 0 })
  })

  it('keeps the order of a FIFO group: what stands behind waits too', async () => {
    const { put, start, queue, stop } = worker()
    const keys = ['expired', 'denied', 'other']
    const ids = keys.map((key) => put(queueUrl, s3Event('logs', key), {}, key === 'other' ? 'h' : 'g'))
    const inner = reading((_, key) =>
      key === 'expired' ? awsError('ExpiredToken', 400) : key === 'denied' ? denied : undefined,
    )
    const handler: Handler = async (messages, signal) => {
      const given = await inner(messages, signal)
      const group = (id?: string) => (id === ids[2] ? 'h' : 'g')
      return { ...given, messages: given.messages.map((one) => ({ ...one, group: group(one.messageId) })) }
    }
    const running = start(handler, { deadLetter: { queueUrl: dlq, maxAttempts: 1 } })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(queue(queueUrl).map(({ body }) => body)).toEqual([s3Event('logs', 'expired'), s3Event('logs', 'denied')])
    expect(queue(dlq)).toEqual([])
    stop.abort()
    await elapse(running)
  })
})

describe('an object that no try can read', () => {
  const handler: Handler = (messages, signal) =>
    ingest({
      source: messages.map(({ MessageId, Body }) => ({
        messageId: MessageId!,
        objects: [memoryObject({ key: Body!, body: Body === 'number' ? '1\n' : 'what is this' })],
      })),
      parser: detect([byKey([[/number/, numbers]])]),
      sink: memorySink(),
      signal,
    })

  it('goes to the dead-letter queue at its first attempt, with its cause', async () => {
    const { put, run, queue } = worker()
    put(queueUrl, 'number')
    put(queueUrl, 'foreign')
    const totals = await run(handler, { deadLetter: { queueUrl: dlq, maxAttempts: 5 } })
    expect(totals).toMatchObject({ received: 2, deleted: 1, deadLettered: 1, failed: 0 })
    expect(queue(queueUrl)).toEqual([])
    expect(queue(dlq).map(({ body, attributes }) => [body, readCause(attributes as never)?.code])).toEqual([
      ['foreign', 'FORMAT_UNKNOWN'],
    ])
  })
})
