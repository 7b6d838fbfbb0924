import { describe, expect, it } from 'vitest'
import type { S3 } from './object.ts'
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
    const envelope = (body: unknown) => [{ bucket: 'b', key: (body as { path: string }).path }]
    const [message] = s3Objects([{ MessageId: 'm', Body: '{"path":"p"}' }], { s3, envelope })
    expect(message?.objects).toMatchObject([{ bucket: 'b', key: 'p' }])
  })

  it('checks its options when it is called', () => {
    expect(() => s3Objects([], { s3: undefined as unknown as S3 })).toThrow(/INVALID_OPTION/)
    expect(() => s3Objects([], { s3, envelope: 'sns' as never })).toThrow(/`envelope` must be a function/)
  })
})
