import type { ArchiveObject } from './archive.ts'
import { encodeKey } from './s3-event.ts'

/**
 * A manifest for S3 Batch Operations (`S3BatchOperations_CSV_20180820`, fields Bucket and Key), in pieces of about a
 * thousand lines, for a file or an upload: `bucket,key`, keys URL-encoded.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html#specify-batchjob-manifest
 */
export async function* batchManifest(
  objects: AsyncIterable<Pick<ArchiveObject, 'bucket' | 'key'>>,
): AsyncGenerator<string> {
  let lines: string[] = []
  for await (const { bucket, key } of objects) {
    lines.push(`${bucket},${encodeKey(key)}\n`)
    if (lines.length < 1000) continue
    yield lines.join('')
    lines = []
  }
  if (lines.length > 0) yield lines.join('')
}
