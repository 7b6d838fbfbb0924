import type { Filter, FilterValue, Group, GroupsQuestion, Having, Measure, Question } from '@flowferry/answers'
import { datasets, type Format } from '@flowferry/core'
import { ecsLists, quoteText as quoted, quoteName, tableName } from '@flowferry/core/internal'

/**
 * A question as DuckDB's SQL over the view of its format, which has every field, for people to go on from. The statement of
 * a store is made for machines, and of one file's columns.
 *
 * @returns undefined for what one statement over one view does not say
 * @example
 * sql(panel.over(span), vpcFlow.formats) // SELECT … FROM vpc_flow WHERE …
 */
export function sql(question: Question, formats: readonly Format[]): string | undefined {
  const [one, ...others] = question.formats
  const [format] = typeof one === 'string' ? datasets(formats.filter(({ dataset }) => dataset === one)) : [one]
  if (!format || others.length > 0 || ('only' in question && question.only)) return undefined
  const fields = fieldsOf(format)
  // A part of a flattened field is no column.
  if (!namesIn(question).every(fields.isColumn)) return undefined
  const { span, filters = [], limit = 100 } = question
  const time = `"@timestamp" >= ${timestamp(span.from)} AND "@timestamp" < ${timestamp(span.to)}`
  const where = [time, ...filters.map((filter) => condition(filter, fields))].join('\n  AND ')
  const rest = question.kind === 'groups' ? groupsParts(question, fields) : undefined
  if (question.kind === 'groups' && !rest) return undefined
  const columns = rest?.columns ?? (question.kind === 'documents' ? (question.fields?.map(fields.column) ?? ['*']) : [])
  const order = question.order?.map(
    ({ by, direction }) =>
      `${question.kind === 'groups' && Object.hasOwn(question.measures, by) ? quoteName(by) : fields.column(by)} ${direction === 'desc' ? 'DESC' : 'ASC'} NULLS LAST`,
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
  readonly isColumn: (name: string) => boolean
  /** As the view spells it. */
  readonly column: (name: string) => string
  readonly isList: (name: string) => boolean
  readonly isDate: (name: string) => boolean
  readonly isAddress: (name: string) => boolean
}

function fieldsOf({ mapping, aliases = {} }: Format): Fields {
  const pathOf = (name: string) => (Object.hasOwn(mapping, name) ? name : (aliases[name]?.path ?? name))
  return {
    column: (name) => quoteName(name === '@timestamp' ? name : name.replace(/[^A-Za-z0-9]+/g, '_')),
    isColumn: (name) => name === '@timestamp' || Object.hasOwn(mapping, pathOf(name)),
    isList: (name) => mapping[pathOf(name)]?.list !== undefined || ecsLists.has(pathOf(name)),
    isAddress: (name) => mapping[pathOf(name)]?.type === 'ip',
    isDate: (name) => name === '@timestamp' || mapping[pathOf(name)]?.type === 'date',
  }
}

/** Every field that a question names. */
function namesIn(question: Question): string[] {
  const { filters = [] } = question
  if (question.kind === 'documents') return [...(question.fields ?? []), ...filters.flatMap(namesOf)]
  const { groups = [], measures } = question
  return [
    ...filters.flatMap(namesOf),
    ...groups.map((group) => (typeof group === 'string' ? group : group.field)),
    ...Object.values(measures).flatMap(({ where = [], ...measure }) => [
      ...where.flatMap(namesOf),
      ...Object.values(measure).flatMap((value: unknown) =>
        typeof value === 'string' ? [value] : Array.isArray(value) ? (value as Filter[]).flatMap(namesOf) : [],
      ),
    ]),
  ]
}

function namesOf(filter: Filter): string[] {
  if ('not' in filter) return namesOf(filter.not)
  if ('any' in filter) return filter.any.flatMap(namesOf)
  if ('all' in filter) return filter.all.flatMap(namesOf)
  return [filter.field]
}

function groupsParts({ groups = [], measures, having = [] }: GroupsQuestion, fields: Fields) {
  const named = groups.map((group) => groupOf(group, fields))
  // A row for each value of a list, and one for none, is no `unnest`; nor do the values of lists differ as lists do.
  const counted = Object.values(measures).flatMap((measure) => ('cardinality' in measure ? [measure.cardinality] : []))
  if ([...named.map(({ field }) => field), ...counted].some(fields.isList)) return undefined
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

function groupOf(group: Group, { column }: Fields): { field: string; column: string } {
  if (typeof group === 'string') return { field: group, column: column(group) }
  const { field, every } = group
  const unit = units[every.at(-1) as keyof typeof units]
  const step = `INTERVAL '${Number.parseInt(every, 10)} ${unit}'`
  return { field, column: `time_bucket(${step}, ${column(field)}) AS ${quoteName(field)}` }
}

function aggregate(measure: Measure, fields: Fields): string {
  const { where = [] } = measure
  const all = (filters: readonly Filter[]) =>
    filters.length === 0 ? '' : ` FILTER (WHERE ${filters.map((filter) => condition(filter, fields)).join(' AND ')})`
  const kept = all(where)
  if ('count' in measure) return `count(*)${kept}`
  if ('sum' in measure) return `coalesce(sum(${fields.column(measure.sum)})${kept}, 0)`
  if ('min' in measure) return `min(${fields.column(measure.min)})${kept}`
  if ('max' in measure) return `max(${fields.column(measure.max)})${kept}`
  if ('percentile' in measure)
    return `quantile_cont(${fields.column(measure.percentile)}, ${measure.percent / 100})${kept}`
  if ('cardinality' in measure) return `count(DISTINCT ${fields.column(measure.cardinality)})${kept}`
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
  const column = fields.column(field)
  const isList = fields.isList(field)
  if ('exists' in filter) return isList ? `len(${column}) > 0` : `${column} IS NOT NULL`
  const [value, wrap] = isList
    ? ['one', (text: string) => `len(list_filter(${column}, lambda one: ${text})) > 0`]
    : [column, (text: string) => text]
  // An address of version 6 has several spellings.
  if ('equals' in filter && fields.isAddress(field) && String(filter.equals).includes(':'))
    return wrap(`in_cidr(${value}, ${quoteText(blockOf(String(filter.equals)))})`)
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
    const blocks = [filter.cidr].flat().map((block) => `in_cidr(${value}, ${quoteText(blockOf(block))})`)
    return blocks.length === 0 ? 'false' : wrap(blocks.length === 1 ? blocks[0]! : `(${blocks.join(' OR ')})`)
  }
  return Object.entries(filter.range)
    .map(([name, bound]) => wrap(`${value} ${signs[name]} ${literal(bound, fields.isDate(field))}`))
    .join(' AND ')
}

/** An address is a block of itself. */
const blockOf = (block: string): string => (block.includes('/') ? block : `${block}/${block.includes(':') ? 128 : 32}`)

function joined(filters: readonly Filter[], word: 'AND' | 'OR', fields: Fields): string {
  if (filters.length === 0) return word === 'AND' ? 'true' : 'false'
  return `(${filters.map((filter) => condition(filter, fields)).join(` ${word} `)})`
}

function literal(value: FilterValue, isDate: boolean): string {
  if (typeof value !== 'string') return String(value)
  return isDate ? timestamp(value) : quoteText(value)
}

const timestamp = (date: string): string =>
  `TIMESTAMP ${quoteText(new Date(date).toISOString().replace('T', ' ').replace('Z', ''))}`

/**
 * Text whose control characters and those that turn text around are written by their numbers: what is pasted into a
 * terminal is what was seen, and ends no statement.
 */
const quoteText = (text: string): string => {
  const parts = text.split(/([\p{Cc}\p{Cf}\u2028\u2029])/u)
  if (parts.length === 1) return quoted(text)
  return `concat(${parts.flatMap((part, index) => (part === '' ? [] : [index % 2 === 1 ? `chr(${part.codePointAt(0)})` : quoted(part)])).join(', ')})`
}
