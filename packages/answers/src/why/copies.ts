import type { Flow } from './flow.ts'

/**
 * The flows without those that another flow log of the interface has as well: an interface may have several, of its own, of
 * its subnet and of its VPC, and each records what passes. Of a record without flags and one with them, the latter tells more.
 */
export function withoutCopies(flows: readonly Flow[]): Flow[] {
  const flagged = new Map<string, Flow[]>()
  for (const flow of flows) {
    if (!flow.flags) continue
    const key = keyOf(flow)
    const same = flagged.get(key)
    if (same) same.push(flow)
    else flagged.set(key, [flow])
  }
  const seen = new Set<string>()
  return flows.filter((flow) => {
    const key = keyOf(flow)
    if (!flow.flags) return !flagged.get(key)?.some(({ start, end }) => start <= flow.end && end >= flow.start)
    const { direction, packetSource, packetDestination, packets, bytes, start, end, flags } = flow
    const whole = JSON.stringify([key, direction, packetSource, packetDestination, packets, bytes, start, end, flags])
    return !seen.has(whole) && seen.add(whole)
  })
}

const keyOf = ({ at, source, destination, sourcePort, destinationPort, protocol, rejected }: Flow) =>
  `${at} ${source} ${destination} ${sourcePort} ${destinationPort} ${protocol} ${rejected}`
