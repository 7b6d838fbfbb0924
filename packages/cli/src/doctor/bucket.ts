import {
  byteBudget,
  errorCodes,
  FlowferryError,
  type Format,
  ingest,
  type LogRecord,
  type ObjectReport,
  type Parser,
  parseContext,
  type Sink,
} from '@flowferry/core'
import { peek, shellWord } from '@flowferry/core/internal'
import { type ArchiveObject, archiveObjects, type S3, s3Object } from '@flowferry/source-s3'
import { age, plural } from '../text.ts'
import { type Check, failed, fine, found, whatOf } from './check.ts'

const hour = 3_600_000
/** Newest first: what the first span has of a service in use is not looked for in the others. */
const spans = [3 * hour, 48 * hour, 30 * 24 * hour]
/** Of one service in one span. */
const mostObjects = 20_000
/** Flow logs whose newest file is read, in search of one of a VPC. */
const mostFlowLogs = 10
/** Flow logs of VPCs and of transit gateways lie in one folder. */
const flowLogs = { service: 'vpcflowlogs', kind: 'vpcflow' }

/** The newest object of one service. */
export interface Newest {
  readonly object: ArchiveObject
  /** The `kind`s of its first records; none: it could not be read. */
  readonly kinds: readonly string[]
  /** Names that its first line has, where it is text. */
  readonly header?: readonly string[]
}

export interface BucketOptions {
  readonly s3: S3
  readonly bucket: string
  readonly prefix: string
  /** Of all formats. */
  readonly parser: Parser<unknown>
  readonly signal?: AbortSignal | undefined
  readonly now?: number
  /** Objects of one service that are listed of a span. @default 20000 */
  readonly most?: number
}

/** What was listed of one service. */
interface Listed {
  object: ArchiveObject
  /** The newest of each flow log, by its id. */
  readonly flowLogs: Map<string, ArchiveObject>
  /** The key behind which no more of it was listed. */
  endedAt?: string
}

/** Whether the bucket can be listed, how old its newest objects are, and whether these can be read. */
export async function checkBucket(
  options: BucketOptions,
): Promise<{ readonly checks: readonly Check[]; readonly newest: readonly Newest[] }> {
  const { bucket, prefix, parser, now = Date.now() } = options
  const place = `s3://${bucket}/${prefix}`
  const { newest, error } = await newestOf(options, now)
  if (error !== undefined && newest.size === 0) return { checks: [listingFailed(error)], newest: [] }
  const checks: Check[] = [fine('bucket', `${place} can be listed`)]
  if (error !== undefined) checks.push(failed('objects', error, 's3:ListBucket on the bucket'))
  else if (newest.size === 0) {
    const what = `no log file came to ${place} within 30 days`
    checks.push(
      found(
        'objects',
        'fault',
        what,
        'see that flow logs, trails and others deliver there; --bucket s3://bucket/prefix names another place',
      ),
    )
  }
  const read: Newest[] = []
  for (const [service, listed] of newest) {
    checks.push(ageCheck(service, listed, parser.formats, now))
    const { check, ...one } = await look(listed.object, options)
    checks.push(check)
    read.push(one)
    if (service !== flowLogs.service || one.kinds.length === 0 || one.kinds.includes(flowLogs.kind)) continue
    const ofVpc = await newestOfVpc(listed, options)
    checks.push(...ofVpc.map((other) => other.check))
    read.push(...ofVpc)
  }
  return { checks, newest: read }
}

/** The newest object of each service, of the shortest span that has any of it; with what ended the listing before its end. */
async function newestOf(
  options: BucketOptions,
  now: number,
): Promise<{ readonly newest: ReadonlyMap<string, Listed>; readonly error?: unknown }> {
  const newest = new Map<string, Listed>()
  try {
    for (const span of spans)
      await listSpan(options, { from: new Date(now - span), to: new Date(now + 24 * hour) }, newest)
    return { newest }
  } catch (error) {
    return { newest, error }
  }
}

/** Adds the services that no shorter span has. One that has had its share is passed over, and the listing goes on behind it. */
async function listSpan(
  { s3, bucket, prefix, parser, signal, most = mostObjects }: BucketOptions,
  span: { readonly from: Date; readonly to: Date },
  newest: Map<string, Listed>,
): Promise<void> {
  const passed = new Set(newest.keys())
  const counts = new Map<string, number>()
  for (let after: string | undefined, isWhole = false; !isWhole; ) {
    const formats = parser.formats.flatMap(({ kind, archive }) => {
      const left = archive.filter(({ service }) => !passed.has(service))
      return left.length > 0 ? [{ kind, archive: left }] : []
    })
    if (formats.length === 0) return
    isWhole = true
    const where = { s3, bucket, prefix, parser: { formats }, ...(after !== undefined && { after }) }
    for await (const object of archiveObjects({ ...where, ...span, of: 'uploads', ...(signal && { signal }) })) {
      const { service, key } = object
      const listed = newest.get(service) ?? { object, flowLogs: new Map<string, ArchiveObject>() }
      newest.set(service, listed)
      if (timeOf(object) > timeOf(listed.object)) listed.object = object
      const [flowLog] = service === flowLogs.service ? (/fl-[0-9a-z]+(?=_)/.exec(key) ?? []) : []
      const known = flowLog && listed.flowLogs.get(flowLog)
      if (flowLog && (!known || timeOf(object) > timeOf(known))) listed.flowLogs.set(flowLog, object)
      const number = (counts.get(service) ?? 0) + 1
      counts.set(service, number)
      if (number < most) continue
      listed.endedAt = key
      passed.add(service)
      after = key
      isWhole = false
      break
    }
  }
}

