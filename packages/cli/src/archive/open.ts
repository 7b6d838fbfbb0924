import type { Store } from '@flowferry/answers'
import {
  byteBudget,
  FlowferryError,
  type Format,
  type LogRecord,
  type ObjectIdentity,
  type ObjectReport,
  type Sink,
} from '@flowferry/core'
import type { ArchiveObject } from '@flowferry/source-s3'
import { requireS3Address, s3Client } from '../aws.ts'
import { startBackfillProgress } from '../backfill/progress.ts'
import type { Settings } from '../config/settings.ts'
import { type Io, line, note, UsageError } from '../io.ts'
import { collectFailures, type Failures, failureLines } from '../report.ts'
import { bytes, count, plural } from '../text.ts'
import { countRequests, type Requests } from './requests.ts'
import { type ArchivePlaces, archivePlaces } from './selection.ts'

/** Logs of one span that questions are to be asked of. */
interface ArchivePart {
  readonly formats: readonly Format[]
  /** Records from this time on, … */
  readonly from: Date
  /** … before this one. */
  readonly to: Date
  /** Of records of these formats within the span. Synchronous. @default all are kept */
  readonly filter?: (record: LogRecord, object: ObjectIdentity) => boolean
}

export interface ArchiveRequest extends ArchivePlaces {
  readonly parts: readonly ArchivePart[]
  /** A config, whose formats, enrichments and filter hold, as for `backfill`. */
  readonly settings: Settings
  /** Bytes of memory for the records that are kept and for the questions; inserting alone takes 64 MiB. @default 1 GiB */
  readonly memory?: number
}

/** What it took: a member of what a command gives with `--json`. */
export interface ArchiveCost {
  readonly objects: number
  /** As they lie on S3. */
  readonly bytes: number
  readonly requests: Readonly<Requests>
  readonly records: { readonly read: number; readonly kept: number }
  readonly failed: readonly { readonly key: string; readonly code: string; readonly message: string }[]
  readonly seconds: number
}

/** Times of which records of some formats may be missing, since an object could not be read. */
interface Unread {
  readonly formats: readonly Format[]
  readonly from: Date
  readonly to: Date
}

/** A store of what was read of an archive. Its answers are partial where something of their formats was left out. */
export interface OpenArchive extends Store {
  readonly cost: ArchiveCost
  readonly unread: readonly Unread[]
  /** What was left out, and why, in words. */
  readonly leftOut: readonly string[]
  readonly close: () => Promise<void>
}

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte
/** Their names alone take some 40 MB. */
const mostObjects = 100_000
/** Reading waits for the network: S3 answers after some tens of milliseconds, and each object is small. */
const concurrency = 16

/**
 * Reads what a span needs of an archive on S3 into memory, to be asked there. The objects are planned as those of a
 * backfill; of their records the filters keep what the questions need. An object that fails is named, and makes the answers
 * partial; what is no object's failure (credentials, the network) ends it.
 *
 * Memory is bounded by `memory`, which DuckDB keeps to, and by the number of objects.
 *
 * @param source `s3://bucket` or `s3://bucket/prefix`
 * @throws UsageError where the source is no address, and where the span takes more memory or objects than that
 * @throws FlowferryError LISTING_FAILED, BUCKET_NOT_FOUND, or a code that begins with SOURCE_
 * @example
 * const archive = await openArchive('s3://my-logs', { parts: [{ formats: vpcFlow.formats, from, to }], settings }, io)
 * const { rows } = await archive.ask(question)
 * await archive.close()
 */
