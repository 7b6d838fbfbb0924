import {
  byteBudget,
  FlowferryError,
  ingest,
  type Outcome,
  type Sink,
  type Slice,
  type SourceObject,
} from '@flowferry/core'
import { s3Address, s3Client } from '../aws.ts'
import type { Settings } from '../config/settings.ts'
import { found, localFile, standardInput } from '../files.ts'
import { type Documents, filterOf, formatNames, namesByKind, parserFor } from '../formats.ts'
import { hintsFor, wordsOf } from '../hints.ts'
import { type ExitCode, exitCodes, type Io, line, note, type Output, UsageError } from '../io.ts'
import { countsLine, exitCodeOf, remarksOn } from '../report.ts'
import { plural } from '../text.ts'

export interface ParseOptions {
  readonly format?: string
  readonly documents?: Documents
  /** Documents at most. @default all */
  readonly limit?: number
}

/** `flowferry parse`: an object's documents as they would be indexed, one a line, and its report on standard error. */
export async function parse(
  source: string,
  { format, documents, limit = Number.POSITIVE_INFINITY }: ParseOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const object = await objectFor(source, io)
  const parser = await parserFor(format ? [format] : undefined, documents, settings)
  const printer = documentPrinter(io.stdout, limit)
  const signal = io.signal ? AbortSignal.any([io.signal, printer.closed]) : printer.closed
  const report = await ingest({
    source: [{ objects: [object] }],
    parser,
    sink: printer,
    signal,
    ...filterOf(settings),
    // It is there to look at a file, however much of it is wrong.
    malformedShare: 1,
    // Nothing is held back: documents come as their records do, and what is before a damage is seen.
    batchBytes: 1,
    // One piece is parsed while another is printed; more would only wait in memory.
    budget: byteBudget(256 * 1024),
  })
  const failure = await printer.finish()
  if (failure) {
    line(io.stderr, `error: standard output failed: ${failure.message}`)
    return exitCodes.failed
  }
  const name = source === '-' ? 'standard input' : source
  if (printer.isFull()) note(io, `${name}: ends behind ${plural(limit, 'document')}, by --limit`)
  if (printer.closed.aborted) return exitCodes.ok
  const [read] = report.messages[0]!.objects
  const { error, counts } = read!
  if (error && counts.read === 0) {
    line(io.stderr, `error: ${wordsOf(error)}`)
    for (const hint of hintsFor([error], format, formatNames(settings))) line(io.stderr, hint)
    return exitCodes.failed
  }
  const names = await namesByKind(format ? [format] : undefined, settings)
  const formats = read!.kinds.map((kind) => names.get(kind) ?? kind)
  const as = formats.length > 0 ? ` (${formats.join(', ')})` : ''
  const remarks = remarksOn([read!], io).flatMap(({ texts }) => texts)
  // What is wrong with a file is told with its name.
  if (!io.quiet || remarks.length > 0) line(io.stderr, `${name}${as}: ${countsLine(counts, 'printed')}`)
  for (const text of remarks) line(io.stderr, `  ${text}`)
  for (const hint of hintsFor([error], format, formatNames(settings))) line(io.stderr, hint)
  return exitCodeOf(report)
}

async function objectFor(source: string, io: Io): Promise<SourceObject> {
  if (source === '-') return standardInput(io.stdin)
  const address = s3Address(source)
  // Documents are printed without their ids, so the file need not be hashed first.
  if (!address) {
    if ((await found(source)).isDirectory()) throw new UsageError(`${source} is a folder; parse reads one file`)
    return localFile(source, { etag: 'unhashed' })
  }
  if (address.key === '') throw new UsageError(`${source} names no object; parse reads one: s3://bucket/key`)
  const { s3Object } = await import('@flowferry/source-s3')
  return s3Object(address, { s3: await s3Client(io) })
}

/** Bytes written at once: a system call for each document would cost more than its parsing. */
const pieceBytes = 64 * 1024

export interface Printer extends Sink<unknown> {
  readonly closed: AbortSignal
  /** Documents that were printed. */
  readonly count: () => number
  /** Whether all that `--limit` wants was printed, and more would have come. */
  readonly isFull: () => boolean
  /** Waits for what was written, and resolves with what went wrong: a full disk fails after the write returned. */
  readonly finish: () => Promise<Error | undefined>
}

/**
 * A sink that prints. Writes keep their order and wait for whoever reads. `closed` aborts when nobody reads any more,
 * as `head` does it, and behind the last of `limit` documents: that is an end, not an error.
 */
export function documentPrinter(output: Output, limit: number): Printer {
  const closed = new AbortController()
  let printed = 0
  let failure: Error | undefined
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error
    closed.abort()
  }
  output.on('error', onError)
  let last: Promise<unknown> = Promise.resolve()

  // One piece for all: it is filled again when it was taken.
  const piece = Buffer.allocUnsafe(pieceBytes)
  const view = new DataView(piece.buffer, piece.byteOffset, piece.length)
  let size = 0
  const print = async (bytes: Uint8Array): Promise<void> => {
    if (closed.signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = () => {
        closed.signal.removeEventListener('abort', done)
        resolve()
      }
      closed.signal.addEventListener('abort', done)
      output.write(bytes, done)
    })
  }
  const flush = async (): Promise<void> => {
    const bytes = piece.subarray(0, size)
    size = 0
    if (bytes.length > 0) await print(bytes)
  }
  const printAll = async (batch: readonly Slice<unknown>[]): Promise<Outcome> => {
    for (const { length, encoder, document } of batch)
      for (let index = 0; index < length && printed <= limit; index++) {
        if (printed++ === limit) break
        const room = encoder ? encoder.room(index) + 1 : piece.length + 1
        if (encoder && room <= piece.length) {
          if (size + room > piece.length) await flush()
          const end = encoder.encode(index, piece, view, size)
          if (end !== -1) {
            piece[end] = 0x0a
            size = end + 1
            continue
          }
        }
        const text = Buffer.from(`${JSON.stringify(document(index))}\n`)
        if (size + text.length > piece.length) await flush()
        if (text.length > piece.length) await print(text)
        else size += text.copy(piece, size)
      }
    await flush()
    if (printed > limit) closed.abort()
    const lost = closed.signal.aborted
    const slices = batch.map(({ length }) => ({
      written: lost ? 0 : length,
      duplicate: 0,
      rejected: [],
      unfinished: lost ? length : 0,
    }))
    if (!lost) return { slices }
    const what = failure ? `Standard output failed: ${failure.message}` : 'Nobody reads standard output any more'
    return { slices, error: new FlowferryError(failure ? 'TARGET_FAILED' : 'ABORTED', what), stop: true }
  }
  return {
    closed: closed.signal,
    count: () => Math.min(printed, limit),
    isFull: () => printed > limit,
    finish: async () => {
      if (!closed.signal.aborted) await new Promise<void>((resolve) => output.write('', () => resolve()))
      // The stream tells of its failure on a tick of its own.
      await new Promise<void>((resolve) => setImmediate(resolve))
      return failure
    },
    write: (batch) => {
      const result = last.then(() => printAll(batch))
      last = result.catch(() => undefined)
      return result
    },
  }
}
