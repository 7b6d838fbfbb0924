import type { S3Client } from '@aws-sdk/client-s3'
import type { FlowferryError, Parser } from '@flowferry/core'
import type { ArchiveObject, ArchiveOptions } from '@flowferry/source-s3'
import { bucketRegion, s3Address, s3Client, sqsClient } from '../aws.ts'
import { openCheckpoint } from '../backfill/checkpoint.ts'
import { dryRun } from '../backfill/dry-run.ts'
import { createFailures, type KeptFailures } from '../backfill/failures.ts'
import { type BackfillProgress, startBackfillProgress } from '../backfill/progress.ts'
import { readingOf } from '../backfill/reading.ts'
import { type BackfillCommandOptions, type BackfillRequest, backfillRequest } from '../backfill/request.ts'
import { firstOf, meant } from '../backfill/select.ts'
import type { Settings } from '../config/settings.ts'
import { formatNames, logFormatNames, parserFor } from '../formats.ts'
import { hintsFor, wordsOf } from '../hints.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import { type Failures, failureLines, totalsAsJson, totalsTable } from '../report.ts'
import { skipsOf } from '../skips.ts'
import { prepare, targetOf } from '../target.ts'
import { count, duration, plural } from '../text.ts'

export type { BackfillCommandOptions }

/** What a way did with the objects. */
interface Done {
  readonly objects: number
  readonly malformed?: number
  readonly stopped?: FlowferryError
  /** The same on standard output: as `--json` has it, and as lines. */
  readonly tell: (took: Took) => { readonly json: object; readonly lines: readonly string[] }
}

