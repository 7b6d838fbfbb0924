import { type CheckedFilter, signs } from '../../filters.ts'
import { kql, quoted } from '../../kql.ts'
import type { CheckedMeasure } from '../../measures.ts'
import type { Filter } from '../../question.ts'
import type { PlainAlert } from '../alert.ts'
import { type CompiledPlan, conditionsOf, mostGroups, secondsBefore } from './common.ts'

/** A query of ES|QL with one row for each group that fires. https://www.elastic.co/docs/reference/query-languages/esql */
export function esqlOf(alert: PlainAlert, { plan, threshold, windows, indices }: CompiledPlan): string {
  const { counts, before, differ } = alert
  const { groups, measures, filters } = plan
  const times = [
    `@timestamp >= ${agoOf(plan.from)}`,
    ...(secondsBefore(plan.to) === 0 ? [] : [`@timestamp < ${agoOf(plan.to)}`]),
  ]
  const stats = measures.flatMap(statsOf)
  const ratios = measures.filter(({ is }) => is === 'ratio')
  const by = groups.map(({ field }) => field.path)
  const fires = [
    ...(counts.length > 1 ? [`(${counts.map((name) => `${name} >= ${threshold}`).join(' OR ')})`] : []),
    ...conditionsOf(plan, (measure) => measure),
    ...(before ? [`${counts[0]} > ${before.times} * before / ${windows.toFixed(1)}`] : []),
    ...(differ ? [`${differ[1]} IS NOT NULL`, `(${differ[0]} IS NULL OR ${differ[0]} != ${differ[1]})`] : []),
  ]
  return [
    `FROM ${indices.join(', ')}`,
    `| WHERE ${times.join(' AND ')}`,
    ...(filters.length > 0 ? [`| WHERE ${filters.map(condition).join(' AND ')}`] : []),
    `| STATS ${stats.join(', ')} BY ${by.join(', ')}`,
    ...ratios.map(({ name }) => `| EVAL ${name} = TO_DOUBLE(${name}_part) / ${name}_all`),
    `| WHERE ${fires.join(' AND ')}`,
    `| SORT ${counts[0]} DESC`,
    `| LIMIT ${mostGroups}`,
  ].join('\n')
}

const agoOf = (date: string): string => {
  const seconds = secondsBefore(date)
  return seconds === 0 ? 'NOW()' : `NOW() - ${seconds} seconds`
}

function statsOf(measure: CheckedMeasure): string[] {
  const { name } = measure
  const where = (filters: readonly CheckedFilter[]) =>
    filters.length === 0 ? '' : ` WHERE ${filters.map(condition).join(' AND ')}`
  const of = (aggregate: string) => [`${name} = ${aggregate}${where(measure.where)}`]
  switch (measure.is) {
    case 'count':
      return of('COUNT(*)')
    case 'cardinality':
      return of(`COUNT_DISTINCT(${measure.field.path})`)
    case 'percentile':
      return of(`PERCENTILE(${measure.field.path}, ${measure.percent})`)
    case 'ratio':
      return [
        `${name}_part = COUNT(*)${where([...measure.where, ...measure.of])}`,
        `${name}_all = COUNT(*)${where(measure.where)}`,
      ]
    default:
      return of(`${measure.is.toUpperCase()}(${measure.field.path})`)
  }
}

/** Fields of several values fit no operator of ES|QL, so KQL asks; of time alone it does not know how long ago. */
function condition(filter: CheckedFilter): string {
  if (filter.is === 'not' && isTime(filter.filter)) return `NOT (${condition(filter.filter)})`
  if (!isTime(filter)) return `KQL(${quoted(kql(plain(filter)))})`
  return filter.bounds
    .map(({ name, value }) => `${filter.field.path} ${signs[name]} ${agoOf(String(value))}`)
    .join(' AND ')
}

const isTime = (filter: CheckedFilter): filter is Extract<CheckedFilter, { is: 'range' }> =>
  filter.is === 'range' && filter.bounds.every(({ value }) => secondsBefore(value) !== undefined)

/** A checked filter as it was asked, by the paths of its fields. */
function plain(filter: CheckedFilter): Filter {
  if ('filters' in filter) return { [filter.is]: filter.filters.map(plain) } as unknown as Filter
  if ('filter' in filter) return { not: plain(filter.filter) }
  const field = filter.field.path
  switch (filter.is) {
    case 'equal':
      return { field, oneOf: filter.values }
    case 'range':
      return { field, range: Object.fromEntries(filter.bounds.map(({ name, value }) => [name, value])) }
    case 'cidr':
      return { field, cidr: filter.blocks.map(({ address, bits }) => `${address}/${bits}`) }
    case 'exists':
      return { field, exists: true }
    default:
      return { field, prefix: filter.prefix }
  }
}
