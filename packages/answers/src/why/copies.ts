import { groupedBy } from '../values.ts'
import type { Flow } from './flow.ts'

/**
 * The flows without those that another flow log of the interface has as well: an interface may have several, of its own, of
 * its subnet and of its VPC, and each records what passes. Of a record without flags and one with them, the latter tells more.
 *
 * @param flows By when they begin
 */
export function withoutCopies(flows: readonly Flow[]): Flow[] {
  const copies = new Set<Flow>()
  for (const same of groupedBy(flows, keyOf).values()) {
    const flagged = same.filter(({ flags }) => flags)
    for (const flow of same)
      if (!flow.flags && flagged.some(({ start, end }) => start <= flow.end && end >= flow.start)) copies.add(flow)
    for (const [n, flow] of flagged.entries())
      for (let before = n - 1; flagged[before]?.start === flow.start; before--)
        if (areEqual(flow, flagged[before]!)) copies.add(flow)
  }
  return flows.filter((flow) => !copies.has(flow))
}

const keyOf = ({ at, source, destination, sourcePort, destinationPort, protocol, rejected }: Flow) =>
  `${at} ${source} ${destination} ${sourcePort} ${destinationPort} ${protocol} ${rejected}`

const rest = ['end', 'packets', 'bytes', 'direction', 'packetSource', 'packetDestination'] as const

const areEqual = (one: Flow, other: Flow) =>
  rest.every((name) => one[name] === other[name]) && JSON.stringify(one.flags) === JSON.stringify(other.flags)
