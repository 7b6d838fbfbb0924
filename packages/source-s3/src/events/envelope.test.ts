import { FlowferryError } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { type EnvelopeOptions, readEnvelope } from './envelope.ts'

const created = (object: object, more: object = {}) => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  awsRegion: 'eu-central-1',
  eventName: 'ObjectCreated:Put',
  s3: { bucket: { name: 'logs' }, object },
  ...more,
})
const notification = (message: unknown) => ({ Type: 'Notification', TopicArn: 'arn', Message: JSON.stringify(message) })

function failure(body: unknown, options?: EnvelopeOptions): FlowferryError {
  try {
    readEnvelope(body, options)
  } catch (error) {
    if (FlowferryError.isInstance(error)) return error
    throw error
  }
  throw new Error('it was read')
}

describe('S3 events', () => {
  it('reads every record of a body, with all that it says of the object', () => {
    const body = { Records: [created({ key: 'a', size: 0, eTag: 'e1', versionId: 'v1' }), created({ key: 'b' })] }
    expect(readEnvelope(JSON.stringify(body))).toEqual({
      objects: [
        { bucket: 'logs', key: 'a', size: 0, etag: 'e1', versionId: 'v1', region: 'eu-central-1' },
        { bucket: 'logs', key: 'b', region: 'eu-central-1' },
      ],
      ignored: [],
    })
  })

  it.each([
    ['my+file.log', 'my file.log'],
    ['my%20file.log', 'my file.log'],
    ['a%2Bb.log', 'a+b.log'],
    ['gr%C3%BC%C3%9Fe/%E6%97%A5.log', 'grüße/日.log'],
    ['grüße.log', 'grüße.log'],
    ['100%25.log', '100%.log'],
    ['dt%3D2024-01-01/x.gz', 'dt=2024-01-01/x.gz'],
  ])('decodes the key %s', (key, decoded) => {
    expect(readEnvelope({ Records: [created({ key })] }).objects[0]?.key).toBe(decoded)
  })

  it.each(['bad%', 'bad%zz', '%ff%fe'])('names a key that does not decode: %s', (key) => {
    expect(failure({ Records: [created({ key })] }, { messageId: 'm-1' })).toMatchObject({
      code: 'ENVELOPE_UNREADABLE',
      message: expect.stringContaining(key),
      place: { messageId: 'm-1' },
    })
  })

  it.each([
    'ObjectRemoved:Delete',
    'ObjectRemoved:DeleteMarkerCreated',
    'ObjectRestore:Completed',
    'LifecycleExpiration:Delete',
    's3:Replication:OperationFailedReplication',
    'ReducedRedundancyLostObject',
    'IntelligentTiering',
    'LifecycleTransition',
    'ObjectTagging:Put',
    'ObjectAcl:Put',
    'ObjectRestore:Post',
  ])('ignores %s', (eventName) => {
    const expected = { objects: [], ignored: [eventName.replace('s3:', '')] }
    expect(readEnvelope({ Records: [created({ key: 'a' }, { eventName })] })).toEqual(expected)
  })

  it('reads what was created beside what was removed', () => {
    const Records = [created({ key: 'a' }, { eventName: 'ObjectRemoved:Delete' }), created({ key: 'b' })]
    expect(readEnvelope({ Records })).toMatchObject({ objects: [{ key: 'b' }], ignored: ['ObjectRemoved:Delete'] })
  })

  it.each(['2.0', '2.5', '2.17'])('takes version %s', (eventVersion) => {
    expect(readEnvelope({ Records: [created({ key: 'a' }, { eventVersion })] }).objects).toHaveLength(1)
  })
})

