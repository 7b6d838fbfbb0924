import type { Store } from '../../answer.ts'
import type { InterfaceLog, Pair } from '../evidence.ts'
import type { Flow } from '../flow.ts'
import type { KnownInterface } from '../known.ts'
import { around, lookahead, lookback, margin } from '../spans.ts'
import { about, is } from './ask.ts'
import { flowLogsOf } from './flow-logs.ts'
import { holdersOf } from './holders.ts'
import { logsOf, whileRejected } from './interface-logs.ts'
import { gapsOf, skippedOf } from './missing.ts'
import type { GatherOptions } from './options.ts'

/**
 * Those of A and B, those that records of the pair are of, and where nothing tells their flow logs, those beside them in their
 * subnets that reject.
 */
export async function interfacesOf(
  ask: Store['ask'],
  pair: Pair,
  flows: readonly Flow[],
  { known = [], archive }: GatherOptions,
): Promise<InterfaceLog[]> {
  const span = around(pair, lookback, lookahead)
  const holders = await holdersOf(ask, pair, span)
  for (const { id, addresses } of known) {
    const own = addresses.filter((address) => address === pair.a || address === pair.b)
    if (own.length > 0) holders.set(id, own)
  }
  const ids = [...new Set([...holders.keys(), ...flows.flatMap(({ at }) => at ?? [])])]
  if (ids.length === 0) return []
  const found = await logsOf(ask, span, { field: 'aws.vpcflow.interface_id', oneOf: ids }, whileRejected(pair, flows))
  const logs = found.map((log) => ({ ...aboutKnown(known.find(({ id }) => id === log.id)), ...log }))
  const flowLogs = await flowLogsOf(ask, span, ids, pair)
  const untold = logs.filter(({ id }) => !flowLogs.has(id))
  const subnets = [...new Set(untold.flatMap(({ subnet }) => subnet ?? []))]
  const neighbours =
    subnets.length > 0
      ? await logsOf(ask, span, { all: [{ field: about.subnet, oneOf: subnets }, is('event.action', 'reject')] })
      : []
  const asked = around(pair, margin, margin)
  const skipped = await skippedOf(ask, asked, ids)
  const gaps = await gapsOf(ask, asked, [...holders.keys()])
  const unread = (archive?.unread ?? []).map((window) => ({ ...window, unread: true as const }))
  return [
    ...logs.map((log) => ({
      ...log,
      ...(flowLogs.has(log.id) && { flowLogs: flowLogs.get(log.id)! }),
      holds: holders.get(log.id) ?? [],
      skipped: [...[...skipped, ...gaps].filter(({ id }) => id === log.id), ...unread],
    })),
    ...neighbours.filter(({ id }) => !ids.includes(id)),
  ]
}

/** What records of few fields do not have of an interface. */
function aboutKnown({ type, subnet, vpc, instance }: Partial<KnownInterface> = {}): Partial<InterfaceLog> {
  return {
    ...(type !== undefined && { type }),
    ...(subnet !== undefined && { subnet }),
    ...(vpc !== undefined && { vpc }),
    ...(instance !== undefined && { instance }),
  }
}
