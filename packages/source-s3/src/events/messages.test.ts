import { describe, expect, it } from 'vitest'
import { queueMessages } from './messages.ts'

describe('queueMessages', () => {
  it('reads both spellings alike', () => {
    const system = { ApproximateReceiveCount: '3', MessageGroupId: 'g', SequenceNumber: '1', SentTimestamp: '1000' }
    const expected = {
      messageId: 'm',
      body: 'b',
      receiveCount: 3,
      groupId: 'g',
      fifoGroup: 'g',
      sentAt: new Date(1000),
      attributes: {
        text: { DataType: 'String', StringValue: 'x' },
        bytes: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]) },
      },
    }
    const received = {
      MessageId: 'm',
      ReceiptHandle: 'r',
      Body: 'b',
      Attributes: system,
      MessageAttributes: expected.attributes,
    }
    const record = {
      messageId: 'm',
      body: 'b',
      attributes: system,
      eventSourceARN: 'arn:aws:sqs:eu-central-1:1:q',
      messageAttributes: {
        text: { dataType: 'String', stringValue: 'x' },
        bytes: { dataType: 'Binary', binaryValue: 'AQI=' },
      },
    }
    expect(queueMessages([received])).toMatchObject([{ ...expected, receiptHandle: 'r' }])
    expect(queueMessages({ Records: [record] })).toMatchObject([{ ...expected, queueArn: record.eventSourceARN }])
  })

  it('takes a group as a FIFO one only where the queue is', () => {
    const attributes = { MessageGroupId: 'g' }
    const record = { messageId: 'm', body: 'b', attributes }
    const arn = 'arn:aws:sqs:eu-central-1:1:q'
    expect(queueMessages([{ ...record, eventSourceARN: arn }])).toMatchObject([{ groupId: 'g', fifoGroup: undefined }])
    expect(queueMessages([{ ...record, eventSourceARN: `${arn}.fifo` }])).toMatchObject([{ fifoGroup: 'g' }])
  })

  it('leaves out attributes without a value, which SendMessage refuses', () => {
    const MessageAttributes = { empty: { DataType: 'String', StringValue: '' }, none: { DataType: 'String' } }
    expect(queueMessages([{ MessageId: 'm', Body: 'b', MessageAttributes }])![0]!.attributes).toEqual({})
  })

  it('takes a message as received once where it does not say, and the body only as text', () => {
    expect(queueMessages([{ MessageId: 'm', Body: 5 }])).toMatchObject([{ receiveCount: 1, body: undefined }])
    expect(queueMessages([null])).toMatchObject([{ messageId: undefined, body: undefined, attributes: {} }])
  })

  it.each([
    ['an S3 event', { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: {} }] }],
    ['an SNS event', { Records: [{ EventSource: 'aws:sns', Sns: {} }] }],
    ['an EventBridge event', { source: 'aws.s3', 'detail-type': 'Object Created' }],
    ['a text', 'Records'],
    ['null', null],
  ])('is undefined for %s', (_, event) => {
    expect(queueMessages(event)).toBeUndefined()
  })
})
