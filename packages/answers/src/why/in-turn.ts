import type { InterfaceLog } from './evidence.ts'
import { clockSkew } from './tries.ts'

/**
 * The interfaces that had an address one after the other, oldest first: of those that hold it the one with the most records,
 * and those of the span whose time is another. A host that is made anew has its address on a new interface.
 *
 * @param since ISO 8601: one that had it before says nothing
 */
export function inTurn(holding: readonly InterfaceLog[], since: string): InterfaceLog[] {
  const [most, ...others] = [...holding].sort((one, other) => other.records - one.records)
  if (!most) return []
  const found = [most]
  for (const one of others)
    if (Date.parse(one.newest) >= Date.parse(since) && found.every((other) => isApart(one, other))) found.push(one)
  return found.sort((one, other) => (one.oldest < other.oldest ? -1 : 1))
}

const isApart = (one: InterfaceLog, other: InterfaceLog): boolean =>
  Date.parse(one.newest) <= Date.parse(other.oldest) + clockSkew ||
  Date.parse(other.newest) <= Date.parse(one.oldest) + clockSkew

/** Their logs as that of the last one: it has what all of them have. */
export function asOne(logs: readonly InterfaceLog[]): InterfaceLog | undefined {
  const [first, ...later] = logs
  if (!first || later.length === 0) return first
  return later.reduce((before, log) => {
    const isGap = Date.parse(log.oldest) > Date.parse(before.newest) + clockSkew
    return {
      ...log,
      records: before.records + log.records,
      rejects: before.rejects && log.rejects,
      accepts: before.accepts && log.accepts,
      reasons: before.reasons === true && log.reasons === true,
      oldest: before.oldest,
      skipped: [
        ...before.skipped,
        ...(isGap ? [{ start: before.newest, end: log.oldest, gap: true as const }] : []),
        ...log.skipped,
      ],
    }
  }, first)
}
