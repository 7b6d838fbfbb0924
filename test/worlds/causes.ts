/** The rows of the decision table: how each fault comes about in a network. */
import type { Random } from '../support/random.ts'
import { type ApiCall, deleteRoute, denyEntry, revokeEgress, revokeIngress } from './cloudtrail.ts'
import { idOf } from './ids.ts'
import { anywhere, type Direction, type Interface, type NetworkAcl, type Ports } from './network.ts'
import type { Server } from './packets.ts'
import type { Between, Host, Network } from './topology.ts'
import type { Habits } from './traffic.ts'

/** What `why` is to answer, by the names that it has there. */
export type Cause =
  | 'blocked-at-target'
  | 'blocked-at-source'
  | 'reply-blocked-at-target'
  | 'reply-blocked-at-source'
  | 'public-access-blocked'
  | 'encryption-control'
  | 'late-packets'
  | 'lost-on-the-way'
  | 'dropped-by-transit-gateway'
  | 'no-answer'
  | 'refused'
  | 'reset-by-target'
  | 'reset-by-middlebox'
  | 'reply-lost'
  | 'asymmetric'
  | 'mtu'
  | 'slow'
  | 'nat-ports'
  | 'calls-elsewhere'
  | 'cannot-tell'
  | 'no-fault'

/** What is logged: both sides with every field, one side, AWS's default fields, or accepted traffic alone, at one side or both. */
export const variants = ['both', 'a-only', 'b-only', 'v2', 'accept-only', 'accept-at-a', 'accept-at-b'] as const

export type Variant = (typeof variants)[number]

interface Setting {
  readonly draw: Random
  readonly net: Network
  /** When the fault begins, in epoch seconds. */
  readonly onset: number
}

/** What was done to a network, and what is to be done while it is looked at. */
interface Fault {
  /** Which of the ways in which this cause comes about. */
  readonly how: string
  /** The call that brought it about, if one did. */
  readonly change?: ApiCall
  /** What the target does; otherwise it answers at once. */
  readonly server?: Partial<Server>
  readonly habits?: Partial<Habits>
  /** Another target than the network's. */
  readonly target?: Host
  readonly port?: number
  /** Interfaces whose windows lose every record. */
  readonly skipped?: readonly Interface[]
  /** Interfaces that no flow log covers. */
  readonly unlogged?: readonly Interface[]
}

export interface Row {
  /** Its number in the decision table. */
  readonly row: string
  readonly cause: Cause
  readonly between: readonly Between[]
  /** Default: all. */
  readonly variants?: readonly Variant[]
  readonly arrange: (setting: Setting) => Fault
}

const routed: readonly Between[] = ['vpc', 'peering', 'transit gateway']
const own: readonly Between[] = ['subnet', ...routed, 'firewall', 'load balancer']
const ofOneLog: readonly Variant[] = ['both', 'a-only', 'b-only', 'v2', 'accept-only']
const clientPorts: Ports = [1024, 65_535]

