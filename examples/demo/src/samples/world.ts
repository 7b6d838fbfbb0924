/** What all samples share. Addresses are those reserved for documentation; the account is AWS's own example. */
export const world = {
  account: '111122223333',
  region: 'eu-central-1',
  vpc: 'vpc-0a1b2c3d4e5f60718',
  start: Date.UTC(2026, 10, 20, 9, 0),
} as const

/**
 * What the demo is to find: orders calls payments every 25 seconds, and from a change of the network ACL on, which denies
 * the ports of its clients, the replies do not leave the subnet of payments.
 */
export const incident = {
  client: '10.20.2.41',
  service: '10.20.4.15',
  port: 9443,
  every: 25_000,
  change: world.start + 31 * 60_000 + 26_000,
  aclId: 'acl-0b7d3f6a91c2e4850',
  denied: '10.20.2.40/29',
} as const

/** The time that a file covers, in milliseconds since 1970, and how much is in it. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly records: number
}

/** A time as AWS writes it into names of files: `20261120T0905Z`. */
export function stamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace(/[-:]/g, '')}Z`
}
