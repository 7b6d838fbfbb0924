import { datasets, FlowferryError, type Format } from '@flowferry/core'
import { privateBlocks, requireOneOf, requireOption } from '@flowferry/core/internal'
import { type Answer, endedBy, partialBy, type Row, type Store } from '../answer.ts'
import { blockOf, checkFilters, dateOf } from '../filters.ts'
import type { Filter, Question, Span } from '../question.ts'
import { refused } from '../refuse.ts'
import { isoDate } from '../values.ts'
import {
  type Alert,
  checkAlert,
  checkThreshold,
  columnsOf,
  lengthOf,
  type PlainAlert,
  type QueueState,
  type SteppedAlert,
  type Window,
} from './alert.ts'
import { commandsOf, linkOf, pairOf } from './commands.ts'
import { firing, questionOf } from './question.ts'
import { type AlertsState, type Finding, keyOf, noState, type OpenFinding } from './state.ts'
import { latenessOf, type Windows, type WindowTime, windowsOf } from './windows.ts'

export interface EvaluateOptions {
  /** ISO 8601. @default the time of the call */
  readonly now?: string
  /** What the evaluation before this one gave. @default there was none: all that fires is new */
  readonly state?: AlertsState
  /** Blocks whose addresses are one's own, as of `askDaily`. @default private blocks, RFC 1918, 6598, 4193 */
  readonly own?: readonly string[]
  /** The formats of the store, which know how late they come: `parser.formats`. @default each an hour late */
  readonly formats?: readonly Format[]
  /** Name of an alert to another threshold, above 0. @default the alert's */
  readonly thresholds?: Readonly<Record<string, number>>
  /** Name of an alert to filters of records that are known, and do not count; any may fit. @default none */
  readonly except?: Readonly<Record<string, readonly Filter[]>>
  /** Milliseconds by which records may come late, from 0. @default as the formats have it */
  readonly late?: number
  /**
   * By which time records are counted: their own, in windows that end as long ago as records may be late; or `ingested`, as
   * they came, which takes `event.ingested` in the documents.
   *
   * @default 'record'
   */
  readonly window?: WindowTime
  /** Dead-letter queues, as SQS answered. @default none: `dead-letters` is left out */
  readonly queues?: readonly QueueState[]
  /** Address of the dashboard, to which findings link: `http://127.0.0.1:4000`. @default no links */
  readonly dashboard?: string
  /** Ends the evaluation. @default none */
  readonly signal?: AbortSignal
}

/** How one alert was evaluated. */
export interface Evaluation {
  readonly alert: string
  /**
   * `whole`; `partial`: what it says holds, and more may be missing; `failed`: the store refused it; `absent`: the store has
   * no such logs; `waiting`: its `every` is not over yet.
   */
  readonly status: 'whole' | 'partial' | 'failed' | 'absent' | 'waiting'
  /** Of all but `whole`. */
  readonly why?: string
  /** What was looked at, the newest first. */
  readonly spans: readonly Span[]
}

/** What an evaluation of alerts found. */
export interface AlertsReport {
  readonly now: string
  /** Fired first, then ongoing, then resolved; within them in the order of the alerts. */
  readonly findings: readonly Finding[]
  readonly evaluations: readonly Evaluation[]
  /** Columns whose numbers are estimates, by the name of their alert. */
  readonly approximate: Readonly<Record<string, readonly string[]>>
  /** Set where something may be missing that nobody sees: why. */
  readonly partial?: { readonly why: string }
  /** For the next evaluation. */
  readonly state: AlertsState
}

/** Most findings of one alert: more make it partial. As many are kept of which nobody knows whether they are over. */
const mostFindings = 1000
/** Most findings of one evaluation whose ends are looked up. */
const mostPairs = 20
/** An alert that is nowhere evaluated any more is forgotten, its findings with it. */
const keptFor = 7 * 24 * 3_600_000
/** A schedule is never quite even: EventBridge Scheduler is up to a minute late. */
const slack = 60_000

/**
 * Looks whether alerts fire, and what became of those that did before. It writes nothing: the caller sends what is `fired`
 * and `resolved`, and keeps `state` for the next evaluation.
 *
 * @throws FlowferryError INVALID_OPTION; TARGET_UNREACHABLE, TARGET_UNAUTHORIZED, ABORTED, and the first error where the
 *   store refused every alert. Then the state before still holds
 * @example
 * const { findings, partial, state } = await evaluate(store, alerts, { formats: parser.formats, state: before })
 * for (const finding of findings) if (finding.status !== 'ongoing') await send(finding)
 * await keep(state)
 */
