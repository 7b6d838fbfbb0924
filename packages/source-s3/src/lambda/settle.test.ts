import { FlowferryError, type MessageReport, type Report } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { done, failed, notFound, objectReport, report } from '../../test/reports.ts'
import { attributeBytes, causeAttribute, deadLetterCause, encodeCause, readCause } from '../dead-messages/cause.ts'
import type { SqsEvent, SqsMessage, SqsRecord } from '../events/messages.ts'
import type { Sqs } from '../queue/queue.ts'
import { batchResponse } from './batch-response.ts'
import { type SettleOptions, settle } from './settle.ts'

const queueUrl = 'https://sqs.test/1/dlq'
const body = '{"Records": [ {"s3": "ü"} ],\n "spaces":  "kept" }'
const record = (messageId: string, receives: number, more: Partial<SqsRecord> = {}): SqsRecord => ({
  messageId,
  body,
  attributes: { ApproximateReceiveCount: String(receives), MessageGroupId: 'group' },
  ...more,
})

const deadLetter = (
  report: Report,
  event: SqsEvent | readonly SqsMessage[],
  options: { sqs: Sqs; queueUrl: string; maxAttempts: number },
) => settle(report, event, { sqs: options.sqs, deadLetter: options })

describe('a message that failed its last attempt', () => {
  it('sends what failed its last attempt, verbatim and with its cause, and calls it done', async () => {
    const { sqs, queue, calls } = fakeSqs()
    const event = { Records: [record('a', 4), record('b', 3), record('c', 9)] }
    const given = report([failed('a', notFound('k')), failed('b'), done('c')])
    const result = await deadLetter(given, event, { sqs, queueUrl, maxAttempts: 4 })

    expect(result.messages.map(({ status }) => status)).toEqual(['done', 'failed', 'done'])
    expect(result).toMatchObject({ ok: false, deadLettered: ['a'], queueErrors: [] })
    expect(result.messages[0]?.error?.code).toBe('OBJECT_NOT_FOUND')
    expect(queue(queueUrl).map((message) => message.body)).toEqual([body])
    const attributes = calls[0]!.input.MessageAttributes as never
    expect(readCause(attributes)).toEqual({
      code: 'OBJECT_NOT_FOUND',
      message: expect.stringContaining('The object does not exist'),
      stage: 'object',
      attempts: 4,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      bucket: 'logs',
      key: 'k',
    })
    expect(calls[0]!.input).not.toHaveProperty('MessageGroupId')
  })

  it('goes there at its first attempt where no try can read it', async () => {
    const { sqs, queue } = fakeSqs()
    const unknown = new FlowferryError('FORMAT_UNKNOWN', 'What is this')
    const damaged = new FlowferryError('COMPRESSION_CORRUPT', 'Cut')
    const objects = [objectReport({ error: unknown }), objectReport({ error: damaged })]
    const both = { messageId: 'c', status: 'failed', objects, ignored: [] } as const
    const given = report([failed('a', unknown), failed('b', damaged), both])
    const event = { Records: [record('a', 1), record('b', 1), record('c', 1)] }
    const result = await deadLetter(given, event, { sqs, queueUrl, maxAttempts: 4 })
    expect(result.deadLettered).toEqual(['a'])
    expect(queue(queueUrl)).toHaveLength(1)
  })

  it.each(['SOURCE_CREDENTIALS', 'SOURCE_CLOCK', 'SOURCE_REGION', 'SOURCE_KEY', 'SOURCE_OVERLOADED'] as const)(
    'is none in an outage of the source: %s stays a batch item failure',
    async (code) => {
      const { sqs, queue } = fakeSqs()
      const given = report([failed('a', new FlowferryError(code, 'x'))])
      const result = await deadLetter(given, { Records: [record('a', 99)] }, { sqs, queueUrl, maxAttempts: 4 })
      expect([result.deadLettered, queue(queueUrl)]).toEqual([[], []])
      expect(batchResponse(result)).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }] })
    },
  )

  it('leaves a message failed that the queue does not take', async () => {
    const { sqs, onCall } = fakeSqs()
    onCall(() => awsError('AccessDenied', 403))
    const result = await deadLetter(
      report([failed('a')]),
      { Records: [record('a', 4)] },
      { sqs, queueUrl, maxAttempts: 4 },
    )
    expect(result).toMatchObject({
      ok: false,
      messages: [{ status: 'failed' }],
      deadLettered: [],
      queueErrors: [{ code: 'QUEUE_FAILED', retryable: false, place: { messageId: 'a' } }],
    })
  })

  it('keeps the group for a FIFO queue, and its id against repeats', async () => {
    const { sqs, calls } = fakeSqs()
    const fifo = `${queueUrl}.fifo`
    await deadLetter(report([failed('a')]), { Records: [record('a', 4)] }, { sqs, queueUrl: fifo, maxAttempts: 1 })
    expect(calls[0]!.input).toMatchObject({ MessageGroupId: 'group', MessageDeduplicationId: 'a' })
  })

  it('keeps the attributes of the original as far as ten allow', async () => {
    const { sqs, calls } = fakeSqs()
    const messageAttributes = {
      ...Object.fromEntries(
        Array.from({ length: 9 }, (_, n) => [`n${n}`, { dataType: 'Number', stringValue: String(n) }]),
      ),
      blob: { dataType: 'Binary', binaryValue: Buffer.from('blob').toString('base64') },
    }
    await deadLetter(
      report([failed('a')]),
      { Records: [record('a', 1, { messageAttributes })] },
      { sqs, queueUrl, maxAttempts: 1 },
    )
    const sent = calls[0]!.input.MessageAttributes as never
    expect(Object.keys(sent)).toHaveLength(10)
    expect(sent).toMatchObject({ n3: { DataType: 'Number', StringValue: '3' } })
    expect(readCause(sent)).toMatchObject({ droppedAttribute: 'blob' })
  })

  it('replaces the cause of an earlier round', async () => {
    const { sqs, calls } = fakeSqs()
    const MessageAttributes = { [causeAttribute]: { DataType: 'String', StringValue: '{"code":"OLD"}' } }
    const message = { MessageId: 'a', Body: body, Attributes: { ApproximateReceiveCount: '1' }, MessageAttributes }
    await deadLetter(report([failed('a')]), [message], { sqs, queueUrl, maxAttempts: 1 })
    expect(readCause(calls[0]!.input.MessageAttributes as never)?.code).toBe('OBJECT_NOT_FOUND')
  })

  it('stays within the size of a message, without a cause if need be', async () => {
    const { sqs, calls } = fakeSqs()
    for (const size of [1_048_576, 1_048_576 - 300, 1_048_576 - 3000]) {
      const event = { Records: [record('a', 1, { body: 'x'.repeat(size) })] }
      await deadLetter(report([failed('a')]), event, { sqs, queueUrl, maxAttempts: 1 })
      const { MessageAttributes, MessageBody } = calls.at(-1)!.input as {
        MessageAttributes: object
        MessageBody: string
      }
      const bytes = Object.entries(MessageAttributes).reduce(
        (sum, [name, value]) => sum + attributeBytes(name, value),
        0,
      )
      expect(MessageBody).toHaveLength(size)
      expect(bytes + size).toBeLessThanOrEqual(1_048_576)
    }
    expect(calls.map(({ input }) => Object.keys(input.MessageAttributes as object).length)).toEqual([0, 1, 1])
  })

  it('checks its options', async () => {
    const { sqs } = fakeSqs()
    const call = (options: object) =>
      deadLetter(report([]), [], { sqs, queueUrl, maxAttempts: 1, ...options }).catch(
        (error: FlowferryError) => error.code,
      )
    expect(await call({ queueUrl: 'arn:aws:sqs:eu-west-1:1:dlq' })).toBe('INVALID_OPTION')
    expect(await call({ maxAttempts: 0 })).toBe('INVALID_OPTION')
    expect(await call({ sqs: {} })).toBe('INVALID_OPTION')
  })
})

