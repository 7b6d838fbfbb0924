import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { isPrivate } from '../addresses.ts'
import type { Row, Store } from '../answer.ts'
import type { Filter, GroupsQuestion, Span } from '../question.ts'
import { refused } from '../refuse.ts'
import type { End } from './named.ts'

/** Addresses that are looked at of one interface, and interfaces of one instance. */
const most = 50

const id = 'aws.vpcflow.interface_id'

/** Whether the stored logs may know it: the id of an interface or an instance. */
export const isInLogs = (text: string): boolean => /^(eni|i)-[0-9a-f]{8,17}$/.test(text)

/**
 * The addresses of an interface, or of an instance with its interfaces, by its own records: the source of what leaves, the
 * destination of what enters; without directions, the address that all its records hold.
 *
 * @throws FlowferryError INVALID_OPTION where the records of the span do not tell
 */
export async function inLogs(ask: Store['ask'], whose: string, text: string, span: Span): Promise<End[]> {
  const field = text.startsWith('eni-') ? id : 'cloud.instance.id'
  const own: Filter = { field, equals: text }
  const count = { records: { count: true } } as const
  const question = (groups: GroupsQuestion['groups'], filters: readonly Filter[]): GroupsQuestion => ({
    kind: 'groups',
    formats: vpcFlow.formats,
    span,
    filters: [own, ...filters],
    groups: groups!,
    measures: count,
    order: [{ by: 'records', direction: 'desc' }],
    limit: most,
  })
  const directed = async (direction: string, address: string) =>
    firstOfEach((await ask(question([id, address], [{ field: 'network.direction', equals: direction }]))).rows, address)

  const ends = new Map([...(await directed('ingress', 'destination.ip')), ...(await directed('egress', 'source.ip'))])
  if (ends.size === 0) {
    const undirected: Filter = { not: { field: 'network.direction', exists: true } }
    const isTraffic: Filter = { field: 'source.ip', exists: true }
    const { rows } = await ask(question([id], [undirected, isTraffic]))
    for (const { [id]: one, records } of rows) {
      const peers = await ask(question(['related.ip'], [undirected, { field: id, equals: String(one) }]))
      const always = peers.rows.filter((row) => row.records === records).map((row) => String(row['related.ip']))
      const [address, second] = always.length > 1 ? always.filter(isPrivate) : always
      if (address !== undefined && second === undefined) ends.set(String(one), address)
    }
  }
  if (ends.size === 0)
    throw refused(
      whose,
      `is "${text}", of whose address the flow logs from ${span.from} to ${span.to} do not tell: a snapshot does (flowferry snapshot), or give its address`,
    )
  return [...ends].map(([one, address]) => ({ address, known: { id: one, addresses: [address] } }))
}

/** An interface's address is that of most of its records: what it passes on has others. */
function firstOfEach(rows: readonly Row[], address: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const row of rows) {
    const one = String(row[id])
    if (row[address] !== null && !found.has(one)) found.set(one, String(row[address]))
  }
  return found
}
