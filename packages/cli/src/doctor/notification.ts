import {
  type Event,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  type QueueConfiguration,
} from '@aws-sdk/client-s3'
import type { S3 } from '@flowferry/source-s3'
import { plural } from '../text.ts'
import { type Check, failed, fine, found } from './check.ts'

export interface NotificationOptions {
  readonly bucket: string
  readonly prefix: string
  readonly queueArn: string
  /** Of the newest objects, one of each log. */
  readonly keys: readonly string[]
}

/** Whether a bucket tells a queue of its logs' uploads. */
export async function checkNotification(
  s3: S3,
  { bucket, prefix, queueArn, keys }: NotificationOptions,
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
  const todo = `let s3:ObjectCreated:* of ${bucket} go to ${queueArn}, or turn EventBridge on: examples/lambda/README.md`
  if (ofUploads.length > 0) return reach(ofUploads)
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

  function reach(all: readonly QueueConfiguration[]): Check {
    const missed = keys.filter((key) => !all.some((one) => isTold(one, key)))
    if (missed.length > 0) {
      const isAll = missed.length === keys.length
      const what = isAll
        ? `the filter leaves all logs out, so that the queue is not told of them: ${filtersOf(all)}`
        : `the filter leaves ${plural(missed.length, 'log')} of ${keys.length} out: ${filtersOf(all)}`
      return found(check, isAll ? 'fault' : 'warning', what, todo, missed)
    }
    const reaching = keys.length > 0 ? all.filter((one) => keys.some((key) => isTold(one, key))) : all.filter(mayReach)
    if (reaching.length === 0)
      return found(
        check,
        'fault',
        `uploads below ${prefix} are filtered out, so that the queue is not told of them`,
        todo,
      )
    const filters = filtersOf(reaching)
    const events = [...new Set(reaching.flatMap(({ Events = [] }) => Events))]
    const what = `${events.join(', ')}${filters === '' ? '' : ` (${filters})`} to the queue`
    if (keys.length === 0 && !reaching.some((one) => rulesOf(one).length === 0))
      return found(
        check,
        'unknown',
        `${what}: the bucket has no log of late to hold against the filter`,
        'see that the filter fits the keys of the logs: docs/formats/README.md',
      )
    const isWhole = events.includes('s3:ObjectCreated:*')
    if (isWhole || parts.every((event) => events.includes(event))) return fine(check, what)
    return found(check, 'warning', `${what}: uploads of other kinds, as in parts or by a copy, are not told`, todo)
  }

  function mayReach(one: QueueConfiguration): boolean {
    return rulesOf(one).every(
      ({ name, value }) => name !== 'prefix' || prefix.startsWith(value) || value.startsWith(prefix),
    )
  }
}

interface Rule {
  readonly name: 'prefix' | 'suffix'
  readonly value: string
}

function rulesOf({ Filter }: QueueConfiguration): Rule[] {
  return (Filter?.Key?.FilterRules ?? []).flatMap(({ Name, Value }) =>
    Value ? [{ name: /^prefix$/i.test(Name ?? '') ? 'prefix' : 'suffix', value: Value }] : [],
  )
}

/**
 * A value may be percent-encoded, as the console asks for it, or be as it is.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
function isTold(one: QueueConfiguration, key: string): boolean {
  return rulesOf(one).every(({ name, value }) =>
    [value, decoded(value)].some((text) => (name === 'prefix' ? key.startsWith(text) : key.endsWith(text))),
  )
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}

const filtersOf = (all: readonly QueueConfiguration[]): string =>
  [...new Set(all.flatMap(rulesOf).map(({ name, value }) => `${name} ${value}`))].join(', ')

const isUpload = (event: Event) => event.startsWith('s3:ObjectCreated:')
/** What AWS's logs, uploads in parts and copies are. */
const parts: readonly Event[] = [
  's3:ObjectCreated:Put',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectCreated:Copy',
]
