import type { CheckedFilter } from '../../filters.ts'
import type { FilterValue } from '../../question.ts'

/** A filter in the language of Kibana. https://www.elastic.co/docs/reference/query-languages/kql */
export function kql(filter: CheckedFilter): string {
  switch (filter.is) {
    case 'equal':
      return filter.values.length === 0 ? nothing : oneOf(filter.field.path, filter.values.map(literal))
    case 'range':
      return filter.bounds
        .map(({ name, value }) => `${filter.field.path} ${signs[name]} ${literal(value)}`)
        .join(' and ')
    case 'cidr':
      return filter.blocks.length === 0
        ? nothing
        : oneOf(
            filter.field.path,
            filter.blocks.map(({ address, bits }) => literal(`${address}/${bits}`)),
          )
    case 'exists':
      return `${filter.field.path}: *`
    case 'prefix':
      return `${filter.field.path}: ${escaped(filter.prefix)}*`
    case 'not':
      return `not (${kql(filter.filter)})`
    case 'any':
      return filter.filters.length === 0 ? nothing : grouped(filter.filters, 'or')
    case 'all':
      return filter.filters.length === 0 ? '*' : grouped(filter.filters, 'and')
  }
}

const nothing = 'not *'
const signs = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const

const oneOf = (field: string, values: readonly string[]): string =>
  `${field}: ${values.length === 1 ? values[0] : `(${values.join(' or ')})`}`

const grouped = (filters: readonly CheckedFilter[], word: string): string =>
  filters.map((one) => `(${kql(one)})`).join(` ${word} `)

/** In quotes all is text but a quote and a backslash. */
const literal = (value: FilterValue): string =>
  typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : String(value)

/** Without quotes, so that `*` behind it is a wildcard. */
const escaped = (text: string): string => text.replace(/[\\():<>"*{}\s]/g, '\\$&').replace(/\b(and|or|not)\b/gi, '\\$1')
