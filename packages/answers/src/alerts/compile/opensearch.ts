import type { CheckedMeasure } from '../../measures.ts'
import { groupsAggregation } from '../../search/groups.ts'
import { queryOf } from '../../search/query.ts'
import { type Alert, lengthOf, type PlainAlert } from '../alert.ts'
import {
  type CompiledPlan,
  type CompileOptions,
  compiledPlan,
  conditionsOf,
  mostGroups,
  type Refused,
} from './common.ts'
import { dated } from './dated.ts'

/** A body of `POST _plugins/_alerting/monitors`. */
export interface OpenSearchMonitor {
  readonly alert: string
  readonly monitor: {
    readonly type: 'monitor'
    readonly name: string
    readonly monitor_type: 'bucket_level_monitor'
    readonly enabled: true
    readonly schedule: { readonly period: { readonly interval: number; readonly unit: 'MINUTES' } }
    readonly inputs: readonly [{ readonly search: { readonly indices: readonly string[]; readonly query: Query } }]
    readonly triggers: readonly [{ readonly bucket_level_trigger: Trigger }]
  }
}

interface Query {
  readonly size: 0
  readonly query: unknown
  readonly aggregations: { readonly composite_agg: unknown }
}

interface Trigger {
  readonly name: string
  readonly severity: '1' | '2' | '3'
  readonly condition: {
    readonly buckets_path: Readonly<Record<string, string>>
    readonly parent_bucket_path: 'composite_agg'
    readonly script: { readonly source: string; readonly lang: 'painless' }
  }
  /** Which channel is told is yours to add. */
  readonly actions: readonly []
}

const severities = { high: '1', medium: '2', low: '3' } as const

/**
 * The alert as a bucket-level monitor of OpenSearch: a bucket for each group, and a script that tells which of them fire.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * const made = openSearchMonitor(alert, { formats: parser.formats })
 * if ('monitor' in made) await client.transport.request({ method: 'POST', path: '/_plugins/_alerting/monitors', body: made.monitor })
 * else console.log(made.because)
 */
export function openSearchMonitor(alert: Alert, options: CompileOptions): OpenSearchMonitor | Refused {
  if ('steps' in alert) return { alert: alert.name, because: alert.because }
  const { name, title, severity, every, differ } = alert
  if (differ)
    return {
      alert: name,
      because: "a trigger's script sees a bucket's numbers, and not whether two of its names differ",
    }
  const compiled = compiledPlan(alert, options)
  const { plan, indices } = compiled
  const at = (seconds: number) => `{{period_end}}${seconds === 0 ? '' : `||-${seconds}s`}`
  const { all } = groupsAggregation(plan, mostGroups, false) as { readonly all: unknown }
  return {
    alert: name,
    monitor: {
      type: 'monitor',
      name: title,
      monitor_type: 'bucket_level_monitor',
      enabled: true,
      schedule: { period: { interval: Math.max(1, Math.round(lengthOf(every) / 60_000)), unit: 'MINUTES' } },
      inputs: [
        {
          search: {
            indices,
            query: {
              size: 0,
              query: dated(queryOf(plan, false), at, 'epoch_millis'),
              aggregations: { composite_agg: dated(all, at, 'epoch_millis') },
            },
          },
        },
      ],
      triggers: [
        {
          bucket_level_trigger: {
            name: `flowferry-${name}`,
            severity: severities[severity],
            condition: { ...conditionOf(alert, compiled), parent_bucket_path: 'composite_agg' },
            actions: [],
          },
        },
      ],
    },
  }
}

function conditionOf(alert: PlainAlert, { plan, threshold, windows }: CompiledPlan) {
  const { counts, before } = alert
  const paths = new Map<string, string>()
  /** A measure in the script, whose parts the bucket has. */
  const numberIn = (name: string): string => {
    const index = plan.measures.findIndex((one) => one.name === name)
    const parts = partsOf(plan.measures[index]!, index)
    return parts
      .map((path, n) => {
        paths.set(`m${index}_${n}`, path)
        return `params.m${index}_${n}`
      })
      .join(' / ')
  }
  const source = [
    ...(counts.length > 1 ? [`(${counts.map((name) => `${numberIn(name)} >= ${threshold}`).join(' || ')})`] : []),
    ...conditionsOf(plan, numberIn),
    ...(before ? [`${numberIn(counts[0]!)} > ${before.times} * ${numberIn('before')} / ${windows.toFixed(1)}`] : []),
  ].join(' && ')
  return { buckets_path: Object.fromEntries(paths), script: { source, lang: 'painless' as const } }
}

/** Where the bucket has a measure: a ratio is two. */
function partsOf({ is, where }: CheckedMeasure, index: number): string[] {
  const own = `m${index}`
  const isFiltered = where.length > 0
  const all = isFiltered ? `${own}>_count` : '_count'
  if (is === 'count') return [all]
  const inner = isFiltered ? `${own}>v` : own
  if (is === 'ratio') return [`${inner}>_count`, all]
  return [inner]
}
