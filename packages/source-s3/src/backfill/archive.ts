import type { Format, SourceMessage } from '@flowferry/core'
import type { S3ObjectRef } from '../events/envelope.ts'
import { withoutKnown } from '../events/known-keys.ts'
import { client, invalid, oneOf, optionalFunction, wholeNumber } from '../queue/options.ts'
import { ownSignal } from '../queue/time.ts'
import { type ReadOptions, retryOptions, type S3Clients, s3Object } from '../read/object.ts'
import { type Interval, type KeyRange, keyInterval, mayHold, nextKey, servicesOf, type Wanted } from './layout.ts'
import { type ListedObject, lister, pagesOf } from './list.ts'
import { plan } from './plan.ts'

/** An object of the archive that may hold records of the span. */
export interface ArchiveObject extends ListedObject {
  readonly bucket: string
  /** The service whose folder or names it is in: `vpcflowlogs`. Of what format the object is its content decides. */
  readonly service: string
}

export interface ArchiveOptions {
  /** A client, or a function from bucket to one. It needs s3:ListBucket on the bucket. */
  readonly s3: S3Clients
  /** Name of the bucket. */
  readonly bucket: string
  /** Only keys that begin with it. Default: all. Needed where a bucket holds much besides logs. */
  readonly prefix?: string
  /** The parser that is to read the objects: its formats know where their files lie. */
  readonly parser: { readonly formats: readonly Pick<Format, 'kind' | 'archive'>[] }
  /** Account ids of 12 digits. Default: all that are found. Files whose keys name none are left out then. */
  readonly accounts?: readonly string[]
  /** `eu-central-1`, … Default: all that are found. Logs whose keys have no region are not asked. */
  readonly regions?: readonly string[]
  /** Time of the first record, … */
  readonly from: Date
  /** … and of the first one that is too late. */
  readonly to: Date
  /**
   * Whether `from` and `to` are times of records, or of uploads: what came to the archive since a former listing, however
   * old its records are. Objects that somebody uploads into folders of days long past are not met.
   *
   * @default 'records'
   */
  readonly of?: 'records' | 'uploads'
  /**
   * Milliseconds by which a record may have come later than it happened, 0 to 30 days. More of it reads more files after
   * the span.
   *
   * @default what the format's archive declares
   */
  readonly late?: number
  /** Nothing up to this key: a former run did that. */
  readonly after?: string
  /** Called for each ListObjectsV2, which is paid for. */
  readonly onRequest?: () => void
  /** Told what is left out although it may be wanted. */
  readonly onNote?: (note: string) => void
  /** Ends the listing, which then throws ABORTED. */
  readonly signal?: AbortSignal
}

/**
 * The objects of a bucket that may hold records of [from, to), in the order of their keys. The layout is found by
 * listing, as the archives of the parser's formats declare it: plain, hive, organization, Control Tower or the user's own
 * folders, below any folder. Keys are chosen by the time that they name, widened for late delivery; the records are then
 * for `withinSpan` to choose. Of a folder with more than a page of keys, those of other times are passed over where they are
 * named alike.
 *
 * Holds some thousands of keys in memory, whatever the archive. Objects uploaded meanwhile may or may not be met.
 *
 * @throws FlowferryError INVALID_OPTION, as where no format of the parser has an archive; also while it lists, where
 *   folders are too many to be an archive of logs
 * @throws FlowferryError LISTING_FAILED or a code that begins with SOURCE_ where S3 refuses; ABORTED
 *
 * @example
 * const objects = archiveObjects({ s3, bucket: 'my-logs', parser: vpcFlow, from, to })
 * for await (const { key, size } of objects) console.log(key, size)
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
    const stop = ownSignal(signal)
    const list = lister(typeof s3 === 'function' ? s3(bucket) : s3, bucket, onRequest ?? (() => undefined), stop.signal)
    try {
      const ranges = plan(list, { prefix, wanted, after, onNote })
      const next = (key: string, { service }: KeyRange) => nextKey(key, service, wanted)
      for await (const [{ before, service }, page] of pagesOf(ranges, list, next))
        for (const object of page.objects) {
          if (before !== undefined && object.key >= before) break
          // What a console makes of a "folder".
          if (object.key.endsWith('/') && !object.size) continue
          if (mayHold(object.key, service, wanted, object.lastModified))
            yield { bucket, ...object, service: service.name }
        }
    } finally {
      stop.end()
    }
  }
}

/**
 * Between which times an object's records may be, as its key and the archives of the parser's formats tell: what is not
 * known where it cannot be read. Undefined where its key has no time.
 *
 * @param late As of `archiveObjects`
 * @example
 * const times = recordTimes(object, { parser: vpcFlow })
 * console.log(`from ${times?.from.toISOString()} to ${times?.to.toISOString()}`)
 */