export const rows: readonly Row[] = [
  {
    row: '1',
    cause: 'blocked-at-target',
    between: [...routed, 'load balancer'],
    arrange: (setting) => {
      const { draw, net } = setting
      switch (draw.pick(['group', 'untracked', 'acl'])) {
        case 'group':
          return revokeAtTarget(setting)
        case 'untracked':
          return { ...revokeAtTarget(setting, anywhere), how: 'security group, connections untracked' }
        default:
          return deny(setting, net.subnets.b.acl, 'ingress', net.subnets.a.cidr, [net.port, net.port])
      }
    },
  },
  {
    row: '1a',
    cause: 'blocked-at-target',
    between: ['subnet'],
    variants: ofOneLog,
    arrange: (setting) => revokeAtTarget(setting),
  },
  {
    row: '2',
    cause: 'blocked-at-source',
    between: routed,
    arrange: (setting) => {
      const { draw, net, onset } = setting
      if (draw.chance(0.5)) return deny(setting, net.subnets.a.acl, 'egress', net.subnets.b.cidr, [net.port, net.port])
      for (const rule of net.groups.a.rules) if (rule.direction === 'egress') rule.until = onset
      return { how: 'security group', change: revokeEgress(net.groups.a.id) }
    },
  },
  {
    row: '3',
    cause: 'reply-blocked-at-target',
    between: [...routed, 'load balancer'],
    arrange: (setting) => deny(setting, setting.net.subnets.b.acl, 'egress', setting.net.subnets.a.cidr, clientPorts),
  },
  {
    row: '4',
    cause: 'reply-blocked-at-source',
    between: routed,
    arrange: (setting) => deny(setting, setting.net.subnets.a.acl, 'ingress', setting.net.subnets.b.cidr, clientPorts),
  },
  {
    row: '5',
    cause: 'public-access-blocked',
    between: ['internet'],
    variants: ['b-only', 'v2', 'accept-only'],
    arrange: ({ net, onset }) => {
      net.subnets.b.vpc.blockPublicAccess = { from: onset }
      return {
        how: 'block-bidirectional',
        change: {
          source: 'ec2',
          name: 'ModifyVpcBlockPublicAccessOptions',
          resource: net.account,
          request: { ModifyVpcBlockPublicAccessOptionsRequest: { InternetGatewayBlockMode: 'block-bidirectional' } },
        },
      }
    },
  },
  {
    row: '6',
    cause: 'encryption-control',
    between: ['subnet', 'vpc'],
    arrange: ({ draw, net, onset }) => {
      const at = draw.pick(['ingress', 'egress'] as const)
      const id = idOf(draw, 'vpcec')
      net.a.interface!.encrypts = false
      net.subnets.b.vpc.encryptionControl = { id, at, from: onset }
      return {
        how: at === 'ingress' ? 'at the target' : 'at the source',
        change: {
          source: 'ec2',
          name: 'ModifyVpcEncryptionControl',
          resource: id,
          request: { ModifyVpcEncryptionControlRequest: { VpcEncryptionControlId: id, Mode: 'enforce' } },
        },
      }
    },
  },
  {
    row: '7',
    cause: 'late-packets',
    between: ['subnet', ...routed],
    arrange: ({ draw, net }) => {
      if (draw.chance(0.3)) return { how: 'closed by the client', habits: { close: 'reset', long: 'none' } }
      net.a.interface!.trackingIdle = 350
      const alone = draw.chance(0.3)
      return {
        how: alone ? 'tracking expired, no new connection' : 'tracking expired',
        habits: { long: 'pushed', short: !alone, once: alone },
      }
    },
  },
  {
    row: '8',
    cause: 'lost-on-the-way',
    between: [...routed, 'firewall'],
    arrange: (setting) => {
      const { draw, net, onset } = setting
      if (net.between === 'firewall') {
        net.gaps.request.loses = ({ time, destinationPort }) => time >= onset && destinationPort === net.port
        return { how: 'firewall', change: firewallChange(setting) }
      }
      net.gaps.request.loses = ({ time }) => time >= onset
      if (net.between === 'peering' && draw.chance(0.5))
        return {
          how: 'peering deleted',
          change: {
            source: 'ec2',
            name: 'DeleteVpcPeeringConnection',
            resource: net.peering,
            request: { vpcPeeringConnectionId: net.peering },
          },
        }
      return { how: 'route of the source', change: deleteRoute(net.subnets.a.routeTable, net.subnets.b.vpc.cidr) }
    },
  },
  {
    row: '8a',
    cause: 'dropped-by-transit-gateway',
    between: ['transit gateway'],
    arrange: ({ draw, net, onset }) => {
      const reason = draw.pick(['no-route', 'blackhole', 'ttl-expired'] as const)
      net.gateway.drops = { reason, from: onset }
      if (reason === 'ttl-expired') return { how: reason }
      const table = idOf(draw, 'tgw-rtb')
      const route = { DestinationCidrBlock: net.subnets.b.vpc.cidr, TransitGatewayRouteTableId: table }
      const name = reason === 'no-route' ? 'DeleteTransitGatewayRoute' : 'ReplaceTransitGatewayRoute'
      return {
        how: reason,
        change: {
          source: 'ec2',
          name,
          resource: table,
          request: { [`${name}Request`]: { ...route, ...(reason === 'blackhole' && { Blackhole: true }) } },
        },
      }
    },
  },
  {
    row: '9',
    cause: 'no-answer',
    between: ['subnet', ...routed],
    arrange: ({ onset }) => ({
      how: 'silent host',
      server: { hears: (time) => (time >= onset ? 'silent' : 'answers') },
    }),
  },
  {
    row: '10',
    cause: 'refused',
    between: ['subnet', ...routed, 'load balancer'],
    arrange: ({ net, onset }) => {
      const refuses: Fault = {
        how: 'nothing listens',
        server: { hears: (time) => (time >= onset ? 'refuses' : 'answers') },
        habits: { long: 'none' },
      }
      if (net.between !== 'load balancer') return refuses
      net.noTarget = { from: onset }
      const targetGroup = `arn:aws:elasticloadbalancing:${net.region}:${net.account}:targetgroup/orders/73e2d6bc24d8a067`
      return {
        ...refuses,
        how: 'no healthy target',
        change: {
          source: 'elasticloadbalancing',
          name: 'DeregisterTargets',
          resource: targetGroup,
          request: { targetGroupArn: targetGroup, targets: [{ id: net.instance.interface.instance, port: net.port }] },
          response: null,
        },
      }
    },
  },
  {
    row: '11',
    cause: 'reset-by-target',
    between: ['subnet', ...routed],
    arrange: ({ onset }) => ({
      how: 'during a request',
      server: { hears: (time) => (time >= onset ? 'resets' : 'answers') },
    }),
  },
  {
    row: '11a',
    cause: 'reset-by-middlebox',
    between: ['firewall', 'nat'],
    arrange: (setting) => {
      const { net, onset } = setting
      net.middlebox.idle = { seconds: 350, from: onset }
      const nat = net.between === 'nat'
      return {
        how: nat ? 'NAT gateway' : 'firewall',
        habits: { long: 'idle' },
        ...(!nat && { change: firewallChange(setting) }),
      }
    },
  },
  {
    row: '12',
    cause: 'reply-lost',
    between: [...routed, 'firewall'],
    arrange: (setting) => {
      const { net, onset } = setting
      net.gaps.reply.loses = ({ time }) => time >= onset
      return net.between === 'firewall'
        ? { how: 'asymmetric firewall', change: firewallChange(setting) }
        : { how: 'route of the target', change: deleteRoute(net.subnets.b.routeTable, net.subnets.a.vpc.cidr) }
    },
  },
  {
    row: '13',
    cause: 'asymmetric',
    between: ['vpc', 'peering', 'firewall'],
    arrange: ({ draw, net, onset }) => {
      net.repliesBySecond = { from: onset }
      net.gaps.reply.loses = ({ time }) => time >= onset
      net.interfaces.push(['b', net.second])
      const id = idOf(draw, 'eni-attach')
      return {
        how: 'second interface',
        change: {
          source: 'ec2',
          name: 'AttachNetworkInterface',
          resource: net.second.id,
          request: { networkInterfaceId: net.second.id, instanceId: net.second.instance, deviceIndex: 1 },
          response: { attachmentId: id, networkCardIndex: 0 },
        },
      }
    },
  },
  {
    row: '14',
    cause: 'mtu',
    between: ['firewall'],
    arrange: ({ draw, net, onset }) => {
      net.gaps.request.loses = ({ time, bytes, count }) => time >= onset && bytes / count > 1500
      const change = deleteRoute(net.subnets.a.routeTable, net.subnets.b.cidr)
      const habits: Partial<Habits> = { largest: 9001, ask: 60_000, long: 'none' }
      return { how: 'large packets lost', habits, ...(draw.chance(0.5) && { change }) }
    },
  },
  {
    row: '15',
    cause: 'slow',
    between: own,
    arrange: ({ onset }) => ({
      how: 'fewer bytes a second',
      server: { rate: (time) => (time >= onset ? 30_000 : 5e6) },
      habits: { answer: 400_000 },
    }),
  },
  {
    row: '16',
    cause: 'nat-ports',
    between: ['nat'],
    variants: ['a-only', 'v2', 'accept-only'],
    arrange: ({ net, onset }) => {
      net.nat.exhausted = { from: onset }
      return { how: 'no port for new connections' }
    },
  },
  {
    row: '17',
    cause: 'calls-elsewhere',
    between: [...routed, 'firewall'],
    arrange: ({ draw, net, onset }) => {
      const gone = draw.chance(0.5)
      const old = net.neighbours.b[0]!
      const address = gone ? `${net.subnets.b.cidr.split('.', 3).join('.')}.254` : old.address
      const open = { id: idOf(draw, 'sgr'), direction: 'ingress' as const, cidr: net.subnets.a.vpc.cidr }
      for (const group of old.interface.groups) group.rules.push({ ...open, ports: [net.port, net.port] })
      const zone = `Z${draw.int(1e9)}EXAMPLE`
      return {
        how: gone ? 'an address that is gone' : 'another host',
        habits: {
          elsewhere: { from: onset, to: gone ? { address } : old, silent: gone },
          long: 'none',
        },
        change: {
          source: 'route53',
          name: 'ChangeResourceRecordSets',
          resource: zone,
          request: {
            hostedZoneId: zone,
            changeBatch: {
              changes: [
                {
                  action: 'UPSERT',
                  resourceRecordSet: {
                    name: 'orders.internal.example.',
                    type: 'A',
                    tTL: 30,
                    resourceRecords: [{ value: address }],
                  },
                },
              ],
            },
          },
          response: { changeInfo: { status: 'PENDING', id: `/change/C${draw.int(1e9)}` } },
        },
      }
    },
  },
  {
    row: '18',
    cause: 'cannot-tell',
    between: routed,
    variants: ['both', 'v2'],
    arrange: (setting) => {
      const { draw, net } = setting
      const pair = [net.a.interface!, net.b.interface!]
      switch (draw.pick(['unlogged', 'skipped', 'dns', 'udp'])) {
        case 'unlogged':
          return { ...revokeAtTarget(setting), how: 'neither interface logged', unlogged: pair }
        case 'skipped':
          return { ...revokeAtTarget(setting), how: 'records skipped', skipped: pair }
        case 'dns': {
          const address = net.subnets.a.vpc.cidr.replace('.0.0/16', '.0.2')
          return { how: 'Amazon DNS', target: { address }, port: 53, habits: { protocol: 17, unlogged: true } }
        }
        default:
          return { how: 'UDP without answers', habits: { protocol: 17 } }
      }
    },
  },
  { row: 'no-fault', cause: 'no-fault', between: [...own, 'nat', 'internet'], arrange: () => ({ how: 'all is well' }) },
]

