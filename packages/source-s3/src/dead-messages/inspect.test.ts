import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { s3Event } from '../../../../test/support/s3-event.ts'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { elapse } from '../../test/timers.ts'
import { causeAttribute } from './cause.ts'
import { type InspectDeadLettersOptions, inspectDeadLetters } from './inspect.ts'
import type { DeadLetter } from './walk.ts'

const queueUrl = 'https://sqs.test/1/dlq'
const cause = (code: string, more: object = {}) => ({
  [causeAttribute]: { DataType: 'String', StringValue: JSON.stringify({ code, message: `${code} it is`, ...more }) },
})

function filled() {
  const fake = fakeSqs()
  const run = (options: Partial<InspectDeadLettersOptions> = {}) =>
    elapse(inspectDeadLetters({ sqs: fake.sqs, queueUrl, ...options }))
  const visible = () => fake.queue(queueUrl).filter(({ visibleAt }) => visibleAt <= Date.now()).length
  return { ...fake, run, visible }
}

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-22T10:00:00Z') }))
afterEach(() => void vi.useRealTimers())

describe('inspectDeadLetters', () => {
  it('counts by cause, with the oldest and an example, and shows all of them again', async () => {
    const { put, run, visible } = filled()
    put(queueUrl, s3Event('logs', 'first.log'), cause('OBJECT_NOT_FOUND'))
    await vi.advanceTimersByTimeAsync(60_000)
    for (let n = 0; n < 12; n++) put(queueUrl, s3Event('logs', `k${n}.log`), cause('COMPRESSION_CORRUPT'))
    put(queueUrl, 'what is this')
    expect(await run()).toEqual({
      seen: 14,
      groups: [
        {
          name: 'COMPRESSION_CORRUPT',
          messages: 12,
          oldest: new Date('2026-11-22T10:01:00Z'),
          example: 's3://logs/k0.log',
          reason: 'COMPRESSION_CORRUPT it is',
        },
        {
          name: 'OBJECT_NOT_FOUND',
          messages: 1,
          oldest: new Date('2026-11-22T10:00:00Z'),
          example: 's3://logs/first.log',
          reason: 'OBJECT_NOT_FOUND it is',
        },
        { name: 'UNKNOWN', messages: 1, oldest: new Date('2026-11-22T10:01:00Z') },
      ],
      failures: [],
    })
    expect(visible()).toBe(14)
  })

  it.each([
    ['bucket', { logs: 5, cdn: 1, UNKNOWN: 1 }],
    [
      'prefix',
      {
        's3://logs/AWSLogs/123456789012/vpcflowlogs/eu-central-1/': 2,
        's3://logs/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-central-1/': 1,
        's3://logs/AWSLogs/o-a1b2c3d4e5/210987654321/CloudTrail/eu-central-1/': 1,
        's3://logs/': 1,
        's3://cdn/my/': 1,
        UNKNOWN: 1,
      },
    ],
    ['account', { '123456789012': 3, '210987654321': 1, UNKNOWN: 3 }],
  ] as const)('groups by %s', async (by, expected) => {
    const { put, run } = filled()
    for (const key of [
      'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/22/a.log.gz',
      'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/23/b.log.gz',
      'AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-central-1/year=2026/month=11/c.log.gz',
      'AWSLogs/o-a1b2c3d4e5/210987654321/CloudTrail/eu-central-1/2026/11/22/d.json.gz',
      'e.log',
    ])
      put(queueUrl, s3Event('logs', key))
    // The cause knows better which of a message's objects failed.
    put(queueUrl, s3Event('logs', 'x'), cause('JSON_INVALID', { bucket: 'cdn', key: 'my/E2.2026-11-22-10.ab.gz' }))
    put(queueUrl, 'no event')
    const { groups } = await run({ by })
    expect(Object.fromEntries(groups.map(({ name, messages }) => [name, messages]))).toEqual(expected)
  })

  it('shows each message once, and as many as are asked for', async () => {
    const { put, run, visible, count } = filled()
    for (let n = 0; n < 25; n++) put(queueUrl, `body ${n}`)
    const letters: DeadLetter[] = []
    expect(await run({ limit: 13, onDeadLetter: (letter) => void letters.push(letter) })).toMatchObject({ seen: 13 })
    expect(letters.map(({ body }) => body)).toEqual(Array.from({ length: 13 }, (_, n) => `body ${n}`))
    expect(Object.keys(letters[0]!)).toEqual(['messageId', 'body', 'sentAt', 'objects'])
    expect(visible()).toBe(25)
    // It does not go on to the end of the queue.
    expect(count('ReceiveMessage')).toBe(2)
    expect(await run({ limit: 1 })).toMatchObject({ seen: 1 })
    expect(await run({ limit: 10 })).toMatchObject({ seen: 10 })
    expect(count('ReceiveMessage')).toBe(2 + 1 + 1)
  })

  it('tells the oldest of a group, in whatever order they come', async () => {
    const { put, run } = filled()
    for (const time of ['10:02', '10:00', '10:01']) {
      vi.setSystemTime(new Date(`2026-11-22T${time}:00Z`))
      put(queueUrl, 'body')
    }
    expect((await run()).groups).toMatchObject([{ messages: 3, oldest: new Date('2026-11-22T10:00:00Z') }])
  })

  it('tells what SQS refused, and rejects when the queue cannot be read', async () => {
    const { put, run, onCall } = filled()
    put(queueUrl, 'body')
    onCall(({ command }) => (command === 'ChangeMessageVisibilityBatch' ? awsError('InternalError', 500) : undefined))
    expect(await run()).toMatchObject({ seen: 1, failures: [{ code: 'QUEUE_FAILED' }] })
    onCall(() => awsError('QueueDoesNotExist', 400))
    await expect(run()).rejects.toMatchObject({ code: 'QUEUE_FAILED' })
  })

  it.each([
    { by: 'colour' as never },
    { limit: 0 },
    { queueUrl: 'dlq' },
    { visibilitySeconds: 1 },
    { sqs: undefined as never },
    { onDeadLetter: 'x' as never },
    { envelope: 'x' as never },
  ])('refuses %o', async (options) => {
    await expect(filled().run(options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it.each(['cause', 'bucket', 'prefix', 'account'] as const)('survives forged causes, by %s', async (by) => {
    const { put, run } = filled()
    const forged = [
      '{"code":"__proto__"}',
      '{"code":"constructor"}',
      '{"code":"X1","bucket":7,"key":{"split":1}}',
      '[7]',
    ]
    for (const StringValue of forged)
      put(queueUrl, s3Event('logs', 'AWSLogs/123456789012/a/b.log'), {
        [causeAttribute]: { DataType: 'String', StringValue },
      })
    put(queueUrl, s3Event('logs', 'AWSLogs/123456789012/a/b.log'), cause('COMPRESSION_CORRUPT'))
    const { seen, groups } = await run({ by })
    expect(seen).toBe(5)
    expect(groups.reduce((sum, { messages }) => sum + messages, 0)).toBe(5)
    if (by === 'cause') expect(groups.map(({ name }) => name)).toEqual(['UNKNOWN', 'COMPRESSION_CORRUPT'])
  })
})
