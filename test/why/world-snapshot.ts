import type { Snapshot } from '@flowferry/enrich/interfaces'
import type { Asked, World } from '../worlds/world.ts'

/**
 * A snapshot of a world, as whoever asks may have it, in which the client and the target have names; its flow logs as of
 * some time, or none.
 */
export function snapshotOf({ told, until, flowLogs }: World, asked?: Asked): Snapshot {
  const called: Readonly<Record<string, string>> = { [told.a]: 'client', [told.b]: 'target' }
  const instances = new Map(
    told.interfaces.flatMap(({ instanceId, privateIpAddress }) => {
      const name = called[privateIpAddress]
      return instanceId !== undefined && name !== undefined ? [[instanceId, name] as const] : []
    }),
  )
  const { account, region } = told
  return {
    parts: [
      {
        account,
        region,
        takenAt: asked ? flowLogs[asked].at : until,
        ...(asked && { flowLogs: flowLogs[asked].flowLogs }),
        subnets: told.subnets.map(({ subnetId, cidrBlock, networkAclId, routeTableId }) => ({
          subnetId,
          cidrBlock,
          networkAclId,
          routeTableId,
          vpcId: told.interfaces.find((one) => one.subnetId === subnetId)?.vpcId ?? '',
        })),
        interfaces: told.interfaces.map((one) => {
          const { networkInterfaceId, privateIpAddress, interfaceType, instanceId, groups, subnetId, vpcId } = one
          const name = called[privateIpAddress]
          const instanceName = instanceId === undefined ? undefined : instances.get(instanceId)
          return {
            networkInterfaceId,
            privateIpAddresses: [privateIpAddress],
            ipv6Addresses: [],
            publicIps: [],
            vpcId,
            subnetId,
            availabilityZone: `${region}a`,
            interfaceType,
            description:
              interfaceType === 'network_load_balancer' && name !== undefined ? `ELB net/${name}/50dc6c495c0c9188` : '',
            ownerId: account,
            groups: groups.map((groupId) => ({ groupId, groupName: `group of ${networkInterfaceId}` })),
            ...(instanceId !== undefined && { instanceId }),
            ...(instanceName !== undefined && { instanceName }),
          }
        }),
      },
    ],
  }
}

/** How to ask for an end: by its name, where the account has its interface. */
export const nameIn = ({ told }: World, address: string, name: string): string =>
  told.interfaces.some(({ privateIpAddress }) => privateIpAddress === address) ? name : address
