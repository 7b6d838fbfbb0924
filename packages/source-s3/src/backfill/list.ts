import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { FlowferryError } from '@flowferry/core'
import { awsErrorCode, outageCode } from '../aws-errors.ts'
import { unquoted } from '../events/envelope.ts'
import { answerWithin, isTimeout } from '../queue/time.ts'
import type { S3 } from '../read/object.ts'
import type { KeyRange } from './layout.ts'

/** An object as a listing states it. */
export interface ListedObject {
  readonly key: string
  /** Without quotes. */
  readonly etag?: string
  /** Stored bytes. */
  readonly size?: number
  readonly lastModified?: Date
  /** `GLACIER`, `DEEP_ARCHIVE`, …; none or `STANDARD` mostly. */
  readonly storageClass?: string
}

/** A page of a listing. */
export interface Listing {
  readonly objects: readonly ListedObject[]
  /** Each ends with the delimiter. */
  readonly folders: readonly string[]
  /** Where it goes on, unless this is the last page. */
  readonly token?: string
}

interface ListRequest {
  readonly prefix: string
  readonly delimiter?: '/'
  readonly startAfter?: string
  readonly token?: string
}

export type Lister = (request: ListRequest) => Promise<Listing>

/** Tries of a page for which no answer comes. What S3 refuses for the moment the SDK repeats. */
const tries = 3

/**
 * A page has three times 30 seconds to come.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function lister(s3: S3, bucket: string, onRequest: () => void, signal?: AbortSignal): Lister {
  return async ({ prefix, delimiter, startAfter, token }) => {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(delimiter && { Delimiter: delimiter }),
      ...(startAfter !== undefined && { StartAfter: startAfter }),
      ...(token !== undefined && { ContinuationToken: token }),
    })
    try {
      const answer = await ask(command)
      const objects = (answer.Contents ?? []).flatMap(({ Key, ETag, Size, LastModified, StorageClass }) =>
        Key === undefined
          ? []
          : {
              key: Key,
              ...(ETag !== undefined && { etag: unquoted(ETag) }),
              ...(Size !== undefined && { size: Size }),
              ...(LastModified && { lastModified: LastModified }),
              ...(StorageClass !== undefined && { storageClass: StorageClass }),
            },
      )
      const folders = (answer.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? [])
      return { objects, folders, ...(answer.NextContinuationToken && { token: answer.NextContinuationToken }) }
    } catch (cause) {
      if (signal?.aborted) throw new FlowferryError('ABORTED', 'Listing was stopped', { cause })
      const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
      const refused = awsErrorCode(cause) === 'BUCKET_NOT_FOUND' ? 'BUCKET_NOT_FOUND' : 'LISTING_FAILED'
      const code = outageCode(cause) ?? refused
      const place = { bucket, ...(prefix !== '' && { key: prefix }) }
      throw new FlowferryError(code, `ListObjectsV2: ${name}, ${message}`, { place, cause })
    }
  }

  async function ask(command: ListObjectsV2Command): Promise<ListObjectsV2CommandOutput> {
    for (let attempt = 1; ; attempt++) {
      try {
        onRequest()
        return await answerWithin(30, signal, (options) => s3.send(command, options))
      } catch (error) {
        if (!isTimeout(error) || attempt === tries) throw error
      }
    }
  }
}

/**
 * Every object below a prefix, in the order of keys; what a console makes of a "folder" is left out.
 *
 * @throws FlowferryError BUCKET_NOT_FOUND, LISTING_FAILED, ABORTED, or a code that begins with SOURCE_
 */
export async function* listObjects({
  s3,
  bucket,
  prefix = '',
  signal,
}: {
  /** It needs s3:ListBucket. */
  readonly s3: S3
  readonly bucket: string
  readonly prefix?: string
  readonly signal?: AbortSignal
}): AsyncGenerator<ListedObject> {
  const list = lister(s3, bucket, () => undefined, signal)
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const page = await list({ prefix, ...(token !== undefined && { token }) })
    for (const object of page.objects) if (!(object.key.endsWith('/') && object.size === 0)) yield object
    token = page.token
  }
}

/** Ranges whose first pages are asked for ahead: most archives have many of few files. */
const ahead = 8

/**
 * The pages of all ranges, in their order. The next page is on its way while one is worked on, and so are the first
 * pages of the ranges that follow: some nine pages of a thousand keys are held at most.
 *
 * @param next The key behind which a range goes on after the last one of a page; undefined: with what follows it. @default so always
 */
export async function* pagesOf(
  ranges: AsyncIterator<KeyRange>,
  list: Lister,
  next: (key: string, range: KeyRange) => string | undefined = () => undefined,
): AsyncGenerator<[KeyRange, Listing]> {
  const begin = async () => {
    const { value, done } = await ranges.next()
    if (done) return undefined
    const first = list(requestOf(value))
    first.catch(() => undefined)
    return { range: value, first }
  }
  const soon = () => {
    const begun = begin()
    begun.catch(() => undefined)
    return begun
  }
  // An async generator answers calls of `next` in their order.
  const window = Array.from({ length: ahead }, soon)
  try {
    for (let current = await window.shift()!; current; current = await window.shift()!) {
      window.push(soon())
      const { range } = current
      let page: Promise<Listing> | undefined = current.first
      while (page) {
        const listing: Listing = await page
        const last = listing.objects.at(-1)?.key
        const isEnd =
          listing.token === undefined || (range.before !== undefined && last !== undefined && last >= range.before)
        const startAfter = last === undefined || isEnd ? undefined : next(last, range)
        const rest = startAfter === undefined ? { token: listing.token! } : { startAfter }
        page = isEnd ? undefined : list({ ...requestOf(range), ...rest })
        page?.catch(() => undefined)
        yield [range, listing]
      }
    }
  } finally {
    // Not awaited: it may be in a request that hangs.
    ranges.return?.()?.catch(() => undefined)
  }
}

function requestOf({ prefix, startAfter }: KeyRange): ListRequest {
  return { prefix, ...(startAfter !== undefined && { startAfter }) }
}
