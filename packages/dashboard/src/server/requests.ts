import {
  type Answer,
  askDaily,
  type DailyQuestion,
  dailyQuestions,
  dashboards,
  type Filter,
  type FlowsOptions,
  flows,
  type Panel,
  type PlainQuestion,
  type Span,
  type Store,
} from '@flowferry/answers'
import { why, whyTargets } from '@flowferry/answers/why'
import { datasets, type Format } from '@flowferry/core'
import { hostPort } from '@flowferry/core/internal'
import type { About, Answered, FlowsAnswer, LogsOf, Narrowing, RequestName, Requests } from '../api.ts'
import { command } from '../copy/command.ts'
import { commandCopy, questionCopies, type Where } from '../copy/copies.ts'
import { callers } from './callers.ts'
import { chartsOf, portIn } from './charts.ts'
import { findFinding, findings } from './findings.ts'
import { type Body, narrowingsIn, optionalChoice, optionalNumber, optionalText, spanIn, text, wrong } from './input.ts'
import type { DashboardOptions } from './options.ts'

/** Most rows of a table; a timeline has more, which its chart draws as one. */
const mostRows = 1000
const usualRows = 200

type Handlers = {
  readonly [Name in RequestName]: (body: Body, signal: AbortSignal) => Promise<Requests[Name]['gives']>
}

/** What the page can ask, by the name of the request. */
export function requestsFor(options: DashboardOptions): Handlers {
  const { store, formats, from, own, snapshot } = options
  const { fromOptions = from === undefined ? undefined : ['--from', from] } = options
  const where: Where = { formats, ...(fromOptions && { options: fromOptions }) }
  const given = { formats, ...(own && { own }) }
  const known = { ...(snapshot && { snapshot }) }
  const takenAt = snapshot?.parts.map((part) => part.takenAt).sort()[0]
  const now = options.now ?? (() => new Date())

  // What `why` leaves to be put in is known here.
  const inWords = fromOptions && command(fromOptions)
  const withStore = (text: string) => (inWords === undefined ? text : text.replace('--from <store>', () => inWords))

  async function table(question: DailyQuestion, span: Span, limit: number, signal: AbortSignal): Promise<Answered> {
    // One more tells whether there are more.
    const answer = await askDaily(store, question, span, { ...given, limit: limit + 1, signal })
    return { ...answered(answer, span, limit), copy: copiesOf(question, span) }
  }

  const copiesOf = (question: DailyQuestion, span: Span) => [
    ...(isNamed(question) ? commandCopy(['ask', question.name, ...(own ? ['--own', ...own] : [])], span, where) : []),
    ...('over' in question ? questionCopies(question.over(span, given), where) : []),
  ]

  const ofFlows = async (
    question: PlainQuestion,
    span: Span,
    limit: number,
    signal: AbortSignal,
  ): Promise<FlowsAnswer> => ({
    ...about(question),
    ...(await table(question, span, limit, signal)),
  })

  return {
    start: async (_, signal) => ({
      from: from ?? 'a store of this process',
      now: now().toISOString(),
      logs: await logsOf(store, formats, now(), signal),
      dashboards: dashboards.map(({ name, title, panels }) => ({
        name,
        title,
        panels: panels.map((panel) => ({ ...about(panel), chart: panel.chart })),
      })),
      questions: dailyQuestions.map(about),
      findings: findings.map(({ name, title, looked }) => ({ name, title, looked })),
      fill: `flowferry ingest s3://my-logs/AWSLogs/ --to ${from ?? 'duckdb:logs.db'}`,
      ...(takenAt !== undefined && { namesAsOf: takenAt }),
    }),

    finding: async (body, signal) => {
      const finding = findFinding(text(body, 'name'))
      const span = finding.span(spanIn(body))
      const found = await finding.find((question) => store.ask(question, signal), span, given)
      const question = dailyQuestions.find(({ name }) => name === finding.question)!
      const { name, title, looked, severity } = finding
      return {
        name,
        title,
        looked,
        severity,
        question: finding.question,
        span,
        columns: found.columns ?? question.columns,
        rows: found.rows.slice(0, mostShown),
        more: found.rows.length > mostShown,
        notes: found.notes ?? [],
        copy: copiesOf(question, span),
        ...(found.rows.length > 0 && { sentence: found.sentence }),
        ...(found.severity && { severity: found.severity }),
        ...(found.partial && { partial: found.partial }),
      }
    },

    panel: async (body, signal) => {
      const panel = dashboards.flatMap(({ panels }) => panels).find(({ name }) => name === body.name)
      if (!panel) throw wrong('name is that of no panel')
      const span = spanIn(body)
      const is = narrowingsIn(body)
      const narrowed = is.length > 0 ? narrow(panel, is) : panel
      const question = narrowed.over(span, given)
      const answer = await store.ask(question, signal)
      const { limit = 100 } = question
      const [group] = question.groups ?? []
      return {
        ...answered(answer, span, limit),
        ...(typeof group === 'object' && { every: group.every }),
        more: panel.chart !== 'number' && answer.rows.length >= limit,
        copy: copiesOf(narrowed, span),
      }
    },

    question: async (body, signal) => {
      const question = dailyQuestions.find(({ name }) => name === body.name)
      if (!question) throw wrong('name is that of no question of every day')
      return table(question, spanIn(body), limitIn(body), signal)
    },

    flows: async (body, signal) => {
      const a = optionalText(body, 'a')
      const b = optionalText(body, 'b')
      const port = optionalNumber(body, 'port', 0, 65_535)
      const action = optionalChoice(body, 'action', ['accept', 'reject'])
      const id = optionalText(body, 'interface')
      const asked: FlowsOptions = {
        first: optionalChoice(body, 'first', ['newest', 'oldest']) ?? 'newest',
        ...(a !== undefined && { a }),
        ...(b !== undefined && { b }),
        ...(port !== undefined && { port }),
        ...(action && { action }),
        ...(id !== undefined && { interface: id }),
      }
      return ofFlows(flows(asked), spanIn(body), limitIn(body), signal)
    },

    callers: async (body, signal) => {
      const port = optionalNumber(body, 'port', 0, 65_535)
      if (port === undefined) throw wrong('port takes a whole number from 0 to 65535')
      return ofFlows(callers(text(body, 'b'), port), spanIn(body), limitIn(body), signal)
    },

    why: async (body, signal) => {
      const span = spanIn(body)
      const asked = optionalNumber(body, 'port', 1, 65_535)
      const question = { a: text(body, 'a'), b: text(body, 'b'), ...(asked !== undefined && { port: asked }) }
      const answer = await why(
        (one) => store.ask(one, signal),
        { ...question, since: span.from, until: span.to },
        { ...known, signal },
      )
      const port = asked ?? portIn(answer)
      const words = ['why', question.a, asked === undefined ? question.b : hostPort(question.b, asked)]
      return {
        answer: { ...answer, next: answer.next.map(withStore), verify: answer.verify.map(withStore) },
        ...(port !== undefined && { port }),
        copy: commandCopy(words, span, where),
      }
    },

    targets: async (body, signal) => {
      const span = spanIn(body)
      const a = text(body, 'a')
      const answer = await whyTargets(store.ask, { a, since: span.from, until: span.to }, { ...known, signal })
      return { answer, copy: commandCopy(['why', a], span, where) }
    },

    charts: async (body, signal) => {
      const port = optionalNumber(body, 'port', 1, 65_535)
      const onset = optionalText(body, 'onset')
      const pair = {
        a: text(body, 'a'),
        b: text(body, 'b'),
        ...(port !== undefined && { port }),
        ...(onset !== undefined && { onset }),
      }
      return chartsOf((question) => store.ask(question, signal), pair, spanIn(body))
    },
  }
}

