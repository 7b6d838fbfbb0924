import { gzipSync } from 'node:zlib'
import { byteBudget, FlowferryError, ingest, type MessageReport, type ObjectReport } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { s3Event } from '../../../../test/support/s3-event.ts'
import { awsError, fakeSqs } from '../../test/fake-sqs.ts'
import { faultyS3 } from '../../test/faulty-s3.ts'
import { narrowSink } from '../../test/narrow-sink.ts'
import { objectReport, report } from '../../test/reports.ts'
import { readCause } from '../dead-messages/cause.ts'
import type { SqsAttribute, SqsRecord } from '../events/messages.ts'
import { s3Objects } from '../events/s3-objects.ts'
import { batchResponse } from './batch-response.ts'
import {
  type Continuation,
  encodeContinuation,
  nextPositions,
  positionAttribute,
  readContinuation,
} from './continuation.ts'
import { settle } from './settle.ts'

const late = new FlowferryError('DEADLINE', 'Time is over')
const stopped = (records?: number, from?: number) =>
  objectReport({ error: late, ...(records && { position: { etag: 'e', records } }), ...(from && { from }) })
const finished = objectReport({ status: 'done' })
const missing = objectReport({ error: new FlowferryError('OBJECT_NOT_FOUND', 'x') })

describe('the attribute', () => {
  const continuation: Continuation = { attempts: 3, objects: ['done', { etag: 'a"b', records: 120_000 }, undefined] }

  it('is compact, and is read as it was written', () => {
    const attribute = encodeContinuation(continuation)
    expect(attribute.StringValue).toBe('{"attempts":3,"objects":["done",["a\\"b",120000],0]}')
    expect(readContinuation({ [positionAttribute]: attribute })).toEqual(continuation)
  })

  it.each(['', 'no JSON', 'null', '[]', '7', '{}', '{"attempts":-1,"objects":[]}', '{"attempts":1,"objects":{}}'])(
    'is none when it says %j',
    (StringValue) => {
      expect(readContinuation({ [positionAttribute]: { DataType: 'String', StringValue } })).toBeUndefined()
    },
  )

  it('may have no attempt, and no record', () => {
    const none: Continuation = { attempts: 0, objects: [{ etag: 'e', records: 0 }] }
    expect(readContinuation({ [positionAttribute]: encodeContinuation(none) })).toEqual(none)
  })

  it('skips nothing where it is not understood', () => {
    const StringValue = '{"attempts":1,"objects":[["e",-1],["e",1.5],[7,7],"gone",{}]}'
    expect(readContinuation({ [positionAttribute]: { DataType: 'String', StringValue } })?.objects).toEqual(
      Array(5).fill(undefined),
    )
  })
})

describe('the progress of a message', () => {
  it.each<[string, Continuation['objects'] | undefined, ObjectReport[], Continuation['objects'] | undefined]>([
    ['goes on behind the first record', undefined, [stopped(1)], [{ etag: 'e', records: 1 }]],
    ['goes on in the middle', undefined, [stopped(5)], [{ etag: 'e', records: 5 }]],
    [
      'keeps what is done and what was not begun',
      undefined,
      [finished, stopped(5), stopped()],
      ['done', { etag: 'e', records: 5 }, undefined],
    ],
    ['goes on at what is left', undefined, [finished, stopped()], ['done', undefined]],
    [
      'maps what is left to its place',
      ['done', { etag: 'e', records: 5 }, 'done', undefined],
      [stopped(9, 5), stopped()],
      ['done', { etag: 'e', records: 9 }, 'done', undefined],
    ],
    [
      'keeps the place of what was not begun again',
      [{ etag: 'e', records: 5 }, undefined],
      [stopped(), finished],
      [{ etag: 'e', records: 5 }, 'done'],
    ],
    ['is none where nothing was begun', undefined, [stopped(), stopped()], undefined],
    ['is none where no record was gained', [{ etag: 'e', records: 5 }], [stopped(5, 5)], undefined],
    ['begins anew in other bytes', [{ etag: 'old', records: 50 }], [stopped(5)], [{ etag: 'e', records: 5 }]],
    ['is none where something else failed', undefined, [missing, stopped(5)], undefined],
    ['is none where the objects are others', ['done', undefined], [stopped(5), stopped(5)], undefined],
  ])('%s', (_, objects, reports, expected) => {
    expect(nextPositions(objects && { attempts: 1, objects }, reports)).toEqual(expected)
  })
})

const arn = 'arn:aws:sqs:eu-west-1:1:main'
const queueUrl = 'https://sqs.test/1/main'
const dlq = 'https://sqs.test/1/dlq'
const body = s3Event('logs', 'big.log.gz')
const record = (more: Partial<SqsRecord> = {}): SqsRecord => ({ messageId: 'a', body, eventSourceARN: arn, ...more })
const message = (...objects: ObjectReport[]): MessageReport => ({
  messageId: 'a',
  status: 'failed',
  objects,
  ignored: [],
})

