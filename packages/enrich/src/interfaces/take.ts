import {
  type NetworkInterface as Described,
  type FlowLog as DescribedFlowLog,
  type EC2Client,
  paginateDescribeFlowLogs,
  paginateDescribeInstances,
  paginateDescribeNetworkAcls,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  type Tag,
} from '@aws-sdk/client-ec2'
import type { FlowLog, NetworkInterface, SnapshotPart, Subnet } from './snapshot.ts'

export interface TakeOptions {
  /** Whose credentials the client has: 12 digits. */
  readonly account: string
  /** Ends what is asked of EC2. */
  readonly signal?: AbortSignal
  /** Gets the refusal of DescribeFlowLogs: the part then has no flow logs, and all the rest. @default it is thrown */
  readonly onRefused?: (error: Error) => void
}

/** Most that EC2 gives in one answer, and of route tables. */
const page = 1000
const pageOfRouteTables = 100

/** By these EC2 says that a permission is missing. */
const refusals = ['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException']

/**
 * The interfaces that one client sees: an account's in one region, with the names of their instances, what their subnets
 * have of network ACLs and route tables, and the account's flow logs. It calls DescribeNetworkInterfaces, DescribeInstances,
 * DescribeSubnets, DescribeNetworkAcls, DescribeRouteTables and DescribeFlowLogs, all pages of each.
 *
 * @throws what the client throws, with the call's name before its message
 * @example
 * const part = await takeSnapshot(new EC2Client({ region: 'eu-central-1' }), { account: '123456789012' })
 */
export async function takeSnapshot(ec2: EC2Client, { account, signal, onRefused }: TakeOptions): Promise<SnapshotPart> {
  const takenAt = new Date().toISOString()
  const config = { client: ec2, pageSize: page }
  const options = { ...(signal && { abortSignal: signal }) }
  const region = await ec2.config.region()
  const described = await all('DescribeNetworkInterfaces', region, async function* () {
    for await (const { NetworkInterfaces = [] } of paginateDescribeNetworkInterfaces(config, {}, options))
      yield* NetworkInterfaces
  })
  const instances = await all('DescribeInstances', region, async function* () {
    for await (const { Reservations = [] } of paginateDescribeInstances(config, {}, options))
      for (const { Instances = [] } of Reservations) yield* Instances
  })
  const subnets = await all('DescribeSubnets', region, async function* () {
    for await (const { Subnets = [] } of paginateDescribeSubnets(config, {}, options)) yield* Subnets
  })
  const acls = await all('DescribeNetworkAcls', region, async function* () {
    for await (const { NetworkAcls = [] } of paginateDescribeNetworkAcls(config, {}, options)) yield* NetworkAcls
  })
  const tables = await all('DescribeRouteTables', region, async function* () {
    const ofTables = { ...config, pageSize: pageOfRouteTables }
    for await (const { RouteTables = [] } of paginateDescribeRouteTables(ofTables, {}, options)) yield* RouteTables
  })
  const flowLogs = await all('DescribeFlowLogs', region, async function* () {
    for await (const { FlowLogs = [] } of paginateDescribeFlowLogs(config, {}, options)) yield* FlowLogs
  }).catch((error: unknown) => {
    if (!onRefused || !(error instanceof Error) || !refusals.includes(error.name)) throw error
    onRefused(error)
    return undefined
  })

  const names = new Map(instances.map(({ InstanceId, Tags }) => [InstanceId, nameIn(Tags)]))
  const aclOf = new Map(
    acls.flatMap(({ NetworkAclId, Associations = [] }) =>
      Associations.map(({ SubnetId }) => [SubnetId, NetworkAclId] as const),
    ),
  )
  const associations = tables.flatMap(({ RouteTableId, VpcId, Associations = [] }) =>
    Associations.map(({ SubnetId, Main }) => ({ RouteTableId, VpcId, SubnetId, Main })),
  )
  const tableOf = new Map(associations.map(({ SubnetId, RouteTableId }) => [SubnetId, RouteTableId]))
  const mainOf = new Map(
    associations.filter(({ Main }) => Main).map(({ VpcId, RouteTableId }) => [VpcId, RouteTableId]),
  )
  return {
    account,
    region,
    takenAt,
    interfaces: described.map((one) => interfaceOf(one, names)),
    subnets: subnets.map(({ SubnetId = '', VpcId = '', CidrBlock = '', Tags }): Subnet => {
      const name = nameIn(Tags)
      const networkAclId = aclOf.get(SubnetId)
      // A subnet without a table of its own has the main one of its VPC.
      const routeTableId = tableOf.get(SubnetId) ?? mainOf.get(VpcId)
      return {
        subnetId: SubnetId,
        vpcId: VpcId,
        cidrBlock: CidrBlock,
        ...(name !== undefined && { name }),
        ...(networkAclId !== undefined && { networkAclId }),
        ...(routeTableId !== undefined && { routeTableId }),
      }
    }),
    ...(flowLogs && { flowLogs: flowLogs.map(flowLogOf) }),
  }
}

