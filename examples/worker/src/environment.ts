import { parentPort } from 'node:worker_threads'
import { objectEvent } from '@flowferry/core'
import type { ConsumeOptions, S3ObjectsOptions } from '@flowferry/source-s3'

const { SEARCH_URL, QUEUE_URL, DEAD_LETTER_QUEUE_URL } = required('SEARCH_URL', 'QUEUE_URL', 'DEAD_LETTER_QUEUE_URL')

/** The URL may hold credentials: `https://name:password@search.example:9200`. */
export const node = SEARCH_URL
const { SEARCH_API_KEY: apiKey, SEARCH_USERNAME: username, SEARCH_PASSWORD: password = '' } = process.env
/** What a client of Elasticsearch takes beside the URL, and what one of OpenSearch does. */
export const key = apiKey ? { auth: { apiKey } } : {}
export const login = username ? { auth: { username, password } } : {}
export const queueUrl = QUEUE_URL

/** SIGTERM (ECS, Kubernetes) and SIGINT (Ctrl-C) let running batches finish. */
const controller = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => controller.abort())
// In a thread of worker-threads.ts the signal comes as a message.
parentPort?.once('message', () => controller.abort())
parentPort?.unref()
export const stopped = controller.signal

export const options: Omit<ConsumeOptions, 'sqs' | 'signal'> = {
  deadLetter: { queueUrl: DEAD_LETTER_QUEUE_URL },
  ...(process.env.RETRY_SECONDS && { retrySeconds: Number(process.env.RETRY_SECONDS) }),
  ...(process.env.WAIT_SECONDS && { waitSeconds: Number(process.env.WAIT_SECONDS) }),
  ...(process.env.DRAIN_SECONDS && { drainMilliseconds: Number(process.env.DRAIN_SECONDS) * 1000 }),
  ...(process.env.HTTP_PORT && {
    http: { port: Number(process.env.HTTP_PORT), ...(process.env.HTTP_HOST && { host: process.env.HTTP_HOST }) },
  }),
  onReport: (report) => {
    for (const { messageId, objects, error, status } of report.messages) {
      // An object's event names it; an error of the store, which all share, does not. Malformed lines fail no object below a
      // tenth, and are kept nowhere.
      const told = objects.filter(({ status, counts }) => status === 'failed' || counts.malformed > 0).map(objectEvent)
      if (status === 'failed' || told.length > 0) console.error(JSON.stringify({ messageId, error, objects: told }))
    }
  },
  onError: (error) => console.error(JSON.stringify(error)),
}

/** The buckets that a message may name, and what becomes of an object of no known format. */
export const reading: Pick<S3ObjectsOptions, 'buckets' | 'unknown'> = {
  ...(process.env.LOG_BUCKETS && { buckets: process.env.LOG_BUCKETS.split(',') }),
  unknown: process.env.UNKNOWN_FORMAT === 'skip' ? 'skip' : 'fail',
}

/** Their values, or one error that names all that are missing. */
function required<N extends string>(...names: readonly N[]): Record<N, string> {
  const missing = names.filter((name) => !process.env[name])
  if (missing.length > 0) throw new Error(`Not set in the environment: ${missing.join(', ')}`)
  return process.env as Record<N, string>
}
