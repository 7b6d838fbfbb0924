/**
 * A network that sends packets one by one and keeps flow logs as AWS does.
 * It knows nothing of any diagnosis: security groups track, network ACLs do not, hosts speak TCP with retransmissions,
 * and an interface adds what passes it up by tuple, direction, action and window.
 */

const FIN = 1
export const SYN = 2
export const RST = 4
const SYN_ACK = 18

export interface Packet {
  readonly src: string
  readonly dst: string
  readonly sport: number
  readonly dport: number
  readonly proto: number
  readonly flags: number
  /** How many alike are sent at once. */
  readonly count: number
  /** Bytes of one. */
  readonly size: number
}

export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = (seed * 2654435761 + 88172645) >>> 0 || 1
    for (let i = 0; i < 5; i++) this.next()
  }
  next(): number {
    let x = this.#state
    x ^= x << 13
    x >>>= 0
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 4294967296
  }
  between = (low: number, high: number): number => low + this.next() * (high - low)
  int = (low: number, high: number): number => Math.floor(this.between(low, high + 1))
  chance = (share: number): boolean => this.next() < share
  pick = <T>(list: readonly T[]): T => list[Math.floor(this.next() * list.length)] as T
  shuffle = <T>(list: readonly T[]): T[] =>
    list
      .map((value) => ({ value, at: this.next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value)
  hex = (length: number): string => Array.from({ length }, () => this.int(0, 15).toString(16)).join('')
}

/** Events in the order of their time; those of one time in the order in which they were asked for. */
export class Clock {
  readonly #heap: { at: number; order: number; run: (at: number) => void }[] = []
  #order = 0
  at(at: number, run: (at: number) => void): void {
    const heap = this.#heap
    const item = { at, order: this.#order++, run }
    let i = heap.push(item) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (before(heap[parent] as typeof item, item)) break
      heap[i] = heap[parent] as typeof item
      i = parent
    }
    heap[i] = item
  }
  run(until: number): void {
    const heap = this.#heap
    while (heap.length > 0) {
      const first = heap[0] as (typeof heap)[number]
      const last = heap.pop() as (typeof heap)[number]
      if (heap.length > 0) {
        let i = 0
        for (;;) {
          let child = 2 * i + 1
          if (child >= heap.length) break
          const right = heap[child + 1]
          if (right !== undefined && before(right, heap[child] as typeof right)) child++
          if (before(last, heap[child] as typeof last)) break
          heap[i] = heap[child] as typeof last
          i = child
        }
        heap[i] = last
      }
      if (first.at < until) first.run(first.at)
    }
  }
}

function before(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at
}

export type Allows = (packet: Packet, at: number) => boolean

/** Stateful: what one direction lets through is let back. */
export class SecurityGroup {
  readonly #seen = new Map<string, { at: number; closed: number }>()
  constructor(
    readonly id: string,
    public inbound: Allows,
    public outbound: Allows,
    readonly idle = 432_000,
  ) {}
  passes(packet: Packet, direction: 'ingress' | 'egress', at: number): boolean {
    const ends = [`${packet.src} ${packet.sport}`, `${packet.dst} ${packet.dport}`].sort()
    const key = `${ends.join(' ')} ${packet.proto}`
    const seen = this.#seen.get(key)
    const idle = packet.proto === 17 ? 180 : this.idle
    const tracked = seen !== undefined && at - seen.at <= idle && at < seen.closed
    const allowed = tracked || (direction === 'ingress' ? this.inbound : this.outbound)(packet, at)
    if (!allowed) return false
    const closing = packet.flags & (FIN | RST) ? at + (packet.flags & RST ? 0.2 : 2) : Number.POSITIVE_INFINITY
    const closed =
      packet.flags === SYN
        ? Number.POSITIVE_INFINITY
        : Math.min(tracked ? seen.closed : Number.POSITIVE_INFINITY, closing)
    this.#seen.set(key, { at, closed })
    return true
  }
}

export interface Subnet {
  readonly id: string
  readonly vpc: string
  readonly account: string
  readonly acl: { id: string; inbound: Allows; outbound: Allows }
}

export interface FlowLog {
  readonly id: string
  readonly account: string
  readonly region: string
  readonly fields: readonly string[]
  readonly window: number
  readonly only?: 'ACCEPT' | 'REJECT'
  readonly records: { deliver: number; line: string }[]
}

interface Sum {
  key: Record<string, string>
  window: number
  packets: number
  bytes: number
  flags: number
  first: number
  last: number
}

export interface InterfaceOptions {
  readonly id: string
  readonly address: string
  readonly subnet: Subnet
  readonly group: SecurityGroup
  readonly log?: FlowLog | undefined
  readonly instance?: string | undefined
  readonly type?: string
  /** Seconds by which its times are late. */
  readonly late?: number
  readonly phase?: number
  /** Whose path a packet takes, as field traffic-path and the next hop say it. */
  readonly leaves?: (packet: Packet) => { path?: number; nextType?: string; nextId?: string }
  /** Why traffic is refused whatever the rules say. */
  readonly refuses?: (packet: Packet, direction: 'ingress' | 'egress', at: number) => string | undefined
}

export class Interface {
  readonly #sums = new Map<string, Sum>()
  constructor(readonly is: InterfaceOptions) {}
  get address(): string {
    return this.is.address
  }

  /** Lets a packet through or not, and logs it. `inside`: neighbours in one subnet, which no ACL sees. */
  meets(packet: Packet, direction: 'ingress' | 'egress', at: number, inside = false): boolean {
    const { subnet, group, refuses } = this.is
    const reason = refuses?.(packet, direction, at)
    const acl = inside || (direction === 'ingress' ? subnet.acl.inbound : subnet.acl.outbound)(packet, at)
    const through = reason === undefined && acl && group.passes(packet, direction, at)
    this.#add(packet, direction, at, through, reason)
    return through
  }

  #add(packet: Packet, direction: 'ingress' | 'egress', at: number, through: boolean, reason?: string): void {
    const { log, address, phase = 0, late = 0 } = this.is
    if (log === undefined || neverLogged(packet)) return
    const own = (text: string): string => (text.includes(':') ? text : address)
    const stamp = at + late
    const leaves = direction === 'egress' ? this.is.leaves?.(packet) : undefined
    const key = {
      srcaddr: direction === 'egress' ? own(packet.src) : packet.src,
      dstaddr: direction === 'ingress' ? own(packet.dst) : packet.dst,
      'pkt-srcaddr': packet.src,
      'pkt-dstaddr': packet.dst,
      srcport: String(packet.sport),
      dstport: String(packet.dport),
      protocol: String(packet.proto),
      action: through ? 'ACCEPT' : 'REJECT',
      'flow-direction': direction,
      'reject-reason': reason ?? '-',
      'traffic-path': leaves?.path === undefined ? '-' : String(leaves.path),
      'next-hop-interface-type': leaves?.nextType ?? '-',
      'next-hop-interface-id': leaves?.nextId ?? '-',
      type: packet.src.includes(':') ? 'IPv6' : 'IPv4',
    }
    const window = Math.floor((stamp - phase) / log.window)
    const name = `${window} ${Object.values(key).join(' ')}`
    const sum = this.#sums.get(name) ?? { key, window, packets: 0, bytes: 0, flags: 0, first: stamp, last: stamp }
    sum.packets += packet.count
    sum.bytes += packet.count * packet.size
    sum.flags |= packet.flags
    sum.first = Math.min(sum.first, stamp)
    sum.last = Math.max(sum.last, stamp)
    this.#sums.set(name, sum)
  }

  /** Writes its records of [from, until) to its log; `skip` tells which share of its records a window loses. */
  settle(random: Random, from: number, until: number, plain: boolean, skip: (start: number) => number = () => 0): void {
    const { log, phase = 0, subnet, instance, type } = this.is
    if (log === undefined) return
    const busy = new Set<number>()
    const status = (window: number, word: string): void => {
      const start = Math.floor(window * log.window + phase)
      this.#write(log, random, start + log.window, {
        start: String(start),
        end: String(start + log.window),
        'log-status': word,
      })
    }
    for (const sum of this.#sums.values()) {
      busy.add(sum.window)
      if (log.only !== undefined && sum.key.action !== log.only) continue
      const start = sum.window * log.window + phase
      if (random.chance(skip(start))) continue
      // AWS's start and end are some seconds off, and never the wrong way round.
      const end = Math.floor(sum.last + random.between(0, 4))
      this.#write(log, random, start + log.window, {
        ...sum.key,
        packets: String(sum.packets),
        bytes: String(sum.bytes),
        'tcp-flags': sum.key.protocol === '6' ? String(sum.flags) : '0',
        start: String(Math.min(end, Math.floor(sum.first + random.between(0, 2)))),
        end: String(end),
        'log-status': 'OK',
        'vpc-id': subnet.vpc,
        'subnet-id': subnet.id,
        'instance-id': instance ?? '-',
        'interface-type': type ?? 'interface',
        'encryption-status': plain ? '0' : '-',
        region: log.region,
        'az-id': 'use1-az1',
      })
    }
    for (let window = Math.ceil((from - phase) / log.window); (window + 1) * log.window + phase <= until; window++) {
      if (skip(window * log.window + phase) > 0) status(window, 'SKIPDATA')
      else if (!busy.has(window)) status(window, 'NODATA')
    }
  }

  #write(log: FlowLog, random: Random, closed: number, values: Record<string, string>): void {
    const all: Record<string, string> = {
      ...values,
      version: String(versionOf(log.fields)),
      'account-id': this.is.subnet.account,
      'interface-id': this.is.id,
    }
    log.records.push({
      deliver: closed + random.between(60, 540),
      line: log.fields.map((field) => all[field] ?? '-').join(' '),
    })
  }
}

