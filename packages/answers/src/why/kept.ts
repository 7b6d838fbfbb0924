/** What the flow logs of an interface kept in a span, where a snapshot has them: it is never guessed from an older one. */
import { valueAt } from '../documents.ts'
import type { Evidence, FlowLogSeen, InterfaceLog } from './evidence.ts'
import type { KnownFlowLog, KnownInterface } from './known.ts'
import { margin } from './spans.ts'

export interface Kept {
  /** One or more. */
  readonly flowLogs: readonly KnownFlowLog[]
  /** Whether its records are of them, or CloudTrail shows that none of the interface was deleted since. */
  readonly isProven: boolean
  /** Whether REJECT records are kept; none where one flow log keeps them and another does not. */
  readonly rejects?: boolean
  /** Whether ACCEPT records are, likewise. */
  readonly accepts?: boolean
}

/**
 * A flow log cannot be changed. So those that the interface's records are of kept what they keep now. Where records do not
 * tell theirs, those that were there before the span and are there behind it did; and no other, unless it was deleted in
 * between. Which of several wrote a record, nothing says then: what all of them have in common counts.
 */
export function keptBy(
  known: KnownInterface | undefined,
  log: InterfaceLog | undefined,
  evidence: Evidence,
): Kept | undefined {
  if (log?.flowLogs) return keptByIts(log.flowLogs, known)
  if (!known?.flowLogs?.length || whyUnknown(known, evidence) !== undefined) return undefined
  const flowLogs = known.flowLogs
  const keeps = (action: string) =>
    inCommon(flowLogs.map(({ trafficType }) => trafficType && ['ALL', action].includes(trafficType)))
  const [rejects, accepts] = [keeps('REJECT'), keeps('ACCEPT')]
  return {
    flowLogs,
    isProven: evidence.deletedFlowLogs !== undefined,
    ...(rejects !== undefined && { rejects }),
    ...(accepts !== undefined && { accepts }),
  }
}

/** Of the flow logs of its records, where the snapshot has all that are of the whole span. */
function keptByIts(seen: readonly FlowLogSeen[], { flowLogs = [] }: Partial<KnownInterface> = {}): Kept | undefined {
  const ids = seen.flatMap(({ id, covers }) => (covers ? [id] : []))
  const own = flowLogs.filter(({ id, trafficType }) => trafficType !== undefined && ids.includes(id))
  if (own.length === 0 || own.length < ids.length) return undefined
  const keeps = (action: string) => own.some(({ trafficType }) => ['ALL', action].includes(trafficType!))
  return { flowLogs: own, isProven: true, rejects: keeps('REJECT'), accepts: keeps('ACCEPT') }
}

/** Whether a field is in every record; none where the flow logs differ, or nothing is known of one. */
export const hasField = ({ flowLogs }: Kept, name: string): boolean | undefined =>
  inCommon(flowLogs.map(({ fields }) => fields?.includes(name)))

function inCommon(all: readonly unknown[]): boolean | undefined {
  const [first] = all
  return typeof first === 'boolean' && all.every((one) => one === first) ? first : undefined
}

/** Why what a snapshot has of flow logs is not that of the span; none where it is, or the snapshot has none. */
export function whyUnknown({ flowLogs = [], asOf }: KnownInterface, evidence: Evidence): string | undefined {
  const { since, until } = evidence.pair
  if (asOf === undefined || Date.parse(asOf) < Date.parse(until))
    return `the snapshot, as of ${asOf}, is of before its end`
  const newer = flowLogs.find(({ createdAt }) => !(Date.parse(createdAt ?? '') <= Date.parse(since) - margin))
  if (newer) return `${newer.id} was created at ${newer.createdAt}: before that, another one may have been there`
  const [deleted] = evidence.deletedFlowLogs ?? []
  return deleted && `a flow log was deleted at ${valueAt(deleted, '@timestamp')} (DeleteFlowLogs)`
}