const mostShown = 6

const limitIn = (body: Body): number => optionalNumber(body, 'limit', 1, mostRows) ?? usualRows

function answered({ rows, approximate, partial }: Answer, span: Span, limit: number): Omit<Answered, 'copy'> {
  return { span, rows: rows.slice(0, limit), approximate, more: rows.length > limit, ...(partial && { partial }) }
}

const about = ({ name, title, know, formats, columns }: DailyQuestion): About => ({
  name,
  title,
  know,
  formats,
  columns,
})

/** Those that a command line can name: of what is narrowed, it cannot. */
const named = new Set<DailyQuestion>([...dailyQuestions, ...dashboards.flatMap(({ panels }) => panels)])
const isNamed = (question: DailyQuestion): boolean => named.has(question)

/** The question over those documents alone that have these values. */
function narrow(question: Panel, is: readonly Narrowing[]): Panel {
  const filters = is.map(
    ({ field, value }): Filter => (value === null ? { not: { field, exists: true } } : { field, equals: value }),
  )
  return {
    ...question,
    over: (span, options) => {
      const asked = question.over(span, options)
      return { ...asked, filters: [...(asked.filters ?? []), ...filters] }
    },
  }
}

const day = 24 * 3_600_000

/** How far the logs of each dataset go. */
async function logsOf(store: Store, formats: readonly Format[], now: Date, signal: AbortSignal): Promise<LogsOf[]> {
  const span = { from: '1970-01-01T00:00:00.000Z', to: new Date(now.getTime() + day).toISOString() }
  const found = await Promise.all(
    datasets(formats).map(async (format): Promise<LogsOf> => {
      const { rows } = await store.ask(
        {
          kind: 'groups',
          formats: [format],
          span,
          measures: { oldest: { min: '@timestamp' }, newest: { max: '@timestamp' } },
        },
        signal,
      )
      const time = (name: string) => (typeof rows[0]?.[name] === 'string' ? rows[0][name] : null)
      return { dataset: format.dataset, title: format.title, oldest: time('oldest'), newest: time('newest') }
    }),
  )
  return found
}
