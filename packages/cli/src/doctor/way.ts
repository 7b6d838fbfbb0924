import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { Event, S3Client } from '@aws-sdk/client-s3'
import type { Sender } from './policy.ts'

/** The newest object of a log. */
export interface Uploaded {
  readonly key: string
  readonly size?: number | undefined
  readonly etag?: string | undefined
}

export interface NotificationOptions {
  readonly s3: S3Client
  /** A client of the queue's region; it is asked for where the bucket tells EventBridge. */
  readonly eventBridge: () => Promise<EventBridgeClient>
  readonly bucket: string
  readonly prefix: string
  readonly queueArn: string
  /** The queue's. @default nobody but its account may send */
  readonly policy?: string | undefined
  /** Of the credentials. */
  readonly account?: string | undefined
  /** One of each log. */
  readonly objects: readonly Uploaded[]
}

/** One way from a bucket to a queue. */
export interface Way {
  readonly what: string
  readonly sender: Sender
  /** What of a log's uploads the queue is told this way. Without an object: of any log below the prefix. */
  readonly tells: (object: Uploaded | undefined) => Told | Promise<Told>
}

export interface Told {
  /** Of `uploads`. */
  readonly events: readonly Event[]
  /** Why it may be none of them. */
  readonly doubts: readonly string[]
}

/** What AWS's logs, uploads in parts and copies are. */
export const uploads: readonly Event[] = [
  's3:ObjectCreated:Put',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectCreated:Copy',
]
