import { queryOf } from '../../search/query.ts'
import type { Alert, PlainAlert } from '../alert.ts'
import {
  type CompiledPlan,
  type CompileOptions,
  compiledPlan,
  mostGroups,
  type Refused,
  secondsBefore,
} from './common.ts'
import { dated } from './dated.ts'
import { esqlOf } from './esql.ts'

/** A body of `POST /api/alerting/rule/{id}`, with the id. */
export interface KibanaRule {
  readonly alert: string
  readonly id: string
  readonly rule: {
    readonly name: string
    readonly rule_type_id: '.es-query'
    readonly consumer: 'stackAlerts'
    readonly schedule: { readonly interval: string }
    readonly tags: readonly string[]
    readonly params: Readonly<Record<string, unknown>>
    /** Which connector is told is yours to add. */
    readonly actions: readonly []
  }
}

/**
 * The alert as a rule of Kibana, type "Elasticsearch query": by query DSL where it counts the documents of up to four
 * fields, by ES|QL (Elasticsearch 9.1 and newer) where it does more.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const made = kibanaRule(alert, { formats: parser.formats })
 * if ('rule' in made) await kibana.post(`/api/alerting/rule/${made.id}`, made.rule)
 * else console.log(made.because)
 */
export function kibanaRule(alert: Alert, options: CompileOptions): KibanaRule | Refused {
  if ('steps' in alert) return { alert: alert.name, because: alert.because }
  const { name, title, severity, every } = alert
  const compiled = compiledPlan(alert, options)
  return {
    alert: name,
    id: `flowferry-${name}`,
    rule: {
      name: title,
      rule_type_id: '.es-query',
      consumer: 'stackAlerts',
      schedule: { interval: every },
      tags: ['flowferry', severity],
      params: isCount(alert) ? dslParams(alert, compiled) : esqlParams(alert, compiled),
      actions: [],
    },
  }
}

/** Whether the rule's own count is all that the alert tells. */
function isCount({ by, counts, measures, having, before, differ }: PlainAlert): boolean {
  const [first, ...others] = counts
  const of = measures[first!]!.of
  const counted = 'count' in of && of.where === undefined
  return counted && others.length === 0 && !having && !before && !differ && Object.keys(by).length <= 4
}

/** A rule's window ends as it runs; a filter of its query ends it earlier. */
function timesOf({ plan }: CompiledPlan) {
  const size = Math.ceil(secondsBefore(plan.from)! / 60)
  return { timeField: '@timestamp', timeWindowSize: size, timeWindowUnit: 'm' }
}

function dslParams({ by }: PlainAlert, compiled: CompiledPlan): KibanaRule['rule']['params'] {
  const { plan, threshold, indices } = compiled
  const fields = Object.keys(by)
  const query = dated(queryOf(plan, false), (seconds) => (seconds === 0 ? 'now' : `now-${seconds}s`))
  return {
    searchType: 'esQuery',
    index: indices,
    ...timesOf(compiled),
    esQuery: JSON.stringify({ query }),
    size: 100,
    threshold: [threshold],
    thresholdComparator: '>=',
    aggType: 'count',
    groupBy: 'top',
    termField: fields.length === 1 ? fields[0] : fields,
    termSize: mostGroups,
    // A document is in each window that it is in: the rule's alert goes on, and is none of its own.
    excludeHitsFromPreviousRun: false,
  }
}

function esqlParams(alert: PlainAlert, compiled: CompiledPlan): KibanaRule['rule']['params'] {
  return {
    searchType: 'esqlQuery',
    esqlQuery: { esql: esqlOf(alert, compiled) },
    ...timesOf(compiled),
    size: 0,
    threshold: [0],
    thresholdComparator: '>',
    aggType: 'count',
    groupBy: 'row',
    excludeHitsFromPreviousRun: false,
  }
}