export async function evaluate(
  store: Store,
  alerts: readonly Alert[],
  options: EvaluateOptions = {},
): Promise<AlertsReport> {
  const { state = noState, own = privateBlocks, signal, dashboard } = options
  const now = Date.parse(options.now === undefined ? isoDate(Date.now()) : dateOf(options.now, 'now'))
  checkOptions(alerts, options)
  const all = endedBy(signal, store.ask)
  const results: Result[] = []
  for (const alert of alerts) results.push(await resultOf(alert, all, state, now, { ...options, own }))
  const errors = results.flatMap(({ error }) => error ?? [])
  if (errors.length > 0 && errors.length === results.filter(({ status }) => status !== 'waiting').length)
    throw errors[0]

  const open: OpenFinding[] = []
  const findings: Finding[] = []
  const hasRecords = cachedRecords(all, options.formats ?? [])
  const forgotten: string[] = []
  let pairs = 0
  for (const result of results) {
    const { alert, rows } = result
    const { name, title, severity, by } = alert
    const known = new Map(state.open.filter((one) => one.alert === name).map((one) => [one.key, one]))
    const tell = (one: OpenFinding, status: Finding['status'], unsure?: string) => {
      const { commands, ...rest } = one
      const link = dashboard === undefined ? {} : { link: linkOf(dashboard, alert, seen(one)) }
      findings.push({ ...rest, title, severity, status, ...(unsure !== undefined && { unsure }), commands, ...link })
      if (status !== 'resolved') open.push(one)
    }
    for (const { row, span } of rows.values()) {
      const who = Object.fromEntries(Object.keys(by).map((field) => [field, row[field] ?? null]))
      const numbers = Object.fromEntries(Object.entries(row).filter(([column]) => !Object.hasOwn(by, column)))
      const key = keyOf(name, Object.values(who))
      const before = known.get(key)
      known.delete(key)
      const first = typeof row.first === 'string' ? row.first : span.from
      const since = before && before.since < first ? before.since : first
      const base = { key, alert: name, who, numbers, since, firedAt: before?.firedAt ?? isoDate(now), span }
      const commands = before?.commands ?? (await nextOf(all, alert, base, pairs < mostPairs))
      if (!before && alert.pair) pairs++
      tell({ ...base, commands }, before ? 'ongoing' : 'fired')
    }
    if (known.size === 0) continue
    const isWaiting = result.status === 'waiting'
    const unsure =
      result.status === 'whole'
        ? await unlessRecords(hasRecords, alert, result.windows)
        : (result.why ?? 'it was not evaluated')
    const newest = [...known.values()].sort((a, b) => Date.parse(b.span.to) - Date.parse(a.span.to))
    // Else a state would grow for as long as a store is partial.
    const left = unsure === undefined || isWaiting ? [...known.values()] : newest.slice(0, mostFindings)
    for (const one of left) tell(one, unsure === undefined ? 'resolved' : 'ongoing', isWaiting ? undefined : unsure)
    if (left.length < known.size)
      forgotten.push(`${name}: ${known.size - left.length} findings that may be over are forgotten, the oldest`)
  }
  const names = new Set(alerts.map(({ name }) => name))
  const others = Object.entries(state.evaluated).filter(
    ([name, { at }]) => !names.has(name) && now - Date.parse(at) < keptFor,
  )
  const kept = new Set(others.map(([name]) => name))
  open.push(...state.open.filter((one) => !names.has(one.alert) && kept.has(one.alert)))
  return {
    now: isoDate(now),
    findings: ['fired', 'ongoing', 'resolved'].flatMap((status) => findings.filter((one) => one.status === status)),
    evaluations: results.map(evaluationOf),
    approximate: Object.fromEntries(
      results.flatMap(({ alert, approximate }) => (approximate.length > 0 ? [[alert.name, approximate]] : [])),
    ),
    ...partialBy([...missingIn(results, state), ...forgotten]),
    state: {
      version: 1,
      open,
      evaluated: Object.fromEntries([...others, ...results.flatMap((result) => evaluatedBy(result, state, now))]),
    },
  }
}

