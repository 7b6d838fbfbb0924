import { FlowferryError } from './errors.ts'
import type { Limits, ParseContext } from './types.ts'

const MiB = 1024 * 1024

/** Generous for every file that AWS writes (Transit Gateway's largest is 75 MB), and a bound for a hostile one. */
const defaultLimits: Limits = {
  objectBytes: 64 * 1024 * MiB,
  expansionRatio: 1100,
  recordBytes: 16 * MiB,
  depth: 256,
  values: 100_000,
  columns: 1000,
}

/** A context with defaults, for those who call `parse` themselves. */
export function parseContext(
  options: { limits?: Partial<Limits>; originals?: boolean; signal?: AbortSignal } = {},
): ParseContext {
  const limits = { ...defaultLimits, ...options.limits }
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultLimits, name))
      throw new FlowferryError(
        'INVALID_OPTION',
        `There is no limit "${name}"; the limits are ${Object.keys(defaultLimits).join(', ')}`,
      )
    requirePositive(`limits.${name}`, value)
  }
  return { limits, originals: options.originals ?? false, ...(options.signal && { signal: options.signal }) }
}

/** Throws INVALID_OPTION unless the value can be the last part of a data stream's name. */
export function requireNamespace(namespace: string): void {
  if (!/^[a-z0-9_.]{1,100}$/.test(namespace))
    throw new FlowferryError(
      'INVALID_OPTION',
      `namespace "${namespace}" is no part of a data stream's name: a-z, 0-9, _ and .`,
    )
}

/** Throws INVALID_OPTION unless the value is a whole number of at least `minimum`. */
export function requirePositive(name: string, value: number, minimum = 1): void {
  if (!Number.isSafeInteger(value) || value < minimum)
    throw new FlowferryError('INVALID_OPTION', `${name} is ${value}; it takes a whole number from ${minimum}`)
}
