/** What the decision table says of each row's records, as far as they are all there. */
import { clientPort, flags, flowLines, interfaceOf, type Legs, type Line, legsAt } from './read.ts'
import type { World } from './world.ts'

export interface Evidence {
  readonly world: World
  readonly atA: Legs
  readonly atB: Legs
  readonly lines: readonly Line[]
  readonly transit: readonly Line[]
  /** Lines of connections that began after the fault did. */
  readonly fresh: (lines: readonly Line[]) => Line[]
}

/** Largest difference between the times of an interface's records and the packets'. */
export const late = 60

export function evidenceOf(one: World): Evidence {
  const { vpc, transit } = flowLines(one)
  const begun = new Map<string, number>()
  const legs = [one.a, one.b].map((address) => legsAt(one, vpc, address))
  for (const line of legs.flatMap(({ req, rep }) => [...req, ...rep])) {
    const port = clientPort(one, line)
    begun.set(port, Math.min(begun.get(port) ?? Number.POSITIVE_INFINITY, Number(line.start)))
  }
  const onset = one.onset ? Date.parse(one.onset) / 1000 : 0
  const fresh = (lines: readonly Line[]) =>
    lines.filter((line) => (begun.get(clientPort(one, line)) ?? Number(line.start)) > onset + late)
  return { world: one, atA: legs[0]!, atB: legs[1]!, lines: vpc, transit, fresh }
}

export const accepted = ({ action }: Line) => action === 'ACCEPT'
export const rejected = ({ action }: Line) => action === 'REJECT'
const syn = (line: Line) => flags(line) === 2
const synAck = (line: Line) => flags(line) === 18
const reset = (line: Line) => (flags(line) & 4) !== 0
/** A list that has something, and nothing else. */
export const all = (lines: readonly Line[], fits: (line: Line) => boolean) => lines.length > 0 && lines.every(fits)
const total = (lines: readonly Line[], of: string) => lines.reduce((sum, line) => sum + Number(line[of]), 0)

