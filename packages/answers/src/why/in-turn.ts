import type { FlowLogSeen, InterfaceLog, Pair } from './evidence.ts'
import { clockSkew } from './tries.ts'

/**
 * The interfaces that had an address one after the other, oldest first: of those that hold it the one with the most records,
 * and those whose time is another. A host that is made anew has its address on a new interface. One that had it before the
 * span, or behind it, says nothing where another had it in between.
 */
export function inTurn(
  holding: readonly InterfaceLog[],
  { since, until }: Pick<Pair, 'since' | 'until'>,
): InterfaceLog[] {
  const inSpan = holding.filter(
    ({ oldest, newest }) => Date.parse(newest) >= Date.parse(since) && Date.parse(oldest) < Date.parse(until),
  )
  const [most, ...others] = [...(inSpan.length > 0 ? inSpan : holding)].sort(
    (one, other) => other.records - one.records,
  )
  if (!most) return []
  const found = [most]
  for (const one of inSpan.length > 0 ? others : [])
    if (found.every((other) => isApart(one, other) && mayBeOfOneVpc(one, other))) found.push(one)
  return found.sort((one, other) => (one.oldest < other.oldest ? -1 : 1))
}

const isApart = (one: InterfaceLog, other: InterfaceLog): boolean =>
  Date.parse(one.newest) <= Date.parse(other.oldest) + clockSkew ||
  Date.parse(other.newest) <= Date.parse(one.oldest) + clockSkew

/** Another VPC may have the same addresses. */
const mayBeOfOneVpc = ({ vpc, subnet }: InterfaceLog, other: InterfaceLog): boolean =>
  (vpc ?? other.vpc) === (other.vpc ?? vpc) && (subnet ?? other.subnet) === (other.subnet ?? subnet)

/** A flow log of its records throughout the span that has a REJECT, of whatever interface. */
export const rejectingFlowLog = ({ flowLogs = [] }: InterfaceLog): FlowLogSeen | undefined =>
  flowLogs.find(({ covers, rejects }) => covers && rejects)

/** Whether REJECT records of the interface are kept, by such a record: of the interface, or of the flow log of its records. */
export const showsRejects = (log: InterfaceLog): boolean =>
  log.flowLogs ? rejectingFlowLog(log) !== undefined : log.rejects

/** Their logs as that of the last one, with what all of them have. Of which flow logs they are, is not of the whole. */
export function asOne(logs: readonly InterfaceLog[]): InterfaceLog | undefined {
  const [first, ...later] = logs
  if (!first || later.length === 0) return first
  const have = (what: (log: InterfaceLog) => boolean | undefined) => logs.every((log) => what(log) === true)
  const { flowLogs: _, ...last } = later.at(-1)!
  return {
    ...last,
    records: logs.reduce((sum, { records }) => sum + records, 0),
    rejects: have(showsRejects),
    accepts: have(({ accepts }) => accepts),
    reasons: have(({ reasons }) => reasons),
    passes: have(({ passes }) => passes),
    plain: have(({ plain }) => plain),
    oldest: first.oldest,
    skipped: logs.flatMap(({ skipped, oldest }, n) => {
      const before = logs[n - 1]?.newest
      const isGap = before !== undefined && Date.parse(oldest) > Date.parse(before) + clockSkew
      return [...(isGap ? [{ start: before, end: oldest, absent: true as const }] : []), ...skipped]
    }),
  }
}