describe('SNS', () => {
  it('reads an event within a notification, also twice wrapped', () => {
    const event = { Records: [created({ key: 'a+b' })] }
    expect(readEnvelope(notification(event)).objects[0]?.key).toBe('a b')
    expect(readEnvelope(JSON.stringify(notification(notification(event)))).objects[0]?.key).toBe('a b')
  })

  it('reads the records that SNS hands to Lambda', () => {
    const Sns = notification({ Records: [created({ key: 'a' })] })
    expect(readEnvelope({ Records: [{ EventSource: 'aws:sns', Sns }] }).objects[0]?.key).toBe('a')
  })

  it('calls a subscription confirmation by its name, and keeps its token to itself', () => {
    const error = failure({ Type: 'SubscriptionConfirmation', TopicArn: 'arn', Message: 'Visit', Token: 'geheim' })
    expect(error.message).toContain('SubscriptionConfirmation')
    expect(error.message).not.toContain('geheim')
  })

  it('gives up on endless nesting', () => {
    let body: unknown = { Records: [created({ key: 'a' })] }
    for (let level = 0; level < 8; level++) body = notification(body)
    expect(failure(body).message).toContain('envelopes within each other')
  })
})

describe('EventBridge', () => {
  const event = (detailType: string, object: object) => ({
    source: 'aws.s3',
    'detail-type': detailType,
    region: 'eu-west-1',
    detail: { bucket: { name: 'logs' }, object },
  })

  it('takes keys as they are', () => {
    const object = { key: 'a+b%20c d.log', size: 5, etag: 'e', 'version-id': 'v' }
    expect(readEnvelope(event('Object Created', object)).objects).toEqual([
      { bucket: 'logs', key: 'a+b%20c d.log', size: 5, etag: 'e', versionId: 'v', region: 'eu-west-1' },
    ])
  })

  it.each(['Object Deleted', 'Object Restore Completed', 'Object Storage Class Changed', 'Object Tags Added'])(
    'ignores %s',
    (detailType) => {
      expect(readEnvelope(event(detailType, { key: 'a' }))).toEqual({ objects: [], ignored: [detailType] })
    },
  )

  const call = (eventName: string, more: object = {}) => ({
    source: 'aws.s3',
    'detail-type': 'AWS API Call via CloudTrail',
    region: 'eu-west-1',
    detail: {
      eventSource: 's3.amazonaws.com',
      eventName,
      awsRegion: 'eu-west-1',
      requestParameters: { bucketName: 'logs', key: 'a+b%20c d.gz', 'x-amz-acl': 'bucket-owner-full-control' },
      responseElements: { 'x-amz-version-id': 'v' },
      ...more,
    },
  })

  it.each(['PutObject', 'PostObject', 'CopyObject', 'CompleteMultipartUpload'])(
    'reads the object that the API call %s made',
    (eventName) => {
      expect(readEnvelope(call(eventName))).toEqual({
        objects: [{ bucket: 'logs', key: 'a+b%20c d.gz', versionId: 'v', region: 'eu-west-1' }],
        ignored: [],
      })
      expect(readEnvelope(call(eventName, { responseElements: null })).objects).toMatchObject([{ bucket: 'logs' }])
    },
  )

  it.each([
    ['PutObject', { errorCode: 'AccessDenied' }],
    ['GetObject', {}],
    ['DeleteObjects', {}],
    ['UploadPart', {}],
    ['PutObjectTagging', {}],
    ['PutBucketPolicy', {}],
  ])('ignores a call that made no object: %s %j', (eventName, more) => {
    expect(readEnvelope(call(eventName, more))).toEqual({ objects: [], ignored: [eventName] })
  })

  it.each([
    ['a call that nobody knows', call('PutObjectFaster')],
    ['a call of another service', call('PutObject', { eventSource: 'ec2.amazonaws.com' })],
    ['a call without a name', call('PutObject', { eventName: 7 })],
    ['a call without a key', call('PutObject', { requestParameters: { bucketName: 'logs' } })],
    ['a call without parameters', call('PutObject', { requestParameters: null })],
    ['a type that nobody knows', event('Object Created Elsewhere', { key: 'a' })],
    ['no type', { source: 'aws.s3', 'detail-type': '', detail: {} }],
  ])('never takes %s for harmless', (_, body) => {
    expect(failure(body)).toMatchObject({ code: 'ENVELOPE_UNREADABLE', retryable: false })
  })

  it('reads one that came through SNS', () => {
    expect(readEnvelope(notification(event('Object Created', { key: 'a b' }))).objects[0]?.key).toBe('a b')
  })
})

