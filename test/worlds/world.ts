/** Small worlds of AWS networks in which one thing is wrong, as the log files that tell of it. */
import { type Random, random } from '../support/random.ts'
import { alternativesOf } from './alternatives.ts'
import { type Cause, type Row, rows, type Variant, variants } from './causes.ts'
import { decoys, event } from './cloudtrail.ts'
import { flowLogFiles, trailFiles, type WorldFile } from './files.ts'
import { type Asked, describedFlowLogs, type FlowLogsAsked } from './flow-logs.ts'
import type { Interface, Subnet } from './network.ts'
import type { Watch } from './packets.ts'
import type { Sighting, TransitSighting } from './steps.ts'
import { type Between, type Network, network, type Side } from './topology.ts'
import { answering, calls, noise, portsOf } from './traffic.ts'
import { aggregate, aggregateTransit } from './windows.ts'

export type { WorldFile } from './files.ts'
export type { Asked } from './flow-logs.ts'

export interface WorldOptions {
  /** Row of the decision table: `1`, `1a`, … `18`, `no-fault`. @default by the seed, each in turn */
  readonly row?: string
  /** What is logged. @default by the seed, each of the row's in turn */
  readonly variant?: Variant
  /** Connections of others, a whole number from 0; each makes some four records. @default 600 */
  readonly noise?: number
}

export interface World {
  readonly seed: number
  readonly row: string
  /** What is wrong. */
  readonly cause: Cause
  /** Which of the ways in which it comes about. */
  readonly how: string
  /** Causes that the files cannot tell from it. */
  readonly alternatives: readonly Cause[]
  readonly variant: Variant
  readonly between: Between
  /** Address of the client. */
  readonly a: string
  /** Address of the target. */
  readonly b: string
  readonly port: number
  /** ISO 8601, as `until`. */
  readonly since: string
  readonly until: string
  /** When it began, in ISO 8601; none where it did not begin within the span. */
  readonly onset?: string
  /** The event in CloudTrail that brought it about. */
  readonly change?: {
    readonly eventID: string
    readonly eventName: string
    readonly eventTime: string
    readonly resource: string
  }
  /** Whether a window of the client's or the target's interface lost some of its records, and says so. */
  readonly skips: boolean
  readonly files: readonly WorldFile[]
  /** What whoever asks may know: the question, and the account's interfaces and subnets as it describes them. */
  readonly told: Told
  /** What EC2 says of the flow logs, asked at different times. */
  readonly flowLogs: Readonly<Record<Asked, FlowLogsAsked>>
}

interface Told {
  readonly account: string
  readonly region: string
  readonly a: string
  readonly b: string
  readonly port: number
  readonly since: string
  readonly until: string
  readonly interfaces: readonly {
    readonly networkInterfaceId: string
    readonly privateIpAddress: string
    readonly interfaceType: string
    readonly instanceId?: string
    readonly groups: readonly string[]
    readonly subnetId: string
    readonly vpcId: string
  }[]
  readonly subnets: readonly {
    readonly subnetId: string
    readonly cidrBlock: string
    readonly networkAclId: string
    readonly routeTableId: string
  }[]
}

const span = 3600
const someDay = Date.UTC(2026, 10, 16) / 1000

/**
 * The world of a seed, a whole number from 0: the same seed and options give the same bytes.
 *
 * @example
 * const { cause, alternatives, files } = world(17)
 * for (const { key, body } of files) await put(key, body)
 */
