import { resolve } from 'node:path'
import { type DeadRecords, ingest, objectEvent, type SourceMessage } from '@flowferry/core'
import { s3Address, s3Client } from '../aws.ts'
import type { Settings } from '../config/settings.ts'
import { found, listFiles, localFile } from '../files.ts'
import { type Documents, filterOf, formatNames, parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { startProgress } from '../progress.ts'
import { exitCodeOf, printReport } from '../report.ts'
import { checkSetup, prepare, type TargetOptions, targetOf } from '../target.ts'
import { bytes, plural } from '../text.ts'

export interface IngestCommandOptions extends TargetOptions {
  readonly format?: string
  readonly concurrency?: number
  readonly setup?: boolean
  readonly log?: 'json'
  readonly deadRecords?: string
  readonly archived?: 'fail' | 'skip'
  readonly unknown?: 'fail' | 'skip'
  readonly documents?: Documents
}

/** `flowferry ingest`: files, folders and S3 prefixes into a store. */
export async function ingestCommand(
  sources: readonly string[],
  options: IngestCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  if (sources.includes('-'))
    throw new UsageError('ingest reads no standard input: its ids would not last. Save it to a file')
  checkSetup(options)
  const deadRecords = options.deadRecords === undefined ? undefined : await deadRecordsAt(options.deadRecords, io)
  const target = await targetOf(options, io)
  // Before a store is opened, which makes a DuckDB file: a name that is mistyped leaves nothing behind.
  for (const source of sources) if (!s3Address(source)) await found(source)
  const store = await target.open()
  try {
    const parser = await parserFor(options.format ? [options.format] : undefined, options.documents, settings)
    await prepare(store, parser.formats, options, io)
    const messages = (await Promise.all(sources.map((source) => messagesOf(source, options, io)))).flat()
    const objects = messages.flatMap((message) => message.objects)
    for (const text of messages.flatMap(({ ignored = [] }) => ignored)) line(io.stderr, `left out: ${text}`)
    if (objects.length === 0) {
      line(io.stderr, 'There is no file to read.')
      return exitCodes.failed
    }
    const total = objects.reduce((sum, { size = 0 }) => sum + size, 0)
    line(io.stderr, `${plural(objects.length, 'file')}, ${bytes(total)} stored, to ${target.name}`)
    const progress = await startProgress(io, total, objects.length)
    const report = await ingest({
      source: messages.map((message) => ({ ...message, objects: message.objects.map(progress.watch) })),
      parser,
      sink: store.sink,
      onObject: (object) => {
        progress.onObject(object)
        if (options.log === 'json') line(io.stderr, JSON.stringify(objectEvent(object)))
      },
      ...filterOf(settings),
      ...store.pace,
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(deadRecords && { deadRecords }),
      ...(io.signal && { signal: io.signal }),
    }).finally(progress.stop)
    const { format, log } = options
    printReport(io, report, { format, names: formatNames(settings), remarks: log !== 'json' })
    return exitCodeOf(report)
  } finally {
    await store.close()
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

/** A message for each file or object. */
async function messagesOf(
  source: string,
  { archived, unknown, to }: IngestCommandOptions,
  io: Io,
): Promise<SourceMessage[]> {
  const address = s3Address(source)
  if (!address) {
    const files = (await listFiles(source)).filter(({ path }) => path === source || !isOfStore(path, to))
    return files.map(({ path, size }) => ({ objects: [localFile(path, { size })] }))
  }

  const { backfillSource, listObjects } = await import('@flowferry/source-s3')
  const s3 = await s3Client(io)
  const { bucket, key: prefix } = address
  const listed = async function* () {
    for await (const object of listObjects({ s3, bucket, prefix, ...(io.signal && { signal: io.signal }) }))
      yield { bucket, ...object }
  }
  const messages: SourceMessage[] = []
  for await (const message of backfillSource(listed(), {
    s3,
    ...(archived && { archived }),
    ...(unknown && { unknown }),
  }))
    messages.push(message)
  return messages
}
