import { isIP } from 'node:net'
import type { Format, MappingType } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'
import { loggedForm } from './addresses.ts'
import { type Field, findField } from './fields.ts'
import type { Filter, FilterValue } from './question.ts'
import { refused, requireMembers } from './refuse.ts'
import { isoDate } from './values.ts'

/** A filter whose fields are found, and whose values are of their type: what stores compile. */
export type CheckedFilter =
  | { readonly is: 'equal'; readonly field: Field; readonly values: readonly FilterValue[] }
  | { readonly is: 'range'; readonly field: Field; readonly bounds: readonly Bound[] }
  | { readonly is: 'cidr'; readonly field: Field; readonly blocks: readonly Block[] }
  | { readonly is: 'exists'; readonly field: Field }
  | { readonly is: 'prefix'; readonly field: Field; readonly prefix: string }
  | { readonly is: 'not'; readonly filter: CheckedFilter }
  | { readonly is: 'any' | 'all'; readonly filters: readonly CheckedFilter[] }

type BoundName = keyof typeof signs
interface Bound {
  readonly name: BoundName
  /** A date is ISO 8601 in UTC. */
  readonly value: number | string
}

export interface Block {
  readonly address: string
  /** Leading bits that count. */
  readonly bits: number
}

/** A bound in SQL, KQL, ES|QL and scripts. */
export const signs = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const
const boundNames = Object.keys(signs) as readonly BoundName[]
const kinds = ['equals', 'oneOf', 'range', 'cidr', 'exists', 'prefix'] as const
/** The engines refuse more than 65,536 terms. */
export const maxValues = 10_000

/** @throws FlowferryError INVALID_OPTION that names the place */
export function checkFilters(formats: readonly Format[], filters: unknown, where: string): CheckedFilter[] {
  if (!Array.isArray(filters)) throw refused(where, 'takes a list of filters')
  return filters.map((filter, index) => checkFilter(formats, filter as Filter, `${where}[${index}]`))
}

function checkFilter(formats: readonly Format[], filter: Filter, where: string): CheckedFilter {
  if (!isObject(filter)) throw refused(where, 'takes a filter: { field, equals }, { not }, { any }, …')
  requireMembers(filter, ['field', ...kinds, 'not', 'any', 'all'], where)
  if (Object.keys(filter).length !== ('field' in filter ? 2 : 1))
    throw refused(where, `takes a field and one of ${kinds.join(', ')}; or one of not, any, all`)
  if ('not' in filter) return { is: 'not', filter: checkFilter(formats, filter.not, `${where}.not`) }
  if ('any' in filter) return { is: 'any', filters: checkFilters(formats, filter.any, `${where}.any`) }
  if ('all' in filter) return { is: 'all', filters: checkFilters(formats, filter.all, `${where}.all`) }
  const field = findField(formats, String(filter.field), `${where}.field`)
  if ('exists' in filter) {
    if (filter.exists !== true)
      throw refused(`${where}.exists`, 'takes true; documents without the field are { not: { field, exists: true } }')
    return { is: 'exists', field }
  }
  if (field.type === 'flattened' || field.type === 'text' || field.type === 'geo_point')
    throw refused(where, `asks "${field.name}", which is ${field.type} and takes exists alone`)
  if ('equals' in filter) return { is: 'equal', field, values: [typedValue(field, filter.equals, `${where}.equals`)] }
  if ('oneOf' in filter) {
    const { oneOf } = filter
    if (!Array.isArray(oneOf) || oneOf.length > maxValues)
      throw refused(`${where}.oneOf`, `takes a list of up to ${maxValues} values`)
    return {
      is: 'equal',
      field,
      values: oneOf.map((value, index) => typedValue(field, value, `${where}.oneOf[${index}]`)),
    }
  }
  if ('range' in filter) return { is: 'range', field, bounds: boundsOf(field, filter.range, `${where}.range`) }
  if ('prefix' in filter) {
    requireType(field, ['keyword'], 'prefix', where)
    return { is: 'prefix', field, prefix: textOf(filter.prefix, `${where}.prefix`) }
  }
  requireType(field, ['ip'], 'cidr', where)
  const blocks = typeof filter.cidr === 'string' ? [filter.cidr] : filter.cidr
  if (!Array.isArray(blocks)) throw refused(`${where}.cidr`, 'takes text or a list of texts')
  return { is: 'cidr', field, blocks: blocks.map((block) => blockOf(block, `${where}.cidr`)) }
}

function boundsOf(field: Field, range: unknown, where: string): Bound[] {
  requireType(field, ['long', 'integer', 'double', 'date'], 'range', where)
  if (!isObject(range)) throw refused(where, 'takes { gte, gt, lte, lt }')
  requireMembers(range, boundNames, where)
  const bounds = boundNames.flatMap((name) =>
    range[name] === undefined
      ? []
      : [{ name, value: typedValue(field, range[name], `${where}.${name}`) as number | string }],
  )
  if (bounds.length === 0) throw refused(where, 'takes at least one of gte, gt, lte, lt')
  return bounds
}

/** @throws FlowferryError INVALID_OPTION where the field is of another type */
export function requireType(field: Field, types: readonly MappingType[], what: string, where: string): void {
  if (field.below !== undefined && what !== 'prefix')
    throw refused(
      where,
      `asks "${field.name}", which is a part of the flattened ${field.below} and takes equals, oneOf, exists and prefix`,
    )
  if (!types.includes(field.type))
    throw refused(where, `asks "${field.name}", which is ${field.type}; ${what} takes ${types.join(', ')}`)
}

/** The value, where it is of the field's type. */
export function typedValue(field: Field, value: unknown, where: string): FilterValue {
  switch (field.type) {
    case 'long':
    case 'integer':
    case 'double':
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw refused(where, `takes a number, since "${field.name}" is ${field.type}`)
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw refused(where, `takes true or false, since "${field.name}" is boolean`)
      return value
    case 'date':
      return dateOf(value, where)
    case 'ip':
      return addressOf(value, where)
    default:
      return textOf(value, where)
  }
}

/** ISO 8601 in UTC, with milliseconds. */
export function dateOf(value: unknown, where: string): string {
  const isIso =
    typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(value)
  const time = isIso ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw refused(where, 'takes a date as ISO 8601 writes it: 2026-11-22T09:00:00Z')
  return isoDate(time)
}

function textOf(value: unknown, where: string): string {
  // SQL ends at a NUL.
  if (typeof value !== 'string' || value.includes('\0')) throw refused(where, 'takes text')
  return value
}

function addressOf(value: unknown, where: string): string {
  const kind = typeof value === 'string' && !value.includes('%') ? isIP(value) : 0
  if (kind === 0) throw refused(where, 'takes an address: 10.0.0.1, 2001:db8::1')
  return loggedForm(value as string)
}

export function blockOf(value: unknown, where: string): Block {
  const [address = '', bits, ...rest] = typeof value === 'string' ? value.split('/') : []
  const most = isIP(address) === 6 ? 128 : 32
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0 || !(length <= most))
    throw refused(where, 'takes a block: 10.0.0.0/8, 2001:db8::/32')
  return { address: addressOf(address, where), bits: length }
}
