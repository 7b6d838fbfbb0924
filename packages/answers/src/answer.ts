import { asFlowferryError, type Format } from '@flowferry/core'
import type { Question } from './question.ts'

/**
 * A value as every store gives it: dates as `2026-11-22T09:15:32.000Z`, whole numbers beyond 2^53 as the nearest that a
 * number holds.
 */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value }

/** Values by the names of the question. */
export type Row = Readonly<Record<string, Value>>

/** What a store answers a question. */
export interface Answer {
  readonly rows: readonly Row[]
  /** Columns whose numbers are estimates; those of the search engines are mostly within 2 %. */
  readonly approximate: readonly string[]
  /** Set where documents or groups are left out that the question asked for. */
  readonly partial?: {
    readonly why: string
    /** The store holds no table or index of any of the question's formats. */
    readonly absent?: true
  }
}

/** Logs that can be asked. */
export interface Store {
  /**
   * @param signal Ends the question: a search engine cancels its search, and DuckDB its query
   * @throws FlowferryError INVALID_OPTION for a question that is not well formed, or not of the formats' fields;
   *   TARGET_UNAUTHORIZED, TARGET_NOT_FOUND, TARGET_OVERLOADED, TARGET_UNREACHABLE, TARGET_FAILED; ABORTED
   */
  readonly ask: (question: Question, signal?: AbortSignal) => Promise<Answer>
}

export interface StoreOptions {
  /** The formats that a question may name by their dataset: `vpcFlow.formats`. @default none */
  readonly formats?: readonly Format[]
}

/** Says why something is missing, each reason once. */
export function partialBy(reasons: Iterable<string>, absent = false): Pick<Answer, 'partial'> {
  const all = [...new Set(reasons)]
  return all.length > 0 ? { partial: { why: all.join('; '), ...(absent && { absent }) } } : {}
}

/** An `ask` whose every question the signal ends. */
export function endedBy(signal: AbortSignal | undefined, ask: Store['ask']): Store['ask'] {
  return signal ? (question) => ask(question, signal) : ask
}

/**
 * Runs a question. Once its signal has aborted, that is why it fails, whatever the store made of it.
 *
 * @throws FlowferryError ABORTED, and as `run` does
 */
export async function unlessStopped<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted()
    return await run()
  } catch (error) {
    throw signal?.aborted ? asFlowferryError(signal.reason, 'ABORTED', 'The question was stopped') : error
  }
}
