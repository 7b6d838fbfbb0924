import type { S3ObjectsOptions } from '@flowferry/source-s3'
import { required } from './required.ts'

const { SEARCH_URL, DEAD_LETTER_QUEUE_URL } = required('SEARCH_URL', 'DEAD_LETTER_QUEUE_URL')

/** https://search.example:9200 */
export const node = SEARCH_URL
export const apiKey = process.env.SEARCH_API_KEY ?? ''
export const auth = { username: process.env.SEARCH_USERNAME ?? '', password: process.env.SEARCH_PASSWORD ?? '' }
export const deadLetter = {
  queueUrl: DEAD_LETTER_QUEUE_URL,
  maxAttempts: Number(process.env.MAX_ATTEMPTS ?? 4),
}

/** The buckets that a message may name, and what becomes of an object of no known format. */
export const reading: Pick<S3ObjectsOptions, 'buckets' | 'unknown'> = {
  ...(process.env.LOG_BUCKETS && { buckets: process.env.LOG_BUCKETS.split(',') }),
  unknown: process.env.UNKNOWN_FORMAT === 'skip' ? 'skip' : 'fail',
}
