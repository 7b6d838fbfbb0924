import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'
import {
  type ByteRange,
  type ErrorCode,
  type ErrorPlace,
  FlowferryError,
  type OpenObject,
  type SourceObject,
} from '@flowferry/core'
import { abortError } from './abort.ts'
import { type Body, type Patience, readBody, unlessStalled } from './body.ts'
import { type S3ObjectRef, unquoted } from './envelope.ts'
import { client, oneOf, wholeNumber } from './options.ts'
import { backoff, sleep } from './time.ts'

/** What is used of an S3Client. */
export type S3 = Pick<S3Client, 'send'>

/**
 * The client that reads, or a function that chooses one by bucket and region: buckets of other accounts, roles and
 * regions are normal. The function is called for every read, so it should keep its clients.
 */
export type S3Clients = S3 | ((bucket: string, region?: string) => S3)

/** How objects are read, and which of them may be missing. */
export interface ReadOptions {
  /** What an object that is gone does (NoSuchKey, NoSuchVersion): `fail`, or `skip` it, named in the report. Default `fail`. */
  readonly missing?: 'fail' | 'skip'
  /** What an object in an archive tier does (InvalidObjectState): `fail` or `skip`. Default `fail`. */
  readonly archived?: 'fail' | 'skip'
  /**
   * Seconds without an answer to GetObject, or without a byte of the body while one is waited for, after which the
   * connection is given up and the read goes on over a new one; 1 to 3,600. Default 30. It holds whatever the client's
   * own time-outs are, of which the SDK sets none.
   */
  readonly stallSeconds?: number
  /** New connections that are tried in a row until one brings a byte, with pauses of 0.1 to 5 s; 0 to 100. Default 5. */
  readonly retries?: number
}

export interface S3ObjectOptions extends ReadOptions {
  readonly s3: S3Clients
  /**
   * What an object does that is overwritten while it is read: `fail`, or `skip`, where its new version has an event of
   * its own. Default `fail`: an object of a listing has no event. With a version id it cannot happen.
   */
  readonly superseded?: 'fail' | 'skip'
}

/**
 * A log file on S3. `open` is a GetObject on the client that is passed in, for the version that the event names. A body
 * that breaks off, stalls or ends early goes on with `Range` and `If-Match` where it stopped, which the SDK does not do:
 * to it the request had succeeded. Once opened, the same bytes only: whatever is read later carries If-Match, and fails
 * with `OBJECT_SUPERSEDED` when the object was overwritten meanwhile.
 *
 * Bytes are counted against Content-Length. The client's own time-outs are of use besides, since the SDK sets none:
 * `requestHandler: { connectionTimeout: 5000, requestTimeout: 30000, socketTimeout: 30000, throwOnRequestTimeout: true }`.
 *
 * `AccessDenied` and a missing bucket always fail; where s3:ListBucket is not granted, S3 answers AccessDenied for a
 * missing key.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function s3Object(ref: S3ObjectRef, options: S3ObjectOptions): SourceObject {
  const { s3, superseded } = options
  if (typeof s3 !== 'function') client('s3', s3)
  if (superseded !== undefined) oneOf('superseded', superseded, ['fail', 'skip'])
  const { stallMilliseconds, retries }: Patience = patienceOf(options)
  const { bucket, key, versionId, etag, size, region } = ref
  const place: ErrorPlace = { bucket, key, ...(versionId !== undefined && { versionId }) }
  let openedEtag: string | undefined

  /** One request; what of its answer breaks later is `readBody`'s. */
  const get = async (range?: ByteRange, signal?: AbortSignal): Promise<Answer> => {
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
    const stop = new AbortController()
    const onAbort = () => stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      signal?.throwIfAborted()
      const sending = reader.send(command, { abortSignal: stop.signal })
      const answer = await unlessStalled(sending, 'No answer to GetObject came', stallMilliseconds, place)
      const { Body, ETag } = answer
      if (!Body || !ETag)
        throw new FlowferryError('OBJECT_UNREADABLE', `S3 answered without ${Body ? 'an ETag' : 'a body'}`, { place })
      return { ...answer, Body: Body as unknown as Body, ETag: unquoted(ETag) }
    } catch (error) {
      stop.abort(error)
      // No range of an empty object can be satisfied, not even its beginning.
      if (range && status(error) === 416 && ('last' in range || range.start === 0)) return get(undefined, signal)
      throw asObjectError(error, place, signal)
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** The SDK repeats what S3 refuses for the moment; silence it waits for. */
  const getPatiently = async (range?: ByteRange, signal?: AbortSignal): Promise<Answer> => {
    const pauses = backoff(100, 5000)
    for (let failures = 0; ; failures++) {
      try {
        return await get(range, signal)
      } catch (error) {
        if ((error as FlowferryError).code !== 'OBJECT_STALLED' || failures === retries) throw error
        await sleep(pauses.next(), signal)
      }
    }
  }

  const open = async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
    const first = await getPatiently(range, signal)
    openedEtag = first.ETag
    const start = startOf(first.ContentRange) ?? (range && 'start' in range ? range.start : 0)
    const length = first.ContentLength
    const resume = async (received: number): Promise<Body> => {
      const from = start + received
      const end = length !== undefined && { end: start + length - 1 }
      const { Body, ETag, ContentRange } = await get({ start: from, ...end }, signal)
      if (ETag === first.ETag && startOf(ContentRange) === from) return Body
      Body.destroy?.()
      if (ETag !== first.ETag)
        throw new FlowferryError('OBJECT_SUPERSEDED', `The ETag was ${first.ETag} and is ${ETag} now`, { place })
      throw new FlowferryError('OBJECT_UNREADABLE', `S3 was asked for bytes from ${from}, and gave others`, { place })
    }
    const whole = !range && first.ChecksumType !== 'COMPOSITE'
    return {
      etag: first.ETag,
      ...(length !== undefined && { size: length }),
      ...(first.LastModified && { lastModified: first.LastModified }),
      body: readBody(first.Body, {
        place,
        signal,
        size: length,
        resume,
        crc32: whole ? first.ChecksumCRC32 : undefined,
        stallMilliseconds,
        retries,
      }),
    }
  }

  const skip: ErrorCode[] = []
  if (options.missing === 'skip') skip.push('OBJECT_NOT_FOUND')
  if (options.archived === 'skip') skip.push('OBJECT_ARCHIVED')
  if (superseded === 'skip') skip.push('OBJECT_SUPERSEDED')
  return {
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
    ...(etag !== undefined && { etag }),
    ...(size !== undefined && { size }),
    ...(skip.length > 0 && { skip }),
    open,
  }
}

