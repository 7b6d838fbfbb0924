import { basename, relative, resolve, sep } from 'node:path'
import { type DeadRecords, ingest, objectEvent, type Sink, type SourceMessage } from '@flowferry/core'
import { alike } from '../alike.ts'
import { s3Address, s3Client } from '../aws.ts'
import type { Settings } from '../config/settings.ts'
import { found, listFiles, localFile } from '../files.ts'
import { type Documents, filterOf, formatNames, parserFor } from '../formats.ts'
import { type Globs, matcherOf } from '../globs.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import { startProgress } from '../progress.ts'
import { exitCodeOf, printReport } from '../report.ts'
import { codesToSkip, type Skips, skipsOf } from '../skips.ts'
import { checkSetup, prepare, type TargetOptions, targetOf } from '../target.ts'
import { bytes, count, plural } from '../text.ts'

export interface IngestCommandOptions extends TargetOptions, Globs, Skips {
  readonly format?: string
  readonly concurrency?: number
  /** @default 0.1, as `ingest()` has it */
  readonly malformedShare?: number
  readonly setup?: boolean
  readonly log?: 'json'
  readonly deadRecords?: string
  readonly documents?: Documents
  /** Files at most. @default all */
  readonly limit?: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `flowferry ingest`: files, folders and S3 prefixes into a store, or with `--dry-run` into nothing. */
export async function ingestCommand(
  sources: readonly string[],
  options: IngestCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  if (sources.includes('-'))
    throw new UsageError('ingest reads no standard input: its ids would not last. Save it to a file')
  const { dryRun = false, json = false, format, log, setup } = options
  if (dryRun && setup) throw new UsageError('--setup does not go with --dry-run: flowferry setup --dry-run tells of it')
  checkSetup(options)
  const isMeant = matcherOf(options)
  const counting = dryRun ? countingSink() : undefined
  const deadRecords =
    options.deadRecords === undefined || dryRun ? undefined : await deadRecordsAt(options.deadRecords, io)
  const target = dryRun && options.to === undefined ? undefined : await targetOf(options, io)
  // Before a store is opened, which makes a DuckDB file: a name that is mistyped leaves nothing behind.
  for (const source of sources) if (!s3Address(source)) await found(source)
  const store = counting ? undefined : await target!.open()
  try {
    const parser = await parserFor(format ? [format] : undefined, options.documents, settings)
    if (store) await prepare(store, parser.formats, options, io)
    const messages = await messagesOf(sources, options, isMeant, io)
    const objects = messages.flatMap((message) => message.objects)
    for (const text of leftOut(messages)) note(io, text)
    if (objects.length === 0) {
      const globs = (['include', 'exclude'] as const).filter((name) => options[name] !== undefined)
      const why = globs.map((name) => `--${name}`).join(' and ')
      line(io.stderr, `There is no file to read${why && `, or ${why} left it out`}.`)
      // Who reads JSON gets an object of nothing.
      if (!json) return exitCodes.failed
    }
    const total = objects.reduce((sum, { size = 0 }) => sum + size, 0)
    const where = target === undefined ? '' : `, to ${target.name}`
    note(io, `${plural(objects.length, 'file')}, ${bytes(total)} stored${where}${dryRun ? '; nothing is written' : ''}`)
    const progress = await startProgress(io, total, objects.length)
    const report = await ingest({
      source: messages.map((message) => ({ ...message, objects: message.objects.map(progress.watch) })),
      parser,
      sink: counting ?? store!.sink,
      onObject: (object) => {
        progress.onObject(object)
        if (log === 'json') line(io.stderr, JSON.stringify(objectEvent(object)))
      },
      ...filterOf(settings),
      ...store?.pace,
      ...(options.malformedShare !== undefined && { malformedShare: options.malformedShare }),
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(deadRecords && { deadRecords }),
      ...(io.signal && { signal: io.signal }),
    }).finally(progress.stop)
    printReport(io, report, {
      format,
      names: formatNames(settings),
      remarks: log !== 'json',
      json,
      ...(counting && { counted: counting.counted() }),
    })
    return objects.length === 0 ? exitCodes.failed : exitCodeOf(report)
  } finally {
    await store?.close()
  }
}

/** A sink that stores nothing, and counts what each data stream would get. */
function countingSink(): Sink<unknown> & { readonly counted: () => Readonly<Record<string, number>> } {
  const streams = new Map<string, number>()
  return {
    counted: () => Object.fromEntries([...streams].sort()),
    write: async (batch) => {
      for (const { dataStream, length } of batch) streams.set(dataStream, (streams.get(dataStream) ?? 0) + length)
      return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
    },
  }
}

/** A prefix on S3, for what the store refuses and what is malformed. */
async function deadRecordsAt(text: string, io: Io): Promise<DeadRecords> {
  const address = s3Address(text)
  if (!address || address.key === '')
    throw new UsageError(`--dead-records takes a prefix on S3, s3://bucket/dead/, not "${text}"`)
  const { s3DeadRecords } = await import('@flowferry/source-s3')
  return s3DeadRecords({ s3: await s3Client(io), bucket: address.bucket, prefix: address.key })
}

/** Whether a file of a folder is the database that the folder's logs go to, or DuckDB's log beside it. */
function isOfStore(path: string, to: string | undefined): boolean {
  if (!to?.startsWith('duckdb:')) return false
  const database = resolve(to.slice('duckdb:'.length))
  return [database, `${database}.wal`].includes(resolve(path))
}

/** A message for each file or object, in the order of the sources. */
async function messagesOf(
  sources: readonly string[],
  options: IngestCommandOptions,
  isMeant: (key: string) => boolean,
  io: Io,
): Promise<SourceMessage[]> {
  const { limit = Number.POSITIVE_INFINITY } = options
  const messages: SourceMessage[] = []
  let objects = 0
  for (const source of sources) {
    const address = s3Address(source)
    const some = address ? objectsAt(address, options, isMeant, io) : filesAt(source, options, isMeant)
    for await (const message of some) {
      if (objects === limit) return messages
      messages.push(message)
      objects += message.objects.length
    }
  }
  return messages
}

async function* filesAt(
  source: string,
  options: IngestCommandOptions,
  isMeant: (key: string) => boolean,
): AsyncGenerator<SourceMessage> {
  const skip = codesToSkip(options)
  for (const { path, size } of await listFiles(source)) {
    if (path !== source && isOfStore(path, options.to)) continue
    const below = path === source ? basename(path) : relative(source, path).replaceAll(sep, '/')
    if (isMeant(below)) yield { objects: [{ ...localFile(path, { size }), skip }] }
  }
}

async function* objectsAt(
  { bucket, key: prefix }: { readonly bucket: string; readonly key: string },
  options: IngestCommandOptions,
  isMeant: (key: string) => boolean,
  io: Io,
): AsyncGenerator<SourceMessage> {
  const { backfillSource, listObjects } = await import('@flowferry/source-s3')
  const s3 = await s3Client(io)
  const listed = async function* () {
    for await (const object of listObjects({ s3, bucket, prefix, ...(io.signal && { signal: io.signal }) }))
      if (isMeant(object.key)) yield { bucket, ...object }
  }
  yield* backfillSource(listed(), { s3, ...skipsOf(options) })
}

/** What lies beside logs, by its kind. */
function leftOut(messages: readonly SourceMessage[]): string[] {
  const ignored = messages.flatMap(({ ignored = [] }) => ignored)
  const kindOf = (text: string) => text.replace(/: s3:\/\/.*$/s, '')
  return alike(ignored, kindOf).map(({ first, all }) =>
    all.length === 1 ? `left out: ${first}` : `left out: ${first} and ${count(all.length - 1)} more like it`,
  )
}
