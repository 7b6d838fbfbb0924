import { createHash } from 'node:crypto'
import { requireOption } from '../check-options.ts'
import { operating, optional } from './derive.ts'
import type { Enrichment } from './enrichment.ts'
import { isAddress } from './values.ts'

/** Protocols whose ports tell flows apart, by their numbers and by the names that Suricata has for them. */
const portProtocols: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['6', 6],
  ['17', 17],
  ['132', 132],
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
])
/** ICMP's id is made of type and code, which flow logs lack. */
const icmp = ['1', '58']

/**
 * `network.community_id`: one text for both directions of a flow, the same that Zeek, Suricata, Elastic's and other tools
 * give it, so that what they know of a flow is found beside the log's. Version 1, from source.ip, destination.ip, their
 * ports and the protocol; of VPC Flow Logs from pkt-srcaddr and pkt-dstaddr where the record has them, so that both legs of
 * a NAT gateway agree. None for ICMP, and none where an address or port is not known.
 * https://github.com/corelight/community-id-spec
 *
 * @example
 * const parser = vpcFlow.with(communityId)
 */
export const communityId: Enrichment = /* @__PURE__ */ communityIdWith({ seed: 0 })

/**
 * The same where the other tools have a seed.
 *
 * @throws FlowferryError INVALID_OPTION where the seed is no such number
 *
 * @example
 * const parser = vpcFlow.with(communityIdWith({ seed: 7 }))
 */
export function communityIdWith({
  seed,
}: {
  /** 0 to 65535. */
  readonly seed: number
}): Enrichment {
  requireOption(Number.isInteger(seed) && seed >= 0 && seed <= 65_535, 'seed', seed, 'a whole number, 0 to 65535')
  return {
    name: 'communityId',
    derived: (derive, { fills }) => {
      if (!fills('source.ip') || !fills('destination.ip')) return []
      const protocol = fills('network.iana_number') ? 'network.iana_number' : 'network.transport'
      return [derive('network.community_id', [...sides.map(optional), protocol], communityHash(seed))]
    },
  }
}

/** What is hashed, before the protocol. */
const sides = [
  'aws.vpcflow.pkt_srcaddr',
  'source.ip',
  'aws.vpcflow.pkt_dstaddr',
  'destination.ip',
  'source.port',
  'destination.port',
] as const

/** The function, of two addresses a side, of which the first that is one counts, two ports, and the protocol. */
export function communityHash(seed: number) {
  return operating({ is: 'communityId', seed }, (...values: unknown[]) => idOf(seed, values))
}

/** The engine's `community-id.ts` gives the same from bytes. */
function idOf(seed: number, values: readonly unknown[]): string | undefined {
  const [innerSource, outerSource, innerDestination, outerDestination, sourcePort, destinationPort, protocol] = values
  const source = firstAddress(innerSource, outerSource)
  const destination = firstAddress(innerDestination, outerDestination)
  if (!source || source.length !== destination?.length) return undefined
  const number = portProtocols.get(String(protocol))
  if (number === undefined && !isPortless(protocol)) return undefined
  const ports = number === undefined ? [] : [sourcePort, destinationPort].map(Number)
  if (!ports.every((port) => Number.isInteger(port) && port >= 0 && port <= 65_535)) return undefined
  const order = Buffer.compare(source, destination) || (ports[0] ?? 0) - (ports[1] ?? 0)
  const ordered = order > 0 ? [destination, source] : [source, destination]
  if (order > 0) ports.reverse()
  const hash = createHash('sha1').update(bytesOf([seed]))
  for (const address of ordered) hash.update(address)
  hash.update(Uint8Array.of(number ?? Number(protocol), 0))
  return `1:${hash.update(bytesOf(ports)).digest('base64')}`
}

/** Whether it is the number of a protocol that is hashed without ports. */
function isPortless(protocol: unknown): boolean {
  const text = String(protocol)
  return /^\d{1,3}$/.test(text) && Number(text) < 256 && !icmp.includes(text)
}

function firstAddress(...texts: readonly unknown[]): Buffer | undefined {
  const text = texts.find((one) => typeof one === 'string' && isAddress(one))
  return text === undefined ? undefined : addressBytes(text as string)
}

/** Of an address: four, or sixteen. */
function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  // The last two groups may stand as an IPv4 address.
  const text = address.replace(/\d+\.\d+\.\d+\.\d+$/, (last) =>
    addressBytes(last).toString('hex').replace(/....$/, ':$&'),
  )
  const [before = [], behind = []] = text.split('::').map((side) => side.split(':').filter((group) => group !== ''))
  const between = Array.from({ length: 8 - before.length - behind.length }, () => '0')
  return bytesOf([...before, ...between, ...behind].map((group) => Number.parseInt(group, 16)))
}

/** Numbers of 16 bits, the higher byte first. */
function bytesOf(numbers: readonly number[]): Buffer {
  return Buffer.from(numbers.flatMap((number) => [number >> 8, number & 255]))
}