function checkOptions(alerts: readonly Alert[], options: EvaluateOptions): void {
  const { own = [], thresholds = {}, except = {}, late, window, dashboard, formats = [] } = options
  for (const [index, alert] of alerts.entries()) checkAlert(alert, `alerts[${index}]`)
  const names = alerts.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw refused('alerts', `has two of the name "${twice}"`)
  for (const [index, block] of own.entries()) blockOf(block, `own[${index}]`)
  for (const [name, threshold] of Object.entries(thresholds)) checkThreshold(threshold, `thresholds.${name}`)
  for (const [name, filters] of Object.entries(except))
    if (!Array.isArray(filters)) throw refused(`except.${name}`, 'takes a list of filters')
  for (const { name, formats: datasets } of alerts) {
    if (datasets.length === 0 && Object.hasOwn(except, name))
      throw refused(`except.${name}`, 'is of no log, whose records could be left out')
    const own = formats.filter(({ dataset }) => datasets.includes(dataset))
    // A filter that is misspelt would leave out nothing, and nobody would know.
    if (own.length > 0 && Object.hasOwn(except, name)) checkFilters(own, except[name], `except.${name}`)
  }
  requireOption(late === undefined || late >= 0, 'late', late, 'milliseconds, from 0')
  requireOneOf('window', window, ['record', 'ingested'])
  const url = dashboard !== undefined && URL.canParse(dashboard) ? new URL(dashboard) : undefined
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === ''
  requireOption(dashboard === undefined || isPlain, 'dashboard', dashboard, 'an address: http://127.0.0.1:4000')
}

interface Result extends Windows {
  readonly alert: Alert
  readonly status: Evaluation['status']
  readonly why?: string
  readonly error?: FlowferryError
  /** By their keys, from the newest window that has them. */
  readonly rows: ReadonlyMap<string, { readonly row: Row; readonly span: Span }>
  readonly approximate: readonly string[]
  /** Of those that were seen: from where on the next evaluation looks. */
  readonly to?: string
}

/** Errors of the store as a whole, or of the caller: the next alert would meet the same. */
const ofAll = new Set(['INVALID_OPTION', 'TARGET_UNREACHABLE', 'TARGET_UNAUTHORIZED', 'ABORTED'])

const isOfOne = (error: unknown): error is FlowferryError => FlowferryError.isInstance(error) && !ofAll.has(error.code)

/** A question that is not well formed is of an alert, which its error has to name. */
function named(alert: string, error: unknown): unknown {
  if (!FlowferryError.isInstance(error) || error.code !== 'INVALID_OPTION') return error
  const [what] = error.message.split(`. ${error.advice} [`) as [string]
  return new FlowferryError('INVALID_OPTION', `${alert}: ${what}`, { cause: error })
}

/** What a finding can do without, where the store refuses it. */
function unless<T>(refused: T): (error: unknown) => T {
  return (error) => {
    if (!isOfOne(error)) throw error
    return refused
  }
}

/** An answer of one window, and those of its rows that fire. */
interface Looked {
  readonly answer: Answer
  readonly found: readonly Row[]
}

