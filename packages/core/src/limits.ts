import { FlowferryError } from './errors.ts'
import { requirePositive } from './options.ts'
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
