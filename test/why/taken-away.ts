/** A world's evidence with some of it taken away, as where less is logged. */
import type { LogDocument } from '@flowferry/core'
import type { Evidence, InterfaceLog, KnownFlowLog } from '../../packages/answers/src/why.ts'
import { random } from '../support/random.ts'

/** What is left, and what was taken. Chance is of the seed: the same each time. */
export function takenAway(evidence: Evidence, seed: number): [what: string, Evidence][] {
  const { a, b } = evidence.pair
  const sides = { A: logOf(evidence, a), B: logOf(evidence, b) }
  const logs = Object.entries(sides).flatMap(([name, ids]) => (ids.size > 0 ? [[name, ids] as const] : []))
  const every = new Set(evidence.interfaces.map(({ id }) => id))
  return [
    ...logs.map(([name, ids]): [string, Evidence] => [`the log of ${name}`, without(evidence, ids)]),
    ...[['both', every] as const, ...logs].flatMap(([name, ids]): [string, Evidence][] => [
      [`rejects of ${name}`, alone(evidence, ids, 'accept')],
      [`accepts of ${name}`, alone(evidence, ids, 'reject')],
      [`windows of ${name}, half`, skipping(evidence, ids, seed, 0.5)],
      [`windows of ${name}`, skipping(evidence, ids, seed, 1)],
    ]),
    ['CloudTrail', { ...evidence, changes: [] }],
    ['transit gateways', { ...evidence, transit: [] }],
    ['fields that version 2 does not have', version2(evidence)],
    ...Object.entries(fields).map(([name, gone]): [string, Evidence] => [name, withoutFields(evidence, gone)]),
    ...[0.1, 0.5, 0.9].map((share): [string, Evidence] => [
      `${share * 100} % of the records`,
      dropping(evidence, seed, share),
    ]),
  ]
}

/** The interfaces of a side: its own and others of its subnet, which one flow log covers. */
function logOf({ interfaces, pair }: Evidence, address: string): Set<string> {
  const own = interfaces.filter(({ holds }) => holds.includes(address))
  const others = interfaces.filter(
    ({ subnet, holds }) =>
      ![pair.a, pair.b].some((one) => holds.includes(one)) &&
      own.some((one) => one.subnet !== undefined && one.subnet === subnet),
  )
  const isShared = own.some(
    (one) =>
      one.subnet !== undefined &&
      interfaces.some((other) => other.subnet === one.subnet && other.holds.some((held) => held !== address)),
  )
  return new Set(isShared ? [] : [...own, ...others].map(({ id }) => id))
}

const ofInterface = ({ aws }: LogDocument) =>
  (aws as { vpcflow?: { interface_id?: string } } | undefined)?.vpcflow?.interface_id ?? ''
const isReject = ({ event }: LogDocument) => (event as { action?: string }).action === 'reject'

const keeping = (evidence: Evidence, keeps: (document: LogDocument) => boolean): Evidence => ({
  ...evidence,
  flows: evidence.flows.filter(keeps),
  ...(evidence.elsewhere && { elsewhere: evidence.elsewhere.filter(keeps) }),
})

/** What a snapshot has of flow logs is as the records are. */
const describing = (
  evidence: Evidence,
  ids: ReadonlySet<string>,
  change: (flowLogs: readonly KnownFlowLog[]) => KnownFlowLog[],
): Pick<Evidence, 'known'> =>
  evidence.known
    ? {
        known: evidence.known.map((one) =>
          one.flowLogs && ids.has(one.id) ? { ...one, flowLogs: change(one.flowLogs) } : one,
        ),
      }
    : {}

const without = (evidence: Evidence, ids: ReadonlySet<string>): Evidence => ({
  ...keeping(evidence, (document) => !ids.has(ofInterface(document))),
  ...describing(evidence, ids, () => []),
  interfaces: evidence.interfaces.filter(({ id }) => !ids.has(id)),
})

const alone = (evidence: Evidence, ids: ReadonlySet<string>, action: 'accept' | 'reject'): Evidence => ({
  ...keeping(evidence, (document) => !ids.has(ofInterface(document)) || isReject(document) === (action === 'reject')),
  ...describing(evidence, ids, (all) => all.map((one) => ({ ...one, trafficType: action.toUpperCase() }))),
  interfaces: evidence.interfaces.map((log) =>
    ids.has(log.id)
      ? {
          ...log,
          rejects: action === 'reject' && log.rejects,
          accepts: action === 'accept' && log.accepts,
          reasons: false,
          ...(log.flowLogs && {
            flowLogs: log.flowLogs.map((one) => ({ ...one, rejects: one.rejects && action === 'reject' })),
          }),
          ...(action === 'reject' && { passes: false, plain: false }),
        }
      : log,
  ),
})