describe('settle', () => {
  it('sends a message that ran out of time to its queue, verbatim, with its position, and calls it done', async () => {
    const { sqs, calls } = fakeSqs()
    const messageAttributes = { mine: { dataType: 'String', stringValue: 'kept' } }
    const attributes = { ApproximateReceiveCount: '2' }
    const result = await settle(
      report([message(stopped(5))], late),
      { Records: [record({ messageAttributes, attributes })] },
      { sqs },
    )
    expect(result).toMatchObject({ ok: true, continued: ['a'], deadLettered: [], queueErrors: [], stopped: late })
    expect(result.messages[0]).toMatchObject({
      status: 'done',
      objects: [{ status: 'failed', position: { records: 5 } }],
    })
    expect(batchResponse(result)).toEqual({ batchItemFailures: [] })
    expect(calls.map(({ command }) => command)).toEqual(['GetQueueUrl', 'SendMessage'])
    expect(calls[1]!.input).toEqual({
      QueueUrl: queueUrl,
      MessageBody: body,
      MessageAttributes: {
        mine: { DataType: 'String', StringValue: 'kept' },
        [positionAttribute]: { DataType: 'String', StringValue: '{"attempts":2,"objects":[["e",5]]}' },
      },
    })
  })

  it('continues a message no more after `maxContinuations` receives, though each came further', async () => {
    const run = async (attempts: number, options: object = {}) => {
      const { sqs, queue } = fakeSqs()
      const { StringValue } = encodeContinuation({ attempts, objects: [{ etag: 'e', records: 5 }] })
      const messageAttributes = { [positionAttribute]: { dataType: 'String', stringValue: StringValue! } }
      const given = report([message(stopped(9, 5))], late)
      const result = await settle(given, { Records: [record({ messageAttributes })] }, { sqs, ...options })
      return { result, dead: queue(dlq) }
    }
    const deadLetter = { queueUrl: dlq, maxAttempts: 4 }
    expect((await run(98, { deadLetter })).result).toMatchObject({ continued: ['a'], deadLettered: [] })
    const { result, dead } = await run(99, { deadLetter })
    expect(result).toMatchObject({ continued: [], deadLettered: ['a'] })
    expect(readCause(dead[0]!.attributes as never)).toMatchObject({
      code: 'DEADLINE',
      attempts: 100,
      position: 9,
      message: expect.stringContaining('maxContinuations'),
    })
    expect((await run(99)).result).toMatchObject({ ok: false, continued: [], deadLettered: [] })
    expect((await run(2, { maxContinuations: 3 })).result.continued).toEqual([])
    expect((await run(2, { maxContinuations: 4 })).result.continued).toEqual(['a'])
    await expect(run(1, { maxContinuations: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('gives a FIFO queue the group, and an id of its own for each time', async () => {
    const { sqs, calls } = fakeSqs()
    const url = `${queueUrl}.fifo`
    const fifo = record({ eventSourceARN: `${arn}.fifo`, attributes: { MessageGroupId: 'g' } })
    await settle(report([message(stopped(5))]), { Records: [fifo] }, { sqs, queueUrl: url })
    expect(calls).toHaveLength(1)
    expect(calls[0]!.input).toMatchObject({ QueueUrl: url, MessageGroupId: 'g', MessageDeduplicationId: 'a' })
  })

  it('fails a try without progress, and gives it up at the last one, with the attempts and the position', async () => {
    const { sqs, calls } = fakeSqs()
    const { StringValue } = encodeContinuation({ attempts: 7, objects: [{ etag: 'e', records: 5 }] })
    const messageAttributes = { [positionAttribute]: { dataType: 'String', stringValue: StringValue! } }
    const run = (receives: number) => {
      const attributes = { ApproximateReceiveCount: `${receives}` }
      const event = { Records: [record({ messageAttributes, attributes })] }
      return settle(report([message(stopped(5, 5))]), event, { sqs, deadLetter: { queueUrl: dlq, maxAttempts: 4 } })
    }
    expect(await run(3)).toMatchObject({ ok: false, continued: [], deadLettered: [] })
    expect(calls).toEqual([])
    expect(await run(4)).toMatchObject({ ok: true, continued: [], deadLettered: ['a'] })
    const sent = calls[0]!.input.MessageAttributes as Record<string, SqsAttribute>
    expect(readCause(sent)).toMatchObject({ code: 'DEADLINE', attempts: 11, position: 5 })
    expect(sent[positionAttribute]?.StringValue).toBe(StringValue)
  })

  it.each([
    [
      'ten attributes',
      {
        messageAttributes: Object.fromEntries(
          Array.from({ length: 10 }, (_, n) => [`n${n}`, { dataType: 'String', stringValue: 'x' }]),
        ),
      },
    ],
    ['no room', { body: body.padEnd(1_048_576) }],
    ['no queue', { eventSourceARN: undefined }],
  ])('leaves a message failed that has %s', async (_, more) => {
    const { sqs, calls } = fakeSqs()
    expect(await settle(report([message(stopped(5))]), { Records: [record(more)] }, { sqs })).toMatchObject({
      ok: false,
      continued: [],
    })
    expect(calls).toEqual([])
  })

  it('does nothing for a report that is incomplete, of which Lambda tries all again', async () => {
    const { sqs, calls } = fakeSqs()
    const given = { ...report([message(stopped(5))]), incomplete: true as const }
    expect(await settle(given, { Records: [record()] }, { sqs })).toMatchObject({ ok: false, continued: [] })
    expect(calls).toEqual([])
  })

  it('gives up what was begun, and never what was not', async () => {
    const fake = fakeSqs()
    // The first is silent until the time is over; with a concurrency of 1 nobody comes to the others.
    const silent = { bucket: 'logs', key: 'silent', open: () => new Promise<never>(() => undefined) }
    const small = memoryObject({ key: 'small', body: 'x' })
    const source = [
      { messageId: 'begun', objects: [silent, small] },
      { messageId: 'late', objects: [small] },
      { messageId: 'later', objects: [small, small] },
    ]
    const given = await ingest({
      source,
      parser: vpcFlow,
      sink: memorySink(),
      concurrency: 1,
      deadline: { getRemainingTimeInMillis: () => 100 },
    })
    const attributes = { ApproximateReceiveCount: '9' }
    const event = { Records: source.map(({ messageId }) => record({ messageId, attributes })) }
    const result = await settle(given, event, { sqs: fake.sqs, deadLetter: { queueUrl: dlq, maxAttempts: 4 } })
    expect(result).toMatchObject({ ok: false, continued: [], deadLettered: ['begun'], queueErrors: [] })
    expect(batchResponse(result)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'late' }, { itemIdentifier: 'later' }],
    })
    expect(fake.queue(dlq)).toHaveLength(1)
  })

  it('gives up what an outage of the target kept from being begun, since it may last, and names it', async () => {
    const { sqs, calls } = fakeSqs()
    const away = new FlowferryError('TARGET_UNREACHABLE', 'No answer')
    const attributes = { ApproximateReceiveCount: '4' }
    const object = { notBegun: true, error: away, bucket: 'logs', key: 'second', versionId: 'v' } as const
    const result = await settle(
      report([message(objectReport({ status: 'done', key: 'first' }), objectReport(object))], away),
      { Records: [record({ attributes })] },
      { sqs, deadLetter: { queueUrl: dlq, maxAttempts: 4 } },
    )
    expect(result.deadLettered).toEqual(['a'])
    const cause = readCause(calls[0]!.input.MessageAttributes as Record<string, SqsAttribute>)
    expect(cause).toMatchObject({ code: 'TARGET_UNREACHABLE', bucket: 'logs', key: 'second', versionId: 'v' })
  })

  it('leaves a message failed that the queue does not take', async () => {
    const { sqs, onCall } = fakeSqs()
    onCall(({ command }) => (command === 'SendMessage' ? awsError('AccessDenied', 403) : undefined))
    const result = await settle(report([message(stopped(5))]), { Records: [record()] }, { sqs })
    expect(result).toMatchObject({
      ok: false,
      continued: [],
      queueErrors: [{ code: 'QUEUE_FAILED', retryable: false }],
    })
    expect(batchResponse(result)).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }] })
  })
})

