import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { SqsEvent } from '@flowferry/source-s3'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

/** The environment of a process that is to find the S3 and SQS server instead of AWS. */
export function awsEnvironment(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
}

/** A client of the S3 server. */
export const s3At = (endpoint: string): S3Client =>
  new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true })

/** A bucket whose uploads are told to a queue, which has a dead-letter queue: what the template deploys. */
export interface Stack {
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly bucket: string
  readonly queueUrl: string
  readonly queueArn: string
  readonly deadLetterQueueUrl: string
  readonly put: (key: string, body: string | Uint8Array) => Promise<void>
  readonly get: (key: string) => Promise<Buffer>
  /** Messages of a queue, hidden ones included. */
  readonly depth: (queueUrl: string) => Promise<number>
  readonly close: () => void
}

let stacks = 0

export async function createStack(
  endpoint: string,
  { visibilitySeconds = 30, maxReceiveCount = 5 } = {},
): Promise<Stack> {
  const s3 = s3At(endpoint)
  const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials })
  const name = `flowferry-${process.pid}-${Date.now().toString(36)}-${stacks++}`
  const create = async (suffix: string, attributes: Record<string, string>) => {
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: `${name}-${suffix}`, Attributes: attributes }),
    )
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
    return { url: QueueUrl!, arn: Attributes!.QueueArn! }
  }
  const deadLetters = await create('dead', {})
  const queue = await create('queue', {
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount }),
  })
  await s3.send(new CreateBucketCommand({ Bucket: name }))
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: name,
      NotificationConfiguration: { QueueConfigurations: [{ QueueArn: queue.arn, Events: ['s3:ObjectCreated:*'] }] },
    }),
  )
  return {
    s3,
    sqs,
    bucket: name,
    queueUrl: queue.url,
    queueArn: queue.arn,
    deadLetterQueueUrl: deadLetters.url,
    put: async (key, body) => {
      await s3.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body }))
    },
    get: async (key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: name, Key: key }))
      return Buffer.from(await Body!.transformToByteArray())
    },
    depth: async (QueueUrl) => {
      const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
      )
      return AttributeNames.reduce((sum, attribute) => sum + Number(Attributes![attribute]), 0)
    },
    close: () => {
      s3.destroy()
      sqs.destroy()
    },
  }
}

/** Puts files into a bucket, sixteen at a time. */
export async function putAll(
  s3: S3Client,
  Bucket: string,
  files: readonly { readonly key: string; readonly body: Uint8Array }[],
): Promise<void> {
  const left = files.values()
  const put = async () => {
    for (const { key, body } of left) await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: body }))
  }
  await Promise.all(Array.from({ length: 16 }, put))
}

export type Handler = (
  event: SqsEvent,
  context: { getRemainingTimeInMillis: () => number },
) => Promise<{ batchItemFailures: { itemIdentifier: string }[] }>

/**
 * What Lambda's event source mapping does: receives up to ten messages, invokes the handler with them, and deletes
 * those that it did not call failed. Returns the event and the response, or undefined where the queue is empty.
 */
export async function invoke(stack: Stack, handler: Handler, timeout = 60_000) {
  const messages: Message[] = []
  while (messages.length < 10) {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: stack.queueUrl,
        MaxNumberOfMessages: 10 - messages.length,
        WaitTimeSeconds: messages.length === 0 ? 1 : 0,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    )
    if (Messages.length === 0) break
    messages.push(...Messages)
  }
  if (messages.length === 0) return undefined
  const end = Date.now() + timeout
  const event = { Records: messages.map((message) => toRecord(stack.queueArn, message)) } as SqsEvent
  const response = await handler(event, { getRemainingTimeInMillis: () => end - Date.now() })
  const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
  for (const { MessageId, ReceiptHandle } of messages)
    if (!failed.has(MessageId!))
      await stack.sqs.send(new DeleteMessageCommand({ QueueUrl: stack.queueUrl, ReceiptHandle }))
  return { event, response, failed, messages }
}

function toRecord(eventSourceARN: string, { MessageId, Body, ReceiptHandle, Attributes, MessageAttributes }: Message) {
  const messageAttributes = Object.entries(MessageAttributes ?? {}).map(([name, { DataType, StringValue }]) => [
    name,
    { dataType: DataType!, stringValue: StringValue },
  ])
  return {
    messageId: MessageId!,
    body: Body!,
    receiptHandle: ReceiptHandle!,
    attributes: Attributes ?? {},
    messageAttributes: Object.fromEntries(messageAttributes),
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: 'us-east-1',
  }
}
