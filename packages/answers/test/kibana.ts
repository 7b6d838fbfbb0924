/** The request that Kibana and OpenSearch Dashboards make of a saved visualization, and its response as rows. */
import type { Row, Span } from '@flowferry/answers'

interface Aggregation {
  readonly id: string
  readonly type: string
  readonly schema: string
  readonly params: {
    readonly field?: string
    readonly size?: number
    readonly orderBy?: string
    readonly percents?: number[]
  }
}

interface Visualization {
  readonly visState: string
  readonly kibanaSavedObjectMeta: { readonly searchSourceJSON: string }
}

type Buckets = {
  readonly [id: string]: { readonly buckets: readonly (Buckets & { key: unknown; key_as_string?: string })[] }
}

/** @param every Length of a timeline's steps, which the two choose by the span and the width of the screen. */
export function requestOf({ visState, kibanaSavedObjectMeta }: Visualization, span: Span, every: string): object {
  const { aggs } = JSON.parse(visState) as { aggs: Aggregation[] }
  const { filter } = JSON.parse(kibanaSavedObjectMeta.searchSourceJSON) as { filter: { query: object }[] }
  const range = { range: { '@timestamp': { gte: span.from, lt: span.to, format: 'strict_date_optional_time' } } }
  const metrics = Object.fromEntries(
    aggs
      .filter(({ schema, type }) => schema === 'metric' && type !== 'count')
      .map(({ id, type, params: { field, percents } }) => [
        id,
        { [type]: type === 'percentiles' ? { field, percents } : { field } },
      ]),
  )
  const groups = aggs.filter(({ schema }) => schema !== 'metric')
  const within = (depth: number): object => {
    const group = groups[depth]
    if (!group) return {}
    const { id, type, params } = group
    const ordering = aggs.find((one) => one.id === params.orderBy)
    const own =
      type === 'date_histogram'
        ? { field: params.field, fixed_interval: every, min_doc_count: 1 }
        : {
            field: params.field,
            size: params.size,
            order: { [ordering?.type === 'count' ? '_count' : params.orderBy!]: 'desc' },
          }
    // A terms aggregation is ordered by its own metrics, so each level has them.
    return { [id]: { [type]: own, aggs: { ...metrics, ...within(depth + 1) } } }
  }
  return {
    size: 0,
    query: { bool: { filter: [range, ...filter.map(({ query }) => query)] } },
    aggs: { ...metrics, ...within(0) },
  }
}

/** The rows of the innermost buckets, by the ids of the aggregations. */
export function rowsOf(
  { visState }: Visualization,
  response: { aggregations?: object; hits: { total: { value: number } } },
): Row[] {
  const { aggs } = JSON.parse(visState) as { aggs: Aggregation[] }
  const groups = aggs.filter(({ schema }) => schema !== 'metric')
  const metrics = aggs.filter(({ schema }) => schema === 'metric')
  const valuesOf = (bucket: Record<string, { value?: number; values?: object }>, count: number) =>
    Object.fromEntries(
      metrics.map(({ id, type }) => [
        id,
        type === 'count' ? count : (Object.values(bucket[id]?.values ?? {})[0] ?? bucket[id]?.value ?? null),
      ]),
    )
  const below = (bucket: Buckets, depth: number, keys: Row): Row[] => {
    const group = groups[depth]
    if (!group) return [{ ...keys, ...valuesOf(bucket as never, (bucket as never as { doc_count: number }).doc_count) }]
    return bucket[group.id]!.buckets.flatMap((one) =>
      below(one, depth + 1, { ...keys, [group.id]: (one.key_as_string ?? one.key) as string }),
    )
  }
  return below({ ...response.aggregations, doc_count: response.hits.total.value } as never, 0, {})
}
