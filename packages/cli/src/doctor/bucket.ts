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
import { peek } from '@flowferry/core/internal'
import { type ArchiveObject, archiveObjects, type S3, s3Object } from '@flowferry/source-s3'
import { age, plural } from '../text.ts'
import { type Check, failed, fine, found } from './check.ts'

const hour = 3_600_000
/** Newest first: of a bucket in use the first span has them, and the others are not listed. */
const spans = [3 * hour, 48 * hour, 30 * 24 * hour]
/** Of one span; the newest of these is new enough to know. */
const mostObjects = 20_000

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
}

/** Whether the bucket can be listed, how old its newest objects are, and whether these can be read. */
export async function checkBucket(
  options: BucketOptions,
): Promise<{ readonly checks: readonly Check[]; readonly newest: readonly Newest[] }> {
  const { bucket, prefix, parser, now = Date.now() } = options
  const place = `s3://${bucket}/${prefix}`
  let newest: ReadonlyMap<string, ArchiveObject>
  try {
    newest = await newestOf(options, now)
  } catch (error) {
    return { checks: [listingFailed(error)], newest: [] }
  }
  const checks: Check[] = [fine('bucket', `${place} can be listed`)]
  if (newest.size === 0) {
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
  for (const [service, object] of newest) {
    checks.push(ageCheck(service, object, parser.formats, now))
    const { check, ...one } = await look(object, options)
    checks.push(check)
    read.push(one)
  }
  return { checks, newest: read }
}

/** By service, of the shortest span that has any. */
async function newestOf(
  { s3, bucket, prefix, parser, signal }: BucketOptions,
  now: number,
): Promise<Map<string, ArchiveObject>> {
  const newest = new Map<string, ArchiveObject>()
  for (const span of spans) {
    const from = new Date(now - span)
    const to = new Date(now + 24 * hour)
    let listed = 0
    const objects = archiveObjects({ s3, bucket, prefix, parser, from, to, of: 'uploads', ...(signal && { signal }) })
    for await (const object of objects) {
      const known = newest.get(object.service)
      if (!known || timeOf(object) > timeOf(known)) newest.set(object.service, object)
      if (++listed === mostObjects) break
    }
    if (newest.size > 0) break
  }
  return newest
}

const timeOf = ({ lastModified }: ArchiveObject) => lastModified?.getTime() ?? 0

function listingFailed(error: unknown): Check {
  const { cause } = error as Error
  const needs = 's3:ListBucket on the bucket'
  // Whoever may not list finds no late object, and a missing one looks like a missing right.
  if ((cause as Error | undefined)?.name === 'AccessDenied')
    return found('bucket', 'fault', (error as Error).message, `grant ${needs}: docs/privileges.md`)
  return failed('bucket', error, needs)
}

function ageCheck(service: string, object: ArchiveObject, formats: readonly Format[], now: number): Check {
  const check = `objects ${service}`
  const late = formats
    .flatMap(({ archive }) => archive)
    .filter((archive) => archive.service === service)
    .map((archive) => archive.late ?? hour)
  const what = `the newest came ${age(new Date(timeOf(object)), now)} ago: ${object.key}`
  if (now - timeOf(object) <= Math.max(hour, ...late)) return fine(check, what)
  return found(check, 'warning', what, 'see whether its delivery ended, or nothing happens there')
}

/** Reads its first records, as a consumer would. */
async function look(object: ArchiveObject, { s3, parser, signal }: BucketOptions): Promise<Newest & { check: Check }> {
  const check = `reading ${object.service}`
  const { bucket, key, etag, size } = object
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
      const what = kinds.size > 0 ? `is read as ${[...kinds].join(', ')}` : 'is read, and holds no record'
      if (counts.malformed === 0) return fine(check, what)
      return found(
        check,
        'warning',
        `${what}, but ${plural(counts.malformed, 'record')} among the first malformed: ${malformed[0]?.reason}`,
        `flowferry explain s3://${bucket}/${key}`,
      )
    }
    const { code, message } = error
    if (code === 'OBJECT_FORBIDDEN')
      return found(check, 'fault', message, 'grant s3:GetObject on the objects: docs/privileges.md')
    if (code === 'SOURCE_KEY') return found(check, 'fault', message, 'grant kms:Decrypt on the key, in its policy, too')
    if (code === 'OBJECT_ARCHIVED')
      return found(check, 'warning', message, 'a lifecycle rule archives objects: restore them before a backfill')
    if (['records', 'decompress'].includes(errorCodes[code].stage))
      return found(check, 'fault', message, `flowferry explain s3://${bucket}/${key}`)
    return failed(check, error, 's3:GetObject on the objects')
  }
}

/** The names of the first line of a text, where it is one of names. */
function headerIn(text: string): string[] | undefined {
  const names = text.split('\n', 1)[0]!.trim().split(' ')
  return names.length > 1 && names.every((name) => /^[a-z][a-z0-9-]*$/.test(name)) ? names : undefined
}
