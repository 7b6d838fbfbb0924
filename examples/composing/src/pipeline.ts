import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { detect } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { duckdb } from '@flowferry/sink-duckdb'

const { LOG_BUCKETS, DEAD_LETTER_QUEUE_URL } = process.env
// Said at the start: at the first message it would fail, and a sender that is told so gives it up.
if (!LOG_BUCKETS) throw new Error('The environment variable LOG_BUCKETS is not set')

/** What all of these examples share. Of yours the store alone is another: `elasticsearch({ client })`. */
export const aws = {
  s3: new S3Client(),
  sqs: new SQSClient(),
  /** The buckets that a message may name: without them whoever reaches the queue or the service chooses what is read. */
  buckets: LOG_BUCKETS.split(','),
}
export const parser = detect([vpcFlow, cloudTrail])
export const sink = await duckdb(process.env.DUCKDB_FILE ?? ':memory:')
export const deadLetter = { queueUrl: DEAD_LETTER_QUEUE_URL!, maxAttempts: 4 }
