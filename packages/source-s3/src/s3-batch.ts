import { FlowferryError, type Report, type SourceMessage } from '@flowferry/core'
import { failureOf } from './failure.ts'
import { type S3Clients, s3Object } from './object.ts'
import { client } from './options.ts'

/**
 * What S3 Batch Operations invokes a Lambda with, in its schemas 1.0 and 2.0.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
 */
export interface S3BatchEvent {
  readonly invocationSchemaVersion: string
  readonly invocationId: string
  readonly tasks: readonly {
    readonly taskId: string
    /** URL-encoded, as the manifest has it. */
    readonly s3Key: string
    readonly s3VersionId?: string | null
    /** Schema 1.0. */
    readonly s3BucketArn?: string
    /** Schema 2.0. */
    readonly s3Bucket?: string
  }[]
}

/** What the Lambda answers with. */
export interface S3BatchResponse {
  readonly invocationSchemaVersion: string
  readonly treatMissingKeysAs: 'TemporaryFailure'
  readonly invocationId: string
  readonly results: readonly {
    readonly taskId: string
    readonly resultCode: 'Succeeded' | 'TemporaryFailure' | 'PermanentFailure'
    /** For the job's completion report. */
    readonly resultString: string
  }[]
}

/** The tasks of a job of S3 Batch Operations as messages for `ingest`, one an object: their ids are the task ids. */
export function s3BatchTasks(event: S3BatchEvent, { s3 }: { readonly s3: S3Clients }): SourceMessage[] {
  if (typeof s3 !== 'function') client('s3', s3)
  return event.tasks.map(({ taskId, s3Key, s3VersionId, s3BucketArn, s3Bucket }) => {
    const bucket = s3Bucket ?? s3BucketArn?.replace(/^arn:[^:]+:s3:::/, '')
    const key = decoded(s3Key)
    if (!bucket || key === undefined) {
      const what = bucket ? `The key ${JSON.stringify(s3Key)} is not URL-encoded` : 'A task names no bucket'
      return { messageId: taskId, objects: [], error: new FlowferryError('ENVELOPE_UNREADABLE', what) }
    }
    return {
      messageId: taskId,
      objects: [s3Object({ bucket, key, ...(s3VersionId && { versionId: s3VersionId }) }, { s3 })],
    }
  })
}

/**
 * The answer to S3 Batch Operations: each task's own result. It tries a temporary failure again, and lists what failed
 * in its completion report. Tasks of which the report says nothing are tried again.
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
