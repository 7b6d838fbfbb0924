import type { Filter, FilterValue, Group, GroupsQuestion, Having, Measure, Question } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import { ecsLists, quoteName, quoteText, tableName } from '@flowferry/core/internal'

/**
 * A question as DuckDB's SQL over the views of a file that flowferry filled, for people to go on from. Those of a store are
 * made for machines, and of one file's columns.
 *
 * @returns undefined for what one statement over one view does not say
 * @example
 * sql(panel.over(span), vpcFlow.formats) // SELECT … FROM vpc_flow WHERE …
 */
export function sql(question: Question, formats: readonly Format[]): string | undefined {
  const [one, ...others] = question.formats
  const format = typeof one === 'string' ? formats.find(({ dataset }) => dataset === one) : one
  if (!format || others.length > 0 || ('only' in question && question.only)) return undefined
  const fields = fieldsOf(format)
  const { span, filters = [], limit = 100 } = question
  const time = `"@timestamp" >= ${timestamp(span.from)} AND "@timestamp" < ${timestamp(span.to)}`
  const where = [time, ...filters.map((filter) => condition(filter, fields))].join('\n  AND ')
  const rest = question.kind === 'groups' ? groupsParts(question, fields) : undefined
  if (question.kind === 'groups' && !rest) return undefined
  const columns = rest?.columns ?? (question.kind === 'documents' ? (question.fields?.map(quoteName) ?? ['*']) : [])
  const order = question.order?.map(
    ({ by, direction }) => `${quoteName(by)} ${direction === 'desc' ? 'DESC' : 'ASC'} NULLS LAST`,
  )
  return [
    `SELECT ${columns.join(', ')}`,
    `FROM ${quoteName(format.view ?? `${tableName(format.dataset)}_view`)}`,
    `WHERE ${where}`,
    ...(rest?.groupBy ?? []),
    ...(rest?.having ?? []),
    ...(order && order.length > 0 ? [`ORDER BY ${order.join(', ')}`] : []),
    `LIMIT ${limit};`,
  ].join('\n')
}

interface Fields {
  readonly isList: (name: string) => boolean
  readonly isDate: (name: string) => boolean
}

function fieldsOf({ mapping, aliases = {} }: Format): Fields {
  const pathOf = (name: string) => (Object.hasOwn(mapping, name) ? name : (aliases[name]?.path ?? name))
  return {
    isList: (name) => mapping[pathOf(name)]?.list !== undefined || ecsLists.has(pathOf(name)),
    isDate: (name) => name === '@timestamp' || mapping[pathOf(name)]?.type === 'date',
  }
}

function groupsParts({ groups = [], measures, having = [] }: GroupsQuestion, fields: Fields) {
  const named = groups.map((group) => groupOf(group))
  // A row for each value of a list, and one for none, is no `unnest`.
  if (named.some(({ field }) => fields.isList(field))) return undefined
  const columns = [
    ...named.map(({ column }) => column),
    ...Object.entries(measures).map(([name, measure]) => `${aggregate(measure, fields)} AS ${quoteName(name)}`),
  ]
  return {
    columns,
    groupBy: groups.length > 0 ? [`GROUP BY ${groups.map((_, index) => index + 1).join(', ')}`] : [],
    having: having.length > 0 ? [`HAVING ${having.map(havingOf).join(' AND ')}`] : [],
  }
}

const units = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days' } as const

function groupOf(group: Group): { field: string; column: string } {
  if (typeof group === 'string') return { field: group, column: quoteName(group) }
  const { field, every } = group
  const unit = units[every.at(-1) as keyof typeof units]
  const step = `INTERVAL '${Number.parseInt(every, 10)} ${unit}'`
  return { field, column: `time_bucket(${step}, ${quoteName(field)}) AS ${quoteName(field)}` }
}

function aggregate(measure: Measure, fields: Fields): string {
  const { where = [] } = measure
  const all = (filters: readonly Filter[]) =>
    filters.length === 0 ? '' : ` FILTER (WHERE ${filters.map((filter) => condition(filter, fields)).join(' AND ')})`
  const kept = all(where)
  if ('count' in measure) return `count(*)${kept}`
  if ('sum' in measure) return `coalesce(sum(${quoteName(measure.sum)})${kept}, 0)`
  if ('min' in measure) return `min(${quoteName(measure.min)})${kept}`
  if ('max' in measure) return `max(${quoteName(measure.max)})${kept}`
  if ('percentile' in measure) return `quantile_cont(${quoteName(measure.percentile)}, ${measure.percent / 100})${kept}`
  if ('cardinality' in measure) return `count(DISTINCT ${quoteName(measure.cardinality)})${kept}`
  return `count(*)${all([...where, ...measure.ratio])} / nullif(count(*)${kept}, 0)`
}

const signs: Readonly<Record<string, string>> = { gte: '>=', gt: '>', lte: '<=', lt: '<' }

function havingOf(having: Having): string {
  const name = quoteName(having.measure)
  if ('equals' in having) return `${name} = ${having.equals}`
  return Object.entries(having.range)
    .map(([bound, value]) => `${name} ${signs[bound]} ${value}`)
    .join(' AND ')
}

/** NULL stands for false, which `not` has to see. */
function condition(filter: Filter, fields: Fields): string {
  if ('not' in filter) return `NOT coalesce(${condition(filter.not, fields)}, false)`
  if ('any' in filter) return joined(filter.any, 'OR', fields)
  if ('all' in filter) return joined(filter.all, 'AND', fields)
  const { field } = filter
  const column = quoteName(field)
  const isList = fields.isList(field)
  if ('exists' in filter) return isList ? `len(${column}) > 0` : `${column} IS NOT NULL`
  const [value, wrap] = isList
    ? ['one', (text: string) => `len(list_filter(${column}, lambda one: ${text})) > 0`]
    : [column, (text: string) => text]
  if ('equals' in filter) {
    const wanted = literal(filter.equals, fields.isDate(field))
    return isList ? `list_contains(${column}, ${wanted})` : `${column} = ${wanted}`
  }
  if ('oneOf' in filter) {
    const wanted = filter.oneOf.map((one) => literal(one, fields.isDate(field)))
    return wanted.length === 0 ? 'false' : wrap(`${value} IN (${wanted.join(', ')})`)
  }
  if ('prefix' in filter) return wrap(`starts_with(${value}, ${quoteText(filter.prefix)})`)
  if ('cidr' in filter) {
    const blocks = [filter.cidr].flat().map((block) => `in_cidr(${value}, ${quoteText(block)})`)
    return blocks.length === 0 ? 'false' : wrap(blocks.length === 1 ? blocks[0]! : `(${blocks.join(' OR ')})`)
  }
  return Object.entries(filter.range)
    .map(([name, bound]) => wrap(`${value} ${signs[name]} ${literal(bound, fields.isDate(field))}`))
    .join(' AND ')
}

function joined(filters: readonly Filter[], word: 'AND' | 'OR', fields: Fields): string {
  if (filters.length === 0) return word === 'AND' ? 'true' : 'false'
  return `(${filters.map((filter) => condition(filter, fields)).join(` ${word} `)})`
}

function literal(value: FilterValue, isDate: boolean): string {
  if (typeof value !== 'string') return String(value)
  return isDate ? timestamp(value) : quoteText(value)
}

const timestamp = (date: string): string => `TIMESTAMP ${quoteText(date.replace('T', ' ').replace('Z', ''))}`
