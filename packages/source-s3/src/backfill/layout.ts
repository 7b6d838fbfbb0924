const minute = 60_000
const hour = 60 * minute

/** The formats whose archives are known, by the names of their parsers' files. */
export const archiveFormats = ['vpc-flow', 'cloudtrail', 'cloudfront'] as const
export type ArchiveFormat = (typeof archiveFormats)[number]

/** How far the time in a key may be from the times of the records in the object, in milliseconds. */
export interface Margins {
  /** A record may be so much older than its key says: it came late. */
  readonly late: number
  /** … and so much younger. */
  readonly early: number
}

/**
 * - VPC Flow Logs: the name has the time of delivery; 10 minutes of aggregation, 5 of publishing, and what is late.
 *   https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
 * - CloudTrail: the name has the time of delivery, 5 minutes after the call on average, which AWS does not guarantee.
 *   https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 * - CloudFront: delivery may be 24 hours late, but the name always has the hour in which the requests were made.
 *   https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html#access-logs-timing
 */
export const margins: Readonly<Record<ArchiveFormat, Margins>> = {
  'vpc-flow': { late: hour, early: 15 * minute },
  cloudtrail: { late: 2 * hour, early: 5 * minute },
  cloudfront: { late: 2 * hour, early: hour },
}

/** Of CloudFront's folders AWS does not say whether they are of the request or of its delivery. */
const folderMargins: Margins = { late: 24 * hour, early: hour }

/** Milliseconds since 1970, UTC: from `start` to before `end`. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** What the planner looks for. */
export interface Wanted {
  readonly formats: ReadonlySet<ArchiveFormat>
  /** None: all. */
  readonly accounts: ReadonlySet<string> | undefined
  readonly regions: ReadonlySet<string> | undefined
  /** The span of the records. */
  readonly span: Interval
  /** Milliseconds that records may be late, instead of the table's. */
  readonly late: number | undefined
}

/** A folder of the archive, and what its path says. */
export interface Place {
  /** Ends with `/`, or is the top: empty. */
  readonly path: string
  readonly account?: string
  readonly format?: ArchiveFormat
  /** Year, month, day and hour, as far as the last segments of the path are these. */
  readonly dates: readonly number[]
}

/** Keys that begin with `prefix`, come after `startAfter`, and before `before`: in the order in which S3 lists them. */
export interface KeyRange {
  readonly prefix: string
  readonly startAfter?: string
  readonly before?: string
  readonly format: ArchiveFormat
}

const services: ReadonlyMap<string, ArchiveFormat> = new Map([
  ['vpcflowlogs', 'vpc-flow'],
  ['CloudTrail', 'cloudtrail'],
  ['CloudTrail-Insight', 'cloudtrail'],
  ['CloudTrail-NetworkActivity', 'cloudtrail'],
  ['CloudTrail-Aggregated', 'cloudtrail'],
  ['CloudFront', 'cloudfront'],
])

/**
 * What a folder within a place is: another place to look into, a range of keys, or nothing of what is wanted.
 *
 * - plain `AWSLogs/<account>/vpcflowlogs/<region>/2026/11/22/[10/]`
 * - hive `AWSLogs/aws-account-id=…/aws-service=vpcflowlogs/aws-region=…/year=2026/month=11/day=22/[hour=10/]`
 * - organization `AWSLogs/o-…/<account>/…`, Control Tower `o-…/AWSLogs/[o-…/]<account>/…`
 * - CloudFront `AWSLogs/<account>/CloudFront/` with any folders below, or anywhere
 *   https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html#send-logs-s3
 *
 * Any folder may stand before these. `given` are folders that the user named, which no date rules out.
 */
export function enter(place: Place, name: string, wanted: Wanted, given = false): Place | KeyRange | undefined {
  const path = `${place.path}${name}/`
  const value = name.slice(name.indexOf('=') + 1)
  if (place.format === 'vpc-flow' || place.format === 'cloudtrail') {
    if (!/^(?:aws-region=)?[a-z]{2}(?:-[a-z]+)+-\d+$/.test(name)) return undefined
    if (wanted.regions && !wanted.regions.has(value)) return undefined
    return datedRange(path, path, place.format, name.startsWith('aws-region='), wanted)
  }
  if (place.format === undefined) {
    const format = services.get(value)
    if (format) return wanted.formats.has(format) ? { ...place, path, format, dates: [] } : undefined
    // Another service of an account.
    if (place.account !== undefined) return undefined
    if (/^(?:aws-account-id=)?\d{12}$/.test(name)) {
      if (wanted.accounts && !wanted.accounts.has(value)) return undefined
      return { ...place, path, account: value, dates: [] }
    }
  }
  const dates = datesOf(place, name)
  // A year alone may be a folder that somebody moved a whole archive into.
  const ruling = place.format === 'cloudfront' || dates.length > 1
  const late = Math.max(folderMargins.late, wanted.late ?? 0)
  if (!given && ruling && dates.length > 0 && !reaches(folderInterval(dates), { ...folderMargins, late }, wanted.span))
    return undefined
  if (dates.length === 3 && place.format === 'cloudfront') return { prefix: path, format: 'cloudfront' }
  return { ...place, path, dates }
}