interface Took {
  readonly milliseconds: number
  readonly failures: Failures
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
  readonly failures: KeptFailures
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
  const { limit } = options
  const list = (more: Partial<ArchiveOptions>) => meant(archiveObjects({ ...archive, ...more }), request.isMeant)
  const signal = io.signal && { signal: io.signal }
  const onNote = (text: string) => note(io, text)
  if (options.dryRun)
    return dryRun(
      (more) => firstOf(list({ ...signal, onNote, ...more }), limit),
      request,
      await readingOf(wanted, request, { documents: options.documents, settings }),
      options,
      io,
      s3,
    )
  if (checkpoint.finished) {
    note(io, `${options.checkpoint} says that this backfill is finished; remove it to run it again`)
    if (options.json) line(io.stdout, JSON.stringify({ objects: 0, failed: checkpoint.failed, finished: true }))
    return checkpoint.failed > 0 ? exitCodes.failed : exitCodes.ok
  }
  if (checkpoint.objects > 0)
    note(io, `going on: ${plural(checkpoint.objects, 'object')} done before, up to ${checkpoint.after ?? 'none'}`)
  const run = request.way === 'sink' ? intoSink : request.way === 'manifest' ? asManifest : intoQueue
  const failures = await failuresOf(request, options, io, s3)
  const progress = await startBackfillProgress(io)
  const counting = new AbortController()
  const started = performance.now()
  let done: Done
  let settled = 0
  let isLimited = false
  try {
    void expectAll(firstOf(list({ signal: counting.signal }), limit), progress)
    const objects = firstOf(list({ ...signal, onNote }), limit, {
      begin: ({ key }) => checkpoint.begin(key),
      onLimit: () => {
        isLimited = true
      },
    })
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
  await checkpoint.close(done.stopped === undefined && !isLimited)
  tell(done, { failures, milliseconds: performance.now() - started }, { options, names: formatNames(settings), io })
  if (isLimited && !done.stopped) {
    note(io, `ends behind ${plural(done.objects + failures.count(), 'object')}, by --limit; there are more`)
    if (options.checkpoint !== undefined) tellHowToGoOn(options, io)
  }
  if (done.stopped || failures.count() + checkpoint.failed > 0) return exitCodes.failed
  return done.malformed ? exitCodes.malformed : exitCodes.ok
}

async function intoSink({ wanted, settings, options, io, s3, objects, settle, failures, span }: Work): Promise<Done> {
  const { concurrency, malformedShare } = options
  const { runLocal } = await import('../backfill/local.ts')
  const reading = await readingOf(wanted, span, { documents: options.documents, settings })
  const target = await targetOf(options, io)
  const store = await target.open()
  try {
    await prepare(store, wanted.formats, options, io)
    let objectCount = 0
    let skipped = 0
    const { counts, bytes, stopped } = await runLocal(objects, {
      read: { s3, ...skipsOf(options) },
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
      ...(malformedShare !== undefined && { malformedShare }),
      ...(io.signal && { signal: io.signal }),
    })
    return {
      objects: objectCount,
      malformed: counts.malformed,
      ...(stopped && { stopped }),
      tell: ({ milliseconds, failures }) => {
        const failed = failures.count()
        const totals = { objects: objectCount + failed, failed, skipped, bytes, counts, milliseconds, stopped }
        return { json: totalsAsJson(totals, failures), lines: totalsTable(totals, { noun: 'objects' }) }
      },
    }
  } finally {
    await store.close()
  }
}

async function intoQueue({ request, options, io, s3, objects, settle }: Work): Promise<Done> {
  const { enqueue: queueUrl, recordsPerMessage, rate } = options
  const { enqueue } = await import('@flowferry/source-s3')
  const sqs = await sqsClient(io, queueUrl!)
  note(io, 'note: the consumers of the queue read whole files: records around the span come along, each once')
  const sent = await enqueue(objects, {
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
  const { objects: objectCount, messages, requests } = sent
  return {
    objects: objectCount,
    tell: ({ milliseconds }) => ({
      json: { ...sent, seconds: secondsOf(milliseconds) },
      lines: rowsOf({ objects: objectCount, messages, 'SQS requests': requests }, milliseconds),
    }),
  }
}

async function asManifest({ options, io, s3, objects, settle }: Work): Promise<Done> {
  const { batchManifest } = await import('@flowferry/source-s3')
  const { uploadManifest, writeManifestFile } = await import('../backfill/manifest.ts')
  note(io, 'note: a job on it reads whole files: records around the span come along, each once')
  let listed = 0
  const counted = (async function* () {
    for await (const object of objects) {
      yield object
      listed++
      settle(object)
    }
  })()
  const manifest = options.manifest!
  const address = s3Address(manifest)
  if (address?.key === '') throw new UsageError('--manifest s3://bucket/KEY needs a key')
  const etag = address && (await uploadManifest(s3, address, batchManifest(counted)))
  if (!address) await writeManifestFile(manifest, batchManifest(counted))
  return {
    objects: listed,
    tell: ({ milliseconds }) => ({
      json: { objects: listed, manifest, ...(etag && { etag }), seconds: secondsOf(milliseconds) },
      lines: rowsOf({ objects: listed, manifest, ...(etag && { 'manifest ETag': etag }) }, milliseconds),
    }),
  }
}

const secondsOf = (milliseconds: number) => Math.round(milliseconds / 100) / 10

const rowsOf = (rows: Readonly<Record<string, number | string>>, milliseconds: number): string[] =>
  Object.entries({ ...rows, time: duration(milliseconds) }).map(
    ([name, value]) => `${name.padEnd(17)}  ${typeof value === 'number' ? count(value) : value}`,
  )

async function failuresOf({ bucket }: BackfillRequest, options: BackfillCommandOptions, io: Io, s3: S3Client) {
  const { failures, dlq: queueUrl } = options
  if (queueUrl === undefined) return createFailures(failures, undefined)
  return createFailures(failures, {
    sqs: await sqsClient(io, queueUrl),
    queueUrl,
    region: await bucketRegion(io, s3, bucket),
  })
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
  done: Done,
  took: Took,
  { options, names, io }: { options: BackfillCommandOptions; names: readonly string[]; io: Io },
): void {
  const { stopped } = done
  const { failures } = took
  const { json, lines } = done.tell(took)
  if (options.json) line(io.stdout, JSON.stringify(json))
  else for (const text of lines) line(io.stdout, text)
  for (const text of failureLines(failures, 'object')) line(io.stderr, text)
  if (stopped) {
    line(io.stderr, `stopped early: ${wordsOf(stopped)}`)
    if (done.objects + failures.count() > 0) tellHowToGoOn(options, io)
  }
  for (const hint of hintsFor([...failures.errors(), stopped], undefined, names)) line(io.stderr, hint)
}

function tellHowToGoOn({ checkpoint }: BackfillCommandOptions, io: Io): void {
  const how = checkpoint === undefined ? 'begins anew and stores nothing twice' : `goes on from ${checkpoint}`
  note(io, `to resume: the same command ${how}`)
}
