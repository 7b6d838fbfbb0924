import { type Answer, askDaily, type DailyOptions, type DailyQuestion, type Span } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import { createQueue } from '@flowferry/core/internal'
import { openForAsk } from '../archive/ask.ts'
import { type Asked, answerWhy, type WhyAnswered, type WhyCommandOptions } from '../commands/why.ts'
import type { Settings } from '../config/settings.ts'
import type { Io } from '../io.ts'
import { type OpenedStore, openStore } from '../open-store.ts'

/** A format by the name that `--format` takes. */
export interface NamedFormat {
  readonly name: string
  readonly format: Format
}

/** The logs that the tools ask. */
export interface Logs {
  /** `elasticsearch`, `duckdb:logs.db`, `s3://my-logs` */
  readonly from: string
  readonly formats: readonly NamedFormat[]
  /** Whether they lie on S3, and are read anew for each question. */
  readonly isArchive: boolean
  readonly why: (asked: Asked, signal: AbortSignal) => Promise<WhyAnswered>
  readonly ask: (question: DailyQuestion, span: Span, options: DailyOptions, signal: AbortSignal) => Promise<Answer>
}

/**
 * A store is open while a question is asked of it, since a DuckDB file has one writer: between questions `ingest` can
 * write. Of an archive one span is read at a time, since each may take a gigabyte of memory.
 */
export function logsOf(options: WhyCommandOptions, formats: readonly NamedFormat[], io: Io, settings: Settings): Logs {
  const { from, account, region, late } = options
  const isArchive = from.startsWith('s3://')
  const inTurn = createQueue()
  const all = formats.map(({ format }) => format)
  const asked = <T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> => {
    if (!isArchive) return run()
    return inTurn(async () => {
      signal.throwIfAborted()
      return run()
    })
  }
  const openFor = (question: DailyQuestion, span: Span, ended: Io): Promise<OpenedStore> => {
    if (!isArchive) return openStore(options, ended, all)
    const places = { ...(account && { account }), ...(region && { region }), ...(late !== undefined && { late }) }
    return openForAsk(question, span, all, { from, ...places }, ended, settings)
  }
  return {
    from,
    formats,
    isArchive,
    why: (question, signal) => asked(signal, () => answerWhy(question, options, endedBy(io, signal), settings)),
    ask: (question, span, given, signal) =>
      asked(signal, async () => {
        const ended = endedBy(io, signal)
        const store = await openFor(question, span, ended)
        try {
          return await askDaily(store, question, span, { ...given, formats: all, signal: ended.signal })
        } finally {
          await store.close()
        }
      }),
  }
}

const endedBy = (io: Io, signal: AbortSignal) => ({
  ...io,
  signal: io.signal ? AbortSignal.any([io.signal, signal]) : signal,
})
