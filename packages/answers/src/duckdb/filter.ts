import { quoteText } from '@flowferry/core/internal'
import type { Field } from '../fields.ts'
import { type Block, type CheckedFilter, signs } from '../filters.ts'
import type { Plan } from '../plan.ts'
import type { FilterValue } from '../question.ts'
import { columnOf, isListIn, type Table } from './table.ts'

/** The condition of a plan on the rows of a table. */
export function whereOf({ from, to, filters }: Plan, table: Table): string {
  const time = `"@timestamp" >= ${timestamp(from)} AND "@timestamp" < ${timestamp(to)}`
  return [time, ...filters.map((filter) => condition(filter, table))].join(' AND ')
}

/** All of the filters, as one value: true or false. */
export function allOf(filters: readonly CheckedFilter[], table: Table): string {
  return asValue({ is: 'all', filters }, table, true)
}

/** DuckDB looks at the rest of a condition only where it has to, but as a value it makes all of it, unless a CASE asks. */
const asValue = (filter: CheckedFilter, table: Table, whereTrue: boolean): string =>
  `CASE WHEN ${condition(filter, table)} THEN ${whereTrue} ELSE ${!whereTrue} END`

/** NULL stands for false, which `not` has to see. */
function condition(filter: CheckedFilter, table: Table): string {
  switch (filter.is) {
    case 'not':
      return `(${asValue(filter.filter, table, false)})`
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
  // With a constant instead, DuckDB leaves out what stands beside it.
  if (!table.columns.has(filter.field.path)) return 'false'
  const column = columnOf(table, filter.field)
  const isList = isListIn(table, filter.field)
  if (filter.is === 'exists') return isList ? `len(${column}) > 0` : `${column} IS NOT NULL`
  if (isList && filter.is === 'equal') return hasOneOf(column, literals(filter))
  return isList
    ? `len(list_filter(${column}, lambda one: ${ofValue(filter, 'one')})) > 0`
    : `(${ofValue(filter, column)})`
}

/** `list_has_any` takes six times as long as `list_contains`. */
function hasOneOf(column: string, values: readonly string[]): string {
  if (values.length === 0 || values.length > mostContained) return `list_has_any(${column}, [${values.join(', ')}])`
  return `(${values.map((value) => `list_contains(${column}, ${value})`).join(' OR ')})`
}
const mostContained = 5

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

/** To plan `in_cidr` takes DuckDB 50 to 100 ms, and an address half a microsecond: what text can tell it tells. */
function inBlock(value: string, { address, bits }: Block): string {
  const macro = `in_cidr(${value}, ${quoteText(`${address}/${bits}`)})`
  if (address.includes(':')) return `(contains(${value}, ':') AND ${inFirstGroup(value, address, bits) ?? macro})`
  if (bits === 32) return `${value} = ${quoteText(address)}`
  const bytes = address.split('.')
  const whole = Math.floor(bits / 8)
  if (bits === 0) return macro
  const starts = `starts_with(${value}, ${quoteText(
    bytes
      .slice(0, whole)
      .map((byte) => `${byte}.`)
      .join(''),
  )})`
  if (bits % 8 === 0) return starts
  const size = 1 << (8 - (bits % 8))
  const first = Number(bytes[whole]) & ~(size - 1)
  const next = Array.from({ length: size }, (_, index) => quoteText(String(first + index)))
  return `(${starts} AND split_part(${value}, '.', ${whole + 1}) IN (${next.join(', ')}))`
}

/** A block such as `fc00::/7`, whose addresses all begin with a group of four digits; undefined for others. */
function inFirstGroup(value: string, address: string, bits: number): string | undefined {
  const group = Number.parseInt(address.split(':')[0]!, 16)
  if (bits > 16 || !(group >= 0x1000)) return undefined
  const rest = (1 << (16 - bits)) - 1
  const least = group & ~rest
  if (least < 0x1000) return undefined
  const [from, to] = [least, group | rest].map((one) => quoteText(one.toString(16)))
  const own = `lower(split_part(${value}, ':', 1))`
  return `length(${own}) = 4 AND ${own} BETWEEN ${from} AND ${to}`
}

function literals({ field, values }: Extract<OfField, { readonly is: 'equal' }>): string[] {
  return values.map((value) => literal(field, value))
}

function literal({ type }: Field, value: FilterValue): string {
  if (typeof value !== 'string') return String(value)
  return type === 'date' ? timestamp(value) : quoteText(value)
}

const timestamp = (date: string): string => `TIMESTAMP '${date.replace('T', ' ').replace('Z', '')}'`
