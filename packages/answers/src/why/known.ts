import { type InPart, nameOf } from '@flowferry/enrich/interfaces'

/** What a snapshot knows of an interface of A or B. */
export interface KnownInterface {
  /** `eni-0a1b2c3d4e5f60718` */
  readonly id: string
  /** The primary one first: flow logs show it in place of the others. */
  readonly addresses: readonly string[]
  /** How people call it: `orders-db`. */
  readonly name?: string
  readonly type?: string
  readonly subnet?: string
  readonly vpc?: string
  readonly instance?: string
  /** Ids of its security groups. */
  readonly groups?: readonly string[]
  /** Of its subnet. */
  readonly networkAcl?: string
  /** Of its subnet. */
  readonly routeTable?: string
  readonly region?: string
  /** ISO 8601: when the snapshot was taken. */
  readonly asOf?: string
}

export function knownInterface({ interface: one, part, subnet }: InPart): KnownInterface {
  const name = nameOf(one)
  return {
    id: one.networkInterfaceId,
    addresses: [...one.privateIpAddresses, ...one.ipv6Addresses],
    ...(name !== undefined && { name }),
    type: one.interfaceType,
    subnet: one.subnetId,
    vpc: one.vpcId,
    ...(one.instanceId !== undefined && { instance: one.instanceId }),
    groups: one.groups.map(({ groupId }) => groupId),
    ...(subnet?.networkAclId !== undefined && { networkAcl: subnet.networkAclId }),
    ...(subnet?.routeTableId !== undefined && { routeTable: subnet.routeTableId }),
    region: part.region,
    asOf: part.takenAt,
  }
}
