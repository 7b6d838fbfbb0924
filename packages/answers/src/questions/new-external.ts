import { privateBlocks } from '@flowferry/core/internal'
import type { Filter } from '../question.ts'
import { isoDate } from '../values.ts'
import { accepted, type PlainQuestion, portOfServers } from './daily.ts'

const before = 7 * 24 * 3_600_000

/** Link-local and multicast addresses are nobody's, and not outside. */
export const nobodys = ['169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32', 'fe80::/10', 'ff00::/8']

/** Bytes to an address outside are logged once, at the interface that they leave. Without a direction the source tells. */
export const leaves = (own: readonly string[]): Filter => ({
  any: [
    { field: 'network.direction', equals: 'egress' },
    { all: [{ not: { field: 'network.direction', exists: true } }, { field: 'source.ip', cidr: own }] },
  ],
})

export const newExternal: PlainQuestion = {
  name: 'new-external',
  title: 'Addresses outside that were sent bytes in this span, and none in the 7 days before it',
  formats: ['aws.vpcflow'],
  columns: {
    'destination.ip': { heading: 'destination' },
    port: { heading: 'lowest port', unit: 'code' },
    bytes: { heading: 'bytes', unit: 'bytes' },
    before: { heading: 'before', unit: 'bytes' },
    records: { heading: 'records' },
    sources: { heading: 'sources' },
    first: { heading: 'first', unit: 'time' },
    last: { heading: 'last', unit: 'time' },
  },
  know: 'Outside is what is in none of your blocks: private ones unless you name others, such as those of your IPv6. Ports below 32,768: above are those of clients, to which replies go. Bytes count once where they leave; behind a NAT gateway whose interface is logged, too, they leave twice.',
  over: ({ from, to }, { own = privateBlocks } = {}) => {
    const now: Filter = { field: '@timestamp', range: { gte: from } }
    return {
      kind: 'groups',
      formats: ['aws.vpcflow'],
      span: { from: isoDate(Date.parse(from) - before), to },
      filters: [
        accepted,
        portOfServers('destination.port'),
        { not: { field: 'destination.ip', cidr: [...own, ...nobodys] } },
        leaves(own),
      ],
      groups: ['destination.ip'],
      measures: {
        port: { min: 'destination.port', where: [now] },
        bytes: { sum: 'network.bytes', where: [now] },
        before: { sum: 'network.bytes', where: [{ not: now }] },
        records: { count: true, where: [now] },
        sources: { cardinality: 'source.ip', where: [now] },
        first: { min: 'event.start', where: [now] },
        last: { max: '@timestamp', where: [now] },
      },
      having: [
        { measure: 'bytes', range: { gt: 0 } },
        { measure: 'before', equals: 0 },
      ],
      order: [{ by: 'bytes', direction: 'desc' }],
    }
  },
}
