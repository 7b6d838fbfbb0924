import { Readable } from 'node:stream'
import { detect, ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memorySink } from '@flowferry/core/testing'
import { describe, expect, it, vi } from 'vitest'
import { s3Event as bodyOf } from '../../../../test/support/s3-event.ts'
import type { S3 } from '../read/object.ts'
import { type S3Trigger, s3Objects } from './s3-objects.ts'

const s3 = { send: () => {} } as unknown as S3
const s3Event = (...keys: string[]) => ({
  Records: keys.map((key) => ({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'logs' }, object: { key } },
  })),
})
const eventBridge = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { bucket: { name: 'logs' }, object: { key: 'a+b' } },
}
const keysOf = (event: S3Trigger) =>
  s3Objects(event, { s3 }).map(({ messageId, objects }) => [messageId, ...objects.map(({ key }) => key)])

describe('s3Objects', () => {
  it('gives a message for each of a Lambda SQS event', () => {
    const Records = [
      { messageId: 'm1', body: JSON.stringify(s3Event('a', 'b')), eventSource: 'aws:sqs' },
      { messageId: 'm2', body: JSON.stringify(eventBridge) },
    ]
    expect(keysOf({ Records })).toEqual([
      ['m1', 'a', 'b'],
      ['m2', 'a+b'],
    ])
  })

  it('gives a message for each that a worker received', () => {
    expect(keysOf([{ MessageId: 'm1', ReceiptHandle: 'r', Body: JSON.stringify(s3Event('a')) }])).toEqual([['m1', 'a']])
    expect(keysOf([])).toEqual([])
    expect(keysOf({ Records: [] })).toEqual([])
  })

  it('goes on where a message says, and leaves out what is done', () => {
    const stringValue = '{"attempts":1,"objects":["done",["e",9],0]}'
    const messageAttributes = { 'flowferry.position': { dataType: 'String', stringValue } }
    const read = (...keys: string[]) =>
      s3Objects({ Records: [{ messageId: 'm', body: JSON.stringify(s3Event(...keys)), messageAttributes }] }, { s3 })
    const [message] = read('a', 'b', 'c')
    expect(message!.objects.map(({ key, from }) => [key, from])).toEqual([
      ['b', { etag: 'e', records: 9 }],
      ['c', undefined],
    ])
    // A position of another number of objects.
    expect(read('a', 'b')[0]!.objects.map(({ key, from }) => [key, from])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ])
  })

  it("knows the groups of a FIFO queue, and not a standard queue's", () => {
    const body = JSON.stringify(s3Event('a'))
    const attributes = { MessageGroupId: 'g' }
    const groups = (event: S3Trigger) => s3Objects(event, { s3 }).map(({ group }) => group)
    const record = (eventSourceARN: string) => ({ messageId: 'm', body, attributes, eventSourceARN })
    expect(groups({ Records: [record('arn:aws:sqs:r:1:q.fifo'), record('arn:aws:sqs:r:1:q')] })).toEqual([
      'g',
      undefined,
    ])
    const Attributes = { ...attributes, SequenceNumber: '18849496460467696128' }
    expect(
      groups([
        { MessageId: 'm', Body: body, Attributes },
        { MessageId: 'n', Body: body, Attributes: attributes },
      ]),
    ).toEqual(['g', undefined])
  })

  it('calls an overwritten object superseded, and a missing or archived one skipped where that is asked for', () => {
    const skips = (options: object) => s3Objects(s3Event('a'), { s3, ...options })[0]!.objects[0]!.skip
    expect(skips({})).toEqual(['OBJECT_SUPERSEDED'])
    expect(skips({ missing: 'skip', archived: 'skip' })).toEqual([
      'OBJECT_NOT_FOUND',
      'OBJECT_ARCHIVED',
      'OBJECT_SUPERSEDED',
    ])
  })

  it.each([{ missing: 'ignore' }, { archived: true }, { stallSeconds: 0 }, { retries: -1 }])(
    'refuses %j',
    (options) => {
      expect(() => s3Objects([], { s3, ...(options as object) })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    },
  )

  it('gives one message without an id when S3, SNS or EventBridge invoke the Lambda', () => {
    const Sns = { Type: 'Notification', Message: JSON.stringify(s3Event('a+b')) }
    expect(keysOf(s3Event('a+b', 'c'))).toEqual([[undefined, 'a b', 'c']])
    expect(keysOf({ Records: [{ EventSource: 'aws:sns', Sns }] })).toEqual([[undefined, 'a b']])
    expect(keysOf(eventBridge)).toEqual([[undefined, 'a+b']])
  })

  it('makes an error of what it cannot read, for that message alone', () => {
    const messages = s3Objects(
      [
        { MessageId: 'm1', Body: 'Hello' },
        { MessageId: 'm2' },
        { MessageId: 'm3', Body: JSON.stringify(s3Event('a')) },
      ],
      { s3 },
    )
    expect(messages).toMatchObject([
      { messageId: 'm1', objects: [], error: { code: 'ENVELOPE_UNREADABLE', place: { messageId: 'm1' } } },
      { messageId: 'm2', objects: [], error: { code: 'ENVELOPE_UNREADABLE' } },
      { messageId: 'm3', objects: [{ key: 'a' }] },
    ])
  })

  it.each([undefined, null, 'text', 7, {}])('does not throw for the event %j', (event) => {
    expect(s3Objects(event as S3Trigger, { s3 })).toMatchObject([{ error: { code: 'ENVELOPE_UNREADABLE' } }])
  })

  it('lists what is not to be read', () => {
    const Body = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'logs' })
    expect(s3Objects([{ MessageId: 'm', Body }], { s3 })).toEqual([
      { messageId: 'm', objects: [], ignored: ['s3:TestEvent'] },
    ])
  })

  it('passes the envelope hook on', () => {
    const envelope = (body: unknown) => [{ bucket: 'lake', key: (body as { path: string }).path }]
    const [message] = s3Objects([{ MessageId: 'm', Body: '{"path":"p"}' }], { s3, envelope })
    expect(message?.objects).toMatchObject([{ bucket: 'lake', key: 'p' }])
  })

  it('checks its options when it is called', () => {
    expect(() => s3Objects([], { s3: undefined as unknown as S3 })).toThrow(/INVALID_OPTION/)
    expect(() => s3Objects([], { s3, envelope: 'sns' as never })).toThrow(/`envelope` must be a function/)
  })

  it('reads an object once that a message names 7,653 times, each of its versions once', () => {
    const object = (key: string, versionId?: string) => ({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'logs' }, object: { key, ...(versionId && { versionId }) } },
    })
    const Records = [...Array.from({ length: 7653 }, () => object('a')), object('a', 'v1'), object('b'), object('a')]
    const [message] = s3Objects([{ MessageId: 'm', Body: JSON.stringify({ Records }) }], { s3 })
    expect(message!.objects.map(({ key, versionId }) => [key, versionId])).toEqual([
      ['a', undefined],
      ['a', 'v1'],
      ['b', undefined],
    ])
  })

  it('asks nothing of S3 for a message with a bucket that is not allowed', () => {
    const send = vi.fn()
    const messages = s3Objects(
      [bodyOf('logs', 'a'), bodyOf('foreign', 'b'), bodyOf('..', 'c')].map((Body, n) => ({ MessageId: `m${n}`, Body })),
      { s3: { send } as never, buckets: ['logs'] },
    )
    expect(messages.map(({ objects, error }) => [objects.length, error?.code])).toEqual([
      [1, undefined],
      [0, 'BUCKET_NOT_ALLOWED'],
      [0, 'ENVELOPE_UNREADABLE'],
    ])
    expect(send).not.toHaveBeenCalled()
  })

  it('tells what AWS writes beside logs, and reads nothing of it', () => {
    const key = 'AWSLogs/123456789012/ELBAccessLogTestFile'
    const [message] = s3Objects([{ MessageId: 'm', Body: bodyOf('logs', key) }], { s3 })
    expect(message).toEqual({
      messageId: 'm',
      objects: [],
      ignored: [`test file of Elastic Load Balancing: s3://logs/${key}`],
    })
  })

  it("skips what no parser claims, where `unknown: 'skip'` is set, and counts it", async () => {
    const foreign = { send: async () => ({ Body: Readable.from([Buffer.from('?')]), ETag: '"e"', ContentLength: 1 }) }
    const run = (unknown?: 'skip') => {
      const source = s3Objects([{ MessageId: 'm', Body: bodyOf('logs', 'a') }], {
        s3: foreign as never,
        ...(unknown && { unknown }),
      })
      return ingest({ source, parser: detect([vpcFlow]), sink: memorySink() })
    }
    expect(await run()).toMatchObject({ ok: false, statuses: { failed: 1 } })
    expect(await run('skip')).toMatchObject({
      ok: true,
      statuses: { skipped: 1 },
      messages: [{ status: 'done', objects: [{ status: 'skipped', error: { code: 'FORMAT_UNKNOWN' } }] }],
    })
  })
})
