import { type FlowLog, type InPart, nameOf } from '@flowferry/enrich/interfaces'

/** A flow log of an interface, of its subnet or of its VPC, as a snapshot has it. It cannot be changed, only deleted. */
export interface KnownFlowLog {
  /** `fl-0a1b2c3d4e5f60718` */
  readonly id: string
  /** Id of the interface, the subnet or the VPC. */
  readonly resource: string
  /** `ACCEPT`, `REJECT` or `ALL`. */
  readonly trafficType?: string
  /** AWS's names of its fields. */
  readonly fields?: readonly string[]
  /** Seconds: the longest that its windows last. */
  readonly interval?: number
  /** ISO 8601. */
  readonly createdAt?: string
  /** An ARN, or the name of a log group. */
  readonly destination?: string
  /** Why AWS could not deliver it. */
  readonly error?: string
}

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
  readonly account?: string
  readonly region?: string
  /** ISO 8601: when the snapshot was taken. */
  readonly asOf?: string
  /** All that its account has of it, of its subnet and of its VPC. @default not known */
  readonly flowLogs?: readonly KnownFlowLog[]
}

export function knownInterface({ interface: one, part, subnet, flowLogs }: InPart): KnownInterface {
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
    account: part.account,
    region: part.region,
    asOf: part.takenAt,
    // Of an interface in a subnet that is shared, another account may have flow logs that this one does not see.
    ...(flowLogs && one.ownerId === part.account && { flowLogs: flowLogs.map(knownFlowLog) }),
  }
}

function knownFlowLog(one: FlowLog): KnownFlowLog {
  const { trafficType, logFormat, maxAggregationInterval, creationTime, logDestination, deliverLogsErrorMessage } = one
  return {
    id: one.flowLogId,
    resource: one.resourceId,
    ...(trafficType !== undefined && { trafficType }),
    ...(logFormat !== undefined && { fields: [...logFormat.matchAll(/\$\{([^}]+)\}/g)].map(([, name]) => name!) }),
    ...(maxAggregationInterval !== undefined && { interval: maxAggregationInterval }),
    ...(creationTime !== undefined && { createdAt: creationTime }),
    ...(logDestination !== undefined && { destination: logDestination }),
    ...(deliverLogsErrorMessage !== undefined && { error: deliverLogsErrorMessage }),
  }
}