export function world(seed: number, options: WorldOptions = {}): World {
  const { noise: others = 600 } = options
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed: ${seed} is no whole number from 0`)
  if (!Number.isSafeInteger(others) || others < 0) throw new RangeError(`noise: ${others} is no whole number from 0`)
  const draw = random(seed)
  const row = rowOf(seed, options.row)
  const variant = variantOf(seed, row, options.variant)
  const net = network(draw, draw.pick(placesOf(row, variant)))
  const since = someDay + draw.int(7 * 24 * 3600)
  const times = { since, until: since + span }
  const begins = draw.chance(0.75)
  const onset = begins ? since + 600 + draw.int(1500) : since - span
  const fault = row.arrange({ draw, net, onset })

  const seen: Sighting[] = []
  const seenInTransit: TransitSighting[] = []
  const watch: Watch = {
    see: (sighting) => seen.push(sighting),
    seeTransit: (sighting) => seenInTransit.push(sighting),
  }
  // Chance of its own: with more noise or less, what is asked about stays the same.
  const chance = random(seed + 1_000_003)
  const scene = { draw, net, times, nextPort: portsOf(chance), watch }
  const server = { ...answering, ...fault.server }
  if (!fault.target) calls(scene, server, fault.habits)
  noise({ ...scene, draw: chance }, server, others)

  const logs = { ...times, account: net.account, region: net.region }
  const interfaces = net.interfaces.filter(([, at]) => !fault.unlogged?.includes(at))
  const skips = draw.chance(1 / 6)
  const interval = draw.chance(0.8) ? 60 : 600
  const records = aggregate(draw, seen, interfaces, {
    ...logs,
    interval,
    acceptedAlone: acceptedAlone[variant] ?? [],
    skips: skipsOf(draw, net, skips, fault.skipped ?? []),
  })
  const layout = variant === 'v2' ? 2 : 11
  const change = begins ? fault.change : undefined
  const changed = change && event(draw, net, change, onset - 1 - draw.int(3))
  const unrelated = decoys(draw, net).map((call) => event(draw, net, call, since - 600 + draw.int(span + 600)))
  const events = [...(changed ? [changed] : []), ...unrelated]
  const ofGateway = row.row === '8a' || (net.between === 'transit gateway' && draw.chance(0.5))
  const written = {
    a: variant === 'b-only' ? undefined : flowLogFiles(draw, net, layout, records.a),
    b: variant === 'a-only' ? undefined : flowLogFiles(draw, net, layout, records.b),
    transit: ofGateway ? flowLogFiles(draw, net, 'transit', aggregateTransit(draw, seenInTransit, logs)) : undefined,
  }
  const files = [...Object.values(written).flatMap((flowLog) => flowLog?.files ?? []), ...trailFiles(draw, net, events)]
  const question = {
    a: net.a.address,
    b: (fault.target ?? net.b).address,
    port: fault.port ?? net.port,
    since: iso(times.since),
    until: iso(times.until),
  }
  return {
    seed,
    row: row.row,
    cause: row.cause,
    how: fault.how,
    alternatives: alternativesOf(row.cause, variant, fault.how),
    variant,
    between: net.between,
    ...question,
    ...(begins && row.cause !== 'no-fault' && { onset: iso(onset) }),
    ...(change &&
      changed && {
        change: {
          eventID: changed.eventID,
          eventName: changed.eventName,
          eventTime: changed.eventTime,
          resource: change.resource,
        },
      }),
    skips,
    files,
    told: { ...question, ...described(net) },
    flowLogs: describedFlowLogs(random(seed + 2_000_003), net, times, {
      interfaces,
      written,
      interval,
      acceptedAlone: acceptedAlone[variant] ?? [],
    }),
  }
}

function rowOf(seed: number, name?: string): Row {
  if (name === undefined) return rows[seed % rows.length]!
  const row = rows.find(({ row }) => row === name)
  if (!row) throw new RangeError(`row: "${name}" is none of ${rows.map(({ row }) => row).join(', ')}`)
  return row
}

function variantOf(seed: number, row: Row, variant?: Variant): Variant {
  const possible = row.variants ?? variants
  if (variant === undefined) return possible[Math.floor(seed / rows.length) % possible.length]!
  if (!possible.includes(variant))
    throw new RangeError(`variant: row ${row.row} has ${possible.join(', ')}, not "${variant}"`)
  return variant
}

const acceptedAlone: Readonly<Partial<Record<Variant, readonly Side[]>>> = {
  'accept-only': ['a', 'b'],
  'accept-at-a': ['a'],
  'accept-at-b': ['b'],
}

/** The internet has no flow log: with it between, one side is not logged. One subnet has one flow log. */
function placesOf({ between }: Row, variant: Variant): readonly Between[] {
  const isOneSided = variant.startsWith('accept-at-')
  return between.filter(
    (one) =>
      (one !== 'nat' || !(isOneSided || ['both', 'b-only'].includes(variant))) &&
      (one !== 'internet' || !(isOneSided || ['both', 'a-only'].includes(variant))) &&
      (one !== 'subnet' || !isOneSided),
  )
}

/** What share of its records an interface's window lost: now and then the half, and of some interfaces always all. */
function skipsOf(draw: Random, { a, b, neighbours }: Network, ofPair: boolean, always: readonly Interface[]) {
  const others = [...neighbours.a, ...neighbours.b, ...(ofPair ? [a, b] : [])].map((one) => one.interface)
  return (at: Interface) => {
    if (always.includes(at)) return 1
    return others.includes(at) && draw.chance(0.03) ? 0.5 : 0
  }
}

function described(net: Network): Pick<Told, 'account' | 'region' | 'interfaces' | 'subnets'> {
  const { account, region, interfaces, subnets } = net
  const all = new Set<Subnet>([subnets.a, subnets.b, ...interfaces.map(([, { subnet }]) => subnet)])
  return {
    account,
    region,
    interfaces: interfaces.map(([, { id, address, type, instance, groups, subnet }]) => ({
      networkInterfaceId: id,
      privateIpAddress: address,
      interfaceType: type,
      ...(instance && { instanceId: instance }),
      groups: groups.map((group) => group.id),
      subnetId: subnet.id,
      vpcId: subnet.vpc.id,
    })),
    subnets: [...all].map(({ id, cidr, acl, routeTable }) => ({
      subnetId: id,
      cidrBlock: cidr,
      networkAclId: acl.id,
      routeTableId: routeTable,
    })),
  }
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
