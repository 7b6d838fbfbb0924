import { isObject } from '@flowferry/core/internal'
import { secondsBefore } from './common.ts'

/**
 * A query whose dates are those of the moment at which a rule runs.
 *
 * @param format Of ranges whose dates were replaced. @default the engine finds it out
 */
export function dated(query: unknown, at: (seconds: number) => string, format?: string): unknown {
  if (Array.isArray(query)) return query.map((one) => dated(one, at, format))
  if (isObject(query)) {
    const isDated = Object.values(query).some((one) => secondsBefore(one) !== undefined)
    return Object.fromEntries(
      Object.entries(query).flatMap(([name, one]): [string, unknown][] => {
        if (isDated && name === 'format') return format === undefined ? [] : [[name, format]]
        return [[name, dated(one, at, format)]]
      }),
    )
  }
  const seconds = secondsBefore(query)
  return seconds === undefined ? query : at(seconds)
}