describe('a group of a FIFO queue', () => {
  const one = (messageId: string, object: ObjectReport, group: string | undefined = 'g'): MessageReport => ({
    messageId,
    ...(group !== '' && { group }),
    status: object.status === 'done' ? 'done' : 'failed',
    objects: [object],
    ignored: [],
  })
  const settleAll = async (messages: MessageReport[], receives: Record<string, string>, refuse = false) => {
    const { sqs, calls, onCall } = fakeSqs()
    if (refuse) onCall(({ input }) => (input.QueueUrl === dlq ? awsError('InternalError', 500) : undefined))
    const Records = messages.map(({ messageId, group }) =>
      record({
        messageId: messageId!,
        attributes: { ApproximateReceiveCount: receives[messageId!] ?? '1', ...(group && { MessageGroupId: group }) },
      }),
    )
    const result = await settle(
      report(messages),
      { Records },
      { sqs, queueUrl, deadLetter: { queueUrl: dlq, maxAttempts: 4 } },
    )
    return {
      continued: result.continued,
      deadLettered: result.deadLettered,
      returned: batchResponse(result).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
      sentTo: calls.map(({ input }) => input.QueueUrl),
    }
  }

  it('waits behind a message that failed: nothing of it is sent, and all of it is returned', async () => {
    const messages = [
      one('before', stopped(5)),
      one('bad', missing),
      one('continuing', stopped(5)),
      one('last', missing),
      one('fine', finished),
      one('elsewhere', stopped(5), 'other'),
      one('alone', missing, ''),
    ]
    expect(await settleAll(messages, { last: '4', alone: '4' })).toEqual({
      continued: expect.arrayContaining(['before', 'elsewhere']),
      deadLettered: ['alone'],
      returned: ['bad', 'continuing', 'last', 'fine'],
      sentTo: [queueUrl, queueUrl, dlq],
    })
  })

  it('goes on when that is in the dead-letter queue, and not before', async () => {
    const messages = [one('bad', missing), one('continuing', stopped(5)), one('fine', finished)]
    expect(await settleAll(messages, { bad: '4' })).toEqual({
      continued: ['continuing'],
      deadLettered: ['bad'],
      returned: [],
      sentTo: [dlq, queueUrl],
    })
    expect(await settleAll(messages, { bad: '4' }, true)).toEqual({
      continued: [],
      deadLettered: [],
      returned: ['bad', 'continuing', 'fine'],
      sentTo: [dlq],
    })
  })
})

