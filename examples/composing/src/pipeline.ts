import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { detect } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { duckdb } from '@flowferry/sink-duckdb'

// Said at the start: at the first message it would fail, and a sender that is told so gives it up.
const { LOG_BUCKETS, DEAD_LETTER_QUEUE_URL } = required('LOG_BUCKETS', 'DEAD_LETTER_QUEUE_URL')

/** What all of these examples share. Of yours the store alone is another: `elasticsearch({ client })`. */
export const aws = {
  s3: new S3Client(),
  sqs: new SQSClient(),
  /** The buckets that a message may name: without them whoever reaches the queue or the service chooses what is read. */
  buckets: LOG_BUCKETS.split(','),
}
export const parser = detect([vpcFlow, cloudTrail])
export const sink = await duckdb(process.env.DUCKDB_FILE ?? ':memory:')
export const deadLetter = { queueUrl: DEAD_LETTER_QUEUE_URL, maxAttempts: 4 }

/** Their values, or one error that names all that are missing. */
function required<N extends string>(...names: readonly N[]): Record<N, string> {
  const missing = names.filter((name) => !process.env[name])
  if (missing.length > 0) throw new Error(`Not set in the environment: ${missing.join(', ')}`)
  return process.env as Record<N, string>
}
