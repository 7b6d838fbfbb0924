import { isIt, isObject } from '@flowferry/core/internal'
import type { Answer, Store } from '../answer.ts'
import type { Filter, Having, Measure, Span } from '../question.ts'
import type { Column } from '../questions/daily.ts'
import { refused, requireMembers } from '../refuse.ts'

/** How soon somebody has to look: at once, today, this week. */
export type Severity = 'high' | 'medium' | 'low'

/** A length of time: `90s`, `5m`, `1h`, `1d`. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`

interface Described {
  /** As a command and an address have it: `port-scan`. Small letters, digits and hyphens. */
  readonly name: string
  readonly title: string
  readonly severity: Severity
  /** Datasets that it asks. */
  readonly formats: readonly string[]
  /** Of which time its records are counted together: from `1m` to `1d`. */
  readonly window: Duration
  /** How often it is to be evaluated, at most its window. */
  readonly every: Duration
  /** Columns of numbers: a group fires where one of them is at the threshold or above. */
  readonly counts: readonly string[]
  /** Above 0. With 1 a single record fires, however late it comes: docs/alerts.md. */
  readonly threshold: number
  /** Who or what it names: a row's columns whose values make a finding, and its key. */
  readonly by: Readonly<Record<string, Column>>
  /** What may look like it and is none, and how that is kept silent. */
  readonly know: string
  /** The question of every day that shows its records: `flowferry ask <name>`. @default none */
  readonly ask?: string
  /**
   * Flow records whose ends `flowferry why` is given, beside the finding's own values. Of replies, the source is the
   * service.
   *
   * @default none: the ends are not looked up
   */
  readonly pair?: { readonly filters: readonly Filter[]; readonly areReplies?: true }
}

/** A number of a finding, as a column of numbers, and how it comes about. */
export interface AlertMeasure extends Column {
  readonly of: Measure
}

/** An alert that is one question: plain data, but for filters that need to know which addresses are one's own. */
export interface PlainAlert extends Described {
  /** All have to fit. */
  readonly filters: readonly Filter[] | ((own: readonly string[]) => readonly Filter[])
  /** Over the records of the window. `first`, `last` and `before` are there already. */
  readonly measures: Readonly<Record<string, AlertMeasure>>
  /** Conditions on measures beside the threshold. @default none */
  readonly having?: readonly Having[]
  /**
   * Fires where the first of `counts` is more than `times` what a window of this time before has on average.
   *
   * @default the threshold alone
   */
  readonly before?: { readonly length: Duration; readonly times: number }
  /** Two columns of `by` whose values have to differ; the second has to be there. @default none */
  readonly differ?: readonly [string, string]
}

/** Of which time an alert is asked. */
export interface Window {
  /** ISO 8601. What is before `from` is for comparison alone. */
  readonly span: Span
  /** Fits the records of the window among those of a longer span. */
  readonly now: Filter
  /** From when on records are read: before `span.from` where their arrival counts. ISO 8601. */
  readonly readsFrom: string
}

/** What a stepped alert is given. */
export interface SteppedOptions {
  /** Blocks of own addresses. */
  readonly own: readonly string[]
  /** From which number on it fires. */
  readonly threshold: number
  /** Milliseconds by which records of its formats may come late. */
  readonly late: number
  /** Most rows. */
  readonly limit: number
  /** When it is evaluated, epoch milliseconds. */
  readonly now: number
  /** Dead-letter queues, as the caller read them. */
  readonly queues: readonly QueueState[]
}

/** A queue, and what SQS says of it: GetQueueAttributes with `ApproximateNumberOfMessages` and `…NotVisible`. */
export interface QueueState {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | undefined>>
}

/** One that needs several questions: search engines have no joins. It always looks at the time of the records. */
export interface SteppedAlert extends Described {
  /** Columns of numbers, as people read them. */
  readonly numbers: Readonly<Record<string, Column>>
  /** Why no rule of Kibana and no monitor of OpenSearch says it. */
  readonly because: string
  /** Rows with the columns of `by` and `numbers`, and `first` and `last`, where they are known: those that fire. */
  readonly steps: (ask: Store['ask'], window: Window, options: SteppedOptions) => Promise<Answer>
}

/** An alert: one question of the store, or several in steps. */
export type Alert = PlainAlert | SteppedAlert

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration; undefined for other text. */
function milliseconds(duration: unknown): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(String(duration)) ?? []
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units]
}

/** Those of a declared alert, which is checked. */
export const lengthOf = (duration: Duration): number => milliseconds(duration)!

const common = [
  ...['name', 'title', 'severity', 'formats', 'window', 'every', 'counts', 'threshold', 'by', 'know', 'ask', 'pair'],
]
const members = {
  plain: [...common, 'filters', 'measures', 'having', 'before', 'differ'],
  stepped: [...common, 'numbers', 'because', 'steps'],
}
/** Columns that each alert has. */
const timeColumns = ['first', 'last'] as const

