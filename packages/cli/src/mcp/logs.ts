import { type Answer, askDaily, type DailyOptions, type DailyQuestion, type Span } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import { createQueue } from '@flowferry/core/internal'
import { type Asked, answerWhy, type WhyAnswered, type WhyCommandOptions } from '../commands/why.ts'
import type { Settings } from '../config/settings.ts'
import type { Io } from '../io.ts'
import { openStore } from '../open-store.ts'

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
  readonly why: (asked: Asked, signal: AbortSignal) => Promise<WhyAnswered>
  /** Of a store; none where the logs lie in an archive. */
  readonly ask?: (question: DailyQuestion, span: Span, options: DailyOptions, signal: AbortSignal) => Promise<Answer>
}

/**
 * A store is open while a question is asked of it, since a DuckDB file has one writer: between questions `ingest` can
 * write. Of an archive one span is read at a time, since each may take a gigabyte of memory.
 */
export function logsOf(options: WhyCommandOptions, formats: readonly NamedFormat[], io: Io, settings: Settings): Logs {
  const { from } = options
  const isArchive = from.startsWith('s3://')
  const inTurn = createQueue()
  const all = formats.map(({ format }) => format)
  return {
    from,
    formats,
    why: (asked, signal) => {
      const run = () => answerWhy(asked, options, endedBy(io, signal), settings)
      const unlessAborted = async () => {
        signal.throwIfAborted()
        return run()
      }
      return isArchive ? inTurn(unlessAborted) : run()
    },
    ...(!isArchive && {
      ask: async (question: DailyQuestion, span: Span, given: DailyOptions, signal: AbortSignal) => {
        const ended = endedBy(io, signal)
        const store = await openStore(options, ended, all)
        try {
          return await askDaily(store, question, span, { ...given, formats: all, signal: ended.signal })
        } finally {
          await store.close()
        }
      },
    }),
  }
}

const endedBy = (io: Io, signal: AbortSignal) => ({
  ...io,
  signal: io.signal ? AbortSignal.any([io.signal, signal]) : signal,
})