export async function openArchive(source: string, request: ArchiveRequest, io: Io): Promise<OpenArchive> {
  const { parts, settings, memory = gibibyte } = request
  const address = requireS3Address(source, 'An archive is')
  const places = archivePlaces(request)
  const started = performance.now()
  const s3 = await s3Client(io)
  const requests = countRequests(s3)
  const stop = new AbortController()
  const signal = io.signal ? AbortSignal.any([io.signal, stop.signal]) : stop.signal
  const { duckdb } = await import('@flowferry/sink-duckdb')
  const sink = await duckdb()
  const close = async () => {
    stop.abort()
    s3.destroy()
    await sink.close()
  }
  try {
    const notes: string[] = []
    const planned = await Promise.all(
      parts.map(async (part) => {
        const { archiveObjects } = await import('@flowferry/source-s3')
        const { from, to, formats } = part
        const found: ArchiveObject[] = []
        const onNote = (note: string) => notes.push(note)
        const where = { s3, bucket: address.bucket, prefix: address.key, parser: { formats }, ...places }
        for await (const object of archiveObjects({ ...where, from, to, onNote, signal })) {
          if (found.length === mostObjects) throw tooMuch(`has more than ${count(mostObjects)} objects`)
          found.push(object)
        }
        return { part, found }
      }),
    )
    const size = planned.flatMap(({ found }) => found).reduce((sum, object) => sum + (object.size ?? 0), 0)
    const objects = planned.reduce((sum, { found }) => sum + found.length, 0)
    note(io, `reads ${plural(objects, 'object')} of ${source}, ${bytes(size)}`)

    const limits = [`memory_limit = '${memory}B'`, "temp_directory = ''"]
    // One thread inserts; others would wait for it, which costs CPU.
    for (const setting of [...limits, 'threads = 1']) await sink.connection.run(`SET ${setting}`)
    const read = await readParts()
    await sink.connection.run('RESET threads')

    const seconds = Math.round(performance.now() - started) / 1000
    const cost: ArchiveCost = {
      objects,
      bytes: read.bytes,
      requests: { ...requests },
      records: { read: read.records, kept: read.kept },
      failed: read.failed.map(({ object, error }) => ({ key: object.key, code: error.code, message: error.message })),
      seconds,
    }
    note(io, costLine(cost))
    const failures = collectFailures()
    for (const failed of read.failed) failures.add(failed)
    for (const text of failureLines(failures, 'object')) line(io.stderr, text)
    const leftOut = [...notes, ...(objects === 0 ? [noObjects(source, parts)] : []), ...leftOutOf(read, failures)]
    return { ...(await storeOf(read)), cost, leftOut, unread: await unreadOf(read), close }

    async function readParts(): Promise<Read> {
      const { runLocal } = await import('../backfill/local.ts')
      const { readingOf } = await import('../backfill/reading.ts')
      const progress = await startBackfillProgress(io)
      progress.expect(objects, size, true)
      const all: Read = { bytes: 0, records: 0, kept: 0, failed: [], damaged: [], kinds: new Set() }
      let isFull = false
      const full = boundedSink(sink, () => {
        isFull = true
      })
      try {
        for (const { part, found } of planned) {
          const { counts, stopped, ...result } = await runLocal(iterate(found), {
            read: { s3 },
            ...(await readingOf(part, part, { settings, filter: part.filter })),
            sink: full,
            onDone: (object, report) => {
              for (const kind of report.kinds) all.kinds.add(kind)
              if (report.counts.malformed > 0) all.damaged.push(report)
              progress.done(object.size ?? 0)
            },
            onFailed: async (object, error) => {
              all.failed.push({ object, error, part })
              progress.done(object.size ?? 0)
            },
            concurrency,
            batchBytes: 2 * mebibyte,
            budget: byteBudget(16 * mebibyte),
            signal,
          })
          if (isFull) throw tooMuch(`takes more than ${bytes(memory)} of memory`)
          if (stopped) throw stopped
          all.bytes += result.bytes
          all.records += counts.read
          all.kept += counts.written + counts.duplicate
        }
      } finally {
        progress.stop()
      }
      return all
    }

    async function storeOf({ kinds }: Read): Promise<Store> {
      const { duckdbStore } = await import('@flowferry/answers/duckdb')
      const formats = parts.flatMap((part) => part.formats)
      const { ask } = duckdbStore({ connection: sink.connection, formats })
      return {
        ask: async (question, signal) => {
          // A table that none of the kept records made is empty, not missing.
          const { partial: _, ...answer } = await ask(question, signal).catch((error: unknown) => {
            throw isOutOfMemory(error) ? tooMuch(`takes more than ${bytes(memory)} of memory`) : error
          })
          const asked = question.formats.flatMap((one) =>
            typeof one === 'string' ? formats.filter(({ dataset }) => dataset === one) : one,
          )
          const missing = asked.filter(({ kind }) => !kinds.has(kind)).map(({ title }) => `${source} has no ${title}`)
          const why = [...new Set([...missing, ...leftOut])]
          return { ...answer, ...(why.length > 0 && { partial: { why: why.join('; ') } }) }
        },
      }
    }
  } catch (error) {
    await close()
    throw error
  }

  async function unreadOf({ failed }: Read): Promise<Unread[]> {
    const { recordTimes } = await import('@flowferry/source-s3')
    const { late } = places
    return failed.map(({ object, part: { formats, from, to } }) => ({
      formats,
      ...(recordTimes(object, { parser: { formats }, ...(late !== undefined && { late }) }) ?? { from, to }),
    }))
  }

  function tooMuch(why: string): UsageError {
    return new UsageError(
      `What the span needs of ${source} ${why}: shorten it (--since, --until), name --account and --region, or bring it into a store: flowferry backfill ${source} --to duckdb:FILE`,
    )
  }
}

