import type { Archive } from '@flowferry/core'
import { usualMargins } from '@flowferry/core/internal'
import { invalid } from '../queue/options.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** How far the time in a key may be from the times of the records in the object, in milliseconds. */
interface Margins {
  /** A record may be so much older than its key says: it came late. */
  readonly late: number
  /** … and so much younger. */
  readonly early: number
}

/** Of folders that a user chose nobody says whether they are of the records or of their delivery. */
const folderMargins: Margins = { late: 24 * hour, early: hour }

/** Milliseconds since 1970, UTC: from `start` to before `end`. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** A service's folder, and what all formats that have files in it declare. */
export interface Service {
  readonly name: string
  readonly folders: NonNullable<Archive['folders']>
  readonly margins: Margins
  /** Of each of the archives, where they are for some names only. */
  readonly files: readonly RegExp[] | undefined
  readonly ids: readonly RegExp[]
  readonly stamped: readonly RegExp[]
}

/** What the planner looks for. */
export interface Wanted {
  readonly services: ReadonlyMap<string, Service>
  /** None: all. */
  readonly accounts: ReadonlySet<string> | undefined
  readonly regions: ReadonlySet<string> | undefined
  /** The span of the records, … */
  readonly span: Interval
  /** … or of the objects' uploads. @default of the records */
  readonly ofUploads?: boolean
}

/** A folder of the archive, and what its path says. */
export interface Place {
  /** Ends with `/`, or is the top: empty. */
  readonly path: string
  readonly account?: string
  readonly service?: Service
  /** Folders of the service that are still to come, before those of the date. */
  readonly left?: readonly ('region' | 'name')[]
  /** Year, month, day and hour, as far as the last segments of the path are these. */
  readonly dates: readonly number[]
}

/** Keys that begin with `prefix`, come after `startAfter`, and before `before`: in the order in which S3 lists them. */
export interface KeyRange {
  readonly prefix: string
  readonly startAfter?: string
  readonly before?: string
  readonly service: Service
}

/**
 * The archives of all formats by their folders, which several formats may share.
 *
 * @param late Milliseconds, instead of what the archives declare
 * @param ofUploads Whether a span is of uploads: their keys have times of before, as far as a record may be late
 * @throws FlowferryError INVALID_OPTION where two of them lay out one folder in two ways. Any folders hold every other way.
 */
export function servicesOf(archives: readonly Archive[], late?: number, ofUploads = false): Map<string, Service> {
  const services = new Map<string, Service>()
  for (const archive of archives) {
    const { service: name, folders = ['region'], files, ids, stamped } = archive
    const known = services.get(name)
    const isSame = known === undefined || String(known.folders) === String(folders)
    if (!isSame && known.folders !== 'any' && folders !== 'any')
      throw invalid(`\`parser\` has formats that lay out ${name} in two ways: ${known.folders} and ${folders}`)
    services.set(name, {
      name,
      folders: isSame ? folders : 'any',
      margins: {
        late: late ?? Math.max(archive.late ?? usualMargins.late, known?.margins.late ?? 0),
        early: Math.max(archive.early ?? usualMargins.early, known?.margins.early ?? 0),
      },
      files: files && (!known || known.files) ? [...(known?.files ?? []), files] : undefined,
      ids: [...(known?.ids ?? []), ...(ids ? [ids] : [])],
      stamped: [...(known?.stamped ?? []), ...(stamped ? [stamped] : [])],
    })
  }
  if (ofUploads)
    for (const [name, service] of services) services.set(name, { ...service, margins: swapped(service.margins) })
  return services
}

/** What is late of the records in an object with a time in its key is how much older than its upload that time may be. */
const swapped = ({ late, early }: Margins): Margins => ({ late: early, early: late })

/**
 * What a folder within a place is: another place to look into, a range of keys, or nothing of what is wanted.
 *
 * - plain `AWSLogs/<account>/vpcflowlogs/<region>/2026/11/22/[10/]`
 * - hive `AWSLogs/aws-account-id=…/aws-service=vpcflowlogs/aws-region=…/year=2026/month=11/day=22/[hour=10/]`
 * - organization `AWSLogs/o-…/<account>/…`, Control Tower `o-…/AWSLogs/[o-…/]<account>/…`
 * - with more folders before the date `AWSLogs/<account>/WAFLogs/<region>/<name>/2026/11/22/10/15/`
 * - with any folders `AWSLogs/<account>/CloudFront/…`, or anywhere where the files' names have the id and the hour
 *   https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html#send-logs-s3
 * - without a folder of the service `<account>/<region>/<name>/2026/11/22/`, or anywhere where the files' names end in the
 *   time of their delivery and an id
 *   https://docs.aws.amazon.com/AmazonS3/latest/API/API_PartitionedPrefix.html
 *
 * Any folder may stand before these, one that is called like a service, too. `given` are folders that the user named, which no date rules out.
 */
