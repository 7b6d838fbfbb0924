import { FlowferryError } from '@flowferry/core'
import { isObject } from '@flowferry/core/internal'

/** What `flowferry snapshot` writes: the network interfaces of accounts and regions, each part with its own time. */
export interface Snapshot {
  readonly parts: readonly SnapshotPart[]
}

/** What a snapshot has of one account and region. */
export interface SnapshotPart {
  /** 12 digits. */
  readonly account: string
  /** `eu-central-1` */
  readonly region: string
  /** ISO 8601: when EC2 was asked. */
  readonly takenAt: string
  readonly interfaces: readonly NetworkInterface[]
  readonly subnets: readonly Subnet[]
  /** All that the account has in the region. @default not known: EC2 did not tell them, or the snapshot is older than they are in it */
  readonly flowLogs?: readonly FlowLog[]
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html */
export interface NetworkInterface {
  readonly networkInterfaceId: string
  /** The primary one first: flow logs show it in place of the others. */
  readonly privateIpAddresses: readonly string[]
  readonly ipv6Addresses: readonly string[]
  readonly publicIps: readonly string[]
  readonly vpcId: string
  readonly subnetId: string
  readonly availabilityZone: string
  /** `interface`, `nat_gateway`, `network_load_balancer`, … */
  readonly interfaceType: string
  /** Names the owner of an interface that AWS manages: `ELB app/orders/50dc6c495c0c9188`. */
  readonly description: string
  /** Account that owns the interface. */
  readonly ownerId: string
  readonly groups: readonly { readonly groupId: string; readonly groupName: string }[]
  /** Its tag `Name`. */
  readonly name?: string
  readonly instanceId?: string
  /** The instance's tag `Name`. */
  readonly instanceName?: string
}

/** A subnet, as DescribeSubnets and DescribeNetworkAcls have it. */
export interface Subnet {
  readonly subnetId: string
  readonly vpcId: string
  readonly cidrBlock: string
  /** Its tag `Name`. */
  readonly name?: string
  readonly networkAclId?: string
  /** Its own, or the main one of its VPC. */
  readonly routeTableId?: string
}

/** What it writes cannot be changed: only deleted, and made anew. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html */
export interface FlowLog {
  /** `fl-0a1b2c3d4e5f60718` */
  readonly flowLogId: string
  /** Of an interface, a subnet, a VPC, a transit gateway, … */
  readonly resourceId: string
  /** `ACCEPT`, `REJECT` or `ALL`; none of a transit gateway. */
  readonly trafficType?: string
  /** `${version} ${account-id} …` */
  readonly logFormat?: string
  /** Seconds: 60 or 600. */
  readonly maxAggregationInterval?: number
  /** `ACTIVE` */
  readonly flowLogStatus: string
  /** ISO 8601. */
  readonly creationTime?: string
  /** `s3`, `cloud-watch-logs` or `kinesis-data-firehose` */
  readonly logDestinationType?: string
  /** An ARN, or the name of a log group. */
  readonly logDestination?: string
  /** Why AWS could not deliver it of late: `Access error`, `Rate limited`, `Unknown error`. */
  readonly deliverLogsErrorMessage?: string
}

/**
 * A snapshot from its text.
 *
 * @param where Names the text in errors: a file.
 * @throws FlowferryError INVALID_OPTION where it is no snapshot
 * @example
 * const snapshot = readSnapshot(await readFile('flowferry.snapshot.json', 'utf8'), 'flowferry.snapshot.json')
 */
export function readSnapshot(text: string, where: string): Snapshot {
  const wrong = (why: string) =>
    new FlowferryError('INVALID_OPTION', `${where} is no snapshot: ${why}; flowferry snapshot writes one`)
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch (error) {
    throw wrong((error as Error).message)
  }
  if (!isObject(read) || !Array.isArray(read.parts)) throw wrong('it takes { parts: [ … ] }')
  for (const [index, part] of read.parts.entries()) {
    const lacks = lackOfPart(part)
    if (lacks !== undefined) throw wrong(`parts[${index}]${lacks}`)
  }
  return { parts: read.parts as readonly SnapshotPart[] }
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isTime = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(value as string))
const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const areGroups = (value: unknown): boolean =>
  Array.isArray(value) && value.every((group) => isObject(group) && isText(group.groupId) && isText(group.groupName))

type Checks = Readonly<Record<string, (value: unknown) => boolean>>

const ofPart: Checks = {
  account: isText,
  region: isText,
  takenAt: isTime,
  interfaces: Array.isArray,
  subnets: Array.isArray,
  flowLogs: (value) => value === undefined || Array.isArray(value),
}
const ofInterface: Checks = {
  networkInterfaceId: isText,
  privateIpAddresses: areTexts,
  ipv6Addresses: areTexts,
  publicIps: areTexts,
  vpcId: isText,
  subnetId: isText,
  availabilityZone: isText,
  interfaceType: isText,
  description: isText,
  ownerId: isText,
  groups: areGroups,
}
const ofSubnet: Checks = { subnetId: isText, vpcId: isText, cidrBlock: isText }
const isTextOrNone = (value: unknown): boolean => value === undefined || isText(value)
const ofFlowLog: Checks = {
  flowLogId: isText,
  resourceId: isText,
  trafficType: isTextOrNone,
  logFormat: isTextOrNone,
  maxAggregationInterval: (value) => value === undefined || typeof value === 'number',
  flowLogStatus: isText,
  creationTime: (value) => value === undefined || isTime(value),
  logDestinationType: isTextOrNone,
  logDestination: isTextOrNone,
  deliverLogsErrorMessage: isTextOrNone,
}

function lackOfPart(part: unknown): string | undefined {
  const lacks = lackOf(part, ofPart)
  if (lacks !== undefined) return lacks
  const { interfaces, subnets, flowLogs = [] } = part as Record<string, unknown[]>
  const below = (name: string, all: readonly unknown[], checks: Checks) =>
    all.flatMap((one, index) => {
      const lack = lackOf(one, checks)
      return lack === undefined ? [] : [`.${name}[${index}]${lack}`]
    })[0]
  return (
    below('interfaces', interfaces!, ofInterface) ??
    below('subnets', subnets!, ofSubnet) ??
    below('flowLogs', flowLogs, ofFlowLog)
  )
}

function lackOf(value: unknown, checks: Checks): string | undefined {
  if (!isObject(value)) return ' is no object'
  const [name] = Object.entries(checks).find(([name, holds]) => !holds(value[name])) ?? []
  return name === undefined ? undefined : `.${name} is not as it should be`
}

/**
 * The snapshot with this part, in place of the one of the same account and region.
 *
 * @example
 * const snapshot = withPart(before, await takeSnapshot(ec2, { account: '123456789012' }))
 */
export function withPart(snapshot: Snapshot | undefined, part: SnapshotPart): Snapshot {
  const others = (snapshot?.parts ?? []).filter(
    ({ account, region }) => account !== part.account || region !== part.region,
  )
  const key = ({ account, region }: SnapshotPart) => `${account} ${region}`
  return { parts: [...others, part].sort((one, other) => (key(one) < key(other) ? -1 : 1)) }
}
