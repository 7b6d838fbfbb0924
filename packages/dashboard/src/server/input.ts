import type { FilterValue, Span } from '@flowferry/answers'
import { FlowferryError } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'
import type { Narrowing } from '../api.ts'

/** What a request says, member by member. Names and addresses are short; what is longer is no honest question. */
const longest = 500
const mostNarrowings = 20
/** A month is more than a page can show. */
const longestSpan = 400 * 24 * 3_600_000

export type Body = Readonly<Record<string, unknown>>

export const wrong = (what: string): FlowferryError => new FlowferryError('INVALID_OPTION', what)

export function text(body: Body, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value.trim() === '' || value.length > longest)
    throw wrong(`${name} takes a text of up to ${longest} characters`)
  return value.trim()
}

export const optionalText = (body: Body, name: string): string | undefined =>
  body[name] === undefined || body[name] === '' ? undefined : text(body, name)

export function optionalNumber(body: Body, name: string, least: number, most: number): number | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw wrong(`${name} takes a whole number from ${least} to ${most}`)
  return value as number
}

export function optionalChoice<T extends string>(body: Body, name: string, choices: readonly T[]): T | undefined {
  const value = body[name]
  if (value === undefined || choices.includes(value as T)) return value as T | undefined
  throw wrong(`${name} takes ${choices.join(' or ')}`)
}

/** `since` and `until`, ISO 8601. */
export function spanIn(body: Body): Span {
  const [from, to] = ['since', 'until'].map((name) => {
    const time = Date.parse(text(body, name))
    if (Number.isNaN(time)) throw wrong(`${name} takes a time as ISO 8601 writes it: 2026-11-22T09:00:00Z`)
    return time
  }) as [number, number]
  if (from >= to) throw wrong('since has to be before until')
  if (to - from > longestSpan) throw wrong('The span is longer than 400 days: take a shorter one')
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}

export function narrowingsIn(body: Body): Narrowing[] {
  const { is = [] } = body
  if (!Array.isArray(is) || is.length > mostNarrowings)
    throw wrong(`is takes a list of up to ${mostNarrowings} of { field, value }`)
  return is.map((one: unknown) => {
    if (!isObject(one)) throw wrong('is takes a list of { field, value }')
    const { value } = one
    const isValue = value === null || ['string', 'number', 'boolean'].includes(typeof value)
    if (!isValue || (typeof value === 'string' && value.length > 20 * longest))
      throw wrong('The value of a field is a text, a number, true, false or null')
    return { field: text(one, 'field'), value: value as FilterValue | null }
  })
}
