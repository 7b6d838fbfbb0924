import { HeadObjectCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import type { Stack } from '../support/aws.ts'
import type { LogFile } from '../support/log-files.ts'
import type { Random } from '../support/random.ts'

/** A file on S3, and the event that S3 itself made of it. */
export type Stored<T> = T & { readonly bucket: string; readonly lastModified: Date; readonly event: string }

/**
 * Puts files into a bucket. Their events go to a queue of our own, so that the suite decides in which order and how
 * often they come to the real one.
 */
export async function store<T extends Pick<LogFile, 'key' | 'body'>>(
  { s3, sqs }: Stack,
  bucket: string,
  files: readonly T[],
): Promise<Stored<T>[]> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${bucket}-events` }))
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: {
        QueueConfigurations: [{ QueueArn: Attributes!.QueueArn!, Events: ['s3:ObjectCreated:*'] }],
      },
    }),
  )
  const times = new Map<string, Date>()
  for (const { key: Key, body: Body } of files) {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
    const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }))
    times.set(Key, LastModified!)
  }
  const events = new Map<string, string>()
  for (let empty = 0; events.size < files.length && empty < 20; ) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    )
    empty = Messages.length === 0 ? empty + 1 : 0
    for (const { Body, ReceiptHandle } of Messages) {
      const key = JSON.parse(Body!).Records?.[0]?.s3.object.key
      if (key !== undefined) events.set(decodeURIComponent(key.replaceAll('+', ' ')), Body!)
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    }
  }
  await sqs.send(new DeleteQueueCommand({ QueueUrl }))
  return files.map((file) => ({
    ...file,
    bucket,
    lastModified: times.get(file.key)!,
    event: events.get(file.key)!,
  }))
}

/** Some events come twice, some two to a message, one as SNS wraps it, and none in the order of the files. */
export function mix(events: readonly string[], random: Random) {
  const shuffled = random.shuffle(events)
  const [first, second, third] = shuffled as [string, string, string]
  const joined = JSON.stringify({ Records: [...JSON.parse(second).Records, ...JSON.parse(third).Records] })
  const wrapped = JSON.stringify({
    Type: 'Notification',
    MessageId: 'm',
    TopicArn: 'arn:aws:sns:us-east-1:1:t',
    Message: first,
  })
  return { bodies: random.shuffle([...events, first, wrapped, joined]), twice: 4 }
}

export async function send({ sqs, queueUrl }: Stack, body: string): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }))
}
