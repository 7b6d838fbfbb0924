import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { detect } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { duckdb } from '@flowferry/sink-duckdb'

/** What all of these examples share. Of yours the store alone is another: `elasticsearch({ client })`. */
export const aws = {
  s3: new S3Client(),
  sqs: new SQSClient(),
  /** The buckets that a message may name: without them whoever reaches the queue or the service chooses what is read. */
  buckets: (process.env.LOG_BUCKETS ?? '').split(','),
}
export const parser = detect([vpcFlow, cloudTrail])
export const sink = await duckdb(process.env.DUCKDB_FILE ?? ':memory:')
export const deadLetter = { queueUrl: process.env.DEAD_LETTER_QUEUE_URL!, maxAttempts: 4 }