/** The days of a span below the folder of a region: one range, since keys are in the order of their dates. */
function datedRange(
  root: string,
  prefix: string,
  format: ArchiveFormat,
  hive: boolean,
  { span, late }: Wanted,
): KeyRange {
  const { early, late: usual } = margins[format]
  const day = (time: number) => {
    const [year, month, date] = new Date(time).toISOString().slice(0, 10).split('-')
    return hive ? `${root}year=${year}/month=${month}/day=${date}/` : `${root}${year}/${month}/${date}/`
  }
  const last = span.end - 1 + (late ?? usual)
  // Sorts behind everything in its folder.
  return { prefix, startAfter: day(span.start - early), before: `${day(last)}\u{10FFFF}`, format }
}

/** A file's distribution, if it is named as CloudFront does it: `E2EXAMPLE.2026-11-22-10.1a2b3c4d.gz` */
export function distributionOf(fileName: string): string | undefined {
  return /^([A-Z0-9]{6,32})\.\d{4}-\d\d-\d\d-\d\d\./.exec(fileName)?.[1]
}

/** The files of a distribution in one folder, which may be millions: their names have the hour in order. */
export function distributionRange(folder: string, distribution: string, { span, late }: Wanted): KeyRange {
  const { early, late: usual } = margins.cloudfront
  const prefix = `${folder}${distribution}.`
  const at = (time: number) => `${prefix}${new Date(time).toISOString().slice(0, 13).replace('T', '-')}`
  // A file of 09 reaches until 10; `.` comes after the hour, and `/` sorts behind it.
  return {
    prefix,
    startAfter: at(span.start - early - hour),
    before: `${at(span.end - 1 + (late ?? usual))}/`,
    format: 'cloudfront',
  }
}

/** Whether an object with this key may hold records of the span. What no key tells, the time of its upload does. */
export function mayHold(
  key: string,
  format: ArchiveFormat,
  { span, late }: Wanted,
  lastModified: Date | undefined,
): boolean {
  const interval = keyInterval(key)
  const usual = margins[format]
  if (interval) return reaches(interval, { ...usual, late: late ?? usual.late }, span)
  // Nothing is uploaded before it happens.
  return lastModified === undefined || lastModified.getTime() + usual.early >= span.start
}

/** The time that a key names: of its file, else of its folders. */
export function keyInterval(key: string): Interval | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1)
  const stamp = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z[_.]/.exec(name)
  if (stamp) return interval(numbers(stamp), minute)
  const period = /\.(\d{4})-(\d\d)-(\d\d)-(\d\d)\./.exec(name)
  if (period) return interval(numbers(period), hour)
  const days = /\/(?:year=)?(\d{4})\/(?:month=)?(\d\d)\/(?:day=)?(\d\d)\//.exec(key)
  return days ? interval(numbers(days), 24 * hour) : undefined
}

function numbers(match: RegExpExecArray): number[] {
  return match.slice(1).map(Number)
}

function interval([year, month, day, hours = 0, minutes = 0]: readonly number[], length: number): Interval | undefined {
  const start = Date.UTC(year!, month! - 1, day!, hours, minutes)
  return Number.isNaN(start) ? undefined : { start, end: start + length }
}

function reaches({ start, end }: Interval, { late, early }: Margins, span: Interval): boolean {
  return start - late < span.end && end + early > span.start
}

function datesOf({ dates }: Place, name: string): readonly number[] {
  const match = dateParts[dates.length]?.exec(name)
  return match ? [...dates, Number(match[1])] : []
}

const dateParts = [
  /^(?:year=)?((?:19|20)\d\d)$/,
  /^(?:month=)?(0[1-9]|1[0-2])$/,
  /^(?:day=)?(0[1-9]|[12]\d|3[01])$/,
  /^(?:hour=)?([01]\d|2[0-3])$/,
]

function folderInterval([year, month, day, hours]: readonly number[]): Interval {
  if (month === undefined) return { start: Date.UTC(year!, 0), end: Date.UTC(year! + 1, 0) }
  if (day === undefined) return { start: Date.UTC(year!, month - 1), end: Date.UTC(year!, month) }
  const start = Date.UTC(year!, month - 1, day, hours ?? 0)
  return { start, end: start + (hours === undefined ? 24 : 1) * hour }
}
