/** A small network: a client's side, a target's side, what lies between, and neighbours of both. */
import type { Random } from '../support/random.ts'
import { accountId, idOf } from './ids.ts'
import {
  allPorts,
  anywhere,
  type Interface,
  type InterfaceType,
  type NetworkAcl,
  type SecurityGroup,
  type Span,
  type Subnet,
  type Vpc,
} from './network.ts'
import type { Gap, Middlebox, TransitGateway, Translator } from './steps.ts'

export type Between =
  | 'subnet'
  | 'vpc'
  | 'peering'
  | 'transit gateway'
  | 'firewall'
  | 'load balancer'
  /** The target is on the internet, behind a NAT gateway of the client's side. */
  | 'nat'
  /** The client is on the internet. */
  | 'internet'

export type Side = 'a' | 'b'

/** Who sends and receives: with an interface of the account, or somewhere on the internet. */
export interface Host {
  readonly address: string
  readonly interface?: Interface
}

interface Owned extends Host {
  readonly interface: Interface
}

export interface Network {
  readonly account: string
  readonly region: string
  readonly between: Between
  readonly port: number
  readonly a: Host
  readonly b: Host
  /** The instance behind the target's address: the target's own, or that of a load balancer. */
  readonly instance: Owned
  /** Another interface of the target's instance, in another subnet. */
  readonly second: Interface
  /** When the target's instance sends its replies through the second. */
  repliesBySecond?: Span
  /** When the load balancer has no target to forward to. */
  noTarget?: Span
  readonly neighbours: Readonly<Record<Side, readonly Owned[]>>
  readonly outside: readonly Host[]
  /** Every interface that exists, by the side whose flow log is to show it. */
  readonly interfaces: (readonly [Side, Interface])[]
  readonly subnets: Readonly<Record<Side, Subnet>>
  readonly groups: Readonly<Record<Side, SecurityGroup>>
  readonly gaps: { readonly request: Gap; readonly reply: Gap }
  readonly middlebox: Middlebox
  readonly gateway: TransitGateway
  readonly nat: Translator
  readonly loadBalancer: Translator
  readonly peering: string
}

const databases = [5432, 3306, 6379, 9200, 443, 8080]

