import { requirePositive } from '../check-options.ts'
import { FlowferryError } from '../errors.ts'
import type { Limits, ParseContext } from '../types.ts'

const MiB = 1024 * 1024

/** Far above every file that AWS writes (Transit Gateway's largest is 75 MB), and a bound for a hostile one. */
const defaultLimits: Limits = {
  objectBytes: 64 * 1024 * MiB,
  expansionRatio: 1100,
  recordBytes: 2 * MiB,
  depth: 256,
  values: 32_768,
  columns: 1000,
}

/**
 * The context that a parser is given, with default limits: for tests and for programs that call `parse` themselves.
 *
 * @throws FlowferryError INVALID_OPTION for a limit of another name, or one that is no whole number from 1
 *
 * @example
 * for await (const batch of vpcFlow.parse(object, parseContext({ limits: { recordBytes: 65_536 } })))
 *   console.log(batch.records)
 */
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
