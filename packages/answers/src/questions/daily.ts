import type { Format } from '@flowferry/core'
import { privateBlocks } from '@flowferry/core/internal'
import { type Answer, endedBy, type Store } from '../answer.ts'
import { blockOf } from '../filters.ts'
import { checkLimit } from '../plan.ts'
import type { Filter, Question, Span } from '../question.ts'
import { refused } from '../refuse.ts'

/** What a question may need beside its span. */
export interface DailyOptions {
  /** Blocks whose addresses are one's own: `10.0.0.0/8`, public ones, too. @default private blocks, RFC 1918, 6598, 4193 */
  readonly own?: readonly string[]
  /** Most rows, 1 to 100,000. @default the question's */
  readonly limit?: number
  /** What `health` looks for: the formats that the store may hold. @default none */
  readonly formats?: readonly Format[]
  /** Ends the question, as of `Store.ask`. @default none */
  readonly signal?: AbortSignal
}

/**
 * How people read a column: `bytes` in kB and MB, `share` (0 to 1) in %, `seconds` to the thousandth, `age` (seconds) in its
 * largest unit, `time` (ISO 8601) short, `code` (a port, a status) without separators.
 */
export type Unit = 'bytes' | 'share' | 'seconds' | 'age' | 'time' | 'code'

/** How a column of an answer is told to people. */
export interface Column {
  readonly heading: string
  /** @default text as it is, numbers as counts */
  readonly unit?: Unit
}

interface Described {
  /** As a command has it: `log-gaps`. */
  readonly name: string
  readonly title: string
  /** Datasets that it asks. Those of `health` are its option. */
  readonly formats: readonly string[]
  /** Name of a row's column to how people read it, in the order in which they are shown. */
  readonly columns: Readonly<Record<string, Column>>
  /** What to know of the answer: what counts, and what does not. */
  readonly know: string
}

/** A question of every day that is one question: plain data, once the span is known. */
export interface PlainQuestion extends Described {
  readonly over: (span: Span, options?: DailyOptions) => Question
}

/** One that needs several, each made of the answer before: search engines have no joins. */
export interface SteppedQuestion extends Described {
  /** The span of all that it asks. @default not known before, as it asks for what an archive does not hold */
  readonly reads?: (span: Span) => Span
  readonly steps: (ask: Store['ask'], span: Span, options?: DailyOptions) => Promise<Answer>
}

/** A question of every day: one question of the store, or several in steps. */
export type DailyQuestion = PlainQuestion | SteppedQuestion

/**
 * Asks a store a question of every day.
 *
 * @throws FlowferryError INVALID_OPTION, and as `ask` does
 * @example
 * const question = dailyQuestions.find(({ name }) => name === 'unanswered')!
 * const { rows } = await askDaily(store, question, { from, to }, { own: ['10.0.0.0/8'] })
 */
export async function askDaily(
  store: Store,
  question: DailyQuestion,
  span: Span,
  options: DailyOptions = {},
): Promise<Answer> {
  const { limit, signal } = options
  if (limit !== undefined) checkLimit(limit)
  for (const [index, block] of (options.own ?? []).entries()) blockOf(block, `own[${index}]`)
  const ask = endedBy(signal, store.ask)
  if ('steps' in question) return question.steps(ask, span, options)
  return ask({ ...question.over(span, options), ...(limit !== undefined && { limit }) })
}

/**
 * The logs that a question of every day asks for, so that a store can be filled from an archive for it alone: datasets, and
 * the span of their records.
 *
 * @throws FlowferryError INVALID_OPTION for `health`: when documents were stored, an archive does not tell
 * @example
 * const { formats, span } = dailyNeeds(question, { from, to })
 */
export function dailyNeeds(question: DailyQuestion, span: Span): { formats: readonly string[]; span: Span } {
  const { name, formats } = question
  if ('over' in question) return { formats, span: question.over(span).span }
  if (question.reads) return { formats, span: question.reads(span) }
  throw refused(name, 'asks a store how its documents came; an archive does not tell, so ask where they are stored')
}

/**
 * Records that count the bytes of a flow once, where both of its ends are logged: those that leave an interface, and those
 * that come to one from outside, where nothing logs them as they leave. Records without a direction (version 2) all count,
 * and bytes between two logged interfaces twice.
 */
export const onceByFlow = (own: readonly string[] = privateBlocks): Filter => ({
  any: [
    { field: 'network.direction', equals: 'egress' },
    { not: { field: 'network.direction', exists: true } },
    { not: { field: 'source.ip', cidr: own } },
  ],
})

export const accepted: Filter = { field: 'event.action', equals: 'accept' }
export const rejected: Filter = { field: 'event.action', equals: 'reject' }

/** Linux takes the ports of clients from 32768 on: records to them are replies. */
export const portOfServers = (field: 'source.port' | 'destination.port'): Filter => ({
  field,
  range: { gt: 0, lt: 32_768 },
})
