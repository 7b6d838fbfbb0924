/** Aggregation: what interfaces saw, as the records that AWS makes of it, one a window, direction and flow. */
import type { Random } from '../support/random.ts'
import { flag, type Interface } from './network.ts'
import type { Sighting, TransitSighting } from './steps.ts'
import type { Side } from './topology.ts'

/** One line of a flow log, by AWS's names; what is absent is written `-`. */
export interface FlowRecord {
  readonly values: Values
  /** What all records of its interface have. */
  readonly shared: Values
  /** End of its window, in epoch seconds, from which its delivery counts. */
  readonly due: number
}

type Values = Readonly<Record<string, string | number | undefined>>

export interface Aggregation {
  readonly account: string
  readonly region: string
  readonly since: number
  readonly until: number
  /** Seconds of a window: 60 or 600. */
  readonly interval: number
  /** Sides whose flow log is of accepted traffic alone. */
  readonly acceptedAlone: readonly Side[]
  /** What share of an interface's records a window lost, 0 to 1; above 0 it has a SKIPDATA record. */
  readonly skips: (at: Interface, window: number) => number
}

/** https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html */
export function aggregate(
  draw: Random,
  sightings: readonly Sighting[],
  interfaces: readonly (readonly [Side, Interface])[],
  options: Aggregation,
): Record<Side, FlowRecord[]> {
  const seen = new Map<Interface, Sighting[]>(interfaces.map(([, at]) => [at, []]))
  const alone = new Set(interfaces.flatMap(([side, at]) => (options.acceptedAlone.includes(side) ? [at] : [])))
  for (const sighting of sightings)
    if (!alone.has(sighting.at) || sighting.verdict.action === 'ACCEPT') seen.get(sighting.at)?.push(sighting)
  const result: Record<Side, FlowRecord[]> = { a: [], b: [] }
  for (const [side, at] of interfaces) {
    const clock = { origin: options.since - draw.int(options.interval), lag: draw.int(61) }
    result[side].push(...recordsOf(draw, at, seen.get(at)!, clock, options))
  }
  return result
}

/** When an interface's windows begin, and by how many seconds its records' times are late: up to 60, says AWS. */
interface Clock {
  readonly origin: number
  readonly lag: number
}

function* recordsOf(
  draw: Random,
  at: Interface,
  sightings: readonly Sighting[],
  { origin, lag }: Clock,
  { account, region, since, until, interval, skips }: Aggregation,
): Generator<FlowRecord> {
  const windows = new Map<number, Map<string, Sighting[]>>()
  for (const sighting of sightings) {
    const { time } = sighting.packet
    if (time < since || time >= until) continue
    const window = Math.floor((time - origin) / interval)
    const flows = windows.get(window) ?? new Map<string, Sighting[]>()
    windows.set(window, flows)
    const flow = flowOf(sighting)
    const same = flows.get(flow)
    if (same) same.push(sighting)
    else flows.set(flow, [sighting])
  }
  const shared = { 'account-id': account, 'interface-id': at.id, region, ...placeOf(at) }
  for (let window = 0; origin + window * interval < until; window++) {
    const start = origin + window * interval
    const due = start + interval
    const share = skips(at, start)
    const flows = [...(windows.get(window)?.values() ?? [])].filter(() => share === 0 || !draw.chance(share))
    for (const flow of flows) yield { values: valuesOf(flow, lag), shared, due }
    const silent = (status: string) => ({ values: { start, end: due - 1, 'log-status': status }, shared, due })
    if (share > 0) yield silent('SKIPDATA')
    else if (flows.length === 0) yield silent('NODATA')
  }
}

const placeOf = ({ subnet, instance, type }: Interface) => ({
  'vpc-id': subnet.vpc.id,
  'subnet-id': subnet.id,
  'instance-id': instance,
  'az-id': subnet.zone,
  'interface-type': type,
})

/** What makes one flow of an interface: its headers, its direction, what was done with it. */
const flowOf = ({ direction, verdict, packet }: Sighting) =>
  `${direction} ${verdict.action} ${verdict.reason} ${packet.source} ${packet.destination} ${packet.sourcePort} ${packet.destinationPort} ${packet.protocol}`

