import { randomUUID } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'

/** The server that these tests run against, as AWS: `FLOWFERRY_TEST_AWS=http://127.0.0.1:4566`. */
export const endpoint = process.env.FLOWFERRY_TEST_AWS
export const absent = endpoint === undefined
if (absent && process.env.FLOWFERRY_REQUIRE_SERVERS === '1')
  throw new Error('FLOWFERRY_TEST_AWS is not set, and FLOWFERRY_REQUIRE_SERVERS=1 asks for the server')
if (absent) console.warn('skipped: FLOWFERRY_TEST_AWS is not set (the URL of a MiniStack)')

const region = 'us-east-1'
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const common = { region, credentials, endpoint: endpoint ?? 'http://127.0.0.1:1' }
export const s3 = new S3Client({ ...common, forcePathStyle: true })
export const sqs = new SQSClient(common)
/** A client that goes another way to the same server. */
export const sqsAt = (url: string) => new SQSClient({ ...common, endpoint: url, useQueueUrlAsEndpoint: false })

export const unique = (name: string) => `${name}-${randomUUID().slice(0, 8)}`

export async function createQueue(name: string, attributes: Record<string, string> = {}, suffix = '') {
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: unique(name) + suffix, Attributes: attributes }),
  )
  const url = QueueUrl!
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }))
  return { url, arn: Attributes!.QueueArn! }
}

/** Messages of a queue, the hidden ones included. */
export async function queueLength(url: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }))
  return names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0)
}

/** The parts of a request's head that such a server reads: which service is meant. It does not check signatures. */
const authorization = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`

/** SNS speaks forms and XML; its client is not needed for three calls. */
export async function sns(action: string, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: '2010-03-31', ...parameters })
  return call('sns', { 'content-type': 'application/x-www-form-urlencoded' }, body.toString())
}

/** EventBridge speaks JSON; its client is not needed for three calls, either. */
export async function events(action: string, parameters: object): Promise<string> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSEvents.${action}` }
  return call('events', headers, JSON.stringify(parameters))
}

async function call(service: string, headers: Record<string, string>, body: string): Promise<string> {
  const response = await fetch(common.endpoint, {
    method: 'POST',
    headers: { ...headers, authorization: authorization(service) },
    body,
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${service}: ${response.status}, ${text}`)
  return text
}
