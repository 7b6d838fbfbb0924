import type { S3Client } from '@aws-sdk/client-s3'
import type { Counts, FlowferryError, Parser } from '@flowferry/core'
import type { ArchiveObject, ArchiveOptions } from '@flowferry/source-s3'
import { bucketRegion, s3Address, s3Client, sqsClient } from '../aws.ts'
import { type Checkpoint, openCheckpoint } from '../backfill/checkpoint.ts'
import { dryRun } from '../backfill/dry-run.ts'
import { createFailures, type Failures } from '../backfill/failures.ts'
import { type BackfillProgress, startBackfillProgress } from '../backfill/progress.ts'
import { readingOf } from '../backfill/reading.ts'
import { type BackfillCommandOptions, type BackfillRequest, backfillRequest } from '../backfill/request.ts'
import type { Settings } from '../config/settings.ts'
import { formatNames, logFormatNames, parserFor } from '../formats.ts'
import { hintsFor } from '../hints.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { prepare, targetOf } from '../target.ts'
import { count, plural } from '../text.ts'

export type { BackfillCommandOptions }

/** What a way does with the objects, and tells in the end. */
interface Done {
  /** Lines for standard output, and the same for `--json`. */
  readonly rows: Readonly<Record<string, number | string>>
  readonly malformed?: number
  readonly stopped?: FlowferryError
}

interface Work {
  readonly request: BackfillRequest
  /** Whose formats are wanted. */
  readonly wanted: Parser<unknown>
  readonly settings: Settings
  readonly options: BackfillCommandOptions
  readonly io: Io
  readonly s3: S3Client
  /** Those that no former run did, each begun in the checkpoint. */
  readonly objects: AsyncIterable<ArchiveObject>
  readonly settle: (object: ArchiveObject, failed?: boolean) => void
  readonly failures: Failures
  readonly span: { readonly from: Date; readonly to: Date }
}

/** `flowferry backfill`: the records of a time span, from the archive into a store, a queue or a manifest. */
export async function backfillCommand(
  source: string,
  options: BackfillCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const request = backfillRequest(source, options)
  const { bucket, prefix, formats, accounts, regions, late } = request
  const checkpoint = await openCheckpoint(options.dryRun ? undefined : options.checkpoint, request.identity, request)
  const s3 = await s3Client(io)
  const wanted = await parserFor(formats.length > 0 ? formats : logFormatNames(settings), options.documents, settings)
  const { archiveObjects } = await import('@flowferry/source-s3')
  const archive: ArchiveOptions = {
    s3,
    bucket,
    prefix,
    parser: wanted,
    accounts,
    regions,
    ...checkpoint.span,
    ...(late !== undefined && { late }),
    ...(checkpoint.after !== undefined && { after: checkpoint.after }),
  }
  const signal = io.signal && { signal: io.signal }
  if (options.dryRun) {
    const onNote = (note: string) => line(io.stderr, note)
    return dryRun(
      (more) => archiveObjects({ ...archive, ...signal, onNote, ...more }),
      request,
      await readingOf(wanted, request, { documents: options.documents, settings }),
      options,
      io,
      s3,
    )
  }
  if (checkpoint.finished) {
    line(io.stderr, `${options.checkpoint} says that this backfill is finished; remove it to run it again`)
    return checkpoint.failed > 0 ? exitCodes.failed : exitCodes.ok
  }
  if (checkpoint.objects > 0)
    line(
      io.stderr,
      `going on: ${plural(checkpoint.objects, 'object')} done before, up to ${checkpoint.after ?? 'none'}`,
    )
  const run = request.way === 'sink' ? intoSink : request.way === 'manifest' ? asManifest : intoQueue
  const failures = await failuresOf(request, options, io, s3)
  const progress = await startBackfillProgress(io, options.json ?? false)
  const counting = new AbortController()
  const started = performance.now()
  let done: Done
  let settled = 0
  try {
    void expectAll(archiveObjects({ ...archive, signal: counting.signal }), progress)
    const onNote = (note: string) => line(io.stderr, note)
    const objects = begun(archiveObjects({ ...archive, ...signal, onNote }), checkpoint)
    const settle = (object: ArchiveObject, failed = false) => {
      settled++
      checkpoint.settle(object.key, failed)
      progress.done(object.size ?? 0)
    }
    done = await run({ request, wanted, settings, options, io, s3, objects, settle, failures, span: checkpoint.span })
  } catch (error) {
    await checkpoint.close(false)
    if (settled > 0) tellHowToGoOn(options, io)
    throw error
  } finally {
    counting.abort()
    progress.stop()
  }
  await checkpoint.close(done.stopped === undefined)
  tell(done, failures, { options, names: formatNames(settings), io, seconds: (performance.now() - started) / 1000 })
  if (done.stopped || failures.count() + checkpoint.failed > 0) return exitCodes.failed
  return done.malformed ? exitCodes.malformed : exitCodes.ok
}

async function intoSink({ wanted, settings, options, io, s3, objects, settle, failures, span }: Work): Promise<Done> {
  const { concurrency, archived, unknown } = options
  const { runLocal } = await import('../backfill/local.ts')
  const reading = await readingOf(wanted, span, { documents: options.documents, settings })
  const target = await targetOf(options, io)
  const store = await target.open()
  try {
    await prepare(store, wanted.formats, options, io)
    let objectCount = 0
    let skipped = 0
    const { counts, bytes, stopped } = await runLocal(objects, {
      read: { s3, ...(archived && { archived }), ...(unknown && { unknown }) },
      ...reading,
      sink: store.sink,
      onDone: (object, { status }) => {
        objectCount++
        if (status === 'skipped') skipped++
        settle(object)
      },
      onFailed: async (object, error) => {
        await failures.note(object, error)
        settle(object, true)
      },
      ...store.pace,
      ...(concurrency !== undefined && { concurrency }),
      ...(io.signal && { signal: io.signal }),
    })
    return {
      rows: { objects: objectCount, ...(skipped > 0 && { skipped }), 'stored bytes': bytes, ...countRows(counts) },
      malformed: counts.malformed,
      ...(stopped && { stopped }),
    }
  } finally {
    await store.close()
  }
}

