import type { MappingType } from '@flowferry/core'

/** What a dashboard, a rule or a table of documents asks about one field: a body of `_search`. */
export interface Question {
  readonly name: string
  readonly body: object
  /** What its answer holds: ids, buckets or a number, ids in an order, or the field's values by id. */
  readonly answers: 'ids' | 'buckets' | 'order' | 'values'
}

/** More than any test has of documents or values, so that an answer holds all. */
const size = 5000

/** As KQL escapes what it gives to `query_string`. */
const escaped = (text: string) => text.replace(/[+\-=&|!(){}[\]^"~*?:\\/\s]/g, '\\$&')

/**
 * Every question about a field of this type.
 *
 * @param values some that documents have in the field, one or more
 */
export function questionsAbout(field: string, type: MappingType, values: readonly unknown[]): Question[] {
  const [value] = values
  const text = String(value)
  const quoted = `"${text.replace(/["\\]/g, '\\$&')}"`
  const start = text.slice(0, Math.ceil(text.length / 2))
  const end = text.slice(1).replace(/[*?\\]/g, '\\$&')
  const texts = [
    ids('prefix', { prefix: { [field]: start } }),
    ids('wildcard', { wildcard: { [field]: { value: `*${end}` } } }),
    ids('query_string: a*', { query_string: { fields: [field], query: `${escaped(start)}*` } }),
  ]
  return [
    ids('term', { term: { [field]: value } }),
    ids('terms', { terms: { [field]: values } }),
    ids('match', { match: { [field]: value } }),
    ids('match_phrase', { match_phrase: { [field]: value } }),
    ids('exists', { exists: { field } }),
    ids('range', { range: { [field]: { gte: value } } }),
    ids('query_string: "a"', { query_string: { fields: [field], query: quoted } }),
    ids('query_string: field:>=a', { query_string: { query: `${escaped(field)}:>=${quoted}` } }),
    ...(['keyword', 'flattened', 'ip'].includes(type) ? texts : []),
    ...(type === 'ip' ? [ids('CIDR', { term: { [field]: `${text}/${text.includes(':') ? 32 : 16}` } })] : []),
    buckets('terms aggregation', { terms: { field, size } }),
    buckets('composite', { composite: { size, sources: [{ asked: { terms: { field } } }] } }),
    buckets('cardinality', { cardinality: { field } }),
    ...(type === 'long' || type === 'double' ? [buckets('sum', { sum: { field } })] : []),
    ...(type === 'date' ? [buckets('date_histogram', { date_histogram: { field, calendar_interval: 'day' } })] : []),
    { name: 'sort', body: { ...all, sort: [{ [field]: 'desc' }] }, answers: 'order' },
    { name: 'fields', body: { ...all, fields: [field] }, answers: 'values' },
    { name: 'docvalue_fields', body: { ...all, docvalue_fields: [field] }, answers: 'values' },
  ]
}

const all = { size, _source: false }
const ids = (name: string, query: object): Question => ({ name, body: { ...all, query }, answers: 'ids' })
const buckets = (name: string, asked: object): Question => ({
  name,
  body: { size: 0, aggs: { asked } },
  answers: 'buckets',
})

/** What an engine answers to one search of many. */
export interface Answer {
  readonly error?: object
  readonly hits: {
    readonly hits: readonly {
      readonly _id: string
      readonly sort?: readonly unknown[]
      readonly fields?: Readonly<Record<string, unknown>>
    }[]
  }
  readonly aggregations?: { readonly asked: { readonly buckets?: readonly object[]; readonly value?: number } }
}

/** What an answer says: equal for answers that are, whatever the order of what has none. Nothing where it is empty. */
export function saidBy({ answers }: Question, { hits: { hits }, aggregations }: Answer): string | undefined {
  if (answers === 'buckets') {
    const { buckets, value } = aggregations!.asked
    return buckets?.length || value ? JSON.stringify(buckets ?? value) : undefined
  }
  const said =
    answers === 'ids'
      ? hits.map(({ _id }) => _id)
      : answers === 'order'
        ? hits.map(({ _id, sort }, rank) => [rankOf(sort, hits, rank), _id])
        : hits.flatMap(({ _id, fields }) => (fields ? [[_id, ...Object.values(fields)]] : []))
  return said.length > 0 ? JSON.stringify(said.map((one) => JSON.stringify(one)).sort()) : undefined
}

/** Of equal values each has the place of the first: any of them may come before the others. */
function rankOf(sort: readonly unknown[] | undefined, hits: Answer['hits']['hits'], rank: number): number {
  let first = rank
  while (first > 0 && JSON.stringify(hits[first - 1]!.sort) === JSON.stringify(sort)) first--
  return first
}