async function all<T>(call: string, region: string, items: () => AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  try {
    for await (const item of items()) found.push(item)
  } catch (error) {
    // The SDK's message does not say which of the calls was refused.
    if (error instanceof Error) error.message = `ec2:${call} in ${region}: ${error.message}`
    throw error
  }
  return found
}

const nameIn = (tags: readonly Tag[] = []): string | undefined =>
  tags.find(({ Key }) => Key === 'Name')?.Value || undefined

function interfaceOf(one: Described, names: ReadonlyMap<string | undefined, string | undefined>): NetworkInterface {
  const addresses = one.PrivateIpAddresses ?? []
  const privateIps = [...addresses]
    .sort((first, second) => Number(second.Primary ?? false) - Number(first.Primary ?? false))
    .flatMap(({ PrivateIpAddress }) => PrivateIpAddress ?? [])
  const publicIps = [one.Association, ...addresses.map(({ Association }) => Association)]
  const name = nameIn(one.TagSet)
  const instanceId = one.Attachment?.InstanceId
  const instanceName = names.get(instanceId)
  return {
    networkInterfaceId: one.NetworkInterfaceId ?? '',
    privateIpAddresses: [...new Set([...privateIps, ...(one.PrivateIpAddress ? [one.PrivateIpAddress] : [])])],
    ipv6Addresses: (one.Ipv6Addresses ?? []).flatMap(({ Ipv6Address }) => Ipv6Address ?? []),
    publicIps: [...new Set(publicIps.flatMap((association) => association?.PublicIp ?? []))],
    vpcId: one.VpcId ?? '',
    subnetId: one.SubnetId ?? '',
    availabilityZone: one.AvailabilityZone ?? '',
    interfaceType: one.InterfaceType ?? 'interface',
    description: one.Description ?? '',
    ownerId: one.OwnerId ?? '',
    groups: (one.Groups ?? []).map(({ GroupId = '', GroupName = '' }) => ({ groupId: GroupId, groupName: GroupName })),
    ...(name !== undefined && { name }),
    ...(instanceId && { instanceId }),
    ...(instanceId && instanceName !== undefined && { instanceName }),
  }
}

function flowLogOf(one: DescribedFlowLog): FlowLog {
  const logDestination = one.LogDestination ?? one.LogGroupName
  return {
    flowLogId: one.FlowLogId ?? '',
    resourceId: one.ResourceId ?? '',
    ...(one.TrafficType !== undefined && { trafficType: one.TrafficType }),
    ...(one.LogFormat !== undefined && { logFormat: one.LogFormat }),
    ...(one.MaxAggregationInterval !== undefined && { maxAggregationInterval: one.MaxAggregationInterval }),
    flowLogStatus: one.FlowLogStatus ?? '',
    ...(one.CreationTime && { creationTime: one.CreationTime.toISOString() }),
    ...(one.LogDestinationType !== undefined && { logDestinationType: one.LogDestinationType }),
    ...(logDestination !== undefined && { logDestination }),
    ...(one.DeliverLogsErrorMessage !== undefined && { deliverLogsErrorMessage: one.DeliverLogsErrorMessage }),
  }
}
