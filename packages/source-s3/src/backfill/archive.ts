import type { SourceMessage } from '@flowferry/core'
import { type S3Clients, s3Object } from '../object.ts'
import { client, invalid, optionalFunction, wholeNumber } from '../options.ts'
import { type ArchiveFormat, archiveFormats, type Interval, mayHold, type Wanted } from './layout.ts'
import { type ListedObject, lister, pagesOf } from './list.ts'
import { plan } from './plan.ts'

/** An object of the archive that may hold records of the span. */
export interface ArchiveObject extends ListedObject {
  readonly bucket: string
  /** As its key tells it; what the object is its content decides. */
  readonly format: ArchiveFormat
}

export interface ArchiveOptions {
  /** A client, or a function from bucket to one. It needs s3:ListBucket on the bucket. */
  readonly s3: S3Clients
  readonly bucket: string
  /** Only keys that begin with it. Default: all. Needed where a bucket holds much besides logs. */
  readonly prefix?: string
  /** Default: `vpc-flow`, `cloudtrail` and `cloudfront`. */
  readonly formats?: readonly ArchiveFormat[]
  /** Account ids of 12 digits. Default: all that are found. CloudFront logs whose keys name none are left out then. */
  readonly accounts?: readonly string[]
  /** `eu-central-1`, … Default: all that are found. CloudFront's logs have none, and are not asked. */
  readonly regions?: readonly string[]
  /** Times of the first record, and of the first one that is too late: [from, to). */
  readonly from: Date
  readonly to: Date
  /**
   * Milliseconds by which a record may have come later than it happened, 0 to 30 days. Default: 1 hour for flow logs,
   * 2 for CloudTrail and CloudFront. More of it reads more files after the span.
   */
  readonly late?: number
  /** Nothing up to this key: a former run did that. */
  readonly after?: string
  /** Called for each ListObjectsV2, which is paid for. */
  readonly onRequest?: () => void
  /** Told what is left out although it may be wanted. */
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

/**
 * The objects of a bucket that may hold records of [from, to), in the order of their keys. The layout is found by
 * listing: plain, hive, organization, Control Tower and CloudFront ones, below any folder. Keys are chosen by the time
 * that they name, widened for late delivery; the records are then for `withinSpan` to choose.
 *
 * Holds some thousands of keys in memory, whatever the archive. Objects uploaded meanwhile may or may not be met.
 *
 * @throws FlowferryError INVALID_OPTION, also while it lists, where folders are too many to be an archive of logs
 * @throws FlowferryError LISTING_FAILED where S3 refuses; ABORTED
 */
export function archiveObjects(options: ArchiveOptions): AsyncGenerator<ArchiveObject> {
  const { s3, bucket, prefix = '', after, signal, onRequest, onNote } = options
  if (typeof s3 !== 'function') client('s3', s3)
  if (typeof bucket !== 'string' || bucket === '') throw invalid('`bucket` must be the name of a bucket')
  optionalFunction('onRequest', onRequest)
  optionalFunction('onNote', onNote)
  const wanted = wantedOf(options)
  return objects()

  async function* objects(): AsyncGenerator<ArchiveObject> {
    const list = lister(typeof s3 === 'function' ? s3(bucket) : s3, bucket, onRequest ?? (() => undefined), signal)
    for await (const [{ before, format }, page] of pagesOf(plan(list, { prefix, wanted, after, onNote }), list))
      for (const object of page.objects) {
        if (before !== undefined && object.key >= before) break
        // What a console makes of a "folder".
        if (object.key.endsWith('/') && !object.size) continue
        if (mayHold(object.key, format, wanted, object.lastModified)) yield { bucket, ...object, format }
      }
  }
}

/** Each object as a message of its own, for `ingest`: what fails, fails alone. It needs s3:GetObject. */
export async function* backfillSource(
  objects: AsyncIterable<ArchiveObject>,
  { s3 }: { readonly s3: S3Clients },
): AsyncGenerator<SourceMessage> {
  for await (const { bucket, key, etag, size } of objects)
    yield {
      objects: [
        s3Object({ bucket, key, ...(etag !== undefined && { etag }), ...(size !== undefined && { size }) }, { s3 }),
      ],
    }
}

function wantedOf({ formats, accounts, regions, from, to, late }: ArchiveOptions): Wanted {
  for (const format of formats ?? [])
    if (!archiveFormats.includes(format))
      throw invalid(`\`formats\` has "${format}"; it takes ${archiveFormats.join(', ')}`)
  for (const account of accounts ?? [])
    if (!/^\d{12}$/.test(account)) throw invalid(`\`accounts\` has "${account}"; an account id has 12 digits`)
  for (const region of regions ?? [])
    if (!/^[a-z]{2}(?:-[a-z]+)+-\d+$/.test(region))
      throw invalid(`\`regions\` has "${region}"; it takes names like eu-central-1`)
  if (late !== undefined) wholeNumber('late', late, 0, 30 * 24 * 3_600_000)
  return {
    formats: new Set(formats?.length ? formats : archiveFormats),
    accounts: accounts?.length ? new Set(accounts) : undefined,
    regions: regions?.length ? new Set(regions) : undefined,
    span: spanOf(from, to),
    late,
  }
}

/** A span's two times, checked. */
export function spanOf(from: Date, to: Date): Interval {
  const [start, end] = [from, to].map((time) => (time instanceof Date ? time.getTime() : Number.NaN)) as [
    number,
    number,
  ]
  if (Number.isNaN(start) || Number.isNaN(end)) throw invalid('`from` and `to` must be valid Dates')
  if (start >= end) throw invalid(`\`from\` (${from.toISOString()}) must be before \`to\` (${to.toISOString()})`)
  return { start, end }
}