function revokeAtTarget({ net, onset }: Setting, cidr?: string): Fault {
  const { id, rules } = net.groups.b
  const index = rules.findIndex(({ direction, ports }) => direction === 'ingress' && ports[0] === net.port)
  const rule = { ...rules[index]!, ...(cidr && { cidr }), until: onset }
  rules[index] = rule
  return { how: 'security group', change: revokeIngress(id, { id: rule.id, cidr: rule.cidr, port: net.port }) }
}

function deny({ onset }: Setting, acl: NetworkAcl, direction: Direction, cidr: string, ports: Ports): Fault {
  const number = 50
  acl.entries.push({ direction, number, allow: false, cidr, ports, from: onset })
  return { how: 'network ACL', change: denyEntry(acl.id, { egress: direction === 'egress', number, cidr, ports }) }
}

function firewallChange({ net }: Setting): ApiCall {
  const resource = `arn:aws:network-firewall:${net.region}:${net.account}:stateful-rulegroup/inspection`
  return {
    source: 'network-firewall',
    name: 'UpdateRuleGroup',
    resource,
    request: { ruleGroupArn: resource, type: 'STATEFUL', updateToken: '1d9a1f2e-3f1d-4f0e-9b1f-2f5d0c3e7a11' },
    response: { ruleGroupResponse: { ruleGroupArn: resource, ruleGroupName: 'inspection', type: 'STATEFUL' } },
  }
}
