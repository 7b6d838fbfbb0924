import type { Format } from '@flowferry/core'
import { privateBlocks } from '@flowferry/core/internal'
import { signs } from '../../filters.ts'
import { type GroupsPlan, planOf } from '../../plan.ts'
import type { Filter } from '../../question.ts'
import type { PlainAlert, Window } from '../alert.ts'
import { questionOf, windowsBefore } from '../question.ts'
import { latenessOf, windowsOf } from '../windows.ts'

export interface CompileOptions {
  /** Formats that have the alert's datasets: `parser.formats`. */
  readonly formats: readonly Format[]
  /** As of `evaluate`. @default private blocks */
  readonly own?: readonly string[]
  /** As of `evaluate`. @default the alert's */
  readonly thresholds?: Readonly<Record<string, number>>
  /** As of `evaluate`. @default none */
  readonly except?: Readonly<Record<string, readonly Filter[]>>
  /** As of `evaluate`. @default as the formats have it */
  readonly late?: number
}

/** An alert that no rule of the product says, and why. */
export interface Refused {
  readonly alert: string
  readonly because: string
}

/**
 * A time in place of that at which a rule runs. Two hundred years from now nothing else of an alert is dated, so that each
 * date that is found is some time before it.
 */
const runs = Date.parse('2200-01-01T00:00:00.000Z')

/** How many seconds before the rule runs a date is; undefined for other text. */
export function secondsBefore(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^(2199|2200)-\d\d-\d\dT[\d:.]{12}Z$/.test(text)) return undefined
  return Math.round((runs - Date.parse(text)) / 1000)
}

/** The conditions on measures beside the threshold, in languages that write them alike; `of` names a measure. */
export function conditionsOf({ having }: GroupsPlan, of: (measure: string) => string): string[] {
  return having.flatMap((one) => {
    const column = of(one.measure)
    if ('equals' in one) return [`${column} == ${one.equals}`]
    return Object.entries(one.range).map(([bound, value]) => `${column} ${signs[bound as keyof typeof signs]} ${value}`)
  })
}

export interface CompiledPlan {
  readonly plan: GroupsPlan
  readonly window: Window
  readonly threshold: number
  /** Of an alert that compares: how many windows `before` has. */
  readonly windows: number
  /** Data streams of the formats. */
  readonly indices: readonly string[]
}

/** Most groups of a rule. */
export const mostGroups = 1000

/** The plan of an alert, as of a rule that runs at a time of its own. */
export function compiledPlan(alert: PlainAlert, options: CompileOptions): CompiledPlan {
  const { formats, own = privateBlocks, thresholds = {}, except = {} } = options
  const threshold = Object.hasOwn(thresholds, alert.name) ? thresholds[alert.name]! : alert.threshold
  const late = options.late ?? latenessOf(alert.formats, formats)
  const window = windowsOf(alert, { now: runs, late, threshold, time: 'record' }).windows[0]!
  const question = questionOf(alert, window, { own, threshold, limit: mostGroups })
  const known = Object.hasOwn(except, alert.name) ? except[alert.name]! : []
  const filters = [...(question.filters ?? []), ...(known.length > 0 ? [{ not: { any: known } }] : [])]
  const plan = planOf({ ...question, filters }, formats) as GroupsPlan
  const indices = alert.formats.map((dataset) => `logs-${dataset}-*`)
  return { plan, window, threshold, windows: windowsBefore(alert, window), indices }
}
