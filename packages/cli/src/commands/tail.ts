import { byteBudget, type FlowferryError, type IngestOptions, type ObjectReport, type Sink } from '@flowferry/core'
import { countRequests } from '../archive/requests.ts'
import { type ArchivePlaces, archivePlaces } from '../archive/selection.ts'
import { s3Address, s3Client, sqsClient } from '../aws.ts'
import { readingOf } from '../backfill/reading.ts'
import type { Settings } from '../config/settings.ts'
import { type Documents, filterOf, formatNames, logFormatNames, parserFor } from '../formats.ts'
import { hintsFor, wordsOf } from '../hints.ts'
import { type ExitCode, exitCodes, type Io, line, note, refuseOptions, UsageError } from '../io.ts'
import { remarksOn } from '../report.ts'
import { rememberPrinted } from '../tail/printed.ts'
import { count, plural } from '../text.ts'
import { parseDuration, parseTime } from '../times.ts'
import { documentPrinter } from './parse.ts'

export interface TailCommandOptions extends ArchivePlaces {
  readonly format?: readonly string[]
  readonly documents?: Documents
  readonly since?: string
  readonly interval?: string
  readonly limit?: number
  /** Whether messages of a queue may be taken from it. */
  readonly take?: boolean
}

/** Objects whose messages may come again. */
const remembered = 10_000

/** `flowferry tail`: the documents of new objects, as they come, one a line. */
export async function tailCommand(
  source: string,
  options: TailCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const { limit = Number.POSITIVE_INFINITY, format } = options
  const run = plan(source, options)
  const printer = documentPrinter(io.stdout, limit)
  const enough = new AbortController()
  const sink: Sink<unknown> = {
    write: async (batch, signal) => {
      const outcome = await printer.write(batch, signal)
      if (printer.count() >= limit) enough.abort()
      return outcome
    },
  }
  /** Objects of which the last try failed. */
  const failed = new Set<string>()
  let malformed = 0
  let isTroubled = false
  const troubles = new Set<FlowferryError>()
  const onObject = (report: ObjectReport) => {
    malformed += report.counts.malformed
    const name = `s3://${report.bucket}/${report.key}`
    if (report.status === 'failed') failed.add(name)
    else failed.delete(name)
    const remarks = remarksOn([report], io).flatMap(({ texts }) => texts)
    if (remarks.length === 0) return
    line(io.stderr, name)
    for (const remark of remarks) line(io.stderr, `  ${remark}`)
    tell([report.error])
  }
  const s3 = await s3Client(io)
  const requests = countRequests(s3)
  try {
    await run({
      io,
      settings,
      s3,
      sink,
      signal: AbortSignal.any([enough.signal, printer.closed, ...(io.signal ? [io.signal] : [])]),
      onObject,
      onTrouble: (error) => {
        // What may pass is tried again.
        isTroubled ||= !error.retryable
        line(io.stderr, `error: ${wordsOf(error)}`)
        tell([error])
      },
    })
  } finally {
    s3.destroy()
  }
  const failure = await printer.finish()
  if (failure) {
    line(io.stderr, `error: standard output failed: ${failure.message}`)
    return exitCodes.failed
  }
  note(
    io,
    `${plural(printer.count(), 'document')}, by ${count(requests.list)} LIST and ${count(requests.get)} GET requests`,
  )
  if (failed.size > 0 || isTroubled) return exitCodes.failed
  return malformed > 0 ? exitCodes.malformed : exitCodes.ok

  /** Advice, once: what fails for one object fails for all. */
  function tell(errors: readonly (FlowferryError | undefined)[]): void {
    const fresh = errors.filter((error) => error && ![...troubles].some(({ code }) => code === error.code))
    for (const error of fresh) troubles.add(error!)
    for (const hint of hintsFor(fresh, format?.join(', '), formatNames(settings))) line(io.stderr, hint)
  }
}