/** Of windows of a minute, a share is skipped: without records, and with SKIPDATA. */
function skipping(evidence: Evidence, ids: ReadonlySet<string>, seed: number, share: number): Evidence {
  const minute = 60_000
  const draw = random(seed)
  const first = Date.parse(evidence.pair.since) - 10 * minute
  const count = (Date.parse(evidence.pair.until) + 10 * minute - first) / minute
  const skips = Array.from({ length: count }, () => draw.chance(share))
  const windowOf = (time: unknown) => Math.floor((Date.parse(String(time)) - first) / minute)
  const skipped = skips.flatMap((isSkipped, n) =>
    isSkipped
      ? [
          {
            start: new Date(first + n * minute).toISOString(),
            end: new Date(first + (n + 1) * minute - 1000).toISOString(),
          },
        ]
      : [],
  )
  return {
    ...keeping(
      evidence,
      (document) => !ids.has(ofInterface(document)) || !skips[windowOf((document.event as { start: string }).start)],
    ),
    interfaces: evidence.interfaces.map((log) => (ids.has(log.id) ? { ...log, skipped } : log)),
  }
}

/** Records that were never delivered, of which nothing tells. */
function dropping(evidence: Evidence, seed: number, share: number): Evidence {
  const draw = random(seed)
  return keeping(evidence, () => !draw.chance(share))
}

const fields: Readonly<Record<string, readonly string[]>> = {
  'tcp-flags': ['tcp_flags', 'tcp_flags_array'],
  'pkt-srcaddr and pkt-dstaddr': ['pkt_srcaddr', 'pkt_dstaddr'],
  'subnet-id': ['subnet', 'subnet_id'],
  'subnet-id and vpc-id': ['subnet', 'subnet_id', 'vpc', 'vpc_id'],
  'interface-type': ['type', 'interface_type'],
  'reject-reason': ['reject_reason', 'reasons'],
  'encryption-status': ['encryption_status', 'plain'],
  version: ['version'],
}

function withoutFields(evidence: Evidence, gone: readonly string[]): Evidence {
  const less = (all: object) => Object.fromEntries(Object.entries(all).filter(([name]) => !gone.includes(name)))
  const strip = (document: LogDocument): LogDocument => ({
    ...document,
    aws: { vpcflow: less(older((document.aws as { vpcflow: { version?: string } }).vpcflow)) },
  })
  // A record's version is the highest of its fields', and reject-reason is the only one of 8.
  const older = (vpcflow: { readonly version?: string }) =>
    gone.includes('reject_reason') && vpcflow.version === '8' ? { ...vpcflow, version: '7' } : vpcflow
  // Behind an interface's primary address, it is known of the packets' own alone.
  const isShown = (id: string, address: string) =>
    !gone.includes('pkt_srcaddr') ||
    evidence.flows.some(
      (document) =>
        ofInterface(document) === id &&
        [document.source, document.destination].some((end) => (end as { ip: string }).ip === address),
    )
  return {
    ...evidence,
    flows: evidence.flows.map(strip),
    ...(evidence.elsewhere && { elsewhere: evidence.elsewhere.map(strip) }),
    ...describing(evidence, new Set(evidence.known?.map(({ id }) => id)), (all) =>
      all.map(({ fields = [], ...one }) => ({
        ...one,
        fields: fields.filter((name) => !gone.includes(name.replaceAll('-', '_'))),
      })),
    ),
    interfaces: evidence.interfaces.map((log) => ({
      ...(less(log) as unknown as InterfaceLog),
      holds: log.holds.filter((address) => isShown(log.id, address)),
    })),
  }
}

function version2(evidence: Evidence): Evidence {
  const less = withoutFields(evidence, Object.values(fields).flat())
  const strip = ({ network, ...document }: LogDocument): LogDocument => {
    const { direction: _, ...rest } = network as { direction?: string }
    return { ...document, network: rest }
  }
  return { ...less, flows: less.flows.map(strip) }
}