async function resultOf(
  alert: Alert,
  all: Store['ask'],
  state: AlertsState,
  now: number,
  options: EvaluateOptions & { readonly own: readonly string[] },
): Promise<Result> {
  const { name, formats: datasets } = alert
  const { formats = [], thresholds = {}, window: time = 'record', own, queues = [] } = options
  const before = Object.hasOwn(state.evaluated, name) ? state.evaluated[name] : undefined
  const rows = new Map<string, { row: Row; span: Span }>()
  const nothing = { alert, rows, approximate: [] }
  const age = before && now - Date.parse(before.at)
  // Where the clock was far ahead once, nothing waits for that time to come.
  if (age !== undefined && age > -slack && age < lengthOf(alert.every) - slack)
    return { ...nothing, status: 'waiting', why: `it is evaluated every ${alert.every}`, windows: [] }
  const threshold = Object.hasOwn(thresholds, name) ? thresholds[name]! : alert.threshold
  const late = options.late ?? latenessOf(datasets, formats)
  const ended = before && Date.parse(before.to)
  const windows = windowsOf(alert, { now, late, threshold, time, before: ended })
  const ask = askedOf(all, alert, options)
  const limit = mostFindings
  const known = new Map(state.open.map((one) => [one.key, one]))
  const reasons: string[] = []
  const approximate = new Set<string>()
  let absent = false
  const steps = async (stepped: SteppedAlert, window: Window): Promise<Looked> => {
    const answer = await stepped.steps(ask, window, { own, threshold, late, limit, now, queues })
    return { answer, found: answer.rows }
  }
  // Each of several counts is a question: a group may be the first of one, and far behind by another.
  const counts = async (plain: PlainAlert, window: Window): Promise<Looked[]> => {
    const usual = (row: Row) => usualThen(plain, known.get(keyOfRow(plain, row)), window)
    const looked: Looked[] = []
    for (const count of plain.counts) {
      const answer = await ask(questionOf(plain, window, { own, threshold, limit, count }))
      looked.push({ answer, found: firing(plain, window, threshold, answer.rows, usual) })
    }
    return looked
  }
  try {
    for (const window of windows.windows)
      for (const { answer, found } of 'steps' in alert ? [await steps(alert, window)] : await counts(alert, window)) {
        for (const one of found) put(rows, alert, one, window)
        for (const column of answer.approximate) approximate.add(column)
        if (answer.partial) reasons.push(answer.partial.why)
        absent ||= answer.partial?.absent === true
        if (answer.rows.length >= limit) reasons.push(`it has ${limit} findings or more`)
      }
    const newest = windows.windows[0]!
    const came: Filter = { field: 'event.ingested', exists: true }
    if (isByArrival(newest) && rows.size === 0 && !absent && !(await anyRecord(all, datasets, formats, newest, came)))
      reasons.push(
        `no record of ${datasets.join(', ')} since ${newest.readsFrom} says when it came: the enrichment \`ingested\` writes that`,
      )
  } catch (error) {
    if (!isOfOne(error)) throw named(name, error)
    return { ...nothing, ...windows, status: 'failed', why: error.message, error }
  }
  const { missed } = windows
  const to = seenUntil(windows, before?.to, reasons.length === 0)
  if (missed) reasons.push(`nobody looked from ${missed.from} to ${missed.to}, which is too long ago to make up for`)
  const { partial } = partialBy(reasons)
  const status = partial ? (absent ? 'absent' : 'partial') : 'whole'
  const columns = Object.keys(columnsOf(alert))
  const shown = [...approximate].filter((column) => columns.includes(column))
  return { ...nothing, ...windows, status, to, approximate: shown, ...(partial && { why: partial.why }) }
}

/**
 * Where the next evaluation goes on: a window that was not seen whole is looked at again. What is too long ago is not, since
 * it would be said again and again.
 */
function seenUntil({ windows, missed }: Windows, before: string | undefined, isWhole: boolean): string {
  const { from, to } = windows[0]!.span
  if (isWhole) return to
  if (before === undefined) return from
  return missed ? isoDate(Date.parse(before) + Date.parse(missed.to) - Date.parse(missed.from)) : before
}

const keyOfRow = ({ name, by }: Alert, row: Row): string =>
  keyOf(
    name,
    Object.keys(by).map((field) => row[field] ?? null),
  )

/** What was usual for an open finding that is younger than the time it is compared with. */
function usualThen({ before }: PlainAlert, one: OpenFinding | undefined, { span }: Window): number | undefined {
  const isYoung = before && one && Date.parse(one.since) > Date.parse(span.to) - lengthOf(before.length)
  return isYoung && typeof one.numbers.before === 'number' ? one.numbers.before : undefined
}

function put(rows: Map<string, { row: Row; span: Span }>, alert: Alert, row: Row, { span }: Window): void {
  const key = keyOfRow(alert, row)
  if (!rows.has(key)) rows.set(key, { row, span })
}

/** An `ask` that leaves out what is known, and knows when documents came. */
function askedOf(
  ask: Store['ask'],
  { name }: Alert,
  { except = {}, formats = [], window }: EvaluateOptions,
): Store['ask'] {
  const known = Object.hasOwn(except, name) ? except[name]! : []
  return (question) => {
    const own = known.filter((filter) => isOf(question, filter, formats))
    const filters = [...(question.filters ?? []), ...(own.length > 0 ? [{ not: { any: own } }] : [])]
    const asked = { ...question, filters }
    return ask(
      window === 'ingested' ? { ...asked, formats: question.formats.map((one) => arriving(one, formats)) } : asked,
    )
  }
}