interface Run {
  readonly io: Io
  readonly settings: Settings
  readonly s3: Awaited<ReturnType<typeof s3Client>>
  readonly sink: Sink<unknown>
  readonly signal: AbortSignal
  readonly onObject: (report: ObjectReport) => void
  readonly onTrouble: (error: FlowferryError) => void
}

/** What is to be followed, checked; nothing was asked yet. */
function plan(source: string, options: TailCommandOptions): (run: Run) => Promise<void> {
  const address = s3Address(source)
  if (address) {
    if (options.take) throw new UsageError('--take goes with a queue: a bucket keeps its objects')
    return ofBucket(address, source, options)
  }
  if (!/^https?:\/\//.test(source))
    throw new UsageError(`tail follows s3://bucket, s3://bucket/prefix, or the URL of a queue, not "${source}"`)
  refuseOptions(options, ['since', 'interval', 'account', 'region', 'late'], 'a bucket')
  if (!options.take)
    throw new UsageError(
      'A message that tail receives is hidden from other consumers, and each receive is one of its attempts. With --take the queue is for tail alone, and it deletes what it printed; without a queue of its own, follow the bucket: s3://bucket',
    )
  return ofQueue(source, options)
}

function ofBucket(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  source: string,
  { format, documents, since, interval = '30s', ...options }: TailCommandOptions,
): (run: Run) => Promise<void> {
  const places = archivePlaces(options)
  const pause = parseDuration('--interval', interval)
  if (pause < 1000) throw new UsageError('--interval takes 1s or more')
  const from = since === undefined ? undefined : parseTime('--since', since, new Date())
  return async ({ io, settings, s3, sink, signal, onObject, onTrouble }) => {
    const { tailBucket } = await import('../tail/bucket.ts')
    const wanted = await parserFor(format ?? logFormatNames(settings), documents, settings)
    const span = { from: from ?? new Date(0), to: new Date(8.64e15) }
    const reading = await readingOf(wanted, span, { documents, settings })
    // The second listing leaves out the same as the first.
    const notes = new Set<string>()
    const onNote = (text: string) => {
      if (!notes.has(text)) note(io, text)
      notes.add(text)
    }
    await tailBucket({
      // Where everything is wanted, nobody asked for formats that have no place in an archive.
      archive: { bucket, prefix: key, parser: wanted, ...places, ...((format ?? options.account) && { onNote }) },
      s3,
      pipeline: { ...pace, ...reading, sink },
      printed: rememberPrinted(),
      ...(from && { since: from }),
      interval: pause,
      signal,
      onReady: (passed) => {
        const left = `${plural(passed, 'object')} that came just before ${passed === 1 ? 'is' : 'are'} left out`
        note(io, `follows ${source}, each ${interval}${passed > 0 ? `; ${left}` : ''}`)
      },
      onObject,
      onTrouble,
    })
  }
}

function ofQueue(url: string, { format, documents }: TailCommandOptions): (run: Run) => Promise<void> {
  return async ({ io, settings, s3, sink, signal, onObject, onTrouble }) => {
    const { tailQueue } = await import('../tail/queue.ts')
    const parser = await parserFor(format, documents, settings)
    const sqs = await sqsClient(io, url)
    note(io, `takes messages from ${url}, and deletes those whose objects are printed`)
    try {
      const pipeline = { ...pace, parser, ...filterOf(settings), sink }
      await tailQueue({
        url,
        sqs,
        s3,
        pipeline,
        printed: rememberPrinted({ most: remembered, givesUp: false }),
        signal,
        onObject,
        onTrouble,
      })
    } finally {
      sqs.destroy()
    }
  }
}

/** As `parse`: documents come as their records do, and one piece is read while another is printed. */
const pace = {
  malformedShare: 1,
  batchBytes: 1,
  budget: byteBudget(256 * 1024),
} satisfies Partial<IngestOptions<unknown>>