describe('a dead-letter queue that is the main queue', () => {
  const main = 'https://sqs.eu-west-1.amazonaws.com/123456789012/main'
  const eventOf = (eventSourceARN: string) => ({ Records: [record('a', 1, { eventSourceARN })] })
  const call = (dead: string, event: SqsEvent, mainUrl?: string) =>
    settle(report([failed('a')]), event, {
      sqs: fakeSqs().sqs,
      ...(mainUrl && { queueUrl: mainUrl }),
      deadLetter: { queueUrl: dead, maxAttempts: 1 },
    }).then(
      ({ deadLettered }) => deadLettered.length,
      ({ code }: FlowferryError) => code,
    )

  it.each([
    [main, 'arn:aws:sqs:eu-west-1:123456789012:main'],
    ['https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/123456789012/main', 'arn:aws:sqs:eu-west-1:123456789012:main'],
    ['http://localhost:4566/000000000000/main', 'arn:aws:sqs:us-east-1:000000000000:main'],
    ['http://localhost:4566/queue/us-east-1/000000000000/main', 'arn:aws:sqs:us-east-1:000000000000:main'],
  ])('is refused: %s is the address of %s', async (url, arn) => {
    expect(await call(url, eventOf(arn))).toBe('INVALID_OPTION')
  })

  it('is refused where only one of the messages came from it', async () => {
    const [one] = eventOf('arn:aws:sqs:eu-west-1:123456789012:other').Records
    const [two] = eventOf('arn:aws:sqs:eu-west-1:123456789012:main').Records
    expect(await call(main, { Records: [one!, two!] })).toBe('INVALID_OPTION')
  })

  it('is refused where `queueUrl` names the main queue', async () => {
    expect(await call(main, { Records: [record('a', 1)] }, main)).toBe('INVALID_OPTION')
  })

  it.each(['eu-west-2:123456789012:main', 'eu-west-1:123456789013:main', 'eu-west-1:123456789012:domain'])(
    'is not %s',
    async (place) => {
      expect(await call(main, eventOf(`arn:aws:sqs:${place}`))).toBe(1)
    },
  )
})

