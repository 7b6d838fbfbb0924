import { isIPv6 } from 'node:net'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { isPrivate } from '../../addresses.ts'
import type { Row, Store } from '../../answer.ts'
import type { Filter, Span } from '../../question.ts'
import type { Pair } from '../evidence.ts'
import { about, is, mostOthers, text, touches } from './ask.ts'

/**
 * Whose address is whose interface's: by the direction, in which the interface's own address is the source of what leaves
 * and the destination of what enters; without it, by the address that all its records of IPv4 or of IPv6 hold: it may have one of each.
 */
export async function holdersOf(ask: Store['ask'], pair: Pair, span: Span): Promise<Map<string, string[]>> {
  const { a, b } = pair
  const own = (address: string): Filter => ({
    any: [
      { all: [is('network.direction', 'egress'), is('source.ip', address)] },
      { all: [is('network.direction', 'ingress'), is('destination.ip', address)] },
    ],
  })
  const { id, instance, type } = about
  const touching = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: 'related.ip', oneOf: [a, b] }],
    groups: [id, instance, type],
    measures: {
      directed: { count: true, where: [{ field: 'network.direction', exists: true }] },
      ownA: { count: true, where: [own(a)] },
      ownB: { count: true, where: [own(b)] },
      withA: { count: true, where: [touches(a)] },
      withB: { count: true, where: [touches(b)] },
      sentA: { count: true, where: [sent(a)] },
      sentB: { count: true, where: [sent(b)] },
      gotA: { count: true, where: [got(a)] },
      gotB: { count: true, where: [got(b)] },
      passedA: { count: true, where: [passed(a)] },
      passedB: { count: true, where: [passed(b)] },
    },
    limit: mostOthers,
  })
  const seen = byInterface(touching.rows)
  const undirected = seen.filter(({ directed }) => directed === 0).flatMap((row) => text(row[id]) ?? [])
  const records = undirected.length > 0 ? await recordsOf(ask, span, pair, undirected) : new Map<string, number>()
  const doubtful = await oneToOne(ask, span, pair, records)
  const holders = new Map<string, string[]>()
  for (const row of seen) {
    const name = text(row[id])
    if (name === undefined) continue
    const all = records.get(name)
    const holds = (owned: unknown, withIt: unknown) => (all === undefined ? Number(owned) > 0 : withIt === all)
    const held = [...(holds(row.ownA, row.withA) ? [a] : []), ...(holds(row.ownB, row.withB) ? [b] : [])]
    // Where all records hold both, an interface has the private one of them, and of two nothing tells which.
    const own = held.length === 1 ? held : held.filter(isPrivate)
    if (own.length === 1 && !doubtful.has(name)) holders.set(name, own)
  }
  for (const [address, sends, gets, passes] of [
    [a, 'sentA', 'gotA', 'passedA'],
    [b, 'sentB', 'gotB', 'passedB'],
  ] as const) {
    if ([...holders.values()].flat().includes(address)) continue
    const passing = seen.filter((row) => Number(row[passes]) > 0)
    const isNode = (row: Row) => {
      const [isSending, isGetting] = [Number(row[sends]) > 0, Number(row[gets]) > 0]
      if (passing.includes(row) || !(isSending || isGetting)) return false
      // What is no instance may be a transit gateway's: what goes into that leaves it elsewhere.
      return row[instance] === null
        ? row[type] === 'network_load_balancer'
        : passing.every((other) => other[instance] !== row[instance])
    }
    const nodes = seen.filter(isNode)
    // An instance may send by any interface of its own, and gets by the one that has the address.
    const getting = nodes.filter((row) => Number(row[gets]) > 0)
    const [node, ...more] = getting.length > 0 ? getting : nodes
    const name = text(node?.[id])
    if (more.length === 0 && name !== undefined && !holders.has(name)) holders.set(name, [address])
  }
  return holders
}

/** Of an interface with two flow logs, records of one may name neither its instance nor its type: all of them are one row. */
function byInterface(rows: readonly Row[]): Row[] {
  const all = new Map<unknown, Row>()
  for (const row of rows) {
    const { [about.id]: id, [about.instance]: instance, [about.type]: type, ...counts } = row
    const before = all.get(id)
    const sums = Object.entries(counts).map(([name, count]) => [name, Number(count) + Number(before?.[name] ?? 0)])
    all.set(id, {
      [about.id]: id,
      [about.instance]: before?.[about.instance] ?? instance ?? null,
      [about.type]: before?.[about.type] ?? type ?? null,
      ...Object.fromEntries(sums),
    })
  }
  return [...all.values()]
}

const packetSource = 'aws.vpcflow.pkt_srcaddr'
const packetDestination = 'aws.vpcflow.pkt_dstaddr'

/**
 * Packets of an address behind an interface's primary one: a further address of an instance, a pod of a node.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
 */
const sent = (address: string): Filter => ({
  all: [is('network.direction', 'egress'), is(packetSource, address), { not: is('source.ip', address) }],
})

/** The same to it. */
const got = (address: string): Filter => ({
  all: [is('network.direction', 'ingress'), is(packetDestination, address), { not: is('destination.ip', address) }],
})

/** An appliance gets what it sends on, by this interface or another of its instance. */
const passed = (address: string): Filter => ({
  any: [
    { all: [is('network.direction', 'ingress'), is(packetSource, address)] },
    { all: [is('network.direction', 'egress'), is(packetDestination, address)] },
  ],
})

const ofFamily = (address: string): Filter => is('network.type', isIPv6(address) ? 'ipv6' : 'ipv4')

async function recordsOf(
  ask: Store['ask'],
  span: Span,
  { a }: Pair,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const { id } = about
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: id, oneOf: ids }, ofFamily(a)],
    groups: [id],
    measures: { records: { count: true } },
    limit: mostOthers,
  })
  return new Map(rows.map((row) => [text(row[id])!, Number(row.records)]))
}

/** Interfaces of which all records hold one more address than that of A or B, which may be one of a VPC: nothing tells which is theirs. */
async function oneToOne(ask: Store['ask'], span: Span, { a, b }: Pair, records: ReadonlyMap<string, number>) {
  const { id } = about
  if (records.size === 0) return new Set<string>()
  const { rows } = await ask({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [{ field: id, oneOf: [...records.keys()] }, ofFamily(a)],
    groups: [id, 'related.ip'],
    measures: { records: { count: true } },
    order: [{ by: 'records', direction: 'desc' }],
    limit: mostOthers,
  })
  const always = rows.filter((row) => row.records === records.get(text(row[id])!))
  const others = always.filter((row) => {
    const address = String(row['related.ip'])
    return address !== a && address !== b && (isPrivate(address) || isIPv6(address))
  })
  return new Set(others.map((row) => text(row[id])!))
}
