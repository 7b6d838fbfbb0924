import { appendFile } from 'node:fs/promises'
import type { FlowferryError } from '@flowferry/core'
import type { ArchiveObject, Sqs } from '@flowferry/source-s3'
import { collectFailures, type Failures } from '../report.ts'

export interface KeptFailures extends Failures {
  /** Keeps a failed object, and why it failed, where it was asked for. Rejects when that cannot be done. */
  readonly note: (object: ArchiveObject, error: FlowferryError) => Promise<void>
}

/** What became of objects that failed: by their causes in memory, all of them in a file and in a dead-letter queue. */
export function createFailures(
  path: string | undefined,
  queue: { readonly sqs: Sqs; readonly queueUrl: string; readonly region: string } | undefined,
): KeptFailures {
  const failures = collectFailures()
  return {
    ...failures,
    note: async (object, error) => {
      failures.add({ object, error })
      const { bucket, key, etag, size } = object
      if (path !== undefined)
        await appendFile(
          path,
          `${JSON.stringify({ bucket, key, etag, size, code: error.code, message: error.message })}\n`,
        )
      if (queue) {
        const { deadLetterObject } = await import('@flowferry/source-s3')
        await deadLetterObject(object, error, queue)
      }
    },
  }
}
