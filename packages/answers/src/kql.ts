import { signs } from './filters.ts'
import type { Filter, FilterValue } from './question.ts'

/**
 * A filter in the language of Kibana's search bar and of that of OpenSearch Dashboards, which is the same: KQL, DQL.
 * https://www.elastic.co/docs/reference/query-languages/kql
 *
 * @param inside Whether `and` and `or` around it ask for parentheses. @default false
 * @example
 * kql({ field: 'event.action', equals: 'reject' }) // event.action: "reject"
 */
export function kql(filter: Filter, inside = false): string {
  if ('not' in filter) return `not ${kql(filter.not, true)}`
  if ('any' in filter) return joined(filter.any, 'or', inside)
  if ('all' in filter) return joined(filter.all, 'and', inside)
  const { field } = filter
  if ('exists' in filter) return `${field}: *`
  if ('equals' in filter) return `${field}: ${literal(filter.equals)}`
  if ('oneOf' in filter) return anyOf(field, filter.oneOf.map(literal))
  // Of an address, both take a block for a term.
  if ('cidr' in filter) return anyOf(field, [filter.cidr].flat().map(quoted))
  if ('prefix' in filter) return `${field}: ${escaped(filter.prefix)}*`
  const bounds = Object.entries(filter.range).map(
    ([name, value]) => `${field} ${signs[name as keyof typeof signs]} ${literal(value)}`,
  )
  return bounds.length > 1 && inside ? `(${bounds.join(' and ')})` : bounds.join(' and ')
}

/** What nothing fits. */
const nothing = 'not *'

function joined(filters: readonly Filter[], word: 'and' | 'or', inside: boolean): string {
  if (filters.length === 0) return word === 'or' ? nothing : '*'
  if (filters.length === 1) return kql(filters[0]!, inside)
  const text = filters.map((filter) => kql(filter, true)).join(` ${word} `)
  return inside ? `(${text})` : text
}

const anyOf = (field: string, values: readonly string[]): string =>
  values.length === 0 ? nothing : `${field}: ${values.length === 1 ? values[0] : `(${values.join(' or ')})`}`

const literal = (value: FilterValue): string => (typeof value === 'string' ? quoted(value) : String(value))
const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
/** ES|QL has the same escapes. */
export const quoted = (text: string): string => `"${text.replace(/["\\\n\r\t]/g, (one) => escapes[one] ?? `\\${one}`)}"`

/** Text without quotes, which alone may end with a `*`. */
const escaped = (text: string): string =>
  text
    .replace(/[\\():<>"*{}]/g, '\\$&')
    .replace(/\s/g, (space) => escapes[space] ?? `\\${space}`)
    .replace(/^(and|or|not)\b/i, '\\$1')
