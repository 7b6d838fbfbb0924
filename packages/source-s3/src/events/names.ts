import { type ErrorPlace, FlowferryError } from '@flowferry/core'
import { invalid } from '../queue/options.ts'
import type { S3ObjectRef } from './envelope.ts'

export interface BucketOptions {
  /**
   * The buckets that a message may name: their names, or a function that says whether one is among them. A message that
   * names another fails with BUCKET_NOT_ALLOWED, and nothing is asked of that bucket. An access point or a directory
   * bucket is read only where its name or ARN is in the list.
   * @default any bucket whose name keeps AWS's rules: who may send messages then decides what is read
   */
  readonly buckets?: readonly string[] | ((bucket: string) => boolean) | undefined
}

/**
 * General purpose buckets. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 * Beginnings and ends are AWS's own: aliases of access points, Object Lambda, Outposts, directory buckets, tables.
 */
function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|^\d+\.\d+\.\d+\.\d+$|^(?:xn--|sthree-)/.test(name) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--xa-s3|--op-s3|--table-s3)$/.test(name)
  )
}

/**
 * What a user may list besides: buckets from before March 2018, which may have capital letters and `_`, and access points.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html
 */
function isListable(name: unknown): boolean {
  if (typeof name !== 'string') return false
  if (/^arn:aws[a-z-]*:s3[a-z-]*:[a-z0-9-]*:\d{12}:[\w.:/-]{1,512}$/.test(name)) return !name.includes('..')
  return /^[A-Za-z0-9][\w.-]{1,253}[A-Za-z0-9]$/.test(name) && !name.includes('..')
}

/** Throws INVALID_OPTION. */
export function checkBuckets({ buckets }: BucketOptions): void {
  if (buckets === undefined || typeof buckets === 'function') return
  if (!Array.isArray(buckets))
    throw invalid('`buckets` must be a list of names, or a function from a name to a boolean')
  for (const name of buckets)
    if (!isListable(name)) throw invalid(`\`buckets\` has ${JSON.stringify(name)}, which is no name of a bucket`)
}

/**
 * Checks what a message names, before anything is asked of S3.
 *
 * @throws FlowferryError BUCKET_NOT_ALLOWED; ENVELOPE_UNREADABLE for what cannot be a bucket, a key or a region of AWS's
 */
export function checkNames(
  { bucket, key, versionId, region }: S3ObjectRef,
  options: BucketOptions,
  messageId?: string,
) {
  const { buckets } = options
  const place: ErrorPlace = { bucket, key, ...(messageId !== undefined && { messageId }) }
  const isListed = Array.isArray(buckets) && buckets.includes(bucket)
  if (!isListed && !isBucketName(bucket))
    throw new FlowferryError('ENVELOPE_UNREADABLE', 'A message names what is no bucket by the rules of AWS', { place })
  if (!(typeof buckets === 'function' ? allows(buckets, bucket, place) : isListed || buckets === undefined))
    throw new FlowferryError('BUCKET_NOT_ALLOWED', 'A message names a bucket that `buckets` does not allow', { place })
  const isKey = Buffer.byteLength(key) <= 1024 && !/\p{Cs}/u.test(key)
  const isVersion = versionId === undefined || /^[\w.~-]{1,1024}$/.test(versionId)
  if (!isKey || !isVersion)
    throw new FlowferryError('ENVELOPE_UNREADABLE', `A message names what is no ${isKey ? 'version' : 'key'}`, {
      place,
    })
  // A part of the address that a client asks.
  if (region !== undefined && !/^[a-z0-9-]{1,63}$/.test(region))
    throw new FlowferryError('ENVELOPE_UNREADABLE', 'A message names what is no region', { place })
}

function allows(buckets: (bucket: string) => boolean, bucket: string, place: ErrorPlace): boolean {
  try {
    return buckets(bucket) === true
  } catch (cause) {
    throw new FlowferryError('BUCKET_NOT_ALLOWED', 'The `buckets` function threw', { place, cause })
  }
}