type Answer = Omit<GetObjectCommandOutput, 'Body' | 'ETag'> & { readonly Body: Body; readonly ETag: string }

/** Checks the options, and gives those with defaults. */
export function patienceOf({ missing, archived, stallSeconds = 30, retries = 5 }: ReadOptions): Patience {
  if (missing !== undefined) oneOf('missing', missing, ['fail', 'skip'])
  if (archived !== undefined) oneOf('archived', archived, ['fail', 'skip'])
  wholeNumber('stallSeconds', stallSeconds, 1, 3600)
  wholeNumber('retries', retries, 0, 100)
  return { stallMilliseconds: stallSeconds * 1000, retries }
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.range */
function rangeHeader(range: ByteRange): string {
  return 'last' in range ? `bytes=-${range.last}` : `bytes=${range.start}-${range.end ?? ''}`
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.content-range */
function startOf(contentRange: string | undefined): number | undefined {
  const start = /^bytes (\d+)-/.exec(contentRange ?? '')?.[1]
  return start === undefined ? undefined : Number(start)
}

function asObjectError(error: unknown, place: ErrorPlace, signal: AbortSignal | undefined): FlowferryError {
  if (signal?.aborted) return abortError(signal, place)
  if (FlowferryError.isInstance(error)) return error
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  const fail = (code: ErrorCode, what: string, retryable?: boolean) =>
    new FlowferryError(code, `${what}: ${name}${message && message !== name ? `, ${message}` : ''}`, {
      place,
      cause: error,
      ...(retryable !== undefined && { retryable }),
    })

  // By name first: an archived object is a 403 too.
  if (name === 'InvalidObjectState') return fail('OBJECT_ARCHIVED', 'The object is in an archive tier')
  if (name === 'NoSuchBucket') return fail('BUCKET_NOT_FOUND', 'The bucket does not exist')
  switch (status(error)) {
    case 404:
      return fail('OBJECT_NOT_FOUND', 'The object does not exist')
    case 403:
      return fail('OBJECT_FORBIDDEN', 'S3 refused, as it does for a missing key when s3:ListBucket is not granted')
    case 412:
      return fail('OBJECT_SUPERSEDED', 'The object is not the one that was opened before')
    case 416:
      return fail('OBJECT_UNREADABLE', 'The object is shorter than the range that was asked for', false)
  }
  if (name === 'NoSuchKey') return fail('OBJECT_NOT_FOUND', 'The object does not exist')
  return fail('OBJECT_UNREADABLE', 'GetObject failed')
}

function status(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode
}
