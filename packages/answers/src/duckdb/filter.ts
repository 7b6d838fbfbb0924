import { quoteText } from '@flowferry/core/internal'
import type { Field } from '../fields.ts'
import type { Block, Bound, CheckedFilter } from '../filters.ts'
import type { Plan } from '../plan.ts'
import type { FilterValue } from '../question.ts'
import { columnOf, isListIn, type Table } from './table.ts'

/** The condition of a plan on the rows of a table. */
export function whereOf({ from, to, filters }: Plan, table: Table): string {
  const time = `"@timestamp" >= ${timestamp(from)} AND "@timestamp" < ${timestamp(to)}`
  return [time, ...filters.map((filter) => condition(filter, table))].join(' AND ')
}

/** All of the filters, as one condition. */
export function allOf(filters: readonly CheckedFilter[], table: Table): string {
  return condition({ is: 'all', filters }, table)
}

/** NULL stands for false, which `NOT` has to see. */
function condition(filter: CheckedFilter, table: Table): string {
  switch (filter.is) {
    case 'not':
      return `(${condition(filter.filter, table)}) IS NOT TRUE`
    case 'any':
      return joined(filter.filters, table, ' OR ', 'false')
    case 'all':
      return joined(filter.filters, table, ' AND ', 'true')
    default:
      return filter.field.below === undefined ? ofColumn(filter, table) : ofPart(filter, filter.field.below, table)
  }
}

function joined(filters: readonly CheckedFilter[], table: Table, word: string, none: string): string {
  return filters.length === 0 ? none : `(${filters.map((filter) => condition(filter, table)).join(word)})`
}

type OfField = Extract<CheckedFilter, { readonly field: Field }>

function ofColumn(filter: OfField, table: Table): string {
  const column = columnOf(table, filter.field)
  const isList = isListIn(table, filter.field)
  if (filter.is === 'exists') return isList ? `len(${column}) > 0` : `${column} IS NOT NULL`
  if (isList && filter.is === 'equal') return `list_has_any(${column}, [${literals(filter).join(', ')}])`
  return isList
    ? `len(list_filter(${column}, lambda one: ${ofValue(filter, 'one')})) > 0`
    : `(${ofValue(filter, column)})`
}

/** Of a flattened field's leaves, those whose path is the part's without the places in lists. */
function ofPart(filter: OfField, below: string, table: Table): string {
  if (!table.columns.has(below)) return 'false'
  const { name } = filter.field
  const path = quoteText(`$${name.slice(below.length)}`)
  const key = `regexp_replace(leaf.fullkey, '\\[\\d+\\]|"', '', 'g')`
  const column = columnOf(table, { ...filter.field, path: below })
  const is =
    filter.is === 'exists'
      ? `(${key} = ${path} OR starts_with(${key}, ${path} || '.'))`
      : `${key} = ${path} AND ${ofValue(filter, "(leaf.atom ->> '$')")}`
  return `EXISTS (SELECT 1 FROM json_tree(${column}) AS leaf WHERE leaf.atom IS NOT NULL AND ${is})`
}

function ofValue(filter: Exclude<OfField, { readonly is: 'exists' }>, value: string): string {
  switch (filter.is) {
    case 'equal': {
      const values = literals(filter)
      return values.length === 0 ? 'false' : `${value} IN (${values.join(', ')})`
    }
    case 'range':
      return filter.bounds
        .map((bound) => `${value} ${signs[bound.name]} ${literal(filter.field, bound.value)}`)
        .join(' AND ')
    case 'prefix':
      return `starts_with(${value}, ${quoteText(filter.prefix)})`
    case 'cidr':
      return filter.blocks.length === 0 ? 'false' : filter.blocks.map((block) => inBlock(value, block)).join(' OR ')
  }
}

const signs: Readonly<Record<Bound['name'], string>> = { gte: '>=', gt: '>', lte: '<=', lt: '<' }

/** `in_cidr` takes half a microsecond an address, so what text can tell goes before it. */
function inBlock(value: string, { address, bits }: Block): string {
  const macro = `in_cidr(${value}, ${quoteText(`${address}/${bits}`)})`
  if (address.includes(':')) return `(contains(${value}, ':') AND ${macro})`
  if (bits === 32) return `${value} = ${quoteText(address)}`
  const bytes = address.split('.').slice(0, Math.floor(bits / 8))
  const starts = `starts_with(${value}, ${quoteText(`${bytes.join('.')}.`)})`
  if (bytes.length === 0) return macro
  return bits % 8 === 0 ? starts : `(${starts} AND ${macro})`
}

function literals({ field, values }: Extract<OfField, { readonly is: 'equal' }>): string[] {
  return values.map((value) => literal(field, value))
}

function literal({ type }: Field, value: FilterValue): string {
  if (typeof value !== 'string') return String(value)
  return type === 'date' ? timestamp(value) : quoteText(value)
}

const timestamp = (date: string): string => `TIMESTAMP '${date.replace('T', ' ').replace('Z', '')}'`
