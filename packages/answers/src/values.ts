import type { MappingType } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'
import type { Value } from './answer.ts'
import type { Field } from './fields.ts'

/** A value of a field as answers have it, from whatever a store gave. */
export function fieldValue({ type, isList }: Pick<Field, 'type' | 'isList'>, value: unknown): Value {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) {
    const items = value.map((item) => scalar(type, item)).filter((item) => item !== null)
    return items.length > 0 ? items : null
  }
  const one = scalar(type, value)
  return isList && type !== 'flattened' ? [one] : one
}

/** The value of one group: never a list. */
export function scalar(type: MappingType, value: unknown): Value {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'long':
    case 'integer':
    case 'double':
      return numberOf(value)
    case 'boolean':
      return typeof value === 'string' ? value === 'true' : Boolean(value)
    case 'date':
      return isoDate(value)
    case 'flattened':
      return typeof value === 'string' ? (JSON.parse(value) as Value) : (value as Value)
    default:
      return isObject(value) ? (value as Value) : String(value)
  }
}

/** Null for what is no finite number: the percentile of nothing. */
export function numberOf(value: unknown): number | null {
  if (value === null || value === undefined) return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** Text of `Date`s, milliseconds and texts. */
export function isoDate(value: unknown): string {
  const date = value instanceof Date ? value : new Date(typeof value === 'string' ? value : Number(value))
  return Number.isNaN(date.getTime()) ? String(value) : date.toISOString()
}

export function groupedBy<K, T>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const same = groups.get(key)
    if (same) same.push(one)
    else groups.set(key, [one])
  }
  return groups
}