function neverLogged(packet: Packet): boolean {
  return [packet.src, packet.dst].some((address) => address.startsWith('169.254.169.') || address.endsWith('.0.2'))
}

const VERSIONS: readonly (readonly [number, readonly string[]])[] = [
  [3, ['vpc-id', 'subnet-id', 'instance-id', 'tcp-flags', 'type', 'pkt-srcaddr', 'pkt-dstaddr']],
  [4, ['region', 'az-id', 'sublocation-type', 'sublocation-id']],
  [5, ['pkt-src-aws-service', 'pkt-dst-aws-service', 'flow-direction', 'traffic-path']],
  [7, ['ecs-cluster-name', 'ecs-task-id', 'ecs-service-name']],
  [8, ['reject-reason']],
  [9, ['resource-id']],
  [10, ['encryption-status']],
  [11, ['interface-type', 'next-hop-interface-id', 'next-hop-interface-type', 'next-hop-vpc-id', 'instance-tag']],
]
export const V2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'.split(
    ' ',
  )
export const upTo = (version: number): string[] => [
  ...V2,
  ...VERSIONS.filter(([v]) => v <= version).flatMap(([, names]) => names),
]
export const versionOf = (fields: readonly string[]): number =>
  Math.max(
    2,
    ...VERSIONS.filter(([, names]) => names.some((name) => fields.includes(name))).map(([version]) => version),
  )