describe('a file that is larger than an invocation', () => {
  const records = 24_000
  const line = (n: number) =>
    `2 123456789012 eni-0 10.0.${n % 250}.1 10.1.0.1 ${n % 60_000} 443 6 ${n} 4249 1418530010 ${1418530070 + n} ACCEPT OK`
  const header =
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
  const file = gzipSync([header, ...Array.from({ length: records }, (_, n) => line(n))].join('\n'))
  let server: Awaited<ReturnType<typeof faultyS3>>
  beforeAll(async () => {
    server = await faultyS3({ 'big.log.gz': { body: file, etag: 'e' } })
  })
  afterAll(() => server.close())

  it('finishes over several: every record once, the queue empty', { timeout: 60_000 }, async () => {
    const truth = memorySink()
    const whole = { ...memoryObject({ key: 'big.log.gz', body: file, etag: 'e' }), bucket: 'logs' }
    await ingest({ source: memorySource(whole), parser: vpcFlow, sink: truth })

    const fake = fakeSqs()
    const { sqs } = fake
    fake.put(queueUrl, body)
    const sink = narrowSink()
    const counts = { read: 0, written: 0, duplicate: 0, unfinished: 0 }
    const starts: number[] = []
    let invocations = 0
    for (; fake.queue(queueUrl).length > 0 && invocations < 50; invocations++) {
      const [stored] = fake.queue(queueUrl)
      stored!.receives++
      const attributes = Object.entries(stored!.attributes as Record<string, SqsAttribute>)
      const event = {
        Records: [
          record({
            messageId: stored!.id,
            body: stored!.body,
            attributes: { ApproximateReceiveCount: `${stored!.receives}` },
            messageAttributes: Object.fromEntries(
              attributes.map(([name, { DataType, StringValue }]) => [
                name,
                { dataType: DataType, stringValue: StringValue! },
              ]),
            ),
          }),
        ],
      }
      // Every third invocation loses its connection too.
      server.onRequest((_, count) => (count % 3 === 0 ? { reset: 50_000 } : undefined))
      sink.room = records / 4
      const end = Date.now() + 700
      const result = await ingest({
        source: s3Objects(event, { s3: server.s3 }),
        parser: vpcFlow,
        sink,
        deadline: { getRemainingTimeInMillis: () => end - Date.now() },
        batchBytes: 64 * 1024,
        budget: byteBudget(128 * 1024),
      })
      expect(Date.now()).toBeLessThan(end + 2000)
      for (const name of ['read', 'written', 'duplicate', 'unfinished'] as const) counts[name] += result.counts[name]
      starts.push(result.messages[0]!.objects[0]!.from ?? 0)
      const { batchItemFailures } = batchResponse(await settle(result, event, { sqs }))
      if (batchItemFailures.length === 0) fake.queue(queueUrl).splice(fake.queue(queueUrl).indexOf(stored!), 1)
    }
    expect(fake.queue(queueUrl)).toEqual([])
    expect(invocations).toBeGreaterThanOrEqual(4)
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
    expect(new Map(sink.documents)).toEqual(new Map(truth.documents))
    // Records that an invocation read and could not write any more are read again; written ones are not.
    expect(counts).toMatchObject({ written: records, duplicate: 0, read: records + counts.unfinished })
  })
})
