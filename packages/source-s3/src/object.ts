import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'
import { type ByteRange, type ErrorPlace, FlowferryError, type OpenObject, type SourceObject } from '@flowferry/core'
import { abortError } from './abort.ts'
import { readBody } from './body.ts'
import { type S3ObjectRef, unquoted } from './envelope.ts'
import { client } from './options.ts'

/** What is used of an S3Client. */
export type S3 = Pick<S3Client, 'send'>

/**
 * The client that reads, or a function that chooses one by bucket and region: buckets of other accounts, roles and
 * regions are normal. The function is called for every read, so it should keep its clients.
 */
export type S3Clients = S3 | ((bucket: string, region?: string) => S3)

/**
 * A log file on S3. `open` is one GetObject on the client that is passed in, for the version that the event names.
 * Once opened, ranges of the same bytes only: a later range read carries If-Match, and fails with `OBJECT_SUPERSEDED`
 * when the object was overwritten meanwhile.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function s3Object(ref: S3ObjectRef, { s3 }: { readonly s3: S3Clients }): SourceObject {
  if (typeof s3 !== 'function') client('s3', s3)
  const { bucket, key, versionId, etag, size, region } = ref
  const place: ErrorPlace = { bucket, key, ...(versionId !== undefined && { versionId }) }
  let openedEtag: string | undefined

  const get = async (range?: ByteRange, signal?: AbortSignal): Promise<GetObjectCommandOutput> => {
    const reader = typeof s3 === 'function' ? s3(bucket, region) : s3
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      // Asks S3 to send the stored checksum: the SDK then verifies the body while it is read.
      ChecksumMode: 'ENABLED',
      ...(versionId !== undefined && { VersionId: versionId }),
      ...(range && { Range: rangeHeader(range) }),
      ...(range && openedEtag !== undefined && { IfMatch: `"${openedEtag}"` }),
    })
    try {
      return await reader.send(command, signal && { abortSignal: signal })
    } catch (error) {
      // No range of an empty object can be satisfied, not even its beginning.
      if (range && status(error) === 416 && ('last' in range || range.start === 0)) return get(undefined, signal)
      throw asObjectError(error, place, signal)
    }
  }

  const open = async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
    const { Body, ETag, ContentLength, LastModified } = await get(range, signal)
    if (!Body || !ETag)
      throw new FlowferryError('OBJECT_UNREADABLE', `S3 answered without ${Body ? 'an ETag' : 'a body'}`, { place })
    openedEtag = unquoted(ETag)
    return {
      etag: openedEtag,
      ...(ContentLength !== undefined && { size: ContentLength }),
      ...(LastModified && { lastModified: LastModified }),
      body: readBody(Body as AsyncIterable<Uint8Array>, place, signal),
    }
  }

  return {
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
    ...(etag !== undefined && { etag }),
    ...(size !== undefined && { size }),
    open,
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.range */
function rangeHeader(range: ByteRange): string {
  return 'last' in range ? `bytes=-${range.last}` : `bytes=${range.start}-${range.end ?? ''}`
}

function asObjectError(error: unknown, place: ErrorPlace, signal: AbortSignal | undefined): FlowferryError {
  if (FlowferryError.isInstance(error)) return error
  if (signal?.aborted) return abortError(signal, place)
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  const fail = (
    code: 'OBJECT_NOT_FOUND' | 'OBJECT_ARCHIVED' | 'OBJECT_FORBIDDEN' | 'OBJECT_SUPERSEDED',
    what: string,
  ) =>
    new FlowferryError(code, `${what}: ${name}${message && message !== name ? `, ${message}` : ''}`, {
      place,
      cause: error,
    })

  // By name first: an archived object is a 403 too.
  if (name === 'InvalidObjectState') return fail('OBJECT_ARCHIVED', 'The object is in an archive tier')
  if (name === 'NoSuchBucket') return fail('OBJECT_NOT_FOUND', 'The bucket does not exist')
  switch (status(error)) {
    case 404:
      return fail('OBJECT_NOT_FOUND', 'The object does not exist')
    case 403:
      return fail('OBJECT_FORBIDDEN', 'S3 refused, as it does for a missing key when s3:ListBucket is not granted')
    case 412:
      return fail('OBJECT_SUPERSEDED', 'The object is not the one that was opened before')
  }
  if (name === 'NoSuchKey') return fail('OBJECT_NOT_FOUND', 'The object does not exist')
  return new FlowferryError('OBJECT_UNREADABLE', `GetObject failed: ${name}, ${message}`, { place, cause: error })
}

function status(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode
}
