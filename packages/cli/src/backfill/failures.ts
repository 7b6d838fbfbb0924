import { appendFile } from 'node:fs/promises'
import type { FlowferryError } from '@flowferry/core'
import type { ArchiveObject, Sqs } from '@flowferry/source-s3'

/** How many failed objects are spoken of one by one. */
const shown = 20

export interface Failures {
  readonly count: () => number
  /** The first ones. */
  readonly first: readonly { readonly object: ArchiveObject; readonly error: FlowferryError }[]
  /** Keeps a failed object, and why it failed, where it was asked for. Rejects when that cannot be done. */
  readonly note: (object: ArchiveObject, error: FlowferryError) => Promise<void>
}

/** What became of objects that failed: the first few in memory, all of them in a file and in a dead-letter queue. */
export function createFailures(
  path: string | undefined,
  queue: { readonly sqs: Sqs; readonly queueUrl: string; readonly region: string } | undefined,
): Failures {
  const first: { object: ArchiveObject; error: FlowferryError }[] = []
  let count = 0
  return {
    count: () => count,
    first,
    note: async (object, error) => {
      count++
      if (first.length < shown) first.push({ object, error })
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