describe('a message that ran out of time', () => {
  const main = 'https://sqs.test/1/main'
  const late = new FlowferryError('DEADLINE', 'Time is over')
  const stopped = objectReport({ error: late, position: { etag: 'e', records: 5 } })
  const notBegun = objectReport({ error: late, notBegun: true })
  const one = (messageId: string | undefined, more: Partial<MessageReport> = {}): MessageReport => ({
    ...(messageId !== undefined && { messageId }),
    group: 'group',
    status: 'failed',
    objects: [stopped],
    ignored: [],
    ...more,
  })
  const run = async (
    messages: readonly MessageReport[],
    event: SqsEvent | readonly SqsMessage[],
    options: Partial<SettleOptions> = {},
  ) => {
    const { sqs, queue } = fakeSqs()
    const { continued } = await settle(report(messages), event, { sqs, queueUrl: main, ...options })
    expect(queue(main)).toHaveLength(continued.length)
    return continued
  }
  const both = { Records: [record('a', 1), record('b', 1)] }

  it('goes to `queueUrl` where the event names no queue', async () => {
    expect(await run([one('a')], [{ MessageId: 'a', Body: body }])).toEqual(['a'])
  })

  it('fails where it has an error of its own, or is not in the event, or has no id', async () => {
    expect(await run([one('a', { error: notFound() })], both)).toEqual([])
    expect(await run([one('z')], both)).toEqual([])
    expect(await run([one(undefined)], [{ Body: body }])).toEqual([])
  })

  it.each([
    [1, []],
    [2, ['a']],
  ])('is continued after its first receive where `maxContinuations` is %i: %j', async (maxContinuations, expected) => {
    expect(await run([one('a')], both, { maxContinuations })).toEqual(expected)
  })

  it('is sent behind one of its group that is done, or is continued', async () => {
    expect(await run([one('a', { status: 'done' }), one('b')], both)).toEqual(['b'])
    expect(await run([one('a'), one('b')], both)).toEqual(['a', 'b'])
  })

  it('is not sent behind one of its group that was not begun, is not in the event, or may not be continued', async () => {
    expect(await run([one('a', { objects: [notBegun] }), one('b')], both)).toEqual([])
    expect(await run([one('z'), one('b')], both)).toEqual([])
    const event = { Records: [record('a', 3), record('b', 1)] }
    expect(await run([one('a'), one('b')], event, { maxContinuations: 3 })).toEqual([])
  })

  it('needs the URL of a queue', async () => {
    await expect(run([], [], { queueUrl: 'main' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

describe('the cause', () => {
  it('is cut to its room, message first', () => {
    const long = deadLetterCause(new FlowferryError('JSON_INVALID', 'ü"\u0001'.repeat(5000)), 3)
    const attribute = encodeCause(long, 4096)!
    expect(attributeBytes(causeAttribute, attribute)).toBeLessThanOrEqual(4096)
    expect(readCause({ [causeAttribute]: attribute })).toMatchObject({
      code: 'JSON_INVALID',
      stage: 'records',
      attempts: 3,
    })
    const key = '\u0001'.repeat(1024)
    const place = deadLetterCause(new FlowferryError('OBJECT_NOT_FOUND', 'x', { place: { bucket: 'b', key } }), 1)
    expect(readCause({ [causeAttribute]: encodeCause(place, 4096)! })).toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      message: '',
    })
  })

  it('holds only characters that SQS takes', () => {
    const place = { bucket: 'b', key: 'a\u0000\uFFFE\uD800' }
    const { StringValue } = encodeCause(
      deadLetterCause(new FlowferryError('OBJECT_NOT_FOUND', 'x', { place }), 1),
      4096,
    )!
    expect(StringValue).not.toMatch(/\p{Control}|\p{Surrogate}|[\uFFFE\uFFFF]/u)
  })

  it.each(['', 'no JSON', 'null', '[]', '{"code":7}'])('is unknown when the attribute says %j', (StringValue) => {
    expect(readCause({ [causeAttribute]: { DataType: 'String', StringValue } })).toBeUndefined()
  })

  it.each([
    ['ENVELOPE_UNREADABLE', 'envelope'],
    ['OBJECT_FORBIDDEN', 'object'],
    ['BODY_LENGTH', 'object'],
    ['COMPRESSION_CORRUPT', 'decompress'],
    ['LIMIT_EXCEEDED', 'records'],
    ['TOO_MANY_MALFORMED', 'records'],
    ['RECORDS_REJECTED', 'bulk'],
    ['TARGET_FAILED', 'bulk'],
    ['HANDLER_FAILED', 'handler'],
  ] as const)('%s arose in %s', (code, stage) => {
    expect(deadLetterCause(new FlowferryError(code, 'x'), 1).stage).toBe(stage)
  })
})
