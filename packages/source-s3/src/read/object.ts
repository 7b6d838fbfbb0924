import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'
import {
  type ByteRange,
  type ErrorCode,
  type ErrorPlace,
  FlowferryError,
  type OpenObject,
  type SourceObject,
} from '@flowferry/core'
import { awsErrorCode } from '../aws-errors.ts'
import { type S3ObjectRef, unquoted } from '../events/envelope.ts'
import { client, oneOf, wholeNumber } from '../queue/options.ts'
import { backoff, sleep } from '../queue/time.ts'
import { abortError } from './abort.ts'
import { type Body, type RetryOptions, readBody, unlessStalled } from './body.ts'

/** An `S3Client`; only its `send` is used. */
export type S3 = Pick<S3Client, 'send'>

/**
 * An S3 client, or a function from bucket and region to one, for buckets of other accounts, roles and regions. The
 * function is called for every request, so it should keep its clients.
 */
export type S3Clients = S3 | ((bucket: string, region?: string) => S3)

export interface ReadOptions {
  /**
   * Whether an object that does not exist (NoSuchKey, NoSuchVersion) fails its message, or is skipped and named in the
   * report.
   * @default 'fail': a log file that vanished before it was read is a loss
   */
  readonly missing?: 'fail' | 'skip'
  /**
   * Whether an object in an archive tier (InvalidObjectState) fails its message, or is skipped and named in the report.
   * @default 'fail': once restored, the object can be read
   */
  readonly archived?: 'fail' | 'skip'
  /**
   * Whether an object that no parser claims (FORMAT_UNKNOWN) fails its message, which then goes to the dead-letter queue
   * at once, or is skipped and named in the report. An object that a parser claims and cannot read always fails.
   * @default 'fail': a log of a format that nobody thought of would be lost
   */
  readonly unknown?: 'fail' | 'skip'
  /**
   * Seconds without a response to GetObject, or without a byte of the body while the reader waits for one, after which
   * the read continues on a new connection; 1 to 3,600. Holds beside the client's own time-outs.
   * @default 30: the SDK sets no time-out, and a stalled connection would wait for ever
   */
  readonly stallSeconds?: number
  /**
   * New connections in a row without a byte, after which the object fails; 0 to 100. Pauses between them grow from 0.1
   * to 5 s.
   * @default 5: two to three seconds of pauses, and the message's next attempt reads the object again
   */
  readonly retries?: number
}

export interface S3ObjectOptions extends ReadOptions {
  /** An S3 client, or a function from bucket and region to one. Needs s3:GetObject. */
  readonly s3: S3Clients
  /**
   * Whether an object that is overwritten while it is read fails, or is skipped because its new version has its own
   * event. Cannot happen with a version id.
   * @default 'fail': an object of a listing has no event
   */
  readonly superseded?: 'fail' | 'skip'
}

/**
 * A log file on S3. `open` sends a GetObject for the version that the reference names. A body that breaks off, stalls
 * or ends early continues where it stopped, with `Range` and `If-Match`. The SDK does not resume, since its request had
 * succeeded. All requests after the first carry `If-Match`, and fail with `OBJECT_SUPERSEDED` when the object was
 * overwritten, so a read never mixes two versions.
 *
 * Bytes are counted against Content-Length. Set the client's own time-outs, too, since the SDK sets none:
 * `requestHandler: { connectionTimeout: 5000, requestTimeout: 30000, socketTimeout: 30000, throwOnRequestTimeout: true }`.
 *
 * `AccessDenied` and a missing bucket always fail. S3 answers `AccessDenied` for a missing key where s3:ListBucket is
 * not granted. Faults that are no object's (credentials, clock, region, a disabled key, load) are codes that begin with
 * `SOURCE_`: a worker waits for their end.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 *
 * @throws FlowferryError INVALID_OPTION; `open` and its body reject with OBJECT_NOT_FOUND, OBJECT_FORBIDDEN,
 *   OBJECT_ARCHIVED, OBJECT_SUPERSEDED, OBJECT_STALLED, OBJECT_UNREADABLE, BUCKET_NOT_FOUND, BODY_LENGTH, BODY_CHECKSUM,
 *   a code that begins with SOURCE_, or ABORTED
 * @example
 * const object = s3Object({ bucket: 'logs', key: 'AWSLogs/123456789012/a.log.gz' }, { s3: new S3Client() })
 * await ingest({ source: [{ objects: [object] }], parser: vpcFlow, sink })
 */
