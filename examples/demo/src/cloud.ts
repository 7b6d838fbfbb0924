import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { buildApp } from 'fauxqs'
import { world } from './samples/world.ts'

/** S3 and SQS in this process, and the clients to them: what the demo has instead of AWS. */
export interface Cloud {
  /** Of both services: what AWS_ENDPOINT_URL takes. */
  readonly endpoint: string
  readonly bucket: string
  readonly queueUrl: string
  readonly deadLetterUrl: string
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly put: (key: string, body: Uint8Array) => Promise<StoredObject>
  /** Sends what S3 would send by itself when an object is created: the emulator takes the setting and does nothing. */
  readonly notify: (object: StoredObject) => Promise<void>
  /** Messages in a queue, hidden ones included. */
  readonly depth: (queueUrl: string) => Promise<number>
  readonly stop: () => Promise<void>
}

export interface StoredObject {
  readonly key: string
  readonly size: number
  readonly etag: string
}

export async function startCloud(): Promise<Cloud> {
  // The SDK's eight lines about Node 20 concern those who reach AWS with it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  // Its own startFauxqs would listen on every network of this machine.
  const app = buildApp({ logger: false, defaultRegion: world.region })
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' })
  const settings = { endpoint, region: world.region, credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' } }
  const s3 = new S3Client({ ...settings, forcePathStyle: true })
  // The emulator's queue URLs name a host that no resolver knows.
  const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false })
  const createQueue = async (name: string): Promise<string> => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
    return QueueUrl!
  }
  const bucket = 'demo-logs'
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  const queueUrl = await createQueue('logs')
  const deadLetterUrl = await createQueue('logs-dlq')
  let sequence = 0

  return {
    endpoint,
    bucket,
    queueUrl,
    deadLetterUrl,
    s3,
    sqs,
    put: async (key, body) => {
      const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
      return { key, size: body.length, etag: ETag!.replaceAll('"', '') }
    },
    notify: async ({ key, size, etag }) => {
      const event = {
        eventVersion: '2.5',
        eventSource: 'aws:s3',
        awsRegion: world.region,
        eventTime: new Date().toISOString(),
        eventName: 'ObjectCreated:Put',
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'logs',
          bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
          object: { key: encodeKey(key), size, eTag: etag, sequencer: (++sequence).toString(16).padStart(18, '0') },
        },
      }
      const MessageBody = JSON.stringify({ Records: [event] })
      await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }))
    },
    depth: async (url) => {
      const AttributeNames = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ] as const
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...AttributeNames] }),
      )
      return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0)
    },
    stop: async () => {
      s3.destroy()
      sqs.destroy()
      await app.close()
    },
  }
}

/** As S3 spells keys in its events: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
}
