import type { FlowLog, NetworkInterface, Snapshot, SnapshotPart, Subnet } from './snapshot.ts'

/** A snapshot by what is looked up in it. */
export interface Known {
  readonly byId: (networkInterfaceId: string) => InPart | undefined
  /** Private addresses repeat across VPCs, so the VPC is part of the key. */
  readonly byAddress: (vpcId: string, address: string) => InPart | undefined
  readonly all: readonly InPart[]
}

/** An interface of a snapshot, and what the snapshot knows around it. */
export interface InPart {
  readonly part: SnapshotPart
  readonly interface: NetworkInterface
  readonly subnet?: Subnet
  /** Those of the interface, of its subnet and of its VPC. @default not known */
  readonly flowLogs?: readonly FlowLog[]
}

const made = new WeakMap<Snapshot, Known>()

/** Made once for a snapshot: one of a large account has a hundred thousand interfaces. */
export function knownOf(snapshot: Snapshot): Known {
  const known = made.get(snapshot) ?? makeKnown(snapshot)
  made.set(snapshot, known)
  return known
}

function makeKnown({ parts }: Snapshot): Known {
  const all = parts.flatMap((part) => {
    const subnets = new Map(part.subnets.map((subnet) => [subnet.subnetId, subnet]))
    const flowLogs = part.flowLogs && byResource(part.flowLogs)
    return part.interfaces.map((one): InPart => {
      const subnet = subnets.get(one.subnetId)
      const own = [one.networkInterfaceId, one.subnetId, one.vpcId].flatMap((id) => flowLogs?.get(id) ?? [])
      return { part, interface: one, ...(subnet && { subnet }), ...(flowLogs && { flowLogs: own }) }
    })
  })
  // Of a subnet that is shared, several accounts may have described one interface: the newest counts.
  const byAge = [...all].sort((one, other) => (one.part.takenAt < other.part.takenAt ? -1 : 1))
  const byId = new Map(byAge.map((one) => [one.interface.networkInterfaceId, one]))
  const byAddress = new Map(
    byAge.flatMap((one) => addressesOf(one.interface).map((address) => [`${one.interface.vpcId} ${address}`, one])),
  )
  return {
    byId: (id) => byId.get(id),
    byAddress: (vpcId, address) => byAddress.get(`${vpcId} ${address}`),
    all: [...byId.values()],
  }
}

function byResource(flowLogs: readonly FlowLog[]): Map<string, FlowLog[]> {
  const all = new Map<string, FlowLog[]>()
  for (const one of flowLogs) all.set(one.resourceId, [...(all.get(one.resourceId) ?? []), one])
  return all
}

/** Those that its flow records may hold as its own. */
export const addressesOf = ({ privateIpAddresses, ipv6Addresses }: NetworkInterface): string[] => [
  ...privateIpAddresses,
  ...ipv6Addresses,
]