/** Where a packet gets: to the other host, back to its sender as a reset, or nowhere. */
type Arrival = { readonly to: 'far' | 'sender'; readonly packet: Packet; readonly at: number } | undefined
export interface Route {
  readonly there: (packet: Packet, at: number) => Arrival
  readonly back: (packet: Packet, at: number) => Arrival
}

/** How the host behind the port behaves when a SYN comes. */
export type Behaviour = 'answers' | 'silent' | 'refuses' | 'resets'

export interface Exchange {
  /** Seconds after the one before. */
  readonly wait: number
  readonly from: 'client' | 'server'
  readonly bytes: number
  readonly reply: number
  /** Seconds until the reply. */
  readonly think?: number
}
export interface Connection {
  readonly at: number
  readonly client: string
  readonly server: string
  readonly sport: number
  readonly dport: number
  readonly route: Route
  readonly behaves: (at: number) => Behaviour
  readonly exchanges: readonly Exchange[]
  /** Seconds after which the client gives up connecting. */
  readonly timeout: number
  readonly close: 'client' | 'server' | 'never' | 'server-resets'
  readonly mss?: number
  /** What the server still sends after both said FIN. */
  readonly late?: number
  readonly ended?: (outcome: 'connected' | 'failed', at: number) => void
}

const RETRIES = [0, 1, 3, 7, 15, 31, 63]

