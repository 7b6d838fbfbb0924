import type { Format, MappingType } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'
import { type Field, findField } from './fields.ts'
import { type CheckedFilter, checkFilters, requireType } from './filters.ts'
import type { Measure } from './question.ts'
import { refused, requireMembers } from './refuse.ts'

/** A measure whose field is found and has a type that it takes. */
export type CheckedMeasure = { readonly name: string; readonly where: readonly CheckedFilter[] } & (
  | { readonly is: 'count' }
  | { readonly is: 'sum' | 'min' | 'max' | 'cardinality'; readonly field: Field }
  | { readonly is: 'percentile'; readonly field: Field; readonly percent: number }
  | { readonly is: 'ratio'; readonly of: readonly CheckedFilter[] }
)

const numbers: readonly MappingType[] = ['long', 'integer', 'double']
const takes = {
  sum: numbers,
  min: [...numbers, 'date'],
  max: [...numbers, 'date'],
  percentile: numbers,
  cardinality: [...numbers, 'date', 'keyword', 'ip', 'boolean'],
} as const satisfies Record<string, readonly MappingType[]>

const kinds = ['count', 'ratio', ...Object.keys(takes)]

/** @throws FlowferryError INVALID_OPTION that names the place */
export function checkMeasure(
  formats: readonly Format[],
  name: string,
  measure: Measure,
  where: string,
): CheckedMeasure {
  if (!isObject(measure)) throw refused(where, `takes one of ${kinds.join(', ')}`)
  requireMembers(measure, [...kinds, 'percent', 'where'], where)
  const [kind, second] = Object.keys(measure).filter((member) => kinds.includes(member))
  if (kind === undefined || second !== undefined) throw refused(where, `takes one of ${kinds.join(', ')}`)
  const base = { name, where: checkFilters(formats, measure.where ?? [], `${where}.where`) }
  if ('percent' in measure !== (kind === 'percentile'))
    throw refused(where, kind === 'percentile' ? 'takes percent, too: 95' : 'takes percent beside percentile alone')
  if ('count' in measure) {
    if (measure.count !== true) throw refused(`${where}.count`, 'takes true; a field is counted where it exists')
    return { ...base, is: 'count' }
  }
  if ('ratio' in measure) return { ...base, is: 'ratio', of: checkFilters(formats, measure.ratio, `${where}.ratio`) }
  const is = kind as keyof typeof takes
  const field = findField(formats, String(measure[is as keyof Measure]), where)
  requireType(field, takes[is], is, where)
  if (!field.hasColumn) throw refused(where, `asks "${field.name}", which has no column in an index`)
  if (field.isList && is !== 'cardinality')
    throw refused(where, `asks "${field.name}", which is a list; ${is} takes a field of one value`)
  if (!('percentile' in measure)) return { ...base, is: is as Exclude<typeof is, 'percentile'>, field }
  const { percent } = measure
  if (!(typeof percent === 'number' && percent > 0 && percent < 100))
    throw refused(`${where}.percent`, 'takes a number above 0 and below 100')
  return { ...base, is: 'percentile', field, percent }
}
