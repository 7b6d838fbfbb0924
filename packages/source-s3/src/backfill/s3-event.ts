import type { ArchiveObject } from './archive.ts'

/**
 * The body of a notification as S3 writes it to a queue, for objects that are there already.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 *
 * `sequencer`, ids of requests and owners are left out: nobody but S3 can tell them. `configurationId` says who wrote it.
 */
export function s3EventBody(objects: readonly EventObject[], region: string): string {
  return JSON.stringify({ Records: objects.map((object) => record(object, region)) })
}

/** What an event tells of an object. */
export type EventObject = Pick<ArchiveObject, 'bucket' | 'key' | 'etag' | 'size' | 'lastModified'>

function record({ bucket, key, etag, size, lastModified }: EventObject, region: string) {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: (lastModified ?? new Date()).toISOString(),
    eventName: 'ObjectCreated:Put',
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'flowferry-backfill',
      bucket: { name: bucket, arn: `arn:${partitionOf(region)}:s3:::${bucket}` },
      object: { key: encodedKey(key), ...(size !== undefined && { size }), ...(etag !== undefined && { eTag: etag }) },
    },
  }
}

/** As in events: percent-encoded, `/` left, a space as `+`. */
function encodedKey(key: string): string {
  return encodeKey(key).replaceAll('%20', '+')
}

/** Percent-encoded but for `/` and A-Z a-z 0-9 - _ . ~ */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