/** One TCP connection, packet by packet. */
export function connect(clock: Clock, random: Random, is: Connection): void {
  const { route, mss = 1448 } = is
  const say = (from: 'client' | 'server', flags: number, count = 1, payload = 0): Packet => {
    const size = (is.client.includes(':') ? 60 : 40) + payload + (flags & SYN ? 20 : flags & RST ? 0 : 12)
    const rest = { proto: 6, flags, count, size }
    return from === 'client'
      ? { src: is.client, dst: is.server, sport: is.sport, dport: is.dport, ...rest }
      : { src: peer.address, dst: peer.client, sport: peer.port, dport: peer.clientPort, ...rest }
  }
  // What the server knows of its client: behind NAT that is another address.
  const peer = { address: is.server, client: is.client, port: is.dport, clientPort: is.sport }
  let client: 'new' | 'open' | 'closed' | 'dead' = 'new'
  let server: 'none' | 'half' | 'open' | 'closed' | 'dead' = 'none'
  let told = false
  const tell = (outcome: 'connected' | 'failed', at: number): void => {
    if (told) return
    told = true
    is.ended?.(outcome, at)
  }
  const transmit = (
    from: 'client' | 'server',
    packet: Packet,
    at: number,
    arrived: (packet: Packet, at: number) => void,
  ): void => {
    const arrival = from === 'client' ? route.there(packet, at) : route.back(packet, at)
    if (arrival === undefined) return
    clock.at(arrival.at, (now) => {
      if (arrival.to === 'sender') {
        // A middlebox reset the sender.
        if (from === 'client') client = 'dead'
        else server = 'dead'
        tell('failed', now)
        return
      }
      if (arrival.packet.flags & RST) {
        if (from === 'client') server = 'dead'
        else {
          if (client === 'new') tell('failed', now)
          client = 'dead'
        }
        return
      }
      arrived(arrival.packet, now)
    })
  }
  /** Sends until acknowledged; a message is a burst, its retransmission one segment. */
  const message = (
    from: 'client' | 'server',
    bytes: number,
    at: number,
    done: (at: number) => void,
    flags = 0,
  ): void => {
    let acked = false
    let got = false
    const last = bytes % mss
    const full = Math.floor(bytes / mss)
    const tries = 9
    const attempt = (n: number, now: number): void => {
      if (acked || n > tries || (from === 'client' ? client : server) === 'dead') return
      const arrived = (_: Packet, when: number): void => {
        if (got && n === 0) return
        const acks = from === 'client' ? server : client
        if (acks === 'dead' || acks === 'closed') return
        const other = from === 'client' ? 'server' : 'client'
        transmit(other, say(other, 0, Math.max(1, Math.ceil((n === 0 ? full : 1) / 2))), when + 0.001, () => {
          acked = true
        })
        if (!got) {
          got = true
          done(when)
        }
      }
      if (full > 0) {
        // The last part counts as arrived only behind the full segments.
        transmit(from, say(from, full > 0 && last > 0 ? 0 : flags, n === 0 ? full : 1, mss), now, (packet, when) => {
          if (last === 0 || n > 0) arrived(packet, when)
          else transmit(from, say(from, flags, 1, last), when, arrived)
        })
      } else transmit(from, say(from, flags, 1, last), now, arrived)
      clock.at(now + 0.25 * 2 ** n, (later) => attempt(n + 1, later))
    }
    attempt(0, at)
  }
  const finish = (at: number): void => {
    if (client === 'dead' || is.close === 'never') return
    if (is.close === 'server-resets') {
      if (server === 'open') {
        server = 'dead'
        transmit('server', say('server', RST), at, () => undefined)
      }
      return
    }
    const first = is.close
    const second = first === 'client' ? 'server' : 'client'
    message(
      first,
      0,
      at,
      (now) =>
        message(
          second,
          0,
          now + 0.002,
          (end) => {
            client = client === 'dead' ? 'dead' : 'closed'
            if (is.late !== undefined) {
              // Behind its own FIN the server's kernel sends again what it held to be lost.
              for (let n = 0; n < is.late; n++)
                clock.at(end + 5 + n * 2, (when) =>
                  route.back(say('server', random.pick([0, 0, FIN, RST]), 1, random.pick([0, 100])), when),
                )
            }
          },
          FIN,
        ),
      FIN,
    )
  }
  const run = (step: number, at: number): void => {
    const exchange = is.exchanges[step]
    if (exchange === undefined) {
      finish(at + 0.01)
      return
    }
    clock.at(at + exchange.wait, (now) => {
      const other = exchange.from === 'client' ? 'server' : 'client'
      let went = false
      message(exchange.from, exchange.bytes, now, (arrived) => {
        if (exchange.reply === 0) {
          went = true
          run(step + 1, arrived)
          return
        }
        message(other, exchange.reply, arrived + (exchange.think ?? 0.01), (end) => {
          went = true
          run(step + 1, end)
        })
      })
      // The application gives up a dead connection and closes its end.
      clock.at(now + 45 + (exchange.think ?? 0), (later) => {
        if (went || client === 'dead') return
        if (is.close !== 'never') message('client', 0, later, () => undefined, FIN)
      })
    })
  }
  const synAck = (n: number, at: number): void => {
    if (server !== 'half' || n > 5) return
    transmit('server', say('server', SYN_ACK), at, onSynAck)
    clock.at(at + 2 ** n, (now) => synAck(n + 1, now))
  }
  const onSyn = (packet: Packet, at: number): void => {
    peer.client = packet.src
    peer.clientPort = packet.sport
    peer.address = packet.dst
    peer.port = packet.dport
    if (server === 'half') {
      transmit('server', say('server', SYN_ACK), at, onSynAck)
      return
    }
    if (server !== 'none') return
    const behaviour = is.behaves(at)
    if (behaviour === 'silent') return
    if (behaviour === 'refuses') {
      transmit('server', say('server', RST), at, () => undefined)
      return
    }
    server = 'half'
    synAck(0, at + 0.0002)
  }
  const onSynAck = (_: Packet, at: number): void => {
    if (client === 'dead' || client === 'closed') return
    const opened = client === 'new'
    client = 'open'
    transmit('client', say('client', 0), at + 0.0001, (__, now) => {
      if (server !== 'half') return
      server = 'open'
      if (is.behaves(now) === 'resets') {
        clock.at(now + random.between(0.01, 3), (later) => {
          if (server !== 'open') return
          server = 'dead'
          transmit('server', say('server', RST), later, () => undefined)
        })
      }
    })
    if (opened) {
      tell('connected', at)
      run(0, at + 0.0005)
    }
  }
  for (const wait of RETRIES.filter((seconds) => seconds < is.timeout)) {
    clock.at(is.at + wait, (now) => {
      if (client === 'new') transmit('client', say('client', SYN), now, onSyn)
    })
  }
  clock.at(is.at + is.timeout, (now) => {
    if (client !== 'new') return
    client = 'dead'
    tell('failed', now)
  })
}

/** One question by UDP, asked again twice if nobody answers. */
export function ask(
  clock: Clock,
  is: {
    at: number
    client: string
    server: string
    sport: number
    dport: number
    route: Route
    answers: (at: number) => boolean
    bytes: number
    reply: number
    again?: number
  },
): void {
  let answered = false
  for (let n = 0; n < (is.again ?? 3); n++) {
    clock.at(is.at + n * 2, (now) => {
      if (answered) return
      const packet = {
        src: is.client,
        dst: is.server,
        sport: is.sport,
        dport: is.dport,
        proto: 17,
        flags: 0,
        count: 1,
        size: 28 + is.bytes,
      }
      const arrival = is.route.there(packet, now)
      if (arrival === undefined || arrival.to !== 'far' || is.reply === 0) return
      clock.at(arrival.at, (then) => {
        if (!is.answers(then)) return
        const got = arrival.packet
        const reply = {
          src: got.dst,
          dst: got.src,
          sport: got.dport,
          dport: got.sport,
          proto: 17,
          flags: 0,
          count: 1,
          size: 28 + is.reply,
        }
        if (is.route.back(reply, then + 0.001) !== undefined) answered = true
      })
    })
  }
}