interface Read {
  bytes: number
  records: number
  kept: number
  readonly failed: { readonly object: ArchiveObject; readonly error: FlowferryError; readonly part: ArchivePart }[]
  readonly damaged: ObjectReport[]
  /** Of all records that were read. */
  readonly kinds: Set<string>
}

async function* iterate<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all
}

/** A sink that ends the reading where memory does. */
function boundedSink(sink: Sink<unknown>, onFull: () => void): Sink<unknown> {
  return {
    write: async (batch, signal) => {
      const outcome = await sink.write(batch, signal)
      if (!isOutOfMemory(outcome.error)) return outcome
      onFull()
      return { ...outcome, stop: true }
    },
  }
}

/** DuckDB's own words for a `memory_limit` that is reached. */
const isOutOfMemory = (error: unknown): boolean =>
  FlowferryError.isInstance(error) && error.code === 'TARGET_FAILED' && /Out of Memory Error/i.test(error.message)

function costLine({ objects, bytes: size, requests, records, seconds }: ArchiveCost): string {
  const asked = `${count(requests.list)} LIST and ${count(requests.get)} GET requests`
  const kept = `${count(records.kept)} of ${plural(records.read, 'record')} kept`
  return `read ${plural(objects, 'object')}, ${bytes(size)}, by ${asked}; ${kept}; ${seconds.toFixed(1)} s`
}

function noObjects(source: string, parts: readonly ArchivePart[]): string {
  const titles = parts.flatMap(({ formats }) => formats.map(({ title }) => title)).join(', ')
  return `${source} has no object of the span for ${titles}`
}

function leftOutOf({ damaged }: Read, failures: Failures): string[] {
  const groups = failures.groups()
  const more = failures.count() - groups.reduce((sum, { objects }) => sum + objects, 0)
  const malformed = damaged.reduce((sum, { counts }) => sum + counts.malformed, 0)
  return [
    ...groups.map(({ first, objects, message }) => {
      const others = objects === 1 ? '' : ` and ${plural(objects - 1, 'more object')}`
      return `${first}${others} could not be read: ${message}`
    }),
    ...(more > 0 ? [`${plural(more, 'more object')} could not be read: --json has them all`] : []),
    ...(malformed > 0
      ? [
          `${plural(malformed, 'record')} of ${plural(damaged.length, 'object')} are malformed, the first in ${damaged[0]!.key}`,
        ]
      : []),
  ]
}
