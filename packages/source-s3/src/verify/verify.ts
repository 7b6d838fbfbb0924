import { parseContext } from '@flowferry/core'
import { spanOf } from '../backfill/archive.ts'
import { lister } from '../backfill/list.ts'
import { client, invalid, optionalFunction, wholeNumber } from '../queue/options.ts'
import { ownSignal } from '../queue/time.ts'
import { type S3Clients, s3Object } from '../read/object.ts'
import type { Finding } from './findings.ts'
import { behind } from './names.ts'
import { verifyPlace } from './place.ts'
import { comparePlaces, placesOf } from './places.ts'
import { keyFinder, type PublicKeys } from './public-keys.ts'
import { reportFrom, type VerifyPosition, type VerifyReport } from './report.ts'

export interface VerifyOptions {
  /** A client, or a function from bucket to one. It needs s3:ListBucket and s3:GetObject. */
  readonly s3: S3Clients
  /** Name of the bucket. */
  readonly bucket: string
  /** The folder above `AWSLogs`, or one below it. @default all of the bucket */
  readonly prefix?: string
  /** Account ids of 12 digits. @default all that are found */
  readonly accounts?: readonly string[]
  /** Regions of the events. @default all that are found */
  readonly regions?: readonly string[]
  /** The span of the files' delivery begins, … */
  readonly from: Date
  /** … and ends before. */
  readonly to: Date
  /**
   * The keys that CloudTrail signed with, as ListPublicKeys answers them: a list, or a function that asks for those of a
   * trail's region and a time.
   */
  readonly publicKeys: PublicKeys
  /**
   * The bucket that CloudTrail delivered to, where this is a copy of it under the same keys; `true`: whichever the digests
   * say.
   *
   * @default `bucket`: a digest that says another is one of another place
   */
  readonly copyOf?: string | true
  /** Log files read at the same time, 1 to 64. @default 8 */
  readonly concurrency?: number
  /** Told of each thing that is wrong, as it is found. @default none: the report counts them */
  readonly onFinding?: (finding: Finding) => void
  /** Where a former run was: `onPosition` told it. @default the beginning */
  readonly after?: VerifyPosition
  /** Told after each day of each region how far it is: to be kept as JSON, and given as `after`. @default none */
  readonly onPosition?: (position: VerifyPosition) => void
  /** Ends the run, which then throws ABORTED. @default none */
  readonly signal?: AbortSignal
}

/**
 * Checks an archive of CloudTrail by its digests: that each is signed, and holds the hash and the signature of the one
 * before; that each log file is there, with the content that was signed for; that no other log file is. Of a file's content
 * the hash is taken as it comes, and of names those of some days are kept, so that memory does not grow with the archive;
 * but names in backfill digests, which are read first, are kept until their day is compared.
 *
 * `findings` says what was found; the report's `verdict` is `changed` where the archive is not what CloudTrail delivered,
 * `not-proven` where nobody can tell: no digests, a gap between them, a file in an archive tier.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
 *
 * @throws FlowferryError INVALID_OPTION, also for a key that is none; LISTING_FAILED, ABORTED, or a code that begins with
 *   SOURCE_ where S3 refuses; what `publicKeys` throws
 *
 * @example
 * const { PublicKeyList = [] } = await cloudTrail.send(new ListPublicKeysCommand({ StartTime: from, EndTime: to }))
 * const report = await verifyCloudTrail({ s3, bucket, from, to, publicKeys: PublicKeyList, onFinding: console.log })
 * if (report.verdict !== 'whole') process.exitCode = 1
 */
export async function verifyCloudTrail(options: VerifyOptions): Promise<VerifyReport> {
  const { s3, bucket, from, to, publicKeys, concurrency = 8, onFinding, onPosition, after, copyOf = bucket } = options
  if (typeof s3 !== 'function') client('s3', s3)
  if (typeof bucket !== 'string' || bucket === '') throw invalid('`bucket` must be the name of a bucket')
  if (typeof publicKeys !== 'function' && !Array.isArray(publicKeys))
    throw invalid('`publicKeys` must be a list of keys, or a function that gives one')
  wholeNumber('concurrency', concurrency, 1, 64)
  optionalFunction('onFinding', onFinding)
  optionalFunction('onPosition', onPosition)
  const span = spanOf(from, to)
  const stop = ownSignal(options.signal)
  const context = parseContext({ signal: stop.signal })
  const list = lister(typeof s3 === 'function' ? s3(bucket) : s3, bucket, () => undefined, stop.signal)
  const report = reportFrom(after?.report, onFinding)
  const object = (key: string) => s3Object({ bucket, key }, { s3 })
  const common = { list, object, context, keyOf: keyFinder(publicKeys), span, concurrency, copyOf, report, onPosition }

  try {
    const places = await placesOf(list, options, { start: span.start, end: span.end + behind })
    for (const place of places) {
      const order = after ? comparePlaces(place, after) : 1
      if (order < 0 || (order === 0 && after!.day === undefined)) continue
      await verifyPlace(place, order === 0 ? after : undefined, common)
    }
    if (places.length === 0) report.tell('no-digests', options.prefix ?? '', 'no folder of CloudTrail is here')
  } finally {
    stop.end()
  }
  return report.whole()
}
