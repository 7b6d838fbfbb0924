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

describe("CloudTrail's own messages", () => {
  const key =
    'AWSLogs/123456789012/CloudTrail/us-east-2/2026/11/30/123456789012_CloudTrail_us-east-2_20261130T2145Z_abc+d.json.gz'
  const message = { s3Bucket: 'amzn-s3-demo-bucket', s3ObjectKey: [key, `${key}%20`] }

  it('name a bucket and keys that are not encoded, raw or within SNS', () => {
    const expected = {
      objects: [
        { bucket: 'amzn-s3-demo-bucket', key },
        { bucket: 'amzn-s3-demo-bucket', key: `${key}%20` },
      ],
      ignored: [],
    }
    expect(readEnvelope(JSON.stringify(message))).toEqual(expected)
    expect(readEnvelope(JSON.stringify(notification(message)))).toEqual(expected)
    expect(readEnvelope({ Records: [{ EventSource: 'aws:sns', Sns: notification(message) }] })).toEqual(expected)
  })

  it('are ignored where they test the topic', () => {
    const text = 'CloudTrail validation message.'
    const expected = { objects: [], ignored: [text] }
    expect(readEnvelope(text)).toEqual(expected)
    expect(readEnvelope({ Type: 'Notification', TopicArn: 'arn', Message: text })).toEqual(expected)
  })

  it.each([
    ['no list', { s3Bucket: 'b', s3ObjectKey: 'k' }],
    ['no keys', { s3Bucket: 'b', s3ObjectKey: [] }],
    ['a key that is none', { s3Bucket: 'b', s3ObjectKey: [7] }],
    ['no bucket', { s3Bucket: '', s3ObjectKey: ['k'] }],
  ])('are unreadable with %s', (_, body) => expect(failure(body)).toMatchObject({ code: 'ENVELOPE_UNREADABLE' }))
})

describe('stores like S3', () => {
  // As MinIO's and Ceph's pages show them.
  const minio = (eventName: string, key: string) => ({
    EventName: eventName,
    Key: `logs/${key}`,
    Records: [
      {
        eventVersion: '2.0',
        eventSource: 'minio:s3',
        awsRegion: '',
        eventTime: '2026-11-30T09:38:47.702Z',
        eventName,
        userIdentity: { principalId: 'minio' },
        requestParameters: { principalId: 'minio', region: '', sourceIPAddress: '192.0.2.1' },
        responseElements: { 'x-minio-origin-endpoint': 'http://192.0.2.2:9000' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'Config',
          bucket: { name: 'logs', ownerIdentity: { principalId: 'minio' }, arn: 'arn:aws:s3:::logs' },
          object: { key, size: 9, eTag: 'e', contentType: 'text/plain', userMetadata: {}, sequencer: '1' },
        },
        source: { host: '192.0.2.1', port: '', userAgent: 'mc' },
      },
    ],
  })
  const ceph = (eventName: string, object: object) => ({
    Records: [
      {
        eventVersion: '2.2',
        eventSource: 'ceph:s3',
        awsRegion: 'zonegroup1',
        eventTime: '2026-11-22T13:47:35.124724Z',
        eventName,
        userIdentity: { principalId: 'tester' },
        requestParameters: { sourceIPAddress: '' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'mynotif1',
          bucket: { name: 'logs', arn: 'arn:aws:s3:zonegroup1::logs', id: '503a4c37.5332.38' },
          object: { versionId: '', sequencer: 'F7E6D75DC742D108', metadata: [], tags: [], ...object },
        },
        eventId: '',
        opaqueData: 'me@example.com',
      },
    ],
  })

  it('are read: MinIO, whose keys are encoded as those of S3', () => {
    expect(readEnvelope(minio('s3:ObjectCreated:Put', 'a%2Fb+c.log'))).toEqual({
      objects: [{ bucket: 'logs', key: 'a/b c.log', size: 9, etag: 'e' }],
      ignored: [],
    })
  })

  it.each([
    [
      { key: 'a/b+c 100%.log', size: '1024', etag: 'e' },
      { key: 'a/b+c 100%.log', size: 1024 },
    ],
    [
      { key: 'a/b%20c.log', size: 1024, eTag: 'e' },
      { key: 'a/b c.log', size: 1024 },
    ],
  ])('are read: Ceph, encoded or not: %j', (object, expected) => {
    for (const eventName of ['s3:ObjectCreated:Put', 'ObjectCreated:CompleteMultipartUpload', 'ObjectSynced:Create'])
      expect(readEnvelope(ceph(eventName, object)).objects).toEqual([
        { bucket: 'logs', etag: 'e', region: 'zonegroup1', ...expected },
      ])
  })

  it.each([
    ['ObjectRemoved:Delete', minio('s3:ObjectRemoved:Delete', 'a')],
    ['ObjectAccessed:Get', minio('s3:ObjectAccessed:Get', 'a')],
    ['ILM:DelMarkerExpirationDelete', minio('s3:ILM:DelMarkerExpirationDelete', 'a')],
    ['ObjectRemoved:DeleteMarkerCreated', ceph('ObjectRemoved:DeleteMarkerCreated', { key: 'a' })],
    ['ObjectLifecycle:Expiration:Current', ceph('s3:ObjectLifecycle:Expiration:Current', { key: 'a' })],
  ])('have harmless events: %s', (name, body) => expect(readEnvelope(body)).toEqual({ objects: [], ignored: [name] }))

  it('have events that nobody knows, and each its own', () => {
    expect(failure(minio('s3:ObjectWritten:Put', 'a')).code).toBe('ENVELOPE_UNREADABLE')
    expect(failure(ceph('ObjectAccessed:Get', { key: 'a' })).code).toBe('ENVELOPE_UNREADABLE')
    expect(failure({ Records: [created({ key: 'a' }, { eventName: 'ObjectAccessed:Get' })] }).code).toBe(
      'ENVELOPE_UNREADABLE',
    )
    expect(failure({ Records: [created({ key: 'a' }, { eventSource: 'constructor' })] }).code).toBe(
      'ENVELOPE_UNREADABLE',
    )
  })
})

