import {
  type Allows,
  ask,
  type Behaviour,
  Clock,
  type Connection,
  connect,
  type Exchange,
  type FlowLog,
  Interface,
  type InterfaceOptions,
  type Packet,
  Random,
  type Route,
  RST,
  SecurityGroup,
  type Subnet,
  SYN,
  upTo,
  V2,
} from './network.ts'

const CAUSES = [
  'blocked-at-target',
  'blocked-at-source',
  'reply-blocked-at-target',
  'reply-blocked-at-source',
  'public-access-blocked',
  'encryption-control',
  'late-packets',
  'lost-on-the-way',
  'dropped-by-transit-gateway',
  'no-answer',
  'refused',
  'reset-by-target',
  'reset-by-middlebox',
  'reply-lost',
  'asymmetric',
  'mtu',
  'slow',
  'nat-ports',
  'calls-elsewhere',
  'cannot-tell',
  'no-fault',
] as const
export type Cause = (typeof CAUSES)[number]
type Topology =
  | 'subnet'
  | 'vpc'
  | 'peering'
  | 'tgw'
  | 'nat'
  | 'private-nat'
  | 'nlb'
  | 'ipv6'
  | 'internet-in'
  | 'internet-out'
export type Profile =
  | 'full'
  | 'a-only'
  | 'b-only'
  | 'v2'
  | 'flags-only'
  | 'direction-only'
  | 'v3'
  | 'v5'
  | 'v7'
  | 'accept-only'
  | 'skip'
  | 'fresh'

