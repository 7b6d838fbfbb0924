// A bucket whose uploads are told to a queue, on the tests' S3 and SQS server.
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

export async function createQueue(endpoint, name) {
  const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true })
  const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials })
  const Bucket = `flowferry-${name}`
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: Bucket }))
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
  await s3.send(new CreateBucketCommand({ Bucket }))
  const QueueConfigurations = [{ QueueArn: Attributes.QueueArn, Events: ['s3:ObjectCreated:*'] }]
  await s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations } }),
  )
  return {
    url: QueueUrl,
    put: (Key, Body) => s3.send(new PutObjectCommand({ Bucket, Key, Body })),
    remove: async (keys) => {
      for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }))
      await s3.send(new DeleteBucketCommand({ Bucket }))
      await sqs.send(new DeleteQueueCommand({ QueueUrl }))
      s3.destroy()
      sqs.destroy()
    },
  }
}
