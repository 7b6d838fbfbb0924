import { isAddress } from '@flowferry/core/schema'
import ipaddr from 'ipaddr.js'

/** A block of addresses; the network's bits without those of hosts. */
export interface Block {
  /** Bits of an address: 32 of IPv4, 128 of IPv6. */
  readonly bits: number
  /** Bits of the network. */
  readonly length: number
  readonly network: bigint
}

/**
 * The block that `10.0.0.0/8` names; one address alone is a block, too.
 *
 * @throws Error whose message goes on behind the text: `is no block …`
 */
export function blockOf(text: string): Block {
  const [address = '', after, ...more] = text.split('/')
  const bits = address.includes(':') ? 128 : 32
  const length = after === undefined ? bits : /^\d{1,3}$/.test(after) ? Number(after) : Number.NaN
  if (!isAddress(address) || more.length > 0 || !(length <= bits))
    throw new Error('is no block of addresses: 10.0.0.0/8 or 2001:db8::/32')
  const host = BigInt(bits - length)
  const parsed = ipaddr.parse(address)
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress())
    throw new Error(`is IPv4 in the form of IPv6: write it as ${parsed.toIPv4Address()}`)
  const value = numberOf(parsed)
  const network = value >> host
  if (network << host !== value)
    throw new Error(`has bits behind its first ${length}, which a block of that size has not`)
  return { bits, length, network }
}

/** Finds what the longest block that holds an address has; an address of IPv4 may stand in the form of IPv6. */
export function longestPrefix<T>(entries: Iterable<readonly [Block, T]>): (address: string) => T | undefined {
  const byBits = new Map<number, Map<number, Map<bigint, T>>>()
  const all = [...entries].sort(([a], [b]) => b.length - a.length)
  for (const [{ bits, length, network }, value] of all) {
    const lengths = getOr(byBits, bits, () => new Map<number, Map<bigint, T>>())
    getOr(lengths, length, () => new Map<bigint, T>()).set(network, value)
  }
  return (address) => {
    if (!isAddress(address)) return undefined
    const parsed = ipaddr.process(address)
    const bits = parsed.kind() === 'ipv6' ? 128 : 32
    const value = numberOf(parsed)
    for (const [length, networks] of byBits.get(bits) ?? []) {
      const found = networks.get(value >> BigInt(bits - length))
      if (found !== undefined) return found
    }
    return undefined
  }
}

function numberOf(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  return BigInt(`0x${Buffer.from(address.toByteArray()).toString('hex')}`)
}

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make()
  map.set(key, found)
  return found
}
