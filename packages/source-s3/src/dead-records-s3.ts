import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { DeadRecord, DeadRecords } from '@flowferry/core'
import { client, invalid } from './options.ts'
import { answerWithin } from './time.ts'

export interface S3DeadRecordsOptions {
  /** It needs s3:PutObject on the prefix. */
  readonly s3: Pick<S3Client, 'send'>
  readonly bucket: string
  /**
   * What keys begin with: `dead/`. Keep it out of the bucket's notification, or what is dead comes back as a log file.
   */
  readonly prefix: string
}

const compress = promisify(gzip)
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const longestKey = 1024

/**
 * Dead records as gzip NDJSON objects on S3, one `DeadRecord` a line, under
 * `<prefix><bucket>/<key>/<etag>/<fate>-<first ordinal>.ndjson.gz`. A redelivery overwrites them with the same. S3 has
 * 30 seconds to take each.
 * `flowferry ingest s3://bucket/prefix --format rejected` indexes the documents once their cause is mended.
 *
 * @throws FlowferryError INVALID_OPTION
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

/** Where records that begin with this one stand; an original key that leaves no room for the rest is hashed. */
function deadRecordsKey(prefix: string, { bucket, key, etag, fate, ordinal }: DeadRecord): string {
  const name = `${etag}/${fate}-${String(ordinal).padStart(12, '0')}.ndjson.gz`
  // A local file has no bucket, and may begin at the root.
  const folder = bucket === '' ? prefix.replace(/\/$/, '') : `${prefix}${bucket}`
  const plain = `${folder}/${key.replace(/^\/+/, '')}/${name}`
  if (Buffer.byteLength(plain) <= longestKey) return plain
  return `${folder}/${createHash('sha256').update(key).digest('base64url')}/${name}`
}
