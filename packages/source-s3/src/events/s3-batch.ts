import { FlowferryError, type Report, type SourceMessage } from '@flowferry/core'
import { failureOf } from '../dead-messages/failure.ts'
import { client } from '../queue/options.ts'
import { type ReadOptions, retryOptions, type S3Clients, s3Object } from '../read/object.ts'
import type { S3ObjectRef } from './envelope.ts'
import { withoutKnown } from './known-keys.ts'
import { type BucketOptions, checkBuckets, checkNames } from './names.ts'

/**
 * The event of a Lambda function that S3 Batch Operations invokes, in its schemas 1.0 and 2.0.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
 */
export interface S3BatchEvent {
  readonly invocationSchemaVersion: string
  readonly invocationId: string
  readonly tasks: readonly {
    readonly taskId: string
    /** The key, URL-encoded as in the manifest. */
    readonly s3Key: string
    readonly s3VersionId?: string | null
    /** Of schema 1.0. */
    readonly s3BucketArn?: string
    /** Of schema 2.0. */
    readonly s3Bucket?: string
  }[]
}

/** The response of the function. */
export interface S3BatchResponse {
  readonly invocationSchemaVersion: string
  readonly treatMissingKeysAs: 'TemporaryFailure'
  readonly invocationId: string
  readonly results: readonly {
    readonly taskId: string
    readonly resultCode: 'Succeeded' | 'TemporaryFailure' | 'PermanentFailure'
    /** Text for the job's completion report. */
    readonly resultString: string
  }[]
}

/** Options of `s3BatchTasks`: those of reading, `buckets`, and the client. */
export interface S3BatchOptions extends ReadOptions, BucketOptions {
  /** An S3 client, or a function from bucket and region to one. Needs s3:GetObject. */
  readonly s3: S3Clients
}

/**
 * The tasks of an S3 Batch Operations job as messages for `ingest`, with the task ids as message ids. A task without a
 * bucket or with a wrong key becomes a message with the error `ENVELOPE_UNREADABLE`.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * export const handler = async (event: S3BatchEvent, context: Context) =>
 *   s3BatchResponse(event, await ingest({ source: s3BatchTasks(event, { s3 }), parser, sink, deadline: context }))
 */
export function s3BatchTasks(event: S3BatchEvent, options: S3BatchOptions): SourceMessage[] {
  const { buckets, ...reading } = options
  if (typeof reading.s3 !== 'function') client('s3', reading.s3)
  retryOptions(reading)
  checkBuckets({ buckets })
  return event.tasks.map((task): SourceMessage => {
    try {
      const ref = objectOf(task)
      checkNames(ref, { buckets })
      const { kept, ignored } = withoutKnown([ref])
      return { messageId: task.taskId, objects: kept.map((one) => s3Object(one, reading)), ignored }
    } catch (error) {
      if (!FlowferryError.isInstance(error)) throw error
      return { messageId: task.taskId, objects: [], error }
    }
  })
}

function objectOf({ s3Key, s3VersionId, s3BucketArn, s3Bucket }: S3BatchEvent['tasks'][number]): S3ObjectRef {
  const bucket = s3Bucket ?? s3BucketArn?.replace(/^arn:[^:]+:s3:::/, '')
  const key = decoded(s3Key)
  if (!bucket) throw new FlowferryError('ENVELOPE_UNREADABLE', 'A task names no bucket')
  if (key === undefined)
    throw new FlowferryError('ENVELOPE_UNREADABLE', `The key ${JSON.stringify(s3Key)} is not URL-encoded`)
  return { bucket, key, ...(s3VersionId && { versionId: s3VersionId }) }
}

/**
 * The response to S3 Batch Operations, with a result for each task. The service tries a temporary failure again, and
 * lists failed tasks in its completion report. A task that is missing from the report is a temporary failure.
 *
 * @example
 * const report = await ingest({ source: s3BatchTasks(event, { s3 }), parser, sink, deadline: context })
 * return s3BatchResponse(event, report)
 */
export function s3BatchResponse(event: S3BatchEvent, report: Report): S3BatchResponse {
  const messages = new Map(report.messages.map((message) => [message.messageId, message]))
  return {
    invocationSchemaVersion: event.invocationSchemaVersion,
    treatMissingKeysAs: 'TemporaryFailure',
    invocationId: event.invocationId,
    results: event.tasks.map(({ taskId }) => {
      const message = messages.get(taskId)
      if (message?.status === 'done') {
        const read = message.objects.reduce((sum, { counts }) => sum + counts.read, 0)
        return { taskId, resultCode: 'Succeeded', resultString: `${read} records` }
      }
      const error = message && failureOf(message)
      const resultCode = error && !error.retryable ? 'PermanentFailure' : 'TemporaryFailure'
      return { taskId, resultCode, resultString: (error?.message ?? 'not begun').slice(0, 1000) }
    }),
  }
}

function decoded(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replace(/\+/g, ' '))
  } catch {
    return undefined
  }
}
