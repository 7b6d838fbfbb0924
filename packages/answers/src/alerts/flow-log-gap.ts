import { partialBy, type Row, type Store } from '../answer.ts'
import type { Filter, Span } from '../question.ts'
import { groupedBy, isoDate } from '../values.ts'
import { defineAlert } from './alert.ts'
import { succeeded } from './audit.ts'
import { isAskable } from './commands.ts'

const day = 24 * 3_600_000
const mostInterfaces = 10_000
/** Interfaces that a finding names. */
const named = 10
const request = 'aws.cloudtrail.flattened.request_parameters'

/** Calls by which an interface ends, or its traffic does, and where they name it. */
const endings = [
  { actions: ['DeleteNetworkInterface', 'DetachNetworkInterface'], id: 'interface', part: 'networkInterfaceId' },
  { actions: ['TerminateInstances', 'StopInstances'], id: 'instance', part: 'instancesSet.items.instanceId' },
] as const

export const flowLogGap = defineAlert({
  name: 'flow-log-gap',
  title: 'Interfaces whose flow log ended, or where AWS skipped records',
  severity: 'medium',
  formats: ['aws.vpcflow'],
  window: '30m',
  every: '15m',
  by: { 'cloud.account.id': { heading: 'account' } },
  numbers: {
    gaps: { heading: 'gaps' },
    silent: { heading: 'silent' },
    skipped: { heading: 'skipping' },
    interfaces: { heading: 'of' },
    names: { heading: 'interfaces' },
  },
  counts: ['gaps'],
  threshold: 1,
  ask: 'log-gaps',
  because: 'that nothing came is told by no record, and which interfaces were deleted by CloudTrail',
  know: 'An interface that was deleted or detached, or whose instance was stopped or terminated, is left out where CloudTrail says so (the flow log needs instance-id for instances). One whose traffic is none still writes NODATA. Gaps are interfaces that had records in the day before and have none in the window, silent, and those with SKIPDATA.',
  steps: async (ask, { span }, { threshold, late, now: at }) => {
    // Half an hour is whole as long ago as records are late.
    const end = at - late
    const begin = end - 30 * 60_000
    const whole = { from: isoDate(begin - day), to: isoDate(at) }
    const now: Filter = { field: '@timestamp', range: { gte: isoDate(begin) } }
    // What was skipped while nobody looked is a gap as well.
    const lately: Filter = { field: '@timestamp', range: { gte: span.from } }
    const seen = await ask({
      kind: 'groups',
      formats: ['aws.vpcflow'],
      span: whole,
      groups: ['cloud.account.id', 'aws.vpcflow.interface_id', 'cloud.instance.id'],
      measures: {
        last: { max: '@timestamp' },
        now: { count: true, where: [now] },
        skipped: { count: true, where: [lately, { field: 'aws.vpcflow.log_status', equals: 'SKIPDATA' }] },
      },
      order: [{ by: 'last' }],
      limit: mostInterfaces,
    })
    const interfaces = interfacesOf(seen.rows)
    const silent = interfaces.filter(({ isSilent }) => isSilent)
    const { ended, reasons } = await endedIn(ask, whole, silent)
    const accounts = groupedBy(interfaces, ({ account }) => account)
    const rows = [...accounts].flatMap(([account, own]): Row[] => {
      const lost = own.filter((one) => one.isSilent && !ended.has(one))
      const skipping = own.filter(({ isSkipping }) => isSkipping)
      const gaps = lost.length + skipping.length
      if (gaps < threshold) return []
      const times = [...lost, ...skipping].map(({ last }) => last).sort()
      const ids = [...lost, ...skipping].map(({ id }) => id)
      return [
        {
          'cloud.account.id': account,
          gaps,
          silent: lost.length,
          skipped: skipping.length,
          interfaces: own.length,
          names: [...ids.slice(0, named), ...(ids.length > named ? [`and ${ids.length - named} more`] : [])],
          first: times[0]!,
          last: times.at(-1)!,
        },
      ]
    })
    const all = [
      ...(seen.partial ? [seen.partial.why] : []),
      ...(seen.rows.length === mostInterfaces ? [`there are more than ${mostInterfaces} interfaces`] : []),
      ...reasons,
    ]
    return { rows, approximate: [], ...partialBy(all, seen.partial?.absent) }
  },
})

interface Interface {
  readonly account: string | null
  readonly id: string
  readonly instances: readonly string[]
  readonly last: string
  readonly isSilent: boolean
  readonly isSkipping: boolean
}

/** Each once: NODATA has no instance, so that an interface may have two rows. A regional NAT gateway has no interface. */
function interfacesOf(rows: readonly Row[]): Interface[] {
  const byId = groupedBy(
    rows.filter((row) => row['aws.vpcflow.interface_id'] !== null),
    (row) => JSON.stringify([row['cloud.account.id'], row['aws.vpcflow.interface_id']]),
  )
  const sum = (own: readonly Row[], name: string) => own.reduce((total, row) => total + Number(row[name]), 0)
  return [...byId.values()].map((own) => ({
    account: own[0]!['cloud.account.id'] as string | null,
    id: String(own[0]!['aws.vpcflow.interface_id']),
    instances: own.flatMap((row) => (row['cloud.instance.id'] === null ? [] : [String(row['cloud.instance.id'])])),
    last: own
      .map(({ last }) => String(last))
      .sort()
      .at(-1)!,
    isSilent: sum(own, 'now') === 0,
    isSkipping: sum(own, 'skipped') > 0,
  }))
}

/** Those of which CloudTrail says that they ended. */
async function endedIn(ask: Store['ask'], span: Span, silent: readonly Interface[]) {
  const ended = new Set<Interface>()
  const reasons: string[] = []
  for (const { actions, id, part } of endings) {
    const idsOf = (one: Interface) => (id === 'interface' ? [one.id] : one.instances)
    const ids = [...new Set(silent.flatMap(idsOf))].filter(isAskable)
    if (ids.length === 0) continue
    const field = `${request}.${part}`
    const { rows, partial } = await ask({
      kind: 'documents',
      formats: ['aws.cloudtrail'],
      span,
      filters: [succeeded, { field: 'event.action', oneOf: actions }, { field, oneOf: ids }],
      fields: [request],
      limit: mostInterfaces,
    })
    // Where no trail is stored, nobody knows, and the gap is told.
    if (partial && !partial.absent) reasons.push(partial.why)
    const text = new Set(rows.flatMap((row) => JSON.stringify(row[request]).match(/\b(?:eni|i)-[\w-]+/g) ?? []))
    for (const one of silent) if (idsOf(one).some((name) => text.has(name))) ended.add(one)
  }
  return { ended, reasons }
}
