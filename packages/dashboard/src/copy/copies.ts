import { kql, type Question, type Span } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import { printable } from '@flowferry/core'
import type { Copy } from '../api.ts'
import { command } from './command.ts'
import { sql } from './sql.ts'

/** Where a question is asked, for its copies. */
export interface Where {
  /** `['--from', 'duckdb:logs.db']` @default no command line reaches it */
  readonly options?: readonly string[]
  readonly formats: readonly Format[]
}

/** A command of flowferry over a span. */
export function commandCopy(words: readonly string[], { from, to }: Span, { options }: Where): Copy[] {
  if (!options) return []
  const text = command(['flowferry', ...words, ...options, '--since', from, '--until', to])
  return text === undefined ? [] : [{ name: 'CLI', text }]
}

/** A question in the languages of search bars and of DuckDB. */
export function questionCopies(question: Question, { formats }: Where): Copy[] {
  const { filters = [], span } = question
  const search = printable(kql({ all: [...filters, { field: '@timestamp', range: { gte: span.from, lt: span.to } }] }))
  const statement = sql(question, formats)
  return [
    { name: 'KQL', text: search },
    { name: 'DQL', text: search },
    ...(statement === undefined ? [] : [{ name: 'SQL' as const, text: statement }]),
  ]
}