function valuesOf(flow: readonly Sighting[], lag: number): Values {
  const { at, direction, verdict, encrypted, onward, packet } = flow[0]!
  const { nextHop } = onward
  const egress = direction === 'egress'
  const ports = packet.protocol !== 1
  const { start, end } = span(flow, lag)
  return {
    // An interface writes its primary address for its own side, whoever the packet is for.
    srcaddr: egress ? at.address : packet.source,
    dstaddr: egress ? packet.destination : at.address,
    'pkt-srcaddr': packet.source,
    'pkt-dstaddr': packet.destination,
    srcport: ports ? packet.sourcePort : 0,
    dstport: ports ? packet.destinationPort : 0,
    protocol: packet.protocol,
    packets: sum(flow, 'count'),
    // Records of VPC Block Public Access have none.
    bytes: verdict.reason === 'BPA' ? undefined : sum(flow, 'bytes'),
    start,
    end,
    action: verdict.action,
    'log-status': 'OK',
    'reject-reason': verdict.reason,
    'tcp-flags': flow.reduce((all, { packet }) => all | logged(packet.flags), 0),
    type: 'IPv4',
    'flow-direction': direction,
    'traffic-path': onward.trafficPath,
    'encryption-status': encrypted ? 1 : 0,
    'next-hop-interface-id': nextHop?.id,
    'next-hop-subnet-id': nextHop?.subnet.id,
    'next-hop-az-id': nextHop?.subnet.zone,
    'next-hop-vpc-id': nextHop?.subnet.vpc.id,
    'next-hop-interface-type': nextHop?.type,
  }
}

/** FIN, SYN and RST; of ACK only that of a SYN-ACK. */
const logged = (flags: number) =>
  flags & flag.syn && flags & flag.ack ? flag.syn | flag.ack : flags & (flag.fin | flag.syn | flag.rst)

const sum = (seen: readonly Pick<Sighting, 'packet'>[], what: 'count' | 'bytes') =>
  seen.reduce((total, { packet }) => total + packet[what], 0)

function span(seen: readonly Pick<Sighting, 'packet'>[], lag: number) {
  let first = Number.POSITIVE_INFINITY
  let last = 0
  for (const { packet } of seen) {
    first = Math.min(first, packet.time)
    last = Math.max(last, packet.time)
  }
  return { start: Math.floor(first) + lag, end: Math.floor(last) + lag }
}

/** A transit gateway's records, of windows of a minute. https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html */
export function aggregateTransit(
  draw: Random,
  sightings: readonly TransitSighting[],
  { account, region, since, until }: Pick<Aggregation, 'account' | 'region' | 'since' | 'until'>,
): FlowRecord[] {
  const origin = since - draw.int(60)
  const lag = draw.int(61)
  const flows = new Map<string, TransitSighting[]>()
  for (const sighting of sightings) {
    const { packet, direction, from } = sighting
    if (packet.time < since || packet.time >= until) continue
    const window = Math.floor((packet.time - origin) / 60)
    const { source, destination, sourcePort, destinationPort, protocol } = packet
    const key = `${window} ${direction} ${from.id} ${source} ${destination} ${sourcePort} ${destinationPort} ${protocol}`
    const same = flows.get(key)
    if (same) same.push(sighting)
    else flows.set(key, [sighting])
  }
  const shared = { 'resource-type': 'TransitGateway', 'account-id': account, region }
  return [...flows.values()].map((flow) => {
    const { gateway, direction, from, packet } = flow[0]!
    const to = flow.find((sighting) => sighting.to)?.to
    const lost = (reason: string) =>
      sum(
        flow.filter((sighting) => sighting.lost === reason),
        'count',
      )
    const { start, end } = span(flow, lag)
    const due = origin + (Math.floor((packet.time - origin) / 60) + 1) * 60
    const source = from.interface
    const target = to?.interface
    const values = {
      'tgw-id': gateway.id,
      'tgw-attachment-id': direction === 'ingress' ? from.id : to?.id,
      'tgw-src-vpc-account-id': account,
      'tgw-dst-vpc-account-id': target && account,
      'tgw-src-vpc-id': source.subnet.vpc.id,
      'tgw-dst-vpc-id': target?.subnet.vpc.id,
      'tgw-src-subnet-id': source.subnet.id,
      'tgw-dst-subnet-id': target?.subnet.id,
      'tgw-src-eni': source.id,
      'tgw-dst-eni': target?.id,
      'tgw-src-az-id': source.subnet.zone,
      'tgw-dst-az-id': target?.subnet.zone,
      'tgw-pair-attachment-id': direction === 'ingress' ? to?.id : from.id,
      srcaddr: packet.source,
      dstaddr: packet.destination,
      srcport: packet.protocol === 1 ? 0 : packet.sourcePort,
      dstport: packet.protocol === 1 ? 0 : packet.destinationPort,
      protocol: packet.protocol,
      packets: sum(flow, 'count'),
      bytes: sum(flow, 'bytes'),
      start,
      end,
      'log-status': 'OK',
      type: 'IPv4',
      'packets-lost-no-route': lost('no-route'),
      'packets-lost-blackhole': lost('blackhole'),
      'packets-lost-mtu-exceeded': lost('mtu-exceeded'),
      'packets-lost-ttl-expired': lost('ttl-expired'),
      'tcp-flags': flow.reduce((all, { packet }) => all | packet.flags, 0),
      'flow-direction': direction,
    }
    return { values, shared, due }
  })
}
