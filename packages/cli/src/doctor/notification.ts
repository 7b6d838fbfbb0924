import {
  type Event,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
} from '@aws-sdk/client-s3'
import type { S3 } from '@flowferry/source-s3'
import { type Check, failed, fine, found } from './check.ts'

/** Whether a bucket tells a queue of its uploads. */
export async function checkNotification(
  s3: S3,
  { bucket, prefix, queueArn }: { readonly bucket: string; readonly prefix: string; readonly queueArn: string },
): Promise<Check> {
  const check = 'notification'
  let told: GetBucketNotificationConfigurationCommandOutput
  try {
    told = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket }))
  } catch (error) {
    return failed(check, error, 's3:GetBucketNotification on the bucket')
  }
  const { QueueConfigurations = [], TopicConfigurations = [], EventBridgeConfiguration } = told
  const direct = QueueConfigurations.filter(({ QueueArn }) => QueueArn === queueArn)
  const ofUploads = direct.filter(({ Events = [] }) => Events.some(isUpload))
  const reaching = ofUploads.filter(({ Filter }) => {
    const rules = Filter?.Key?.FilterRules ?? []
    const begin = rules.find(({ Name }) => /^prefix$/i.test(Name ?? ''))?.Value ?? ''
    return prefix.startsWith(begin) || begin.startsWith(prefix)
  })
  const todo = `let s3:ObjectCreated:* of ${bucket} go to ${queueArn}, or turn EventBridge on: examples/lambda/README.md`
  if (reaching.length > 0) {
    const events = [...new Set(reaching.flatMap(({ Events = [] }) => Events))]
    const filters = reaching
      .flatMap(({ Filter }) => Filter?.Key?.FilterRules ?? [])
      .map(({ Name, Value }) => `${Name} ${Value}`)
    const what = `${events.join(', ')}${filters.length > 0 ? ` (${filters.join(', ')})` : ''} to the queue`
    const isWhole = events.includes('s3:ObjectCreated:*')
    if (isWhole || parts.every((event) => events.includes(event))) return fine(check, what)
    return found(check, 'warning', `${what}: uploads of other kinds, as in parts or by a copy, are not told`, todo)
  }
  if (ofUploads.length > 0)
    return found(
      check,
      'fault',
      `uploads below ${prefix} are filtered out, so that the queue is not told of them`,
      todo,
    )
  if (direct.length > 0) return found(check, 'fault', 'the queue is told of no uploads', todo)
  const ways = [
    ...(EventBridgeConfiguration ? ['EventBridge'] : []),
    ...TopicConfigurations.filter(({ Events = [] }) => Events.some(isUpload)).map(({ TopicArn }) => String(TopicArn)),
  ]
  if (ways.length > 0)
    return found(
      check,
      'unknown',
      `it goes to ${ways.join(' and ')}, and what comes from there to the queue is not told here`,
      'see that a rule or subscription has the queue as its target, and the queue lets it send',
    )
  return found(check, 'fault', 'the bucket does not tell the queue of uploads', todo)
}

const isUpload = (event: Event) => event.startsWith('s3:ObjectCreated:')
/** What AWS's logs, uploads in parts and copies are. */
const parts: readonly Event[] = [
  's3:ObjectCreated:Put',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectCreated:Copy',
]
