import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { type ErrorCode, FlowferryError, type Sink, type Slice } from '@flowferry/core'

export interface S3NdjsonOptions {
  /** An S3 client with its own time-outs. Needs s3:PutObject and s3:GetObject on the prefix, and s3:ListBucket. */
  readonly s3: Pick<S3Client, 'send'>
  readonly bucket: string
  /** Beginning of the keys: `documents/`. Leave it out of the bucket's notification, which would send them back. */
  readonly prefix: string
  /** Most records of an object, a whole number from 1. @default 10,000: flow logs of some 300 KB */
  readonly records?: number
}

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/**
 * Documents with their `_id` as gzip NDJSON on S3: `<prefix><data stream>/<log file>/<first ordinal>.ndjson.gz`. The name says
 * which records of which log file an object may hold, whatever a delivery's batches are; a write adds those that it lacks.
 * Each put has a condition, so that two deliveries at the same time lose nothing of each other's.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 *
 * @throws FlowferryError INVALID_OPTION
 *
 * @example
 * const sink = s3Ndjson({ s3, bucket: 'documents', prefix: 'logs/' })
 * await ingest({ source, parser, sink })
 */
export function s3Ndjson({ s3, bucket, prefix, records = 10_000 }: S3NdjsonOptions): Sink<unknown> {
  if (!(Number.isInteger(records) && records > 0))
    throw new FlowferryError('INVALID_OPTION', `\`records\` is ${records}: it must be a whole number from 1`)
  /** Adds the lines that the object has not, and gives the ids that it had. */
  const add = async (key: string, lines: Lines, options: RequestOptions): Promise<Lines> => {
    // Most objects are new: the first put asks nobody.
    let stored: Stored = { lines: new Map() }
    for (let tries = 0; tries < 10; tries++) {
      const all = new Map([...stored.lines, ...[...lines].filter(([id]) => !stored.lines.has(id))])
      if (all.size === stored.lines.size) return stored.lines
      const Body = await compress([...all.values()].join(''))
      const condition = stored.etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: stored.etag }
      const put = { Bucket: bucket, Key: key, Body, ContentType: 'application/gzip' }
      try {
        await s3.send(new PutObjectCommand({ ...put, ...condition }), options)
        return stored.lines
      } catch (error) {
        // Another write was first, or is under way. 404: the object that it was to replace is gone.
        if (![409, 412].includes(statusOf(error)) && !isMissing(error)) throw error
        stored = await load(key, options)
      }
    }
    throw new FlowferryError('TARGET_OVERLOADED', `Ten other writes were first at s3://${bucket}/${key}`)
  }

  const load = async (Key: string, options: RequestOptions): Promise<Stored> => {
    try {
      const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }), options)
      const text = (await decompress(await Body!.transformToByteArray())).toString()
      const lines = text.split(/(?<=\n)/).map((line) => [JSON.parse(line)._id, line] as const)
      return { lines: new Map(lines), etag: ETag! }
    } catch (error) {
      if (isMissing(error)) return { lines: new Map() }
      throw error
    }
  }

  return {
    write: async (batch, signal) => {
      const options = signal ? { abortSignal: signal } : {}
      const slices = batch.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length }))
      for (const [key, places] of objectsOf(batch, prefix, records)) {
        if (signal?.aborted) break
        const lines = new Map(places.map(({ slice, index }) => [slice.id(index), lineOf(slice, index)]))
        let seen: Set<string>
        try {
          seen = new Set((await add(key, lines, options)).keys())
        } catch (cause) {
          if (signal?.aborted) break
          const what = `S3 did not take s3://${bucket}/${key}: ${(cause as Error).message}`
          return { slices, error: new FlowferryError(codeOf(cause), what, { cause }), stop: true }
        }
        for (const { slice, index, position } of places) {
          const counts = slices[position]!
          counts[seen.has(slice.id(index)) ? 'duplicate' : 'written']++
          counts.unfinished--
          seen.add(slice.id(index))
        }
      }
      return { slices }
    },
  }
}

interface RequestOptions {
  readonly abortSignal?: AbortSignal
}

/** Lines with their ends, by the document's id. */
type Lines = ReadonlyMap<string, string>

interface Stored {
  readonly lines: Lines
  readonly etag?: string
}

interface Place {
  readonly slice: Slice<unknown>
  readonly index: number
  /** The slice's position in the batch. */
  readonly position: number
}

/** The objects of a batch, by their keys, with the records that go there. */
function objectsOf(batch: readonly Slice<unknown>[], prefix: string, records: number): Map<string, Place[]> {
  const objects = new Map<string, Place[]>()
  for (const [position, slice] of batch.entries())
    for (let index = 0; index < slice.length; index++) {
      const first = Math.floor(slice.ordinals[index]! / records) * records
      const file = `${slice.dataStream}/${slice.object.idPrefix}`
      const key = `${prefix}${file}/${String(first).padStart(12, '0')}.ndjson.gz`
      const places = objects.get(key)
      if (places) places.push({ slice, index, position })
      else objects.set(key, [{ slice, index, position }])
    }
  return objects
}

const lineOf = (slice: Slice<unknown>, index: number) =>
  `${JSON.stringify({ ...slice.document(index), _id: slice.id(index) })}\n`

interface S3Failure {
  readonly name?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const statusOf = (error: unknown) => (error as S3Failure).$metadata?.httpStatusCode ?? 0
const isMissing = (error: unknown) => (error as S3Failure).name === 'NoSuchKey'

const codes: Readonly<Record<number, ErrorCode>> = {
  0: 'TARGET_UNREACHABLE',
  401: 'TARGET_UNAUTHORIZED',
  403: 'TARGET_UNAUTHORIZED',
  404: 'TARGET_NOT_FOUND',
  429: 'TARGET_OVERLOADED',
  503: 'TARGET_OVERLOADED',
}

function codeOf(error: unknown): ErrorCode {
  if (FlowferryError.isInstance(error)) return error.code
  // What the SDK did not send, as where an object is none of ours, has no metadata.
  return ((error as S3Failure).$metadata && codes[statusOf(error)]) || 'TARGET_FAILED'
}
