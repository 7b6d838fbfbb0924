import type { Filter, GroupsQuestion, Measure, Order, Span } from '../question.ts'
import type { Column, DailyOptions, PlainQuestion } from '../questions/daily.ts'

/**
 * How a panel is drawn: `number`, one row without groups; `timeline`, by steps of time and at most one more group, whose
 * values are the series; `bars`, by one group; `table`, by any.
 */
export type Chart = 'number' | 'timeline' | 'bars' | 'table'

/**
 * What a dashboard shows: a question of one format, with a chart. Its filters hold for all it measures and it has no
 * `having`, so that Kibana and OpenSearch Dashboards can ask the same.
 */
export interface Panel extends PlainQuestion {
  readonly chart: Chart
  readonly over: (span: Span, options?: DailyOptions) => GroupsQuestion
}

/** Panels that are looked at together. */
export interface Dashboard {
  /** As a command and an address have it: `network`. */
  readonly name: string
  readonly title: string
  readonly panels: readonly Panel[]
  /** What a list of its records shows of each, beside the time. */
  readonly recordFields: readonly string[]
}

const steps = ['10s', '30s', '1m', '5m', '10m', '30m', '1h', '3h', '12h', '1d'] as const
const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** The shortest step that gives a span at most 300 of them; a day for what is longer. */
export function stepOf({ from, to }: Span): string {
  const length = (Date.parse(to) - Date.parse(from)) / 1000
  const fits = (step: string) =>
    length / (Number.parseInt(step, 10) * seconds[step.at(-1) as keyof typeof seconds]) <= 300
  return steps.find(fits) ?? '1d'
}

/** What a panel says of itself; the columns of its groups and measures make its question. */
interface Parts {
  readonly name: string
  readonly title: string
  readonly know: string
  readonly filters?: readonly Filter[] | ((options: DailyOptions) => readonly Filter[])
  /** Field to how its column is headed. */
  readonly groups?: Readonly<Record<string, Column>>
  readonly measures: Readonly<Record<string, Column & { readonly of: Measure }>>
}

/** Panels over one dataset, by their charts. The first measure orders the rows of `bars` and `table`, largest first. */
export function panelsOf(dataset: string) {
  const panel =
    (chart: Chart) =>
    ({ name, title, know, filters = [], groups = {}, measures }: Parts): Panel => {
      const timed = chart === 'timeline'
      const [first = ''] = Object.keys(measures)
      const order: readonly Order[] = [{ by: first, direction: 'desc' }]
      return {
        name,
        title,
        know,
        chart,
        formats: [dataset],
        columns: {
          ...(timed && { '@timestamp': { heading: 'time', unit: 'time' } }),
          ...groups,
          ...Object.fromEntries(Object.entries(measures).map(([column, { of: _, ...about }]) => [column, about])),
        },
        over: (span, options = {}) => ({
          kind: 'groups',
          formats: [dataset],
          span,
          filters: typeof filters === 'function' ? filters(options) : filters,
          groups: [...(timed ? [{ field: '@timestamp', every: stepOf(span) }] : []), ...Object.keys(groups)],
          measures: Object.fromEntries(Object.entries(measures).map(([column, { of }]) => [column, of])),
          ...(timed ? { limit: 10_000 } : { order, limit: 20 }),
        }),
      }
    }
  return { number: panel('number'), timeline: panel('timeline'), bars: panel('bars'), table: panel('table') }
}