/** The newest file of a VPC's flow log, where the newest of all is a transit gateway's. */
async function newestOfVpc(
  { object, flowLogs: ids }: Listed,
  options: BucketOptions,
): Promise<(Newest & { check: Check })[]> {
  const others = [...ids].filter(([, one]) => one.key !== object.key).sort(([, a], [, b]) => timeOf(b) - timeOf(a))
  for (const [id, other] of others.slice(0, mostFlowLogs)) {
    const one = await look(other, options, id)
    if (one.kinds.includes(flowLogs.kind)) return [one]
  }
  return []
}

const timeOf = ({ lastModified }: ArchiveObject) => lastModified?.getTime() ?? 0

function listingFailed(error: unknown): Check {
  const { cause } = error as Error
  const needs = 's3:ListBucket on the bucket'
  // Whoever may not list finds no late object, and a missing one looks like a missing right.
  if ((cause as Error | undefined)?.name === 'AccessDenied')
    return found('bucket', 'fault', whatOf(error), `grant ${needs}: docs/privileges.md`)
  return failed('bucket', error, needs)
}

function ageCheck(service: string, { object, endedAt }: Listed, formats: readonly Format[], now: number): Check {
  const check = `objects ${service}`
  const late = formats
    .flatMap(({ archive }) => archive)
    .filter((archive) => archive.service === service)
    .map((archive) => archive.late ?? hour)
  const what = `the newest came ${age(new Date(timeOf(object)), now)} ago: ${object.key}`
  if (now - timeOf(object) <= Math.max(hour, ...late)) return fine(check, what)
  if (endedAt !== undefined)
    return found(
      check,
      'unknown',
      `${what}; of so many files only those up to ${endedAt} were listed`,
      '--bucket s3://bucket/prefix of one account or region lists fewer',
    )
  return found(check, 'warning', what, 'see whether its delivery ended, or nothing happens there')
}

/** Reads its first records, as a consumer would. */
async function look(
  object: ArchiveObject,
  { s3, parser, signal }: BucketOptions,
  name = object.service,
): Promise<Newest & { check: Check }> {
  const check = `reading ${name}`
  const { bucket, key, etag, size } = object
  const explain = `flowferry explain ${shellWord(`s3://${bucket}/${key}`)}`
  const ref = { bucket, key, ...(etag !== undefined && { etag }), ...(size !== undefined && { size }) }
  const { seen, header } = await peek(s3Object(ref, { s3 }), parseContext(signal && { signal })).then(
    ({ head, whole }) => ({ seen: whole.object, header: headerIn(head.text) }),
    // Reading tells what is wrong.
    () => ({ seen: s3Object(ref, { s3 }), header: undefined }),
  )
  const kinds = new Set<string>()
  const sink: Sink<unknown> = {
    write: async (batch) => {
      for (const { records } of batch) for (const record of records) kinds.add((record as LogRecord).kind)
      const slices = batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length }))
      return { slices, error: new FlowferryError('ABORTED', 'The first records are enough'), stop: true }
    },
  }
  const { messages } = await ingest({
    source: [{ objects: [seen] }],
    parser,
    sink,
    batchBytes: 1,
    budget: byteBudget(256 * 1024),
    ...(signal && { signal }),
  })
  const newest = { object, kinds: [...kinds], ...(header && { header }) }
  return { ...newest, check: readCheck(messages[0]!.objects[0]!) }

  function readCheck({ error, counts, malformed }: ObjectReport): Check {
    if (kinds.size > 0 || !error) {
      const titles = parser.formats.filter(({ kind }) => kinds.has(kind)).map(({ title }) => title)
      const what = kinds.size > 0 ? `is read as ${titles.join(', ')}` : 'is read, and holds no record'
      if (counts.malformed === 0) return fine(check, what)
      return found(
        check,
        'warning',
        `${what}, but ${plural(counts.malformed, 'record')} among the first malformed: ${malformed[0]?.reason}`,
        explain,
      )
    }
    const { code } = error
    const message = whatOf(error)
    if (code === 'OBJECT_FORBIDDEN')
      return found(check, 'fault', message, 'grant s3:GetObject on the objects: docs/privileges.md')
    if (code === 'SOURCE_KEY') return found(check, 'fault', message, 'grant kms:Decrypt on the key, in its policy, too')
    if (code === 'OBJECT_ARCHIVED')
      return found(check, 'warning', message, 'a lifecycle rule archives objects: restore them before a backfill')
    if (['records', 'decompress'].includes(errorCodes[code].stage)) return found(check, 'fault', message, explain)
    return failed(check, error, 's3:GetObject on the objects')
  }
}

/** The names of the first line of a text, where it is one of names. */
function headerIn(text: string): string[] | undefined {
  const names = text.split('\n', 1)[0]!.trim().split(' ')
  return names.length > 1 && names.every((name) => /^[a-z][a-z0-9-]*$/.test(name)) ? names : undefined
}