describe('what is no S3 event', () => {
  it.each([
    ['no JSON', 'Hello'],
    ['an empty body', ''],
    ['nothing', undefined],
    ['null', 'null'],
    ['a number', '7'],
    ['an array', '[]'],
    ['an empty object', {}],
    ['no record', { Records: [] }],
    ['a record that is none', { Records: [null] }],
    ['another source', { Records: [created({ key: 'a' }, { eventSource: 'aws:dynamodb' })] }],
    ['no source', { Records: [created({ key: 'a' }, { eventSource: undefined })] }],
    ['version 3', { Records: [created({ key: 'a' }, { eventVersion: '3.0' })] }],
    ['no version', { Records: [created({ key: 'a' }, { eventVersion: undefined })] }],
    ['no event name', { Records: [created({ key: 'a' }, { eventName: undefined })] }],
    ['an event name that nobody knows', { Records: [created({ key: 'a' }, { eventName: 'ObjectWritten:Put' })] }],
    ['one with more behind it', { Records: [created({ key: 'a' }, { eventName: 'ObjectRemoved:Delete\u001b[2J' })] }],
    ['no bucket', { Records: [created({ key: 'a' }, { s3: { object: { key: 'a' } } })] }],
    ['no key', { Records: [created({})] }],
    ['no s3', { Records: [created({}, { s3: undefined })] }],
    ['EventBridge of EC2', { source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change', detail: {} }],
    ['EventBridge without a key', { source: 'aws.s3', 'detail-type': 'Object Created', detail: {} }],
  ])('%s', (_, body) => {
    expect(failure(body)).toMatchObject({ code: 'ENVELOPE_UNREADABLE', retryable: false })
  })

  it('never quotes a body', () => {
    expect(failure('password=hunter2').message).not.toContain('hunter2')
  })
})

describe('the `envelope` hook', () => {
  const lake = (body: unknown) => {
    const { detail } = body as { detail?: { object?: { path: string } } }
    return detail?.object?.path === undefined ? undefined : [{ bucket: 'lake', key: detail.object.path }]
  }

  it('is asked first', () => {
    const body = { source: 'aws.s3', 'detail-type': 'Object Created', detail: { object: { path: 'p' } } }
    expect(readEnvelope(body, { envelope: lake }).objects).toEqual([{ bucket: 'lake', key: 'p' }])
  })

  it('is asked within SNS, and for text that is no JSON', () => {
    expect(readEnvelope(notification({ detail: { object: { path: 'p' } } }), { envelope: lake }).objects).toHaveLength(
      1,
    )
    const line = (body: unknown) => (typeof body === 'string' ? [{ bucket: 'b', key: body }] : undefined)
    expect(readEnvelope('path/to/file', { envelope: line }).objects).toEqual([{ bucket: 'b', key: 'path/to/file' }])
  })

  it('leaves what it does not know to the others', () => {
    expect(readEnvelope({ Records: [created({ key: 'a' })] }, { envelope: lake }).objects).toHaveLength(1)
  })

  it('may say that there is nothing to read', () => {
    expect(readEnvelope({ anything: 1 }, { envelope: () => [] })).toEqual({ objects: [], ignored: [] })
  })

  it('gives an error when it throws or answers nonsense', () => {
    const thrown = failure(
      {},
      {
        envelope: () => {
          throw new Error('ouch')
        },
      },
    )
    expect(thrown).toMatchObject({ code: 'ENVELOPE_UNREADABLE', cause: { message: 'ouch' } })
    const nonsense = [{ bucket: 'b' }] as unknown as []
    expect(failure({}, { envelope: () => nonsense }).message).toContain('{ bucket, key }')
  })
})