export function recordTimes(
  { key, service }: Pick<ArchiveObject, 'key' | 'service'>,
  { parser, late }: Pick<ArchiveOptions, 'parser' | 'late'>,
): { readonly from: Date; readonly to: Date } | undefined {
  const archives = parser.formats.flatMap(({ archive }) => archive)
  const interval = keyInterval(key)
  const margins = servicesOf(archives, late).get(service)?.margins
  if (!interval || !margins) return undefined
  return { from: new Date(interval.start - margins.late), to: new Date(interval.end + margins.early) }
}

/** Options of `backfillSource`: those of reading, and the client. */
export interface BackfillSourceOptions extends ReadOptions {
  /** A client, or a function from bucket to one. It needs s3:GetObject. */
  readonly s3: S3Clients
}

/**
 * Each object as a message of its own, for `ingest`: an object that fails, fails alone. What AWS writes beside logs is
 * not read, and stands in the report as `ignored`. `archived: 'skip'` passes over those that a lifecycle rule has moved
 * to an archive tier.
 *
 * @param objects Of `archiveObjects`, or any others: `listObjects` with a bucket
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const source = backfillSource(archiveObjects({ s3, bucket, parser, from, to }), { s3, archived: 'skip' })
 * await ingest({ source, parser, sink, keepReports: 'failed' })
 */
export function backfillSource(
  objects: AsyncIterable<Pick<ArchiveObject, 'bucket' | 'key' | 'etag' | 'size'>>,
  options: BackfillSourceOptions,
): AsyncGenerator<SourceMessage> {
  if (typeof options.s3 !== 'function') client('s3', options.s3)
  retryOptions(options)
  return messages()

  async function* messages(): AsyncGenerator<SourceMessage> {
    for await (const object of objects) {
      const { kept, ignored } = withoutKnown([object])
      yield { objects: kept.map((one) => s3Object(refOf(one), options)), ignored }
    }
  }
}

function refOf({ bucket, key, etag, size }: Pick<ArchiveObject, 'bucket' | 'key' | 'etag' | 'size'>): S3ObjectRef {
  return { bucket, key, ...(etag !== undefined && { etag }), ...(size !== undefined && { size }) }
}

function wantedOf({ parser, accounts, regions, from, to, of, late, onNote }: ArchiveOptions): Wanted {
  if (!Array.isArray(parser?.formats)) throw invalid('`parser` must be the parser that is to read the objects')
  const unplaced = parser.formats.filter(({ archive }) => archive.length === 0).map(({ title }) => title)
  if (unplaced.length === parser.formats.length)
    throw invalid(
      `\`parser\` has no format that says where its files lie${unplaced.map((title) => `; ${title} has no \`archive\``).join('')}`,
    )
  for (const account of accounts ?? [])
    if (!/^\d{12}$/.test(account)) throw invalid(`\`accounts\` has "${account}"; an account id has 12 digits`)
  for (const region of regions ?? [])
    if (!/^[a-z]{2}(?:-[a-z]+)+-\d+$/.test(region))
      throw invalid(`\`regions\` has "${region}"; it takes names like eu-central-1`)
  if (late !== undefined) wholeNumber('late', late, 0, 30 * 24 * 3_600_000)
  if (of !== undefined) oneOf('of', of, ['records', 'uploads'])
  for (const title of unplaced) onNote?.(`left out: records of ${title}, whose format has no archive`)
  const archives = parser.formats.flatMap(({ archive }) => archive)
  const ofUploads = of === 'uploads'
  return {
    services: servicesOf(archives, late, ofUploads),
    ofUploads,
    accounts: accounts?.length ? new Set(accounts) : undefined,
    regions: regions?.length ? new Set(regions) : undefined,
    span: spanOf(from, to),
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