export interface Truth {
  readonly seed: number
  readonly cause: Cause
  /** Where the world allows another name as well as the first. */
  readonly also: readonly Cause[]
  readonly a: string
  readonly b: string
  readonly port: number
  readonly since: string
  readonly until: string
  readonly fullyLogged: boolean
  readonly profile: Profile
  readonly note: string
}
export interface World {
  readonly truth: Truth
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

const PROFILES: readonly Profile[] = [
  'a-only',
  'b-only',
  'v2',
  'flags-only',
  'direction-only',
  'v3',
  'v5',
  'v7',
  'accept-only',
  'skip',
  'fresh',
]
const TOPOLOGIES: Partial<Record<Cause, readonly Topology[]>> = {
  'public-access-blocked': ['internet-in', 'internet-in', 'internet-out'],
  'encryption-control': ['subnet', 'vpc', 'vpc'],
  'dropped-by-transit-gateway': ['tgw'],
  'nat-ports': ['nat', 'nat', 'private-nat'],
  'reset-by-middlebox': ['nat', 'private-nat', 'nlb', 'vpc', 'vpc', 'peering'],
  'lost-on-the-way': ['vpc', 'peering', 'tgw', 'private-nat', 'ipv6'],
  'reply-lost': ['vpc', 'peering', 'tgw', 'private-nat', 'ipv6'],
  'reply-blocked-at-target': ['vpc', 'peering', 'tgw', 'ipv6', 'private-nat'],
  'reply-blocked-at-source': ['vpc', 'peering', 'tgw', 'ipv6'],
  'late-packets': ['subnet', 'vpc', 'peering', 'tgw', 'ipv6'],
  asymmetric: ['vpc', 'peering', 'tgw', 'vpc'],
  mtu: ['peering', 'tgw', 'vpc', 'private-nat'],
  'calls-elsewhere': ['vpc', 'peering', 'tgw', 'subnet'],
  'no-fault': ['subnet', 'vpc', 'peering', 'tgw', 'nat', 'private-nat', 'nlb', 'ipv6', 'internet-in', 'internet-out'],
}
const SERVICES = [5432, 443, 8080, 6379, 3306, 9092, 22, 1521]
const ALL: Allows = () => true
const NONE: Allows = () => false

/** The world of a seed: the same seed, the same files. */
export function world(seed: number, options: { cause?: Cause; profile?: Profile } = {}): World {
  const r = new Random(seed)
  const cause = options.cause ?? (CAUSES[seed % CAUSES.length] as Cause)
  const drawn = r.chance(0.6) ? 'full' : r.pick(PROFILES)
  const topology = r.pick(
    TOPOLOGIES[cause] ?? (['subnet', 'vpc', 'vpc', 'peering', 'tgw', 'nlb', 'ipv6', 'private-nat'] as const),
  )
  // What is on the internet has no log: then the other side is all there is.
  const wanted = options.profile ?? drawn
  const profile =
    (topology === 'internet-in' && wanted === 'a-only') ||
    (['internet-out', 'nat'].includes(topology) && wanted === 'b-only')
      ? 'full'
      : wanted
  const notes: string[] = [topology]
  const clock = new Clock()

  // Time.
  const minutes = r.pick([30, 45, 60, 90])
  const since = Date.UTC(2026, 10, 3 + (seed % 20), 6 + (seed % 13), r.int(0, 59)) / 1000
  const until = since + minutes * 60
  const now = until + (profile === 'fresh' ? r.int(0, 300) : 1800)
  const shape = ['slow', 'calls-elsewhere', 'mtu'].includes(cause)
    ? r.pick(['whole', 'onset'] as const)
    : r.pick(['whole', 'whole', 'onset', 'mended'] as const)
  const onset = shape === 'whole' ? Number.NEGATIVE_INFINITY : since + minutes * 60 * r.between(0.3, 0.6)
  const mend = shape === 'mended' ? onset + minutes * 60 * r.between(0.15, 0.3) : Number.POSITIVE_INFINITY
  const on = (at: number): boolean => at >= onset && at < mend
  if (cause !== 'no-fault') notes.push(shape)

  // Places.
  const far = !['subnet', 'vpc', 'ipv6', 'nlb', 'nat', 'internet-in', 'internet-out'].includes(topology)
  const account = `1${r.int(10_000_000_000, 99_999_999_999)}`
  const otherAccount = far && r.chance(0.5) ? `2${r.int(10_000_000_000, 99_999_999_999)}` : account
  const region = r.pick(['us-east-1', 'eu-central-1', 'ap-southeast-2'])
  const net = r.int(1, 120)
  const v6 = topology === 'ipv6'
  let host = 10
  const address = (vpc: number, third: number): string =>
    v6
      ? `2600:1f18:${(0x1000 + net).toString(16)}:${third.toString(16)}::${(host++).toString(16)}`
      : `10.${vpc}.${third}.${host++}`
  const acl = (): Subnet['acl'] => ({ id: `acl-0${r.hex(16)}`, inbound: ALL, outbound: ALL })
  const vpcA = `vpc-0${r.hex(16)}`
  const vpcB = far ? `vpc-0${r.hex(16)}` : vpcA
  const netB = far ? net + 1 : net
  const subnetA: Subnet = { id: `subnet-0${r.hex(16)}`, vpc: vpcA, account, acl: acl() }
  const subnetB: Subnet =
    topology === 'subnet' ? subnetA : { id: `subnet-0${r.hex(16)}`, vpc: vpcB, account: otherAccount, acl: acl() }
  const subnetM: Subnet = { id: `subnet-0${r.hex(16)}`, vpc: vpcA, account, acl: acl() }
  const subnetN: Subnet = { id: `subnet-0${r.hex(16)}`, vpc: vpcB, account: otherAccount, acl: acl() }
  const thirdB = topology === 'subnet' ? 1 : 2

  // Logs.
  const advised = [
    ...V2,
    'vpc-id',
    'subnet-id',
    'instance-id',
    'tcp-flags',
    'pkt-srcaddr',
    'pkt-dstaddr',
    'flow-direction',
    'traffic-path',
    'reject-reason',
    'interface-type',
    'next-hop-interface-id',
    'next-hop-interface-type',
  ]
  const full = (): string[] => {
    const fields = r.pick([upTo(11), upTo(8), upTo(10), advised])
    return r.chance(0.4) ? r.shuffle(fields) : fields
  }
  const columns: Partial<Record<Profile, string[]>> = {
    v2: V2,
    'flags-only': [...V2, 'tcp-flags'],
    'direction-only': [...V2, 'flow-direction', 'vpc-id'],
    v3: upTo(3),
    v5: upTo(5),
    v7: upTo(7),
  }
  const log = (owner: string): FlowLog => ({
    id: `fl-0${r.hex(16)}`,
    account: owner,
    region,
    fields: columns[profile] ?? full(),
    window: r.pick([60, 60, 600]),
    ...(profile === 'accept-only' ? { only: 'ACCEPT' as const } : {}),
    records: [],
  })
  const logA = log(account)
  const logB = vpcB === vpcA && r.chance(0.5) ? logA : log(otherAccount)
  const logs = new Set<FlowLog>([logA, logB])
  const hasA = profile !== 'b-only' && topology !== 'internet-in'
  const hasB = profile !== 'a-only' && topology !== 'internet-out' && topology !== 'nat'

  const interfaces: Interface[] = []
  const nic = (is: Omit<InterfaceOptions, 'id'>): Interface => {
    const one = new Interface({
      id: `eni-0${r.hex(16)}`,
      late: r.chance(0.3) ? r.int(0, 55) : r.int(0, 6),
      phase: r.int(0, 59),
      ...is,
    })
    interfaces.push(one)
    return one
  }
  const group = (inbound: Allows, outbound: Allows = ALL, idle?: number): SecurityGroup =>
    new SecurityGroup(`sg-0${r.hex(16)}`, inbound, outbound, idle)

  const port = r.pick(SERVICES)
  const targetPort = port
  const path =
    topology === 'peering'
      ? { path: 4 }
      : topology === 'tgw' || topology === 'private-nat'
        ? {}
        : topology.startsWith('internet')
          ? { path: 8 }
          : { path: 1 }
  const leaves = (): { path?: number } => path
  const idle = cause === 'late-packets' ? 350 : 432_000
  const groupA = group(NONE, ALL, idle)
  const groupB = group((packet) => packet.dport === port || packet.dport === 22 || packet.dport === 9100)
  const addressA = topology === 'internet-in' ? `198.51.100.${r.int(1, 250)}` : address(net, 1)
  const secondary = r.chance(0.15) && !v6
  const primaryA = addressA
  const addressB =
    topology === 'internet-out' || topology === 'nat' ? `203.0.113.${r.int(1, 250)}` : address(netB, thirdB)
  const primaryB = secondary && topology !== 'internet-out' && topology !== 'nat' ? address(netB, thirdB) : addressB
  if (primaryB !== addressB) notes.push('secondary address')
  let refusesA: InterfaceOptions['refuses']
  let refusesB: InterfaceOptions['refuses']
  const instanceA = `i-0${r.hex(16)}`
  const instanceB = `i-0${r.hex(16)}`
  const a = nic({
    address: primaryA,
    subnet: subnetA,
    group: groupA,
    log: hasA ? logA : undefined,
    instance: instanceA,
    leaves,
    refuses: (...x) => refusesA?.(...x),
  })
  const b = nic({
    address: primaryB,
    subnet: subnetB,
    group: groupB,
    log: hasB ? logB : undefined,
    instance: topology === 'nlb' ? undefined : instanceB,
    type: topology === 'nlb' ? 'network_load_balancer' : 'interface',
    leaves,
    refuses: (...x) => refusesB?.(...x),
  })
  const open = (): SecurityGroup => group(ALL)
  const inside = topology === 'subnet'

  // The way between, and what may go wrong on it.
  const lost = { there: (_: Packet, __: number): boolean => false, back: (_: Packet, __: number): boolean => false }
  /** A middlebox that answers the sender with a reset. */
  let resets: ((packet: Packet, at: number) => boolean) | undefined
  let portsGone: ((packet: Packet, at: number) => boolean) | undefined
  let wayBack: Interface = b
  let tgwDrops: ((packet: Packet, at: number) => string | undefined) | undefined

  const tgwLines = new Map<
    string,
    {
      line: Record<string, string>
      packets: number
      bytes: number
      flags: number
      first: number
      last: number
      lost: Map<string, number>
      window: number
    }
  >()
  const tgw = { id: `tgw-0${r.hex(16)}`, near: `tgw-attach-0${r.hex(16)}`, far: `tgw-attach-0${r.hex(16)}` }
  const tgwLogged =
    topology === 'tgw' &&
    (cause === 'dropped-by-transit-gateway' ? profile !== 'a-only' || r.chance(0.5) : r.chance(0.3))
  const tgwSees = (packet: Packet, at: number, attachment: string, direction: string, reason?: string): void => {
    if (!tgwLogged) return
    const window = Math.floor(at / 60)
    const key = `${window} ${attachment} ${direction} ${packet.src} ${packet.dst} ${packet.sport} ${packet.dport} ${packet.proto}`
    const sum = tgwLines.get(key) ?? {
      line: {},
      packets: 0,
      bytes: 0,
      flags: 0,
      first: at,
      last: at,
      lost: new Map(),
      window,
    }
    sum.line = {
      'tgw-attachment-id': attachment,
      'flow-direction': direction,
      srcaddr: packet.src,
      dstaddr: packet.dst,
      srcport: String(packet.sport),
      dstport: String(packet.dport),
      protocol: String(packet.proto),
    }
    sum.packets += packet.count
    sum.bytes += packet.count * packet.size
    sum.flags |= packet.proto === 6 ? (packet.flags === SYN ? SYN : packet.flags | 16) : 0
    sum.last = at
    if (reason !== undefined) sum.lost.set(reason, (sum.lost.get(reason) ?? 0) + packet.count)
    tgwLines.set(key, sum)
  }
  const middleLogged = hasA && r.chance(profile === 'full' ? 1 : 0.6)
  const gatewayNear =
    topology === 'tgw'
      ? nic({
          address: address(net, 9),
          subnet: subnetM,
          group: open(),
          log: middleLogged ? logA : undefined,
          type: 'transit_gateway',
        })
      : undefined
  const gatewayFar =
    topology === 'tgw'
      ? nic({
          address: address(netB, 9),
          subnet: subnetN,
          group: open(),
          log: hasB && middleLogged ? logB : undefined,
          type: 'transit_gateway',
        })
      : undefined
  const isNat = topology === 'nat' || topology === 'private-nat'
  const nat = isNat
    ? nic({
        address: address(net, 8),
        subnet: subnetM,
        group: open(),
        log: middleLogged ? logA : undefined,
        type: 'nat_gateway',
        leaves: () => (topology === 'nat' ? { path: 8 } : {}),
      })
    : undefined
  const target =
    topology === 'nlb'
      ? nic({
          address: address(net, 3),
          subnet: { ...subnetM, id: `subnet-0${r.hex(16)}` },
          group: open(),
          log: hasB ? logB : undefined,
          instance: instanceB,
          leaves,
        })
      : undefined
  const mapped = new Map<string, Packet>()
  const unmapped = new Map<string, Packet>()
  const keepPorts = r.chance(0.5)
  let nextPort = 1024 + r.int(0, 20_000)
  const translate = (packet: Packet, source: string, to?: { dst: string; dport: number }): Packet => {
    const key = `${packet.src} ${packet.sport} ${packet.dst} ${packet.dport} ${packet.proto}`
    const known = mapped.get(key)
    const sport = known?.sport ?? (keepPorts && to === undefined ? packet.sport : nextPort++)
    const there = { ...packet, src: source, sport, ...(to ?? {}) }
    mapped.set(key, there)
    unmapped.set(`${there.dst} ${there.dport} ${there.src} ${there.sport} ${there.proto}`, packet)
    return there
  }
  const restore = (packet: Packet): Packet | undefined => {
    const was = unmapped.get(`${packet.src} ${packet.sport} ${packet.dst} ${packet.dport} ${packet.proto}`)
    return was === undefined ? undefined : { ...packet, src: was.dst, sport: was.dport, dst: was.src, dport: was.sport }
  }
  const latency = r.between(0.0003, 0.004)
  const plain = (from: Interface | undefined, to: Interface | undefined, same: boolean, faulty: boolean): Route => ({
    there: (packet, at) => {
      if (from !== undefined && !from.meets(packet, 'egress', at, same)) return undefined
      let going = packet
      let when = at + latency
      if (nat !== undefined && faulty) {
        if (!nat.meets(going, 'ingress', when)) return undefined
        if (portsGone?.(going, when)) return undefined
        if (resets?.(going, when)) return bounce(from, going, when, same, nat)
        going = translate(going, nat.address)
        when += 0.0002
        if (!nat.meets(going, 'egress', when)) return undefined
      } else if (faulty && topology !== 'nlb' && resets?.(going, when)) return bounce(from, going, when, same)
      if (gatewayNear !== undefined && faulty) {
        if (!gatewayNear.meets(going, 'ingress', when)) return undefined
        const reason = tgwDrops?.(going, when)
        tgwSees(going, when, tgw.near, 'ingress', reason)
        if (reason !== undefined) return undefined
      }
      if (faulty && lost.there(going, when)) return undefined
      if (gatewayFar !== undefined && faulty) {
        tgwSees(going, when, tgw.far, 'egress')
        if (!gatewayFar.meets(going, 'egress', when)) return undefined
      }
      when += latency
      if (to !== undefined && !to.meets(going, 'ingress', when, same)) return undefined
      if (target !== undefined && to === b) {
        if (resets?.(going, when)) {
          const back = {
            src: going.dst,
            dst: going.src,
            sport: going.dport,
            dport: going.sport,
            proto: 6,
            flags: RST,
            count: 1,
            size: 40,
          }
          if (!b.meets(back, 'egress', when + 0.0001, same)) return undefined
          if (from !== undefined && !from.meets(back, 'ingress', when + 0.0006, same)) return undefined
          return { to: 'sender', packet: back, at: when + 0.001 }
        }
        going = translate(going, b.address, { dst: target.address, dport: targetPort })
        if (!b.meets(going, 'egress', when + 0.0001)) return undefined
        if (!target.meets(going, 'ingress', when + 0.0005)) return undefined
        when += 0.0006
      }
      return { to: 'far', packet: going, at: when }
    },
    back: (packet, at) => {
      let coming = packet
      let when = at
      if (target !== undefined && to === b) {
        if (!target.meets(coming, 'egress', when) || !b.meets(coming, 'ingress', when + 0.0004)) return undefined
        const was = restore(coming)
        if (was === undefined) return undefined
        coming = was
        when += 0.0005
      }
      const leaving = to === b && faulty ? wayBack : to
      if (leaving !== undefined && !leaving.meets(coming, 'egress', when, same)) return undefined
      when += latency
      if (gatewayFar !== undefined && faulty) {
        if (!gatewayFar.meets(coming, 'ingress', when)) return undefined
        tgwSees(coming, when, tgw.far, 'ingress')
      }
      if (faulty && lost.back(coming, when)) return undefined
      if (gatewayNear !== undefined && faulty) {
        tgwSees(coming, when, tgw.near, 'egress')
        if (!gatewayNear.meets(coming, 'egress', when)) return undefined
      }
      if (nat !== undefined && faulty) {
        if (!nat.meets(coming, 'ingress', when)) return undefined
        const was = restore(coming)
        if (was === undefined) return undefined
        coming = was
        when += 0.0002
        if (!nat.meets(coming, 'egress', when)) return undefined
      }
      when += latency
      if (from !== undefined && !from.meets(coming, 'ingress', when, same)) return undefined
      return { to: 'far', packet: coming, at: when }
    },
  })
  const bounce = (
    from: Interface | undefined,
    packet: Packet,
    at: number,
    same: boolean,
    by?: Interface,
  ): ReturnType<Route['there']> => {
    const back = {
      src: packet.dst,
      dst: packet.src,
      sport: packet.dport,
      dport: packet.sport,
      proto: 6,
      flags: RST,
      count: 1,
      size: 40,
    }
    by?.meets(back, 'egress', at + 0.0001)
    if (from !== undefined && !from.meets(back, 'ingress', at + 0.0005, same)) return undefined
    return { to: 'sender', packet: back, at: at + 0.001 }
  }
  const route = plain(
    topology === 'internet-in' ? undefined : a,
    topology === 'internet-out' || topology === 'nat' ? undefined : b,
    inside,
    true,
  )

  // What A does.
  let behaves: (at: number) => Behaviour = () => 'answers'
  let also: Cause[] = []
  let fullyLogged = profile === 'full' && hasA && hasB
  let exchanges = (): Exchange[] =>
    Array.from({ length: r.int(1, 4) }, () => ({
      wait: r.between(0, 1),
      from: 'client' as const,
      bytes: r.int(60, 2500),
      reply: r.int(40, 60_000),
      think: r.between(0.001, 0.3),
    }))
  let close: Connection['close'] = r.pick(['client', 'client', 'server'] as const)
  let late: number | undefined
  let mss = r.chance(0.3) ? 8948 : 1448
  let period = r.pick([12, 25, 45, 90])
  let calls = (at: number): boolean => at >= 0
  const udp =
    ['blocked-at-target', 'no-fault', 'reply-blocked-at-target', 'cannot-tell'].includes(cause) && r.chance(0.12)
  const small = r.chance(0.25)
  const base = r.int(32_768, 60_000)
  let used = 0
  const timeoutOf = r.pick([3, 5, 10, 30, 75])
  if (small) notes.push('ports reused')
  /** From when on a port is free again: a client does not use one whose connection may still be there. */
  const free = new Map<number, number>()
  const sport = (at: number, lasts = 0): number => {
    const known = small ? [...free].find(([, when]) => when <= at) : undefined
    const chosen = known?.[0] ?? 32_768 + ((base + used++ * 7) % 28_000)
    free.delete(chosen)
    free.set(chosen, at + timeoutOf + lasts)
    return chosen
  }
  const sees = isNat ? [nat?.address, addressA] : [addressA]
  const fromA: Allows = (packet) => sees.includes(packet.src)
  const toA: Allows = (packet) => sees.includes(packet.dst)
  const events: {
    at: number
    name: string
    request: object
    response?: object
    source?: string
    error?: string
    owner?: string
  }[] = []
  const change = (name: string, request: object, response?: object, owner?: string): void => {
    if (shape === 'whole') return
    events.push({
      at: onset - r.int(1, 20),
      name,
      request,
      ...(response ? { response } : {}),
      ...(owner ? { owner } : {}),
    })
  }
  const entry = (subnet: Subnet, egress: boolean, from: number, to: number): void =>
    change(
      'CreateNetworkAclEntry',
      {
        networkAclId: subnet.acl.id,
        egress,
        ruleNumber: 50,
        ruleAction: 'deny',
        aclProtocol: '6',
        portRange: { from, to },
        cidrBlock: `10.${net}.0.0/16`,
        icmpTypeCode: {},
      },
      undefined,
      subnet.account,
    )
  /** Some connections live for the whole span, with work every so often. */
  let pooled = r.chance(0.3)
  /** Others to the same service share the fate of A. */
  let othersFail = false
  let cold: Interface | undefined

  switch (cause) {
    case 'blocked-at-target':
      if (inside || r.chance(0.5)) {
        const was = groupB.inbound
        groupB.inbound = (packet, at) => was(packet, at) && !(on(at) && fromA(packet, at) && packet.dport === port)
        change(
          'RevokeSecurityGroupIngress',
          {
            groupId: groupB.id,
            ipPermissions: {
              items: [
                {
                  ipProtocol: 'tcp',
                  fromPort: port,
                  toPort: port,
                  ipRanges: { items: [{ cidrIp: `10.${net}.1.0/24` }] },
                },
              ],
            },
          },
          undefined,
          otherAccount,
        )
        notes.push('group')
      } else {
        subnetB.acl.inbound = (packet, at) => !(on(at) && fromA(packet, at) && packet.dport === port)
        entry(subnetB, false, port, port)
        notes.push('acl')
      }
      if (r.chance(0.2)) {
        behaves = () => 'silent'
        also = ['no-answer']
        notes.push('and silent')
      }
      break
    case 'blocked-at-source':
      if (inside || r.chance(0.5)) {
        groupA.outbound = (packet, at) => !(on(at) && packet.dport === port)
        change('RevokeSecurityGroupEgress', {
          groupId: groupA.id,
          ipPermissions: { items: [{ ipProtocol: '-1', ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }] },
        })
        notes.push('group')
      } else {
        subnetA.acl.outbound = (packet, at) => !(on(at) && packet.dport === port)
        entry(subnetA, true, port, port)
        notes.push('acl')
      }
      break
    case 'reply-blocked-at-target':
      subnetB.acl.outbound = (packet, at) => !(on(at) && toA(packet, at) && packet.dport >= 1024)
      entry(subnetB, true, 1024, 65_535)
      break
    case 'reply-blocked-at-source':
      subnetA.acl.inbound = (packet, at) => !(on(at) && packet.sport === port)
      entry(subnetA, false, 1024, 65_535)
      break
    case 'public-access-blocked': {
      const public_ = (packet: Packet, direction: string, at: number): string | undefined =>
        on(at) &&
        (topology === 'internet-in' ? direction === 'ingress' : direction === 'egress') &&
        packet.proto === 6 &&
        [packet.src, packet.dst].some((x) => !x.startsWith('10.'))
          ? 'BPA'
          : undefined
      if (topology === 'internet-in') refusesB = public_
      else refusesA = public_
      change('ModifyVpcBlockPublicAccessOptions', {
        ModifyVpcBlockPublicAccessOptionsRequest: { InternetGatewayBlockMode: 'block-bidirectional' },
      })
      // Only one side can be logged; with reject-reason that is all there is.
      fullyLogged = profile === 'full'
      break
    }
    case 'encryption-control': {
      // Whatever is not encrypted, whoever sends it: exclusions are of gateways, peering and services, not of hosts.
      const control = (packet: Packet, direction: string, at: number): string | undefined =>
        on(at) &&
        (direction === 'ingress') === atB &&
        [packet.src, packet.dst].every((address) => address.startsWith('10.'))
          ? 'EC'
          : undefined
      const atB = r.chance(0.5)
      if (atB) refusesB = control
      else refusesA = control
      notes.push(atB ? 'at B' : 'at A')
      break
    }
    case 'late-packets':
      pooled = false
      if (r.chance(0.5)) {
        notes.push('idle')
        const gap = r.int(380, 600)
        period = 240
        // B pushes after A's group forgot the connection.
        exchanges = () => [
          { wait: 0.1, from: 'client', bytes: 300, reply: 800 },
          { wait: gap, from: 'server', bytes: r.int(80, 900), reply: 30 },
        ]
      } else {
        notes.push('closed')
        also = ['no-fault']
        late = r.int(1, 4)
      }
      break
    case 'lost-on-the-way':
      lost.there = (_, at) => on(at)
      change(
        topology === 'peering' ? 'DeleteVpcPeeringConnection' : 'DeleteRoute',
        topology === 'peering'
          ? { vpcPeeringConnectionId: `pcx-0${r.hex(16)}` }
          : { routeTableId: `rtb-0${r.hex(16)}`, destinationCidrBlock: `10.${netB}.0.0/16` },
      )
      break
    case 'dropped-by-transit-gateway': {
      const why = r.pick([
        'packets-lost-no-route',
        'packets-lost-blackhole',
        'packets-lost-no-route',
        'packets-lost-ttl-expired',
      ])
      const back = r.chance(0.15)
      if (!back) tgwDrops = (_, at) => (on(at) ? why : undefined)
      else {
        notes.push('the reply')
        fullyLogged = false
        also = ['reply-lost']
        lost.back = (packet, at) => {
          if (!on(at)) return false
          tgwSees({ ...packet, flags: packet.flags }, at, tgw.far, 'ingress', why)
          return true
        }
      }
      if (!tgwLogged) also = back ? ['reply-lost'] : ['lost-on-the-way']
      if (profile === 'a-only' && tgwLogged) fullyLogged = false
      break
    }
    case 'no-answer':
      behaves = (at) => (on(at) ? 'silent' : 'answers')
      othersFail = r.chance(0.8)
      break
    case 'refused':
      behaves = (at) => (on(at) ? 'refuses' : 'answers')
      othersFail = true
      if (topology === 'nlb') {
        behaves = () => 'answers'
        resets = (packet, at) => on(at) && packet.flags === SYN
      }
      break
    case 'reset-by-target':
      if (r.chance(0.6)) behaves = (at) => (on(at) ? 'resets' : 'answers')
      else {
        close = 'server-resets'
        exchanges = () => [
          { wait: 0.1, from: 'client', bytes: 500, reply: 0 },
          { wait: r.between(0.5, 60), from: 'client', bytes: 50, reply: 0 },
        ]
      }
      // Behind a load balancer its own interface passes the target's reset on.
      pooled = false
      break
    case 'reset-by-middlebox': {
      pooled = false
      const gap = r.int(360, 500)
      period = 150
      exchanges = () => [
        { wait: 0.1, from: 'client', bytes: 400, reply: 900 },
        { wait: gap, from: 'client', bytes: 200, reply: 900 },
      ]
      const last = new Map<string, number>()
      resets = (packet, at) => {
        const key = `${packet.src} ${packet.sport} ${packet.dst}`
        const before = last.get(key)
        last.set(key, at)
        return packet.flags !== SYN && before !== undefined && at - before > 350
      }
      notes.push('idle')
      // The load balancer is B itself: its interface sends the reset.
      if (topology === 'nlb') also = ['reset-by-target']
      break
    }
    case 'reply-lost':
      lost.back = (_, at) => on(at)
      change(
        'DeleteRoute',
        { routeTableId: `rtb-0${r.hex(16)}`, destinationCidrBlock: `10.${net}.0.0/16` },
        undefined,
        otherAccount,
      )
      break
    case 'asymmetric': {
      const logged = r.chance(0.7)
      const second = nic({
        address: address(netB, 4),
        subnet: { ...subnetB, id: `subnet-0${r.hex(16)}`, acl: acl() },
        group: group(NONE, r.chance(0.4) ? (packet, at) => !(on(at) && toA(packet, at)) : ALL),
        log: hasB && logged ? logB : undefined,
        instance: instanceB,
        leaves,
      })
      cold = second
      const gone = r.chance(1)
      lost.back = (_, at) => gone && on(at)
      const was = wayBack
      if (shape === 'whole') wayBack = second
      else {
        clock.at(onset, () => {
          wayBack = second
        })
        if (shape === 'mended')
          clock.at(mend, () => {
            wayBack = was
          })
      }
      notes.push(logged ? 'second logged' : 'second not logged')
      if (!logged) {
        fullyLogged = false
        also = ['no-answer', 'reply-lost']
      }
      change(
        'AttachNetworkInterface',
        { networkInterfaceId: second.is.id, instanceId: instanceB, deviceIndex: 1 },
        undefined,
        otherAccount,
      )
      break
    }
    case 'mtu': {
      const reply = r.chance(0.4)
      mss = topology === 'tgw' ? 8948 : r.pick([8948, 1448])
      const limit = mss > 2000 ? 8500 : 1400
      const big = (packet: Packet): boolean => packet.size > limit && !packet.src.includes(':')
      if (reply) lost.back = (packet, at) => on(at) && big(packet)
      else lost.there = (packet, at) => on(at) && big(packet)
      exchanges = () =>
        reply
          ? [
              { wait: 0.1, from: 'client', bytes: 100, reply: 300 },
              { wait: 0.1, from: 'client', bytes: 200, reply: 120_000 },
            ]
          : [
              { wait: 0.1, from: 'client', bytes: 100, reply: 300 },
              { wait: 0.1, from: 'client', bytes: 120_000, reply: 200 },
            ]
      pooled = false
      notes.push(reply ? 'replies' : 'requests')
      also = ['slow', 'no-fault']
      break
    }
    case 'slow': {
      also = ['no-fault']
      exchanges = () =>
        Array.from({ length: 3 }, () => ({
          wait: 0.5,
          from: 'client' as const,
          bytes: 200,
          reply: 30_000,
          think: r.between(5, 25),
        }))
      break
    }
    case 'nat-ports': {
      portsGone = (packet, at) => packet.flags === SYN && on(at) && r.chance(0.97)
      fullyLogged = profile === 'full' && middleLogged
      pooled = true
      break
    }
    case 'calls-elsewhere':
      pooled = false
      calls = (at) => !on(at)
      if (shape === 'whole') calls = () => false
      break
    case 'cannot-tell':
      fullyLogged = false
      break
    case 'no-fault':
      break
  }
  const never =
    cause === 'cannot-tell' ? r.pick(['nothing', 'nothing', 'metadata', 'udp-silence', 'skipped'] as const) : undefined
  let askedB = addressB
  let askedPort: number = port
  if (never !== undefined) notes.push(never)
  if (cause === 'no-fault' && r.chance(0.3) && ['vpc', 'peering'].includes(topology)) {
    // Replies leave by a second interface, and arrive: asymmetric, yet nothing fails.
    const logged = r.chance(0.5)
    const second = nic({
      address: address(netB, 4),
      subnet: { ...subnetB, id: `subnet-0${r.hex(16)}`, acl: acl() },
      group: group(NONE, ALL),
      log: hasB && logged ? logB : undefined,
      instance: instanceB,
      leaves,
    })
    wayBack = second
    cold = second
    if (!logged) fullyLogged = fullyLogged && hasA
    also = ['asymmetric']
    notes.push(logged ? 'replies by a second interface' : 'replies by a second interface without a log')
  }
  if (cause === 'no-fault' && r.chance(0.2)) {
    exchanges = () => [{ wait: 0.2, from: 'client', bytes: 300, reply: 2000, think: r.between(2, 30) }]
    also = [...also, 'slow']
    notes.push('slow answers')
  }

  // Two faults: behind the first stands another, which shows once the first is mended.
  const second =
    cause !== 'no-fault' &&
    shape === 'mended' &&
    r.chance(0.15) &&
    ['blocked-at-target', 'lost-on-the-way', 'reply-lost'].includes(cause)
  if (second) {
    notes.push('then refused')
    behaves = (at) => (at >= mend ? 'refuses' : 'answers')
    also = [...also, 'refused']
  }

  const whole = { from: since - 900, to: now }
  const one = (at: number, persistent = false): void => {
    if (!calls(at)) return
    let dead = false
    const work: Exchange[] = persistent
      ? Array.from({ length: Math.floor((whole.to - at) / 60) }, () => ({
          wait: r.between(30, 90),
          from: 'client' as const,
          bytes: r.int(60, 400),
          reply: r.int(60, 2000),
        }))
      : exchanges()
    const lasts = 70 + work.reduce((sum, { wait, think = 0 }) => sum + wait + think + 1, 0)
    connect(clock, r, {
      at,
      client: addressA,
      server: askedB,
      sport: sport(at, lasts),
      dport: askedPort,
      route,
      behaves,
      exchanges: work,
      timeout: timeoutOf,
      close: persistent ? 'client' : close,
      mss,
      ...(late === undefined ? {} : { late }),
      ended: (outcome, when) => {
        if (dead || outcome === 'connected') return
        dead = true
        if (r.chance(0.3)) clock.at(when + r.between(0.5, 3), (then) => again(then))
      },
    })
  }
  const again = (at: number): void => one(at)

  if (never === 'metadata') {
    askedB = topology === 'subnet' || topology === 'vpc' ? `10.${net}.0.2` : '169.254.169.254'
    askedPort = askedB.endsWith('.0.2') ? 53 : 80
    for (let at = whole.from; at < whole.to; at += 40)
      ask(clock, {
        at,
        client: addressA,
        server: askedB,
        sport: sport(at),
        dport: askedPort,
        route: {
          there: (packet, when) => {
            a.meets(packet, 'egress', when)
            return undefined
          },
          back: () => undefined,
        },
        answers: () => false,
        bytes: 40,
        reply: 90,
      })
  } else if (udp || never === 'udp-silence') {
    notes.push('udp')
    const silent = never === 'udp-silence'
    askedPort = port
    for (let at = whole.from; at < whole.to; at += period) {
      ask(clock, {
        at: at + r.between(0, 5),
        client: addressA,
        server: addressB,
        sport: sport(at, 20),
        dport: port,
        route,
        answers: () => !silent,
        bytes: r.int(30, 400),
        reply: silent ? 0 : r.int(60, 900),
        again: silent ? 1 : 3,
      })
    }
  } else {
    for (let at = whole.from; at < whole.to; at += period * r.between(0.7, 1.3)) one(at)
    if (pooled) for (let n = 0; n < 3; n++) one(whole.from + n, true)
  }

  // Others: clients of B, targets of A, scanners, what every host does.
  const light = (
    client: Interface | undefined,
    from: string,
    server: Interface | undefined,
    to: string,
    dport: number,
    at: number,
    how: Behaviour,
    same = false,
  ): void =>
    connect(clock, r, {
      at,
      client: from,
      server: to,
      sport: r.int(32_768, 60_999),
      dport,
      route: plain(client, server, same, false),
      behaves: () => how,
      exchanges: [{ wait: 0.1, from: 'client', bytes: r.int(100, 900), reply: r.int(100, 9000) }],
      timeout: 10,
      close: 'client',
    })
  const neighbours = Array.from({ length: r.int(0, 3) }, () =>
    nic({
      address: address(net, 1),
      subnet: { ...subnetA, acl: acl() },
      group: group(NONE),
      log: hasA ? logA : undefined,
      instance: `i-0${r.hex(16)}`,
      leaves,
    }),
  )
  const scanner = v6 ? '2600:1f18:9:9::5' : `10.${net}.12.5`
  const scanned = topology !== 'internet-in' && r.chance(0.6)
  const internet = v6 ? ['2600:9000:1::7', '2600:9000:2::8'] : ['52.216.10.20', '52.94.133.1']
  const hostB = topology !== 'internet-out' && topology !== 'nat' && topology !== 'nlb'
  const otherTarget = nic({
    address: address(net, 5),
    subnet: { ...subnetM, id: `subnet-0${r.hex(16)}` },
    group: open(),
    log: hasA ? logA : undefined,
    instance: `i-0${r.hex(16)}`,
    leaves,
  })
  const elsewhere = v6 ? address(net, 6) : r.pick([`10.${net}.6.${r.int(5, 200)}`, `10.${netB}.7.${r.int(5, 200)}`])
  for (let at = whole.from; at < whole.to; at += 60) {
    for (const neighbour of neighbours) {
      if (hostB && r.chance(0.6))
        light(
          neighbour,
          neighbour.address,
          b,
          addressB,
          port,
          at + r.between(0, 60),
          othersFail && on(at) ? behaves(at) : 'answers',
        )
      if (r.chance(0.3))
        light(neighbour, neighbour.address, undefined, internet[0] as string, 443, at + r.between(0, 60), 'answers')
    }
    if (topology !== 'internet-in') {
      if (r.chance(0.4)) light(a, addressA, undefined, r.pick(internet), 443, at + r.between(0, 60), 'answers')
      if (r.chance(0.25))
        light(
          a,
          addressA,
          otherTarget,
          otherTarget.address,
          r.pick([port, 9100, 8443]),
          at + r.between(0, 60),
          'answers',
        )
    }
    if (hostB) {
      if (!v6 && r.chance(0.3))
        light(
          undefined,
          `45.9.${r.int(1, 250)}.${r.int(1, 250)}`,
          b,
          primaryB,
          r.pick([23, 3389, 445]),
          at + r.between(0, 60),
          'silent',
        )
      if (r.chance(0.4)) light(b, primaryB, undefined, r.pick(internet), 443, at + r.between(0, 60), 'answers')
      if (r.chance(0.15) && topology !== 'internet-in' && cause !== 'asymmetric')
        light(a, addressA, b, addressB, 9100, at + r.between(0, 60), 'answers', inside)
    }
    if (scanned) {
      // An inventory scanner knocks at every address.
      if (r.chance(0.2))
        light(undefined, scanner, a, primaryA, r.pick([23, 161, 5985]), at + r.between(0, 60), 'silent')
      if (hostB && r.chance(0.2))
        light(undefined, scanner, b, primaryB, r.pick([23, 161, 5985]), at + r.between(0, 60), 'silent')
    }
    if (cold !== undefined && r.chance(0.5))
      light(cold, cold.address, undefined, r.pick(internet), 443, at + r.between(0, 60), 'answers')
    if (cause === 'calls-elsewhere' && on(at)) {
      for (let n = 0; n < 60 / period; n++)
        light(a, addressA, undefined, elsewhere, port, at + r.between(0, 60), r.chance(0.5) ? 'silent' : 'answers')
    }
    if (cause === 'nat-ports' && nat !== undefined) {
      // Many others hold the gateway's ports to the same place.
      for (let n = 0; n < 40; n++) {
        const from = `10.${net}.11.${r.int(5, 250)}`
        connect(clock, r, {
          at: at + r.between(0, 60),
          client: from,
          server: askedB,
          sport: r.int(1024, 65_000),
          dport: port,
          route: plain(undefined, topology === 'nat' ? undefined : b, false, true),
          behaves: () => 'answers',
          exchanges: [{ wait: 0.1, from: 'client', bytes: 200, reply: 400 }],
          timeout: 10,
          close: 'client',
        })
      }
    }
  }

  clock.run(now)

  const skipping = profile === 'skip' || never === 'skipped'
  const skip = (start: number): number =>
    never === 'skipped' ? 1 : skipping && start >= since && Math.floor(start / 600) % 3 !== 0 ? 0.7 : 0
  const unencrypted = cause === 'encryption-control' || r.chance(0.5)
  const silentWorld = never === 'nothing'
  for (const each of interfaces) {
    if (
      silentWorld &&
      (each === a || each === b || each === target || each === gatewayFar || each === gatewayNear || each === nat)
    )
      continue
    each.settle(r, whole.from, now, unencrypted, each === a || each === b ? skip : undefined)
  }

  // Files as S3 keeps them.
  const files: { path: string; text: string }[] = []
  const iso = (at: number): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z')
  const folder = (at: number): string => iso(at).slice(0, 10).replaceAll('-', '/')
  const stamp = (at: number): string => `${iso(at).slice(0, 16).replaceAll(/[-:]/g, '')}Z`
  for (const each of logs) {
    const batches = new Map<number, string[]>()
    for (const { deliver, line } of each.records) {
      if (deliver > now) continue
      const batch = Math.floor(deliver / 300) * 300
      batches.set(batch, [...(batches.get(batch) ?? []), line])
    }
    for (const [at, lines] of batches) {
      files.push({
        path: `AWSLogs/${each.account}/vpcflowlogs/${each.region}/${folder(at)}/${each.account}_vpcflowlogs_${each.region}_${each.id}_${stamp(at)}_${r.hex(8)}.log.gz`,
        text: `${each.fields.join(' ')}\n${lines.join('\n')}\n`,
      })
    }
  }
  if (tgwLogged) {
    const lines = [...tgwLines.values()]
      .filter((sum) => (sum.window + 1) * 60 + 300 < now)
      .map((sum) => {
        const values: Record<string, string> = {
          ...sum.line,
          version: '6',
          'resource-type': 'TransitGateway',
          'account-id': account,
          'tgw-id': tgw.id,
          'tgw-src-vpc-id': vpcA,
          'tgw-dst-vpc-id': vpcB,
          packets: String(sum.packets),
          bytes: String(sum.bytes),
          start: String(Math.floor(sum.first)),
          end: String(Math.ceil(sum.last)),
          'log-status': 'OK',
          type: 'IPv4',
          'tcp-flags': String(sum.flags),
          region,
          'packets-lost-no-route': '0',
          'packets-lost-blackhole': '0',
          'packets-lost-mtu-exceeded': '0',
          'packets-lost-ttl-expired': '0',
          ...Object.fromEntries([...sum.lost].map(([name, count]) => [name, String(count)])),
        }
        return TGW.map((field) => values[field] ?? '-').join(' ')
      })
    files.push({
      path: `AWSLogs/${account}/vpcflowlogs/${region}/${folder(until)}/${account}_vpcflowlogs_${region}_fl-0${r.hex(16)}_${stamp(until)}_${r.hex(8)}.log.gz`,
      text: `${TGW.join(' ')}\n${lines.join('\n')}\n`,
    })
  }
  for (let n = 0; n < 8; n++)
    events.push({
      at: r.between(whole.from, until),
      name: r.pick(['DescribeInstances', 'DescribeNetworkInterfaces', 'GetCallerIdentity']),
      request: {},
    })
  if (r.chance(0.5))
    events.push({
      at: r.between(since, until),
      name: 'AuthorizeSecurityGroupIngress',
      request: {
        groupId: `sg-0${r.hex(16)}`,
        ipPermissions: {
          items: [{ ipProtocol: 'tcp', fromPort: 443, toPort: 443, ipRanges: { items: [{ cidrIp: '10.0.0.0/8' }] } }],
        },
      },
    })
  for (const owner of new Set([account, otherAccount])) {
    const records = events
      .filter((event) => (event.owner ?? account) === owner)
      .map((event) => ({
        eventVersion: '1.10',
        userIdentity: {
          type: 'AssumedRole',
          principalId: 'AROA:ops',
          arn: `arn:aws:sts::${owner}:assumed-role/deploy/ops`,
          accountId: owner,
          sessionContext: {
            sessionIssuer: {
              type: 'Role',
              userName: 'deploy',
              arn: `arn:aws:iam::${owner}:role/deploy`,
              accountId: owner,
            },
          },
        },
        eventTime: iso(Math.floor(event.at)),
        eventSource: event.source ?? 'ec2.amazonaws.com',
        eventName: event.name,
        awsRegion: region,
        sourceIPAddress: '192.0.2.7',
        userAgent: 'terraform',
        requestParameters: event.request,
        responseElements: event.name.startsWith('Describe')
          ? null
          : (event.response ?? { requestId: r.hex(32), _return: true }),
        requestID: r.hex(32),
        eventID: `${r.hex(8)}-${r.hex(4)}-${r.hex(4)}-${r.hex(4)}-${r.hex(12)}`,
        readOnly: /^(Describe|Get)/.test(event.name),
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: owner,
        eventCategory: 'Management',
      }))
    if (records.length > 0)
      files.push({
        path: `AWSLogs/${owner}/CloudTrail/${region}/${folder(until)}/${owner}_CloudTrail_${region}_${stamp(until)}_${r.hex(16)}.json.gz`,
        text: JSON.stringify({ Records: records }),
      })
  }

  return {
    truth: {
      seed,
      cause,
      also,
      a: addressA,
      b: askedB,
      port: askedPort,
      since: iso(since),
      until: iso(until),
      fullyLogged,
      profile,
      note: notes.join(', '),
    },
    files,
  }
}

const TGW =
  'version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service'.split(
    ' ',
  )