/**
 * The alert as it is given, with its types and its members checked. Its fields are checked once it is asked.
 *
 * @throws FlowferryError INVALID_OPTION that names the alert and the member
 * @example
 * const ssh = defineAlert({ name: 'ssh-from-outside', title: 'SSH from outside', severity: 'high', formats: ['aws.vpcflow'],
 *   window: '15m', every: '5m', filters: [{ field: 'destination.port', equals: 22 }], by: { 'source.ip': { heading: 'from' } },
 *   measures: { flows: { heading: 'flows', of: { count: true } } }, counts: ['flows'], threshold: 1, know: 'Our office.' })
 */
export function defineAlert(alert: SteppedAlert): SteppedAlert
export function defineAlert(alert: PlainAlert): PlainAlert
export function defineAlert(alert: Alert): Alert
export function defineAlert(alert: Alert): Alert {
  checkAlert(alert)
  return alert
}

/** @throws FlowferryError INVALID_OPTION */
export function checkAlert(alert: unknown, where = 'The alert'): asserts alert is Alert {
  if (!isObject(alert)) throw refused(where, 'takes an object, as defineAlert() gives it')
  const { name } = alert
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,99}$/.test(name))
    throw refused(`${where}.name`, 'takes small letters, digits and hyphens: port-scan')
  const of = (member: string) => `${name}.${member}`
  const isStepped = 'steps' in alert
  requireMembers(alert, isStepped ? members.stepped : members.plain, name)
  for (const member of ['title', 'know', ...(isStepped ? ['because'] : [])])
    if (typeof alert[member] !== 'string' || alert[member] === '') throw refused(of(member), 'takes text')
  if (!['high', 'medium', 'low'].includes(String(alert.severity)))
    throw refused(of('severity'), 'takes high, medium or low')
  const [window, every] = [milliseconds(alert.window), milliseconds(alert.every)]
  if (!(window !== undefined && window >= units.m && window <= units.d))
    throw refused(of('window'), 'takes a time from 1m to 1d')
  if (!(every !== undefined && every <= window))
    throw refused(of('every'), 'takes a time of at most the window: what comes between two windows is in none')
  if (!isTexts(alert.formats) && !(isStepped && Array.isArray(alert.formats)))
    throw refused(of('formats'), 'takes a list of datasets')
  checkThreshold(alert.threshold, of('threshold'))
  if (!isObject(alert.by) || Object.keys(alert.by).length === 0)
    throw refused(of('by'), 'takes an object of one field or more: whom or what a finding names')
  const measures = isStepped ? alert.numbers : alert.measures
  if (!isObject(measures)) throw refused(of(isStepped ? 'numbers' : 'measures'), 'takes an object: { flows: { … } }')
  const names = Object.keys(measures)
  const taken = names.find((one) => [...timeColumns, 'before'].includes(one) && !isStepped)
  if (taken !== undefined) throw refused(of(`measures.${taken}`), 'is there already; give it another name')
  if (!isTexts(alert.counts)) throw refused(of('counts'), 'takes a list of measures')
  const unknown = alert.counts.find((one) => !names.includes(one))
  if (unknown !== undefined) throw refused(of('counts'), `has no measure "${unknown}"${isIt(unknown, names)}`)
  if (isStepped) {
    if (typeof alert.steps !== 'function') throw refused(of('steps'), 'takes a function')
    return
  }
  if (!Array.isArray(alert.filters) && typeof alert.filters !== 'function')
    throw refused(of('filters'), 'takes a list of filters, or a function from own blocks to it')
  for (const [one, measure] of Object.entries(measures))
    if (!isObject(measure) || !isObject(measure.of) || typeof measure.heading !== 'string')
      throw refused(of(`measures.${one}`), 'takes { heading, of: { count: true } }')
  const { before } = alert
  if (before === undefined) return
  if (!isObject(before) || milliseconds(before.length) === undefined || !(Number(before.times) > 0))
    throw refused(of('before'), "takes { length: '1d', times: 5 }")
}

/** @throws FlowferryError INVALID_OPTION */
export function checkThreshold(threshold: unknown, where: string): asserts threshold is number {
  if (typeof threshold !== 'number' || !(threshold > 0 && threshold < Number.POSITIVE_INFINITY))
    throw refused(where, 'takes a number above 0')
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')

/** How people read a row: who or what, the numbers, and when. */
export function columnsOf(alert: Alert): Readonly<Record<string, Column>> {
  const numbers =
    'steps' in alert
      ? alert.numbers
      : {
          ...Object.fromEntries(Object.entries(alert.measures).map(([name, { of: _, ...column }]) => [name, column])),
          ...(alert.before && { before: { ...unitOf(alert), heading: 'usual' } }),
        }
  return {
    ...alert.by,
    ...numbers,
    first: { heading: 'first', unit: 'time' },
    last: { heading: 'last', unit: 'time' },
  }
}

function unitOf({ measures, counts }: PlainAlert): Pick<Column, 'unit'> {
  const { unit } = measures[counts[0]!] ?? {}
  return unit === undefined ? {} : { unit }
}
