import type { Filter, FilterValue, Question } from './question.ts'

/**
 * What a question keeps, in the language of Kibana's search bar and of that of OpenSearch Dashboards, which is the same:
 * KQL, DQL. Groups and measures are not in it. https://www.elastic.co/docs/reference/query-languages/kql
 *
 * @example
 * kqlOf({ ...question, filters: [{ field: 'event.action', equals: 'reject' }] }) // event.action: "reject" and @timestamp >= …
 */
export function kqlOf({ filters = [], span }: Pick<Question, 'filters' | 'span'>): string {
  const time = [`@timestamp >= ${quoted(span.from)}`, `@timestamp < ${quoted(span.to)}`]
  return [...filters.map((filter) => kql(filter, true)), ...time].join(' and ')
}

/** One filter. @param inside Whether `and` and `or` around it ask for parentheses */
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
  const bounds = Object.entries(filter.range).map(([name, value]) => `${field} ${signs[name]} ${literal(value)}`)
  return bounds.length > 1 && inside ? `(${bounds.join(' and ')})` : bounds.join(' and ')
}

const signs: Readonly<Record<string, string>> = { gte: '>=', gt: '>', lte: '<=', lt: '<' }
/** What nothing fits. */
const nothing = 'not *'

function joined(filters: readonly Filter[], word: 'and' | 'or', inside: boolean): string {
  if (filters.length === 0) return word === 'or' ? nothing : '*'
  const [only] = filters
  if (filters.length === 1) return kql(only!, inside)
  const text = filters.map((filter) => kql(filter, true)).join(` ${word} `)
  return inside ? `(${text})` : text
}

const anyOf = (field: string, values: readonly string[]): string =>
  values.length === 0 ? nothing : `${field}: ${values.length === 1 ? values[0] : `(${values.join(' or ')})`}`

const literal = (value: FilterValue): string => (typeof value === 'string' ? quoted(value) : String(value))
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const quoted = (text: string): string =>
  `"${text.replace(/["\\]/g, '\\$&').replace(/[\n\r\t]/g, (character) => named[character]!)}"`

/** Text without quotes, which alone may end with a `*`. */
const escaped = (text: string): string =>
  text
    .replace(/[\\():<>"*{}]/g, '\\$&')
    .replace(/\s/g, (space) => named[space] ?? `\\${space}`)
    .replace(/^(and|or|not)\b/i, '\\$1')
