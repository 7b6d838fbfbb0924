import type { S3Client } from '@aws-sdk/client-s3'

/** Requests to S3 so far. Both kinds are paid for, LIST some twelve times as much. */
export interface Requests {
  list: number
  get: number
}

/** Counts what a client sends, those that the SDK repeats and redirects included. */
export function countRequests(s3: S3Client): Requests {
  const requests: Requests = { list: 0, get: 0 }
  s3.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'ListObjectsV2Command') requests.list++
        if (commandName === 'GetObjectCommand') requests.get++
        return next(args)
      },
    // Behind the step that repeats.
    { step: 'finalizeRequest', priority: 'low', name: 'countRequests' },
  )
  return requests
}