export function enter(place: Place, name: string, wanted: Wanted, given = false): Place | KeyRange | undefined {
  const path = `${place.path}${name}/`
  const value = name.slice(name.indexOf('=') + 1)
  const { service, left: [next, ...left] = [] } = place
  if (service && next) {
    // A folder above the archive that is called like the service.
    if (place.account === undefined && left.length === service.folders.length - 1 && isAbove(name))
      return enter({ path: place.path, dates: [] }, name, wanted, given)
    if (next === 'region' && !isWantedRegion(name, value, wanted)) return undefined
    return left.length > 0 ? { ...place, path, left } : datedRange(path, service, name.includes('='), wanted)
  }
  if (!service) {
    const found = wanted.services.get(value)
    if (found && found.stamped.length === 0)
      return intoService({ ...place, path, dates: [] }, found, name.includes('='), wanted)
    if (place.account !== undefined) {
      // A region of what has no folder of its service, or another service of the account.
      for (const bare of wanted.services.values())
        if (bare.stamped.length > 0 && bare.folders !== 'any')
          return enter({ ...place, service: bare, left: bare.folders }, name, wanted, given)
      return undefined
    }
    if (/^(?:aws-account-id=)?\d{12}$/.test(name)) {
      if (wanted.accounts && !wanted.accounts.has(value)) return undefined
      return { ...place, path, account: value, dates: [] }
    }
  }
  // Among folders that the user chose one that is called so is a region's.
  if (service && isRegion(name) && !isWantedRegion(name, value, wanted)) return undefined
  const dates = datesOf(place, name)
  // A year alone may be a folder that somebody moved a whole archive into.
  const ruling = service ? dates.length > 0 : dates.length > 1
  if (!given && ruling && !reaches(folderInterval(dates), marginsOfFolders(wanted), wanted.span)) return undefined
  if (dates.length === 3 && service) return { prefix: path, service }
  return { ...place, path, dates }
}

function intoService(place: Place, service: Service, hive: boolean, wanted: Wanted): Place | KeyRange {
  const { folders } = service
  if (folders === 'any') return { ...place, service }
  return folders.length > 0 ? { ...place, service, left: folders } : datedRange(place.path, service, hive, wanted)
}

/** Whether an archive begins with a folder of this name, in which those of its services are to come. */
function isAbove(name: string): boolean {
  return /^(?:AWSLogs|o-[a-z0-9]{10,32}|(?:aws-account-id=)?\d{12})$/.test(name)
}

/** A folder `cloudfront` stands where those of regions do, for what is of none. */
function isWantedRegion(name: string, value: string, { regions }: Wanted): boolean {
  if (value === 'cloudfront') return true
  return isRegion(name) && (!regions || regions.has(value))
}

function isRegion(name: string): boolean {
  return /^(?:aws-region=)?[a-z]{2}(?:-[a-z]+)+-\d+$/.test(name)
}

function marginsOfFolders({ services, ofUploads }: Wanted): Margins {
  const all = [...services.values()].map(({ margins }) => (ofUploads ? swapped(margins) : margins))
  const margins = { ...folderMargins, late: Math.max(folderMargins.late, ...all.map(({ late }) => late)) }
  return ofUploads ? swapped(margins) : margins
}

/** The days of a span below a folder: one range, since keys are in the order of their dates. */
function datedRange(root: string, service: Service, hive: boolean, { span }: Wanted): KeyRange {
  const { early, late } = service.margins
  const day = (time: number) => {
    const [year, month, date] = new Date(time).toISOString().slice(0, 10).split('-')
    return hive ? `${root}year=${year}/month=${month}/day=${date}/` : `${root}${year}/${month}/${date}/`
  }
  const last = span.end - 1 + late
  // Sorts behind everything in its folder.
  return { prefix: root, startAfter: day(span.start - early), before: `${day(last)}\u{10FFFF}`, service }
}

/** Files of one folder that are named alike, which may be millions: their names have a time in order. */
export interface Series {
  /** What all of the names begin with; a digit follows. */
  readonly stem: string
  /** What stands before the time. */
  readonly before: string
  readonly id: string
  /** Of what the time is. */
  readonly of: 'hour' | 'second'
}

/**
 * The files among which one of this name is: of an id and an hour, as CloudFront has them,
 * `E2EXAMPLE.2026-11-22-10.1a2b3c4d.gz`; or of a year, behind what the user chose, as S3 has them,
 * `logs-2026-11-22-10-15-30-0123456789ABCDEF`. By years, so that what stands between `2026-…` and `2027-…` is met.
 */
export function seriesOf(fileName: string): Series | undefined {
  const hourly = /^(.+?)\.\d{4}-\d\d-\d\d-\d\d\./.exec(fileName)
  if (hourly) return { stem: `${hourly[1]}.`, before: `${hourly[1]}.`, id: hourly[1]!, of: 'hour' }
  const stamped = stamp.exec(fileName)
  if (!stamped) return undefined
  const before = fileName.slice(0, stamped.index)
  return { stem: `${before}${stamped[1]}-`, before, id: stamped[7]!, of: 'second' }
}

