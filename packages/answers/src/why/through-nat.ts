import { groupedBy } from '../values.ts'
import type { Pair } from './evidence.ts'
import type { Flow } from './flow.ts'
import { clockSkew } from './tries.ts'

/** By how much the records of the two sides of one gateway, of one window of one interface, may begin apart. */
const apart = 10_000

/**
 * Behind a NAT gateway A's packets have the gateway's address, and may have another port: those records as A's own. What
 * enters a gateway leaves it in the same window of the same interface, as many packets and bytes, so that the records of
 * the two sides are known by these; by the port first, where the gateway has kept it.
 */
export function throughNat(flows: readonly Flow[], { a, b }: Pair, port: number | undefined) {
  const requests = flows.filter(
    ({ packetDestination, destinationPort, rejected }) =>
      packetDestination === b && destinationPort === port && !rejected,
  )
  const entering = requests.filter(
    ({ direction, destination, packetDestination, interfaceType }) =>
      direction === 'ingress' && (destination !== packetDestination || interfaceType?.endsWith('nat_gateway')),
  )
  const gateways = new Set(entering.map(({ at }) => at))
  const leaving = requests.filter(
    ({ direction, source, packetSource, at }) =>
      direction === 'egress' && source === packetSource && source !== a && gateways.has(at),
  )
  const pairs = paired(entering, leaving)
  const ofA = groupedBy(
    [...pairs].filter(([, entered]) => entered.packetSource === a),
    ([leaves]) => `${leaves.source} ${leaves.sourcePort}`,
  )
  return {
    /** The record as A's own, if it is of one of A's connections. */
    ofA: (flow: Flow): Flow => {
      const isReply = flow.packetSource === b
      const key = isReply
        ? `${flow.packetDestination} ${flow.destinationPort}`
        : `${flow.packetSource} ${flow.sourcePort}`
      const known = ofA.get(key)?.find(([leaves]) => isNear(leaves, flow))
      return known ? asOfA(flow, known[1], isReply) : flow
    },
    /** Ids of the gateways' interfaces. */
    gateways: new Set(leaving.flatMap(({ at }) => at ?? [])),
    /** Requests that left the gateway, of which nothing tells whose they are. */
    unknown: leaving.filter((flow) => !pairs.has(flow)),
  }
}

/** What leaves, with what entered. A gateway without a free port drops SYNs until it has one: then fewer leave. */
function paired(entering: readonly Flow[], leaving: readonly Flow[]): Map<Flow, Flow> {
  const pairs = new Map<Flow, Flow>()
  const taken = new Set<Flow>()
  const whole = ({ at, packets, bytes }: Flow) => `${at} ${packets} ${bytes}`
  const ways: readonly ((flow: Flow) => string)[] = [
    (flow) => `${whole(flow)} ${flow.sourcePort}`,
    whole,
    ({ at, flags }) => `${at} ${JSON.stringify(flags)}`,
  ]
  for (const keyOf of ways) {
    const left = groupedBy(
      leaving.filter((flow) => !pairs.has(flow)),
      keyOf,
    )
    for (const entered of entering) {
      if (taken.has(entered)) continue
      const [leaves] = (left.get(keyOf(entered)) ?? [])
        .filter((flow) => !pairs.has(flow) && isPart(flow, entered))
        .sort((one, other) => distance(one, entered) - distance(other, entered))
      if (!leaves) continue
      pairs.set(leaves, entered)
      taken.add(entered)
    }
  }
  return pairs
}

const distance = (one: Flow, other: Flow) => Math.abs(one.start - other.start)

const isPart = (leaves: Flow, entered: Flow) =>
  leaves.packets <= entered.packets &&
  leaves.start >= entered.start - apart &&
  (leaves.packets === entered.packets ? distance(leaves, entered) <= apart : leaves.end <= entered.end + apart)

const isNear = (one: Flow, other: Flow) => one.start <= other.end + clockSkew && other.start <= one.end + clockSkew

function asOfA(flow: Flow, { packetSource, sourcePort }: Flow, isReply: boolean): Flow {
  return isReply
    ? {
        ...flow,
        destination: packetSource,
        packetDestination: packetSource,
        destinationPort: sourcePort,
        translated: true,
      }
    : { ...flow, source: packetSource, packetSource, sourcePort, translated: true }
}
