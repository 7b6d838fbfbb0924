import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { S3Client } from '@aws-sdk/client-s3'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { FlowferryError } from '@flowferry/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awsErrorCode } from './aws-errors.ts'
import { listObjects } from './backfill/list.ts'
import { s3Object } from './read/object.ts'

/**
 * The refusals of S3 and SQS as these services write them on the wire, through the SDK's own clients: its names of errors
 * are what `aws-errors.ts` is asked about.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
 * https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
 */
interface Refusal {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body: string
}
const xml = (status: number, code: string, message = 'no', more = ''): Refusal => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId><HostId>h</HostId></Error>`,
})
const json = (status: number, type: string, message = 'no'): Refusal => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-error': `${type};Sender` },
  body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message }),
})

let refusal: Refusal
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => response.writeHead(refusal.status, refusal.headers).end(refusal.body))
})
let s3: S3Client
let sqs: SQSClient
let url: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = {
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-to-be-printed' },
    maxAttempts: 1,
  }
  s3 = new S3Client({ ...client, forcePathStyle: true })
  sqs = new SQSClient(client)
})
afterAll(() => {
  s3.destroy()
  sqs.destroy()
  server.close()
})

async function failureOf(work: () => Promise<unknown>): Promise<FlowferryError> {
  const error: unknown = await work().then(
    () => expect.unreachable('it was refused'),
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(FlowferryError)
  expect(JSON.stringify(error)).not.toContain('not-to-be-printed')
  return error as FlowferryError
}
const get = () => failureOf(() => s3Object({ bucket: 'logs', key: 'a.gz' }, { s3, stallSeconds: 5 }).open())
const list = () =>
  failureOf(async () => {
    for await (const _ of listObjects({ s3, bucket: 'logs' })) expect.unreachable('it was refused')
  })

const refusals: readonly (readonly [string, Refusal])[] = [
  ['SOURCE_CREDENTIALS', xml(400, 'ExpiredToken', 'The provided token has expired.')],
  ['SOURCE_CREDENTIALS', xml(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist.')],
  ['SOURCE_CREDENTIALS', xml(403, 'SignatureDoesNotMatch')],
  ['SOURCE_CREDENTIALS', xml(400, 'InvalidToken')],
  [
    'SOURCE_CLOCK',
    xml(
      403,
      'RequestTimeTooSkewed',
      'The difference is too large.',
      '<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>',
    ),
  ],
  [
    'SOURCE_REGION',
    xml(301, 'PermanentRedirect', 'Use this endpoint.', '<Endpoint>logs.s3.eu-west-1.amazonaws.com</Endpoint>'),
  ],
  [
    'SOURCE_REGION',
    xml(
      400,
      'AuthorizationHeaderMalformed',
      "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
      '<Region>eu-west-1</Region>',
    ),
  ],
  ['SOURCE_KEY', xml(400, 'KMS.DisabledException', 'arn:aws:kms:eu-central-1:111122223333:key/k is disabled.')],
  [
    'SOURCE_KEY',
    xml(
      403,
      'AccessDenied',
      'User: arn:aws:sts::111122223333:assumed-role/r/s is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-central-1:111122223333:key/k',
    ),
  ],
  ['SOURCE_ACCOUNT', xml(403, 'AllAccessDisabled')],
  ['SOURCE_OVERLOADED', xml(503, 'SlowDown', 'Please reduce your request rate.')],
  ['SOURCE_OVERLOADED', xml(503, 'ServiceUnavailable')],
  ['SOURCE_UNREACHABLE', { status: 502, body: '<html>Bad Gateway</html>' }],
]

describe('S3 that refuses', () => {
  it.each(refusals)('is %s in a reading and in a listing: %j', async (code, given) => {
    refusal = given
    expect((await get()).code).toBe(code)
    expect((await list()).code).toBe(code)
  })

  it.each([
    ['OBJECT_FORBIDDEN', xml(403, 'AccessDenied', 'Access Denied')],
    ['OBJECT_NOT_FOUND', xml(404, 'NoSuchKey', 'The specified key does not exist.', '<Key>a.gz</Key>')],
    ['OBJECT_ARCHIVED', xml(403, 'InvalidObjectState', 'Not valid.', '<StorageClass>GLACIER</StorageClass>')],
    ['BUCKET_NOT_FOUND', xml(404, 'NoSuchBucket', 'no', '<BucketName>logs</BucketName>')],
  ])('one object is %s, and no outage', async (code, given) => {
    refusal = given
    const error = await get()
    expect(error).toMatchObject({ code, place: { bucket: 'logs', key: 'a.gz' } })
  })
})

describe('SQS that refuses', () => {
  it.each([
    ['SOURCE_CREDENTIALS', json(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.')],
    ['SOURCE_CREDENTIALS', json(403, 'ExpiredTokenException', 'The security token included in the request is expired')],
    ['SOURCE_CLOCK', json(403, 'InvalidSignatureException', 'Signature expired: 20261130T000000Z is now earlier than')],
    ['SOURCE_KEY', json(400, 'KmsDisabled')],
    ['SOURCE_OVERLOADED', json(403, 'OverLimit', 'Too many messages in flight')],
    ['SOURCE_OVERLOADED', json(400, 'RequestThrottled')],
  ])('is %s', async (code, given) => {
    refusal = given
    const receive = new ReceiveMessageCommand({ QueueUrl: `${url}/111122223333/logs` })
    const error = await sqs.send(receive).catch((thrown: unknown) => thrown)
    expect(awsErrorCode(error)).toBe(code)
  })
})