export function s3Object(ref: S3ObjectRef, options: S3ObjectOptions): SourceObject {
  const { s3, superseded } = options
  if (typeof s3 !== 'function') client('s3', s3)
  if (superseded !== undefined) oneOf('superseded', superseded, ['fail', 'skip'])
  const { stallMilliseconds, retries }: RetryOptions = retryOptions(options)
  const { bucket, key, versionId, etag, size, region } = ref
  const place: ErrorPlace = { bucket, key, ...(versionId !== undefined && { versionId }) }
  let openedEtag: string | undefined

  /** Sends one request. A body that breaks after the response is for `readBody`. */
  const get = async (range?: ByteRange, signal?: AbortSignal): Promise<GetObjectResponse> => {
    const reader = typeof s3 === 'function' ? s3(bucket, region) : s3
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      // S3 then sends the stored checksum, with which the SDK verifies the body.
      ChecksumMode: 'ENABLED',
      ...(versionId !== undefined && { VersionId: versionId }),
      ...(range && { Range: rangeHeader(range) }),
      ...(range && openedEtag !== undefined && { IfMatch: `"${openedEtag}"` }),
    })
    const stop = new AbortController()
    const onAbort = () => stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    try {
      signal?.throwIfAborted()
      const sending = reader.send(command, { abortSignal: stop.signal })
      const response = await unlessStalled(sending, 'No answer to GetObject came', stallMilliseconds, place)
      const { Body, ETag } = response
      if (!Body || !ETag)
        throw new FlowferryError('OBJECT_UNREADABLE', `S3 answered without ${Body ? 'an ETag' : 'a body'}`, { place })
      return { ...response, Body: Body as unknown as Body, ETag: unquoted(ETag) }
    } catch (error) {
      stop.abort(error)
      // Of an empty object no range can be satisfied, not even its beginning.
      if (range && status(error) === 416 && ('last' in range || range.start === 0)) return get(undefined, signal)
      throw asObjectError(error, place, signal)
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Retries a request without a response. The SDK itself retries those that S3 refuses. */
  const getWithRetries = async (range?: ByteRange, signal?: AbortSignal): Promise<GetObjectResponse> => {
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
    const first = await getWithRetries(range, signal)
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
      ...(first.Metadata && { metadata: first.Metadata }),
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
  if (options.unknown === 'skip') skip.push('FORMAT_UNKNOWN')
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

type GetObjectResponse = Omit<GetObjectCommandOutput, 'Body' | 'ETag'> & { readonly Body: Body; readonly ETag: string }

/** The options with their defaults. Throws INVALID_OPTION. */
export function retryOptions(options: ReadOptions): RetryOptions {
  const { missing, archived, unknown, stallSeconds = 30, retries = 5 } = options
  if (missing !== undefined) oneOf('missing', missing, ['fail', 'skip'])
  if (archived !== undefined) oneOf('archived', archived, ['fail', 'skip'])
  if (unknown !== undefined) oneOf('unknown', unknown, ['fail', 'skip'])
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

  const code = awsErrorCode(error)
  if (code) return fail(code, words[code] ?? 'GetObject failed')
  if (status(error) === 416)
    return fail('OBJECT_UNREADABLE', 'The object is shorter than the range that was asked for', false)
  return fail('OBJECT_UNREADABLE', 'GetObject failed')
}

const words: Partial<Record<ErrorCode, string>> = {
  OBJECT_ARCHIVED: 'The object is in an archive tier',
  BUCKET_NOT_FOUND: 'The bucket does not exist',
  OBJECT_NOT_FOUND: 'The object does not exist',
  OBJECT_FORBIDDEN: 'S3 refused, as it does for a missing key when s3:ListBucket is not granted',
  OBJECT_SUPERSEDED: 'The object is not the one that was opened before',
}

function status(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode
}