function countRows({ read, written, duplicate, ...others }: Counts): Record<string, number> {
  const happened = Object.entries(others).filter(([, value]) => value > 0)
  return { 'records read': read, 'documents written': written, duplicates: duplicate, ...Object.fromEntries(happened) }
}

async function intoQueue({ request, options, io, s3, objects, settle }: Work): Promise<Done> {
  const { enqueue: queueUrl, recordsPerMessage, rate } = options
  const { enqueue } = await import('@flowferry/source-s3')
  const sqs = await sqsClient(io, queueUrl!)
  line(io.stderr, 'note: the consumers of the queue read whole files: records around the span come along, each once')
  const { requests, ...sent } = await enqueue(objects, {
    sqs,
    queueUrl: queueUrl!,
    region: await bucketRegion(io, s3, request.bucket),
    ...(recordsPerMessage !== undefined && { recordsPerMessage }),
    ...(rate !== undefined && { messagesPerSecond: rate }),
    onSent: (group) => {
      for (const object of group) settle(object)
    },
    ...(io.signal && { signal: io.signal }),
  })
  return { rows: { ...sent, 'SQS requests': requests } }
}

async function asManifest({ options, io, s3, objects, settle }: Work): Promise<Done> {
  const { batchManifest } = await import('@flowferry/source-s3')
  const { uploadManifest, writeManifestFile } = await import('../backfill/manifest.ts')
  line(io.stderr, 'note: a job on it reads whole files: records around the span come along, each once')
  let listed = 0
  const counted = (async function* () {
    for await (const object of objects) {
      yield object
      listed++
      settle(object)
    }
  })()
  const address = s3Address(options.manifest!)
  if (!address) {
    await writeManifestFile(options.manifest!, batchManifest(counted))
    return { rows: { objects: listed, manifest: options.manifest! } }
  }
  if (address.key === '') throw new UsageError('--manifest s3://bucket/KEY needs a key')
  const etag = await uploadManifest(s3, address, batchManifest(counted))
  return { rows: { objects: listed, manifest: options.manifest!, 'manifest ETag': etag } }
}

async function failuresOf({ bucket }: BackfillRequest, options: BackfillCommandOptions, io: Io, s3: S3Client) {
  const { failures, dlq: queueUrl } = options
  if (queueUrl === undefined) return createFailures(failures, undefined)
  return createFailures(failures, {
    sqs: await sqsClient(io, queueUrl),
    queueUrl,
    region: await bucketRegion(io, s3, bucket),
  })
}

/** Objects as they come, without those that a former run did out of their order. */
async function* begun(objects: AsyncIterable<ArchiveObject>, checkpoint: Checkpoint): AsyncGenerator<ArchiveObject> {
  for await (const object of objects) if (checkpoint.begin(object.key)) yield object
}

/** Lists all once more, ahead of the work, so that the time that is left can be told. */
async function expectAll(objects: AsyncIterable<ArchiveObject>, progress: BackfillProgress): Promise<void> {
  let found = 0
  let bytes = 0
  try {
    for await (const { size = 0 } of objects) {
      bytes += size
      if (++found % 1000 === 0) progress.expect(found, bytes, false)
    }
    progress.expect(found, bytes, true)
  } catch {
    // The work itself lists as well, and tells what is wrong.
  }
}

function tell(
  { rows, stopped }: Done,
  failures: Failures,
  {
    options,
    names,
    io,
    seconds,
  }: { options: BackfillCommandOptions; names: readonly string[]; io: Io; seconds: number },
): void {
  const failed = failures.count()
  if (options.json) {
    const result = {
      ...rows,
      failed,
      seconds: Math.round(seconds * 10) / 10,
      ...(stopped && { stopped: stopped.toJSON() }),
    }
    line(io.stdout, JSON.stringify(result))
  } else {
    const shown = { ...rows, ...(failed > 0 && { 'objects failed': failed }), seconds: seconds.toFixed(1) }
    for (const [name, value] of Object.entries(shown))
      line(io.stdout, `${name.padEnd(17)}  ${typeof value === 'number' ? count(value) : value}`)
  }
  for (const { object, error } of failures.first) {
    line(io.stderr, `s3://${object.bucket}/${object.key}`)
    line(io.stderr, `  failed: ${error.message}`)
  }
  if (failed > failures.first.length) line(io.stderr, `… and ${plural(failed - failures.first.length, 'object')} more`)
  if (stopped) {
    line(io.stderr, `stopped early: ${stopped.message}`)
    if (rows.objects !== 0) tellHowToGoOn(options, io)
  }
  for (const hint of hintsFor([...failures.first.map(({ error }) => error), stopped], undefined, names))
    line(io.stderr, hint)
}

function tellHowToGoOn({ checkpoint }: BackfillCommandOptions, io: Io): void {
  const how = checkpoint === undefined ? 'begins anew and stores nothing twice' : `goes on from ${checkpoint}`
  line(io.stderr, `to resume: the same command ${how}`)
}
