import { quoteName, quoteText } from '@flowferry/core/internal'
import type { Row } from '../answer.ts'
import { signs } from '../filters.ts'
import type { CheckedMeasure } from '../measures.ts'
import type { CheckedGroup, GroupsPlan } from '../plan.ts'
import type { Having } from '../question.ts'
import { numberOf, scalar } from '../values.ts'
import { allOf, whereOf } from './filter.ts'
import { columnOf, isListIn, type Table, typeOf } from './table.ts'

/** One statement for all tables. Its columns are those of the groups, then those of the measures. */
export function groupsSql(plan: GroupsPlan, tables: readonly Table[]): string {
  const { groups, measures, having, order, limit } = plan
  const keys = groups.map((_, index) => `g${index}`)
  const columns = [...keys, ...measures.map((measure, index) => `${aggregate(measure, index)} AS m${index}`)]
  const from = tables.map((table) => rowsSql(plan, table)).join(' UNION ALL ')
  const grouped = `SELECT ${columns.join(', ')} FROM (${from})${keys.length > 0 ? ` GROUP BY ${keys.join(', ')}` : ''}`
  const names = new Map([
    ...groups.map(({ field }, index) => [field.name, `g${index}`] as const),
    ...measures.map(({ name }, index) => [name, `m${index}`] as const),
  ])
  const conditions = having.flatMap((one) => havingSql(one, names.get(one.measure)!))
  const ordered = order.map(
    ({ column, isDescending }) => `${names.get(column)} ${isDescending ? 'DESC' : 'ASC'} NULLS LAST`,
  )
  return [
    `SELECT * FROM (${grouped})`,
    ...(conditions.length > 0 ? [`WHERE ${conditions.join(' AND ')}`] : []),
    ...(ordered.length > 0 ? [`ORDER BY ${ordered.join(', ')}`] : []),
    `LIMIT ${limit}`,
  ].join(' ')
}

/** What the statement gave, as rows of an answer. */
export function groupsRows({ groups, measures }: GroupsPlan, rows: readonly (readonly unknown[])[]): Row[] {
  return rows.map((row) =>
    Object.fromEntries([
      ...groups.map(({ field }, index) => [field.name, scalar(field.type, row[index])]),
      ...measures.map((measure, index) => [measure.name, measureValue(measure, row[groups.length + index])]),
    ]),
  )
}

function measureValue(measure: CheckedMeasure, value: unknown) {
  const isDate = (measure.is === 'min' || measure.is === 'max') && measure.field.type === 'date'
  return isDate ? scalar('date', value) : numberOf(value)
}

/** A table's rows with the columns that are grouped (`g0`), measured (`v0`), and true where a measure counts them (`w0`). */
function rowsSql(plan: GroupsPlan, table: Table): string {
  const isThere = table.columns.size > 0
  const sources: string[] = plan.only ? [onlySql(plan.only, table)] : []
  const keys = plan.groups.map((group, index) => {
    const column = columnOf(table, group.field)
    if (!isListIn(table, group.field)) return `${stepped(group, column)} AS g${index}`
    // A document without values counts under NULL.
    const values = `CASE WHEN len(${column}) > 0 THEN list_distinct(${column}) ELSE [NULL] END`
    sources.push(`CROSS JOIN LATERAL (SELECT unnest(${values}) AS value) AS u${index}`)
    return `${stepped(group, `u${index}.value`)} AS g${index}`
  })
  const measured = plan.measures.flatMap((measure, index) => [
    ...('field' in measure ? [`${columnOf(table, measure.field)} AS v${index}`] : []),
    ...(measure.where.length > 0 ? [`${allOf(measure.where, table)} AS w${index}`] : []),
    ...(measure.is === 'ratio' ? [`${allOf(measure.of, table)} AS r${index}`] : []),
  ])
  const select = `SELECT ${[...keys, ...measured, '1 AS one'].join(', ')}`
  return isThere
    ? `${select} FROM ${quoteName(table.name)} ${sources.join(' ')} WHERE ${whereOf(plan, table)}`
    : `${select} WHERE false`
}

/** A join finds the rows of groups by all their values at once. To plan values takes DuckDB long, unless they are one text. */
function onlySql({ fields, values }: NonNullable<GroupsPlan['only']>, table: Table): string {
  const columns = fields.map((field, index) => {
    const list = quoteText(JSON.stringify(values.map((one) => one[index])))
    return `unnest(from_json(${list}, '["${typeOf(field)}"]')) AS k${index}`
  })
  const same = fields.map((field, index) => `${columnOf(table, field)} = k${index}`)
  return `SEMI JOIN (SELECT ${columns.join(', ')}) AS asked ON ${same.join(' AND ')}`
}

function stepped({ every }: CheckedGroup, column: string): string {
  if (every === undefined) return column
  const microseconds = every * 1000
  return `make_timestamp(epoch_us(${column}) // ${microseconds} * ${microseconds})`
}

function aggregate(measure: CheckedMeasure, index: number): string {
  const where = measure.where.length > 0 ? `w${index}` : undefined
  const filter = (condition = where) => (condition === undefined ? '' : ` FILTER (${condition})`)
  const value = `v${index}`
  switch (measure.is) {
    case 'count':
      return `count(*)${filter()}`
    case 'sum':
      return `coalesce(sum(${value})${filter()}, 0)`
    case 'min':
    case 'max':
      return `${measure.is}(${value})${filter()}`
    case 'percentile':
      return `quantile_cont(${value}, ${measure.percent / 100})${filter()}`
    case 'cardinality':
      return measure.field.isList
        ? `len(list_distinct(flatten(coalesce(list(${value})${filter()}, []))))`
        : `count(DISTINCT ${value})${filter()}`
    case 'ratio': {
      const both = where === undefined ? `r${index}` : `${where} AND r${index}`
      return `count(*)${filter(both)} / nullif(count(*)${filter()}, 0)`
    }
  }
}

function havingSql(having: Having, column: string): string[] {
  if ('equals' in having) return [`${column} = ${having.equals}`]
  return Object.entries(having.range).map(([name, value]) => `${column} ${signs[name as keyof typeof signs]} ${value}`)
}
