import { printable } from '@flowferry/core'
import { count, dayOf, figureOf, table } from '@flowferry/core/internal'
import type { Answer, Row, Value } from '../answer.ts'
import type { Span } from '../question.ts'
import type { Column, DailyQuestion, Unit } from './daily.ts'

/** Longest text of a cell: the rest is left to whoever reads the rows. */
const longest = 60

/**
 * The answer to a question of every day, for people: what is missing first, a table, and what to know of it.
 *
 * @example
 * console.log(tellAnswer(question, { from, to }, await askDaily(store, question, { from, to })))
 */
export function tellAnswer(question: DailyQuestion, span: Span, answer: Answer): string {
  const { title, columns, know } = question
  const { rows, approximate, partial } = answer
  const shown = Object.entries(columns)
  const heading = (name: string, { heading: text }: Column) => (approximate.includes(name) ? `~ ${text}` : text)
  const cells = rows.map((row) =>
    Object.fromEntries(
      shown.map(([name, column]) => [heading(name, column), cellOf(row[name] ?? null, column.unit, isOfYears(span))]),
    ),
  )
  const cut = cells.some((row) => Object.values(row).some((cell) => typeof cell === 'string' && cell.endsWith('…')))
  const notes = [
    ...(approximate.length > 0 ? ['~ is an estimate, mostly within 2 %.'] : []),
    ...(cut ? ['… stands for more, which the rows of --json have.'] : []),
    know,
  ]
  const lines = [
    ...(partial ? [`Not the whole answer: ${partial.why}.`, ''] : []),
    title,
    `${tellSpan(span)} UTC: ${rowsIn(rows)}`,
    ...(rows.length > 0 ? ['', ...table(cells)] : []),
    '',
    ...notes,
  ]
  return `${lines.map(printable).join('\n')}\n`
}

const rowsIn = ({ length }: readonly Row[]): string =>
  length === 0 ? 'nothing' : `${count(length)} ${length === 1 ? 'row' : 'rows'}`

/** A value as people read it. */
export function cellOf(value: Value, unit: Unit | undefined, hasYear = false): string | number | null {
  if (value === null) return null
  if (typeof value === 'number') return unit === undefined || unit === 'time' ? value : figureOf(value, unit)
  if (unit === 'time') return timeOf(String(value), hasYear)
  const text =
    typeof value === 'object' ? (Array.isArray(value) ? value.join(' ') : JSON.stringify(value)) : String(value)
  const characters = [...text]
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text
}

/** `22 Nov 09:15:32`, or `22 Nov 2025 09:15:32` */
export function timeOf(iso: string, hasYear = false): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return `${dayOf(date)}${hasYear ? ` ${date.getUTCFullYear()}` : ''} ${date.toISOString().slice(11, 19)}`
}

/** `22 Nov 09:00:00 to 22 Nov 10:00:00`, with their years where these differ. */
export function tellSpan(span: Span): string {
  const hasYear = isOfYears(span)
  return `${timeOf(span.from, hasYear)} to ${timeOf(span.to, hasYear)}`
}

/** Whether a span is of more than one year, so that a day alone does not say which. */
const isOfYears = ({ from, to }: Span): boolean => new Date(from).getUTCFullYear() !== new Date(to).getUTCFullYear()