export function network(draw: Random, between: Between): Network {
  const account = accountId(draw)
  const [region, zone] = draw.pick([
    ['eu-central-1', 'euc1-az'],
    ['us-east-1', 'use1-az'],
  ] as const)
  const port = draw.pick(databases)
  const twoVpcs = ['peering', 'transit gateway'].includes(between) || (between === 'firewall' && draw.chance(0.5))
  const vpc = (second: number): Vpc => ({ id: idOf(draw, 'vpc'), cidr: `10.${second}.0.0/16` })
  const vpcA = vpc(10 + draw.int(100))
  const vpcB = twoVpcs ? vpc(120 + draw.int(100)) : vpcA
  const subnet = (of: Vpc, third: number): Subnet => ({
    id: idOf(draw, 'subnet'),
    cidr: `${of.cidr.split('.', 2).join('.')}.${third}.0/24`,
    vpc: of,
    zone: `${zone}${1 + draw.int(3)}`,
    acl: openAcl(draw),
    routeTable: idOf(draw, 'rtb'),
  })
  const subnetA = subnet(vpcA, 1)
  const subnetB = between === 'subnet' ? subnetA : subnet(vpcB, 2)
  const groupA = group(draw, [])
  const groupB = group(draw, [{ cidr: between === 'internet' ? anywhere : vpcA.cidr, ports: [port, port] }])
  const taken = new Set<string>()
  const place = (on: Subnet, groups: readonly SecurityGroup[], type: InterfaceType = 'interface'): Interface => {
    let address: string
    do address = `${on.cidr.split('.', 3).join('.')}.${5 + draw.int(240)}`
    while (taken.has(address))
    taken.add(address)
    const made = { id: idOf(draw, 'eni'), address, subnet: on, type, groups, trackingIdle: 432_000, encrypts: true }
    return type === 'interface' ? { ...made, instance: idOf(draw, 'i') } : made
  }
  const owned = (on: Subnet, groups: readonly SecurityGroup[]): Owned => host(place(on, groups))
  const outside = Array.from({ length: 12 }, (_, n) => ({ address: `203.0.113.${10 + n * 20 + draw.int(20)}` }))
  const balanced = between === 'load balancer'

  const a: Host = between === 'internet' ? outside[0]! : owned(subnetA, [groupA])
  const balancer = host(place(subnetB, [groupB], 'network_load_balancer'))
  const instance = owned(subnetB, balanced ? [group(draw, [{ cidr: subnetB.cidr, ports: allPorts }])] : [groupB])
  const b: Host = between === 'nat' ? outside[0]! : balanced ? balancer : instance
  const second = {
    ...place(subnet(vpcB, 3), [groupB]),
    ...(instance.interface.instance && { instance: instance.interface.instance }),
  }
  const neighbours = {
    a: Array.from({ length: 4 }, () => owned(subnetA, [groupA])),
    b: Array.from({ length: 4 }, () => owned(subnetB, [group(draw, [{ cidr: subnetB.cidr, ports: allPorts }])])),
  }
  const natSubnet = subnet(vpcA, 4)
  const nat: Translator = { at: place(natSubnet, [], 'nat_gateway'), nextPort: 1024 + draw.int(20_000) }
  const attachment = (of: Vpc) => ({
    id: idOf(draw, 'tgw-attach'),
    interface: place(subnet(of, 5), [], 'transit_gateway'),
  })
  const gateway: TransitGateway = { id: idOf(draw, 'tgw'), attachments: [attachment(vpcA), attachment(vpcB)] }
  const loadBalancer: Translator = { at: balancer.interface, nextPort: 1024 + draw.int(20_000) }
  const gaps = { request: {}, reply: {} }
  const middlebox: Middlebox = {}

  const logged: Readonly<Record<Side, readonly (Interface | undefined)[]>> = {
    a: [
      a.interface,
      ...neighbours.a.map((one) => one.interface),
      between === 'nat' ? nat.at : undefined,
      between === 'transit gateway' ? gateway.attachments[0].interface : undefined,
    ],
    b: [
      b.interface,
      balanced ? instance.interface : undefined,
      // Beside a target on the internet nobody is known.
      ...(between === 'nat' ? [] : neighbours.b.map((one) => one.interface)),
      between === 'transit gateway' ? gateway.attachments[1].interface : undefined,
    ],
  }
  const interfaces = (['a', 'b'] as const).flatMap((side) =>
    logged[side].flatMap((at) => (at ? [[side, at] as const] : [])),
  )

  return {
    account,
    region,
    between,
    port,
    a,
    b,
    instance,
    second,
    neighbours,
    outside,
    interfaces,
    subnets: { a: subnetA, b: subnetB },
    groups: { a: groupA, b: groupB },
    gaps,
    middlebox,
    gateway,
    nat,
    loadBalancer,
    peering: idOf(draw, 'pcx'),
  }
}

const host = (at: Interface): Owned => ({ address: at.address, interface: at })

function openAcl(draw: Random): NetworkAcl {
  const entry = { number: 100, allow: true, cidr: anywhere, ports: allPorts }
  return {
    id: idOf(draw, 'acl'),
    entries: [
      { ...entry, direction: 'ingress' },
      { ...entry, direction: 'egress' },
    ],
  }
}

function group(
  draw: Random,
  inbound: readonly { readonly cidr: string; readonly ports: readonly [number, number] }[],
): SecurityGroup {
  return {
    id: idOf(draw, 'sg'),
    rules: [
      { id: idOf(draw, 'sgr'), direction: 'egress', cidr: anywhere, ports: allPorts },
      ...inbound.map((rule) => ({ id: idOf(draw, 'sgr'), direction: 'ingress' as const, ...rule })),
    ],
  }
}
