import { datasets, type Format } from '@flowferry/core'
import { isIt, isObject } from '@flowferry/core/internal'
import { type Field, findField } from './fields.ts'
import { type CheckedFilter, checkFilters, dateOf, maxValues, typedValue } from './filters.ts'
import { type CheckedMeasure, checkMeasure } from './measures.ts'
import type { DocumentsQuestion, FilterValue, Group, GroupsQuestion, Having, Order, Question } from './question.ts'
import { refused, requireMembers } from './refuse.ts'

interface Checked {
  readonly formats: readonly Format[]
  /** ISO 8601 in UTC. */
  readonly from: string
  readonly to: string
  readonly filters: readonly CheckedFilter[]
  readonly limit: number
}

export interface CheckedGroup {
  readonly field: Field
  /** Milliseconds of a step. @default a group for each value */
  readonly every?: number
}

/** A column of the answer by which its rows are ordered. */
export interface ColumnOrder {
  readonly column: string
  readonly isDescending: boolean
}

export interface GroupsPlan extends Checked {
  readonly kind: 'groups'
  readonly groups: readonly CheckedGroup[]
  /** The groups that alone are asked for: their values of some of the fields. */
  readonly only?: { readonly fields: readonly Field[]; readonly values: readonly (readonly FilterValue[])[] }
  readonly measures: readonly CheckedMeasure[]
  readonly having: readonly Having[]
  /** Each group is in it, so that no two rows are equal. */
  readonly order: readonly ColumnOrder[]
}

export interface DocumentsPlan extends Checked {
  readonly kind: 'documents'
  /** Undefined: whole documents. */
  readonly fields: readonly Field[] | undefined
  readonly order: readonly { readonly field: Field; readonly isDescending: boolean }[]
}

/** A question whose fields are found and whose values are of their types: what stores compile. */
export type Plan = GroupsPlan | DocumentsPlan

const common = ['kind', 'formats', 'span', 'filters', 'limit', 'order']
const members = {
  groups: [...common, 'groups', 'only', 'measures', 'having'],
  documents: [...common, 'fields'],
}
const maxRows = 100_000

/**
 * Checks a question and finds its fields. `known` are the formats that it may name by dataset.
 *
 * @throws FlowferryError INVALID_OPTION that says what, and where in the question
 */
export function planOf(question: Question, known: readonly Format[] = []): Plan {
  if (!isObject(question) || !Object.hasOwn(members, String(question.kind)))
    throw refused('The question', "takes kind 'groups' or 'documents'")
  requireMembers(question, members[question.kind], 'The question')
  const { filters = [], limit = 100, span } = question
  const formats = formatsOf(question.formats, known)
  if (!isObject(span)) throw refused('span', 'takes { from, to }, ISO 8601')
  requireMembers(span, ['from', 'to'], 'span')
  const from = dateOf(span.from, 'span.from')
  const to = dateOf(span.to, 'span.to')
  if (from >= to) throw refused('span', `ends at ${to}, which is not after its beginning`)
  checkLimit(limit)
  const checked = { formats, from, to, limit, filters: checkFilters(formats, filters, 'filters') }
  return question.kind === 'groups' ? groupsPlan(question, checked) : documentsPlan(question, checked)
}

/** @throws FlowferryError INVALID_OPTION */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxRows)
    throw refused('limit', `takes a whole number from 1 to ${maxRows}`)
}

/** One for each dataset: a stream or table of several formats is asked once. */
function formatsOf(asked: Question['formats'], known: readonly Format[]): Format[] {
  if (!Array.isArray(asked) || asked.length === 0) throw refused('formats', 'takes a list of datasets or formats')
  const found = asked.flatMap((one: string | Format, index): readonly Format[] => {
    if (typeof one !== 'string' && isObject(one) && isObject(one.mapping) && typeof one.dataset === 'string')
      return [one]
    const own = known.filter(({ dataset }) => dataset === one)
    if (own.length > 0) return own
    const names = [...new Set(known.map(({ dataset }) => dataset))]
    throw refused(
      `formats[${index}]`,
      typeof one === 'string'
        ? `names "${one}", which is none of the store's formats${isIt(one, names) || `: ${names.join(', ')}`}`
        : 'takes a dataset or a format',
    )
  })
  return datasets(found)
}