/** Whether a service has files of such names, in a folder that is not its own. */
export function hasSeries({ ids, stamped }: Service, { id, of }: Series): boolean {
  return (of === 'hour' ? ids : stamped).some((pattern) => id.search(pattern) !== -1)
}

/** A series' files of the span; none where its names are of other years. */
export function rangeOf(place: Place, series: Series, service: Service, { span }: Wanted): KeyRange | undefined {
  const { early, late } = service.margins
  const prefix = `${place.path}${series.stem}`
  const [digits, unit] = series.of === 'hour' ? [13, hour] : [19, second]
  const at = (time: number) =>
    `${place.path}${series.before}${new Date(time).toISOString().slice(0, digits).replace(/[T:]/g, '-')}`
  // A file of 09 reaches until 10, and one in a day's folder may be of the whole day.
  const length = series.of === 'second' && place.dates.length > 0 ? 24 * hour : unit
  const startAfter = at(span.start - early - length)
  // `.` or `-` comes after the time, and `/` sorts behind them.
  const before = `${at(span.end - 1 + late)}/`
  return before > prefix && startAfter < `${prefix}:` ? { prefix, startAfter, before, service } : undefined
}

/**
 * Whether an object with this key may hold records of the span. What no key tells, the time of its upload does; and where the
 * span is of uploads, that time alone.
 */
export function mayHold(
  key: string,
  { files, margins }: Service,
  { span, ofUploads }: Wanted,
  lastModified: Date | undefined,
): boolean {
  const name = nameOf(key)
  // Not `test`: a global pattern would begin where its last match ended.
  if (files && !files.some((pattern) => name.search(pattern) !== -1)) return false
  if (ofUploads && lastModified) return lastModified.getTime() >= span.start && lastModified.getTime() < span.end
  const interval = keyInterval(key)
  if (interval) return reaches(interval, margins, span)
  // Nothing is uploaded before it happens.
  return lastModified === undefined || lastModified.getTime() + margins.early >= span.start
}

/**
 * Behind which key the files of a folder may be of the span again, where one is not and those that follow it are named
 * alike, with later times: most folders of a day have a thousand keys or more of each flow log or load balancer, in the
 * order of their names.
 */
export function nextKey(key: string, { margins }: Service, { span }: Wanted): string | undefined {
  const interval = keyInterval(key)
  if (!interval || reaches(interval, margins, span)) return undefined
  const name = nameOf(key)
  const minutely = /_\d{8}T\d{4}Z[_.]/.exec(name)
  const at = minutely ? minutely.index + 1 : stamp.exec(name)?.index
  if (at === undefined) return undefined
  const stem = key.slice(0, key.length - name.length + at)
  // `:` sorts behind the digits.
  if (interval.start >= span.start) return `${stem}:`
  const first = new Date(span.start - margins.early - (interval.end - interval.start)).toISOString()
  const next = stem + (minutely ? first.slice(0, 16).replace(/[-:]/g, '') : first.slice(0, 19).replace(/[T:]/g, '-'))
  return next > key ? next : undefined
}

const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1)

/** The time that a key names: of its file, else of its folders. */
export function keyInterval(key: string): Interval | undefined {
  const name = nameOf(key)
  const minutes = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z[_.]/.exec(name) ?? bareStamp.exec(name)
  if (minutes) return interval(numbers(minutes), minute)
  const delivery = stamp.exec(name)
  if (delivery) {
    const parts = numbers(delivery).slice(0, 6)
    // Of a day's own file: hour, minute and second are 0, whenever it was delivered.
    return parts.slice(3).some((part) => part > 0) ? interval(parts, second) : interval(parts, 24 * hour)
  }
  const period = /\.(\d{4})-(\d\d)-(\d\d)-(\d\d)\./.exec(name)
  if (period) return interval(numbers(period), hour)
  const days = /\/(?:year=)?(\d{4})\/(?:month=)?(\d\d)\/(?:day=)?(\d\d)\//.exec(key)
  return days ? interval(numbers(days), 24 * hour) : undefined
}

/** Network Firewall's `_202611221015_`; an account's id, which has 12 digits too, stands before it. */
const bareStamp = /.*_((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)[_.]/

/** S3's `2026-11-22-10-15-30-0123456789ABCDEF`. */
const stamp = /((?:19|20)\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-([A-Za-z0-9]+)$/

function numbers(match: RegExpExecArray): number[] {
  return match.slice(1).map(Number)
}

function interval(
  [year, month, day, hours = 0, minutes = 0, seconds = 0]: readonly number[],
  length: number,
): Interval | undefined {
  const start = Date.UTC(year!, month! - 1, day!, hours, minutes, seconds)
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
