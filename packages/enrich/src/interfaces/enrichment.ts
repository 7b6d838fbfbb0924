import { type Enrichment, optional, typed } from '@flowferry/core/schema'
import { knownOf } from './known.ts'
import { nameOf } from './owner.ts'
import type { Snapshot } from './snapshot.ts'

const interfaceId = 'aws.vpcflow.interface_id'
const vpcId = 'aws.vpcflow.vpc_id'
const takenAt = typed('labels.snapshot_taken_at', 'date')

/**
 * Names for flow records: the interface that wrote the record, its instance and security groups, and both peers where the
 * snapshot knows their address in the same VPC. All of it is as of the snapshot's time, which stands in the document.
 *
 * @example
 * const snapshot = readSnapshot(await readFile('flowferry.snapshot.json', 'utf8'), 'flowferry.snapshot.json')
 * const parser = vpcFlow.with(interfaces(snapshot))
 */
export function interfaces(snapshot: Snapshot): Enrichment {
  const known = knownOf(snapshot)
  const peer = (id: string, vpc: string | undefined, address: string) => {
    const of = known.byId(id)?.interface.vpcId ?? vpc
    const found = of === undefined ? undefined : known.byAddress(of, address)
    return found && nameOf(found.interface)
  }
  return {
    name: 'interfaces',
    derived: (derive) => [
      derive(
        [
          'observer.name',
          'cloud.instance.name',
          'labels.security_group_ids[]',
          'labels.security_group_names[]',
          takenAt,
        ],
        [interfaceId],
        (id) => {
          const found = known.byId(String(id))
          if (!found) return undefined
          const { interface: one, part } = found
          return {
            'observer.name': nameOf(one),
            'cloud.instance.name': one.instanceName,
            'labels.security_group_ids': one.groups.map(({ groupId }) => groupId),
            'labels.security_group_names': one.groups.map(({ groupName }) => groupName),
            'labels.snapshot_taken_at': part.takenAt,
          }
        },
      ),
      ...(['source', 'destination'] as const).map((side) =>
        derive(`${side}.domain`, [interfaceId, optional(vpcId), `${side}.ip`], (id, vpc, address) =>
          peer(String(id), vpc === undefined ? undefined : String(vpc), address),
        ),
      ),
    ],
  }
}
