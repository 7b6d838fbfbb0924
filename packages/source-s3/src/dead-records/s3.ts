import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { DeadRecord, DeadRecords } from '@flowferry/core'
import { client, invalid } from '../queue/options.ts'
import { answerWithin } from '../queue/time.ts'

export interface S3DeadRecordsOptions {
  /** An S3 client. Needs s3:PutObject on the prefix. */
  readonly s3: Pick<S3Client, 'send'>
  /** Name of the bucket, or ARN of an access point. */
  readonly bucket: string
  /**
   * Beginning of the keys: `dead/`, at most 512 bytes. Leave it out of the bucket's notification, which would send the
   * dead records back as log files.
   */
  readonly prefix: string
}

const compress = promisify(gzip)
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const maxKeyBytes = 1024

/**
 * Dead records as gzip NDJSON objects on S3, one `DeadRecord` a line, under
 * `<prefix><bucket>/<key>/<etag>/<fate>-<first ordinal>.ndjson.gz`. A redelivery overwrites an object with the same
 * content. Each PutObject has 30 seconds.
 * `flowferry ingest s3://bucket/prefix --format rejected` indexes the documents once their cause is mended.
 *
 * @throws FlowferryError INVALID_OPTION; a write rejects with the client's own error
 * @example
 * const deadRecords = s3DeadRecords({ s3, bucket: 'logs', prefix: 'dead/' })
 * await ingest({ source, parser, sink, deadRecords })
 */
export function s3DeadRecords({ s3, bucket, prefix }: S3DeadRecordsOptions): DeadRecords {
  client('s3', s3)
  if (typeof bucket !== 'string' || !/^[\w.:/-]{3,2048}$/.test(bucket))
    throw invalid("`bucket` must be the bucket's name, or an access point's ARN")
  if (typeof prefix !== 'string' || prefix.startsWith('/') || Buffer.byteLength(prefix) > 512)
    throw invalid('`prefix` must be the beginning of a key, `dead/`: at most 512 bytes, no slash before it')
  return {
    write: async (records, signal) => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`)
      const Body = await compress(lines.join(''))
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: deadRecordsKey(prefix, records[0]!),
        Body,
        ContentType: 'application/gzip',
      })
      await answerWithin(30, signal, (options) => s3.send(command, options))
    },
  }
}

/** The key of an object whose first record is this one. A log file's key that leaves too little room is hashed. */
function deadRecordsKey(prefix: string, { bucket, key, etag, fate, ordinal }: DeadRecord): string {
  const name = `${etag}/${fate}-${String(ordinal).padStart(12, '0')}.ndjson.gz`
  // A local file has no bucket, and may begin at the root.
  const folder = bucket === '' ? prefix.replace(/\/$/, '') : `${prefix}${bucket}`
  const plain = `${folder}/${key.replace(/^\/+/, '')}/${name}`
  if (Buffer.byteLength(plain) <= maxKeyBytes) return plain
  return `${folder}/${createHash('sha256').update(key).digest('base64url')}/${name}`
}
