import type { CheckedFilter } from '../filters.ts'
import type { GroupsPlan, Plan } from '../plan.ts'

/** A query as both engines take it. https://www.elastic.co/docs/reference/query-languages/querydsl */
export type QueryDsl = Readonly<Record<string, unknown>>

/** The query of a plan. `dataset` is asked for where an index holds several. */
export function queryOf(plan: Plan, dataset: boolean): QueryDsl {
  const { from, to, filters, formats } = plan
  const datasets = formats.map((format) => format.dataset)
  return {
    bool: {
      filter: [
        { range: { '@timestamp': { gte: from, lt: to, format: dateFormat } } },
        ...(dataset ? [{ terms: { 'data_stream.dataset': datasets } }] : []),
        ...filters.map(filterQuery),
        ...(plan.kind === 'groups' ? ofGroups(plan) : []),
      ],
    },
  }
}

/** Each field's values, of the groups that alone are asked for. */
const ofGroups = ({ only }: GroupsPlan): QueryDsl[] =>
  (only?.fields ?? []).map(({ path }, index) => ({
    terms: { [path]: [...new Set(only?.values.map((one) => one[index]))] },
  }))

export function allOf(filters: readonly CheckedFilter[]): { readonly bool: { readonly filter: QueryDsl[] } } {
  return { bool: { filter: filters.map(filterQuery) } }
}

const dateFormat = 'strict_date_optional_time'

function filterQuery(filter: CheckedFilter): QueryDsl {
  switch (filter.is) {
    case 'equal':
      return { terms: { [filter.field.path]: filter.values } }
    case 'range': {
      const bounds = Object.fromEntries(filter.bounds.map(({ name, value }) => [name, value]))
      return {
        range: { [filter.field.path]: { ...bounds, ...(filter.field.type === 'date' && { format: dateFormat }) } },
      }
    }
    case 'cidr':
      return { terms: { [filter.field.path]: filter.blocks.map(({ address, bits }) => `${address}/${bits}`) } }
    case 'exists':
      return { exists: { field: filter.field.path } }
    case 'prefix':
      return { prefix: { [filter.field.path]: { value: filter.prefix } } }
    case 'not':
      return { bool: { must_not: [filterQuery(filter.filter)] } }
    case 'any':
      return filter.filters.length === 0
        ? { match_none: {} }
        : { bool: { should: filter.filters.map(filterQuery), minimum_should_match: 1 } }
    case 'all':
      return allOf(filter.filters)
  }
}