describe("a Lambda function's destination", () => {
  // As AWS's page on the records of asynchronous invocations shows it.
  const invocation = (requestPayload: unknown, condition = 'RetriesExhausted') => ({
    version: '1.0',
    timestamp: '2026-11-14T18:16:05.568Z',
    requestContext: {
      requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e',
      functionArn: 'arn:aws:lambda:us-east-2:123456789012:function:my-function:$LATEST',
      condition,
      approximateInvokeCount: 3,
    },
    requestPayload,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorMessage: 'RequestId: e4b46cbf-b738-xmpl-8880-a18cdf61200e Process exited' },
  })
  const event = { Records: [created({ key: 'a+b' })] }
  const bridge = {
    version: '0',
    source: 'lambda',
    'detail-type': 'Lambda Function Invocation Result - Failure',
    region: 'us-east-2',
  }

  it.each([
    ['that S3 invoked', invocation(event)],
    ['that SNS invoked', invocation({ Records: [{ EventSource: 'aws:sns', Sns: notification(event) }] })],
    ['that timed out in the queue', invocation(event, 'EventAgeExceeded')],
    ['that succeeded', invocation(event, 'Success')],
    ['within SNS', notification(invocation(event))],
    ['within EventBridge', { ...bridge, detail: invocation(event) }],
  ])('gets the objects of a function %s', (_, body) => {
    expect(readEnvelope(JSON.stringify(body)).objects).toEqual([{ bucket: 'logs', key: 'a b', region: 'eu-central-1' }])
  })

  it('gets what makes no object as what it is', () => {
    expect(readEnvelope(invocation({ Event: 's3:TestEvent' }))).toEqual({ objects: [], ignored: ['s3:TestEvent'] })
    expect(failure(invocation({ order: 7 })).code).toBe('ENVELOPE_UNREADABLE')
    expect(failure({ ...bridge, detail: { order: 7 } }).message).toContain('"lambda"')
    let body: unknown = event
    for (let level = 0; level < 8; level++) body = invocation(body)
    expect(failure(body).message).toContain('envelopes within each other')
  })
})

describe('fields that AWS adds', () => {
  it('do no harm: generated tags of a bucket, and any other', () => {
    const record = created(
      { key: 'a', awsGeneratedTags: {}, checksum: { type: 'CRC64NVME' } },
      { eventVersion: '2.6', glacierEventData: {}, added: [1] },
    )
    const { s3 } = record as unknown as { s3: { bucket: Record<string, unknown> } }
    s3.bucket.awsGeneratedTags = { 'aws:cloudformation:stack-name': 'logs', 'aws:cloudformation:logical-id': 'Bucket' }
    expect(readEnvelope({ Records: [record] }).objects).toEqual([{ bucket: 'logs', key: 'a', region: 'eu-central-1' }])
    expect(
      readEnvelope({
        version: '0',
        source: 'aws.s3',
        'detail-type': 'Object Created',
        region: 'eu-west-1',
        detail: {
          version: '0',
          bucket: { name: 'logs', awsGeneratedTags: {} },
          object: { key: 'a', size: 5, etag: 'e', 'version-id': 'v', sequencer: '1', added: 1 },
          'request-id': 'r',
          requester: '123456789012',
          'source-ip-address': '192.0.2.1',
          reason: 'CompleteMultipartUpload',
        },
      }).objects,
    ).toMatchObject([{ bucket: 'logs', key: 'a', versionId: 'v' }])
  })

  it('names logsEvent() for an event that holds its records itself', () => {
    expect(failure({ awslogs: { data: 'H4sI' } }).message).toContain('logsEvent()')
  })
})
