/** What AWS's network knows, and whether it lets packets pass: groups with memory, network ACLs without. */

export type Direction = 'ingress' | 'egress'

export const anywhere = '0.0.0.0/0'
export const allPorts: Ports = [0, 65_535]
export const flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 }

export type Ports = readonly [from: number, to: number]

/** When something holds, in epoch seconds: always, unless it begins or ends. */
export interface Span {
  from?: number
  until?: number
}

export const holds = ({ from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY }: Span, time: number) =>
  time >= from && time < until

export interface GroupRule extends Span {
  readonly id: string
  readonly direction: Direction
  readonly cidr: string
  readonly ports: Ports
}

export interface SecurityGroup {
  readonly id: string
  readonly rules: GroupRule[]
}

/** The first that fits decides: the one with the lowest number. */
export interface AclEntry extends Span {
  readonly direction: Direction
  readonly number: number
  readonly allow: boolean
  readonly cidr: string
  readonly ports: Ports
}

export interface NetworkAcl {
  readonly id: string
  readonly entries: AclEntry[]
}

export interface Vpc {
  readonly id: string
  readonly cidr: string
  /** VPC Block Public Access: rejects what comes from the internet. */
  blockPublicAccess?: Span
  /** Rejects packets that no Nitro hardware encrypts, where `at` says. AWS does not document on which side. */
  encryptionControl?: Span & { readonly id: string; readonly at: Direction }
}

export interface Subnet {
  readonly id: string
  readonly cidr: string
  readonly vpc: Vpc
  readonly zone: string
  readonly acl: NetworkAcl
  readonly routeTable: string
}

export type InterfaceType = 'interface' | 'nat_gateway' | 'transit_gateway' | 'network_load_balancer'

export interface Interface {
  readonly id: string
  /** Its primary private IPv4 address. */
  readonly address: string
  readonly subnet: Subnet
  readonly type: InterfaceType
  readonly instance?: string
  /** None: an interface of AWS's that has no security groups. */
  readonly groups: readonly SecurityGroup[]
  /** Seconds that a tracked connection may be silent: 432,000, or 350 on Nitro v6. */
  trackingIdle: number
  /** Whether its instance's hardware encrypts. */
  encrypts: boolean
}

/** Packets of one kind that travel together, as their headers are at this point of the way. */
export interface Packet {
  readonly time: number
  readonly source: string
  readonly destination: string
  readonly sourcePort: number
  readonly destinationPort: number
  readonly protocol: number
  readonly flags: number
  readonly count: number
  readonly bytes: number
}

export interface Verdict {
  readonly action: 'ACCEPT' | 'REJECT'
  readonly reason?: 'BPA' | 'EC'
}

/** What the network remembers of one connection. */
export interface Memory {
  readonly encrypted: boolean
  /** When each interface's groups last saw it, or that they do not track it. */
  readonly tracked: Map<Interface, number | 'untracked'>
}

const tcp = 6
const udpIdle = 180

/** Judges packets at an interface. https://docs.aws.amazon.com/vpc/latest/userguide/infrastructure-security.html */
export function judge(at: Interface, direction: Direction, packet: Packet, memory: Memory): Verdict {
  const peer = direction === 'ingress' ? packet.source : packet.destination
  const { vpc, acl, cidr } = at.subnet
  if (vpc.blockPublicAccess && direction === 'ingress' && !isPrivate(peer) && holds(vpc.blockPublicAccess, packet.time))
    return { action: 'REJECT', reason: 'BPA' }
  const control = vpc.encryptionControl
  if (control?.at === direction && !memory.encrypted && holds(control, packet.time))
    return { action: 'REJECT', reason: 'EC' }
  const aclAllows = () => within(cidr, peer) || allowedByAcl(acl, direction, peer, packet)
  const groupAllows = () => allowedByGroup(at, direction, peer, packet, memory)
  const allowed = direction === 'ingress' ? aclAllows() && groupAllows() : groupAllows() && aclAllows()
  return { action: allowed ? 'ACCEPT' : 'REJECT' }
}

function allowedByAcl({ entries }: NetworkAcl, direction: Direction, peer: string, packet: Packet): boolean {
  let first: AclEntry | undefined
  for (const entry of entries)
    if (fits(entry, direction, peer, packet) && entry.number < (first?.number ?? Number.POSITIVE_INFINITY))
      first = entry
  return first?.allow ?? false
}

/** A rule's end does not cut a connection that its group tracks, and cuts one that it does not at once. */
function allowedByGroup(at: Interface, direction: Direction, peer: string, packet: Packet, memory: Memory): boolean {
  if (at.groups.length === 0) return true
  const seen = memory.tracked.get(at)
  const idle = packet.protocol === tcp ? at.trackingIdle : udpIdle
  const live = typeof seen === 'number' && packet.time - seen < idle
  if (!live) {
    const rules = at.groups.flatMap((group) => group.rules)
    const rule = rules.find((rule) => fits(rule, direction, peer, packet))
    if (!rule) return false
    if (seen === 'untracked') return true
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#untracked-connections
    const untracked =
      rule.cidr === anywhere &&
      rules.some(
        ({ direction: other, cidr, ports: [from, to] }) =>
          other !== direction && cidr === anywhere && from === allPorts[0] && to === allPorts[1],
      )
    if (untracked) {
      memory.tracked.set(at, 'untracked')
      return true
    }
  }
  if (packet.flags & flag.rst) memory.tracked.delete(at)
  else memory.tracked.set(at, packet.time)
  return true
}

type Rule = Span & Pick<GroupRule, 'direction' | 'cidr' | 'ports'>

const fits = (rule: Rule, direction: Direction, peer: string, { time, destinationPort }: Packet) =>
  rule.direction === direction &&
  holds(rule, time) &&
  destinationPort >= rule.ports[0] &&
  destinationPort <= rule.ports[1] &&
  within(rule.cidr, peer)

const numbers = new Map<string, number>()

function numberOf(address: string): number {
  let number = numbers.get(address)
  if (number === undefined) {
    number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    numbers.set(address, number)
  }
  return number
}

/** Whether an IPv4 address lies in a CIDR block. */
function within(cidr: string, address: string): boolean {
  if (cidr === anywhere) return true
  const slash = cidr.indexOf('/')
  const size = 2 ** (32 - Number(cidr.slice(slash + 1)))
  return Math.floor(numberOf(cidr.slice(0, slash)) / size) === Math.floor(numberOf(address) / size)
}

export const isPrivate = (address: string) => within('10.0.0.0/8', address) || within('169.254.0.0/16', address)