function groupsPlan(
  { groups = [], only, measures, having = [], order = [] }: GroupsQuestion,
  checked: Checked,
): GroupsPlan {
  const { formats } = checked
  if (!Array.isArray(groups)) throw refused('groups', 'takes a list of fields')
  const checkedGroups = groups.map((group: Group, index) => checkGroup(formats, group, `groups[${index}]`))
  const columns = checkedGroups.map(({ field }) => field.name)
  if (!isObject(measures) || Object.keys(measures).length === 0)
    throw refused('measures', 'takes an object of one measure or more: { flows: { count: true } }')
  const checkedMeasures = Object.entries(measures).map(([name, measure]) =>
    checkMeasure(formats, name, measure, `measures.${name}`),
  )
  const names = checkedMeasures.map(({ name }) => name)
  const all = [...columns, ...names]
  const twice = all.find((name, index) => all.indexOf(name) !== index)
  if (twice !== undefined) throw refused('The question', `has two columns "${twice}"`)
  if (!Array.isArray(having)) throw refused('having', 'takes a list of conditions')
  for (const [index, one] of having.entries()) checkHaving(one as Having, names, `having[${index}]`)
  const ordered = ordersOf(order).map(({ by, direction }, index) => {
    if (!all.includes(by))
      throw refused(`order[${index}].by`, `is "${by}", which is no group or measure${isIt(by, all)}`)
    return { column: by, isDescending: direction === 'desc' }
  })
  const rest = columns.filter((column) => !ordered.some((one) => one.column === column))
  return {
    kind: 'groups',
    ...checked,
    groups: checkedGroups,
    ...(only !== undefined && { only: checkOnly(only, checkedGroups) }),
    measures: checkedMeasures,
    having,
    order: [...ordered, ...rest.map((column) => ({ column, isDescending: false }))],
  }
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function checkGroup(formats: readonly Format[], group: Group, where: string): CheckedGroup {
  const { field: name, every } = typeof group === 'string' ? { field: group, every: undefined } : group
  if (typeof group !== 'string') requireMembers(group, ['field', 'every'], where)
  const field = findField(formats, name, where)
  if (field.below !== undefined || !field.hasColumn)
    throw refused(where, `asks "${name}", which cannot be grouped: ${reasonOf(field)}`)
  if (every === undefined && typeof group === 'string') return { field }
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(String(every)) ?? []
  if (count === undefined) throw refused(`${where}.every`, 'takes a step: 30s, 5m, 1h, 1d')
  if (field.type !== 'date') throw refused(where, `asks "${name}" in steps, which is ${field.type} and no date`)
  return { field, every: Number(count) * units[unit as keyof typeof units] }
}

function checkOnly(only: unknown, groups: readonly CheckedGroup[]): NonNullable<GroupsPlan['only']> {
  const width = Array.isArray(only) && Array.isArray(only[0]) ? only[0].length : 0
  if (!Array.isArray(only) || only.length > maxValues || width < 1 || width > groups.length)
    throw refused('only', `takes a list of 1 to ${maxValues} lists of values of the first groups`)
  const fields = groups.slice(0, width).map(({ field }) => field)
  const other = fields.find(({ type, isList }) => type === 'date' || isList)
  if (other)
    throw refused('only', `asks "${other.name}", which is ${other.isList ? 'a list' : 'a date'}; it takes other fields`)
  const values = only.map((one: unknown, place) => {
    const where = `only[${place}]`
    if (!Array.isArray(one) || one.length !== width) throw refused(where, `takes ${width} values, as the first has`)
    return one.map((value, index) => typedValue(fields[index]!, value, `${where}[${index}]`))
  })
  return { fields, values }
}

const reasonOf = ({ below, type }: Field): string =>
  below !== undefined ? `it is a part of the flattened ${below}` : `as ${type} it has no column in an index`

function checkHaving(having: Having, names: readonly string[], where: string): void {
  if (!isObject(having)) throw refused(where, 'takes { measure, equals } or { measure, range }')
  requireMembers(having, ['measure', 'equals', 'range'], where)
  if (!names.includes(having.measure))
    throw refused(where, `asks "${having.measure}", which is no measure${isIt(String(having.measure), names)}`)
  const numbers = 'equals' in having ? [having.equals] : Object.values(having.range ?? {})
  if ('range' in having) requireMembers(having.range ?? {}, ['gte', 'gt', 'lte', 'lt'], `${where}.range`)
  if (('equals' in having && 'range' in having) || numbers.length === 0 || !numbers.every(Number.isFinite))
    throw refused(where, 'takes equals with a number, or range with gte, gt, lte or lt')
}

function documentsPlan({ fields, order = [] }: DocumentsQuestion, checked: Checked): DocumentsPlan {
  const { formats } = checked
  if (fields !== undefined && (!Array.isArray(fields) || fields.length === 0))
    throw refused('fields', 'takes a list of fields; none at all for whole documents')
  const orders: readonly Order[] = order.length === 0 ? [{ by: '@timestamp' }] : ordersOf(order)
  return {
    kind: 'documents',
    ...checked,
    fields: fields?.map((name, index) => findField(formats, name, `fields[${index}]`)),
    order: orders.map(({ by, direction }, index) => {
      const where = `order[${index}].by`
      const field = findField(formats, by, where)
      if (!field.hasColumn || field.isList || field.type === 'ip')
        throw refused(where, `is "${by}": ${field.isList ? 'a list' : field.type} is not ordered`)
      return { field, isDescending: direction === 'desc' }
    }),
  }
}

function ordersOf(order: readonly Order[]): readonly Order[] {
  if (!Array.isArray(order)) throw refused('order', 'takes a list of { by, direction }')
  for (const [index, one] of order.entries()) {
    const where = `order[${index}]`
    if (!isObject(one)) throw refused(where, 'takes { by, direction }')
    requireMembers(one, ['by', 'direction'], where)
    if (![undefined, 'asc', 'desc'].includes(one.direction as string))
      throw refused(where, "takes direction 'asc' or 'desc'")
  }
  return order
}