/** What each row of the decision table says of its records, where all of them are there. */
export const signatures: Readonly<Record<string, (evidence: Evidence) => boolean>> = {
  '1': ({ atA, atB, fresh }) =>
    all(fresh(atA.req), (line) => accepted(line) && syn(line)) &&
    fresh(atA.rep).length === 0 &&
    all(fresh(atB.req), (line) => rejected(line) && syn(line) && line['flow-direction'] === 'ingress'),
  '1a': (evidence) =>
    signatures['1']!(evidence) && evidence.atA.req[0]!['subnet-id'] === evidence.atB.req[0]!['subnet-id'],
  '2': ({ atA, atB, fresh }) =>
    all(fresh(atA.req), (line) => rejected(line) && syn(line) && line['flow-direction'] === 'egress') &&
    fresh(atB.req).length === 0,
  '3': ({ atA, atB, fresh }) =>
    all(fresh(atB.req), accepted) &&
    all(fresh(atB.rep), (line) => rejected(line) && synAck(line)) &&
    fresh(atA.rep).length === 0,
  '4': ({ atA, atB, fresh }) =>
    all(fresh(atB.rep), (line) => accepted(line) && synAck(line)) &&
    all(fresh(atA.rep), (line) => rejected(line) && synAck(line)),
  '5': ({ atB, fresh }) =>
    all(fresh(atB.req), (line) => rejected(line) && line['reject-reason'] === 'BPA' && line.bytes === '-'),
  '6': ({ atA, atB, fresh }) =>
    all([...fresh(atA.req), ...fresh(atB.req)].filter(rejected), (line) => line['reject-reason'] === 'EC') &&
    fresh(atA.rep).length === 0,
  '7': ({ world, atA, atB }) => {
    const rejects = atA.rep.filter(rejected)
    const before = (line: Line) =>
      atA.rep.some((other) => accepted(other) && other.dstport === line.dstport && other.start! <= line.start!)
    const first = rejects.map(({ start }) => Number(start)).sort((one, other) => one - other)[0]!
    const answered = atA.rep.some((line) => accepted(line) && (flags(line) & 18) === 18 && Number(line.start) > first)
    return (
      all(rejects, (line) => (flags(line) & 2) === 0 && before(line)) &&
      all(atB.rep, accepted) &&
      answered === !world.how.includes('no new connection')
    )
  },
  '8': ({ atA, atB, lines, fresh, world }) => {
    const after = Number(fresh(atA.req)[0]?.start)
    const id = interfaceOf(world, world.b)?.networkInterfaceId
    return (
      all(fresh(atA.req), (line) => accepted(line) && syn(line)) &&
      [...fresh(atA.rep), ...fresh(atB.req), ...fresh(atB.rep)].length === 0 &&
      all(
        lines.filter((line) => line['interface-id'] === id && Number(line.start) > after),
        (line) => ['OK', 'NODATA'].includes(line['log-status']!),
      )
    )
  },
  '8a': ({ world: { a, b, port, how }, atA, atB, transit, fresh }) =>
    all(fresh(atA.req), syn) &&
    fresh(atB.req).length === 0 &&
    all(
      fresh(transit.filter(({ srcaddr, dstaddr, dstport }) => srcaddr === a && dstaddr === b && dstport === `${port}`)),
      (line) => line[`packets-lost-${how}`] === line.packets && flags(line) === 2,
    ),
  '9': ({ atA, atB, fresh }) =>
    all(fresh(atA.req), (line) => accepted(line) && syn(line)) &&
    all(fresh(atB.req), (line) => accepted(line) && syn(line)) &&
    [...fresh(atA.rep), ...fresh(atB.rep)].length === 0,
  '10': ({ atA, atB, fresh }) =>
    all(fresh(atA.rep), (line) => accepted(line) && flags(line) === 4) &&
    all(fresh(atB.rep), (line) => accepted(line) && flags(line) === 4),
  '11': ({ world, atA, atB, fresh }) => {
    const ports = [...new Set(fresh(atA.req).map((line) => line.srcport))]
    const shows = (lines: readonly Line[], port: string | undefined) => {
      const own = lines.filter((line) => clientPort(world, line) === port)
      return own.some((line) => (flags(line) & 18) === 18) && own.some(reset)
    }
    return ports.length > 0 && ports.every((port) => shows(atA.rep, port) && shows(atB.rep, port))
  },
  '11a': ({ atA, atB }) => {
    const resets = atA.rep.filter(reset)
    const idle = (line: Line) => {
      const earlier = atA.rep.filter(
        (other) => other.dstport === line.dstport && Number(other.end) < Number(line.start),
      )
      return Number(line.start) - Math.max(...earlier.map(({ end }) => Number(end))) >= 349
    }
    return all(resets, idle) && all(atB.rep, (line) => !reset(line))
  },
  '12': ({ atA, atB, fresh }) =>
    all(fresh(atB.rep), (line) => accepted(line) && synAck(line)) && fresh(atA.rep).length === 0,
  '13': ({ world, atA, atB, lines, fresh }) => {
    const own = interfaceOf(world, world.b)
    const replies = lines.filter((line) => line['pkt-srcaddr'] === world.b && line.dstaddr === world.a)
    const elsewhere = replies.filter(
      (line) => line['interface-id'] !== own?.networkInterfaceId && line.srcaddr !== world.b,
    )
    return (
      all(elsewhere, (line) => line['instance-id'] === own?.instanceId && line['flow-direction'] === 'egress') &&
      all(fresh(atB.req), accepted) &&
      [...fresh(atB.rep), ...fresh(atA.rep)].length === 0
    )
  },
  '14': ({ atA, atB, fresh }) =>
    total(fresh(atA.req), 'packets') > total(fresh(atB.req), 'packets') * 1.5 &&
    total(fresh(atA.req), 'bytes') / total(fresh(atA.req), 'packets') > 1400 &&
    fresh(atA.rep).some((line) => (flags(line) & 18) === 18) &&
    all(fresh(atA.rep), (line) => Number(line.bytes) / Number(line.packets) < 61),
  '15': ({ atA, fresh }) => {
    const transfers = fresh(atA.rep).filter((line) => Number(line.bytes) > 100_000)
    return all(transfers, (line) => Number(line.bytes) / (Number(line.end) - Number(line.start)) < 60_000)
  },
  '16': ({ world, lines, atA, fresh }) => {
    const own = lines.filter((line) => line['interface-type'] === 'nat_gateway')
    const onward = own.filter((line) => line['flow-direction'] === 'egress' && line.dstaddr === world.b)
    const arrived = own.filter((line) => line.srcaddr === world.a && line['pkt-dstaddr'] === world.b)
    const onset = world.onset ? Date.parse(world.onset) / 1000 : 0
    return (
      all(fresh(atA.req), (line) => accepted(line) && syn(line)) &&
      all(fresh(arrived), syn) &&
      fresh(atA.rep).length === 0 &&
      onward.every((line) => flags(line) !== 2 || Number(line.start) <= onset + late)
    )
  },
  '17': ({ world, atA, lines, fresh }) => {
    const { a, b, port, onset = world.since } = world
    const after = Date.parse(onset) / 1000 + late
    return (
      fresh(atA.req).length === 0 &&
      lines.some(
        (one) => one.srcaddr === a && one.dstaddr !== b && one.dstport === `${port}` && Number(one.start) > after,
      )
    )
  },
  '18': ({ world, lines, atA, atB }) => {
    const ids = [world.a, world.b].map((address) => interfaceOf(world, address)?.networkInterfaceId)
    const own = lines.filter((line) => ids.includes(line['interface-id']))
    switch (world.how) {
      case 'neither interface logged':
        return own.length === 0
      case 'records skipped':
        return all(own, (line) => line['log-status'] === 'SKIPDATA' && line.srcaddr === '-')
      case 'Amazon DNS':
        return world.b.endsWith('.0.2') && lines.every((line) => line.dstaddr !== world.b)
      default:
        return (
          all([...atA.req, ...atB.req], (line) => line.protocol === '17' && accepted(line)) &&
          [...atA.rep, ...atB.rep].length === 0
        )
    }
  },
  'no-fault': ({ world, atA, atB }) => {
    const lines = [...atA.req, ...atA.rep, ...atB.req, ...atB.rep]
    const asked = new Set(atA.req.map((line) => clientPort(world, line)))
    const answered = new Set(atA.rep.filter(({ bytes }) => Number(bytes) > 60).map((line) => clientPort(world, line)))
    return all(lines, (line) => accepted(line) && !reset(line)) && [...asked].every((port) => answered.has(port))
  },
}
