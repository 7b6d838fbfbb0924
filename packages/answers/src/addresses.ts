import { BlockList, isIP, isIPv6 } from 'node:net'
import { privateBlocks } from '@flowferry/core/internal'

/** An address in the form that logs have it: lower case, the longest run of zeros left out. */
export const loggedForm = (address: string): string =>
  isIPv6(address) && !/[.%]/.test(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')
const privateAddresses = new BlockList()
for (const block of privateBlocks) {
  const [address, length] = block.split('/') as [string, string]
  privateAddresses.addSubnet(address, Number(length), familyOf(address))
}

export const isPrivate = (address: string): boolean =>
  isIP(address) !== 0 && privateAddresses.check(address, familyOf(address))

/** No internet gateway is between them. */
export const arePrivate = ({ a, b }: { readonly a: string; readonly b: string }): boolean =>
  isPrivate(a) && isPrivate(b)

/**
 * What serves this traffic, where flow logs never show it; none otherwise.
 *
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
 */
export function neverLogged(address: string, port?: number): string | undefined {
  if (address === '169.254.169.254') return 'the instance metadata service'
  if (address === '169.254.169.123') return 'the Amazon Time Sync Service'
  if (address === '169.254.169.253') return 'the Amazon DNS server'
  // The server stands at the VPC's base plus two. https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
  if (port === 53 && /\.2$/.test(address) && isPrivate(address)) return 'the Amazon DNS server'
  return undefined
}