/** A stepped alert may ask several formats, and a filter names fields of one of them. */
function isOf({ formats: asked }: Question, filter: Filter, formats: readonly Format[]): boolean {
  const mappings = asked.flatMap((one) =>
    typeof one === 'string' ? formats.filter(({ dataset }) => dataset === one) : one,
  )
  return mappings.length === 0 || fieldsOf(filter).every((field) => mappings.some((one) => hasField(one, field)))
}

function fieldsOf(filter: Filter): readonly string[] {
  if ('field' in filter) return [filter.field]
  if ('not' in filter) return fieldsOf(filter.not)
  return ('any' in filter ? filter.any : filter.all).flatMap(fieldsOf)
}

const hasField = ({ mapping, aliases = {} }: Format, field: string): boolean =>
  [...Object.keys(mapping), ...Object.keys(aliases)].some((name) => field === name || field.startsWith(`${name}.`))

function arriving(one: string | Format, formats: readonly Format[]): string | Format {
  const [format] = typeof one === 'string' ? datasets(formats.filter(({ dataset }) => dataset === one)) : [one]
  return format ? { ...format, mapping: { ...format.mapping, 'event.ingested': { type: 'date' } } } : one
}

/** The span of a finding, from its first record on. */
const seen = ({ since, span }: Pick<OpenFinding, 'since' | 'span'>): Span => ({
  from: since < span.to ? since : span.from,
  to: span.to,
})

async function nextOf(
  ask: Store['ask'],
  alert: Alert,
  one: Omit<OpenFinding, 'commands'>,
  looksUp: boolean,
): Promise<string[]> {
  const span = seen(one)
  return commandsOf(alert, span, looksUp ? await pairOf(ask, alert, one.who, span).catch(unless(undefined)) : undefined)
}

type HasRecords = (datasets: readonly string[], window: Window) => Promise<boolean>

/** Whether there is any record of a dataset in a window, each asked once. */
function cachedRecords(ask: Store['ask'], formats: readonly Format[]): HasRecords {
  const known = new Map<string, Promise<boolean>>()
  return (datasets, window) => {
    const key = JSON.stringify([datasets, window])
    const asked = known.get(key) ?? anyRecord(ask, datasets, formats, window, window.now).catch(unless(false))
    known.set(key, asked)
    return asked
  }
}

const isByArrival = ({ readsFrom, span }: Window) => readsFrom !== span.from

async function anyRecord(
  ask: Store['ask'],
  datasets: readonly string[],
  formats: readonly Format[],
  window: Window,
  filter: Filter,
): Promise<boolean> {
  const { rows } = await ask({
    kind: 'groups',
    formats: isByArrival(window) ? datasets.map((one) => arriving(one, formats)) : datasets,
    span: { from: window.readsFrom, to: window.span.to },
    filters: isByArrival(window) ? [filter] : [],
    measures: { newest: { max: '@timestamp' } },
  })
  return typeof rows[0]?.newest === 'string'
}

/** Why an alert may not be called over, though nothing fires: logs that stopped say nothing. */
async function unlessRecords(
  hasRecords: HasRecords,
  { formats }: Alert,
  windows: readonly Window[],
): Promise<string | undefined> {
  const [window] = windows
  if (!window || formats.length === 0 || (await hasRecords(formats, window))) return undefined
  const { span } = window
  return `the store has no record of ${formats.join(', ')} from ${span.from} to ${span.to}`
}

const evaluationOf = ({ alert, status, why, windows }: Result): Evaluation => ({
  alert: alert.name,
  status,
  ...(why !== undefined && { why }),
  spans: windows.map(({ span }) => span),
})

/** What an evaluation may have missed. Logs that a store never had are no fault, unless it has none at all. */
function missingIn(results: readonly Result[], { evaluated }: AlertsState): string[] {
  // One that waits was seen before.
  const asked = results.filter(({ alert }) => alert.formats.length > 0)
  const nothing = asked.length > 0 && asked.every(({ status }) => status === 'absent')
  return results.flatMap(({ alert, status, why }) => {
    const isNew = status === 'absent' && !Object.hasOwn(evaluated, alert.name) && !nothing
    return status === 'whole' || status === 'waiting' || isNew ? [] : [`${alert.name}: ${why}`]
  })
}

function evaluatedBy({ alert: { name }, status, to }: Result, { evaluated }: AlertsState, now: number) {
  const before = Object.hasOwn(evaluated, name) ? [[name, evaluated[name]!] as const] : []
  return to === undefined || status === 'absent' ? before : [[name, { to, at: isoDate(now) }] as const]
}
