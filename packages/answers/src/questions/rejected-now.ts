import type { Filter } from '../question.ts'
import { mayHave } from '../tcp-flags.ts'
import { isoDate } from '../values.ts'
import { type PlainQuestion, rejected } from './daily.ts'

const day = 24 * 3_600_000

/** Rejected records of TCP without a SYN are late packets of a closed connection, and no blocked one. */
export const blocked: Filter[] = [rejected, mayHave('syn')]

export const rejectedNow: PlainQuestion = {
  name: 'rejected-now',
  title: 'Rejected in this span, and not in the 24 hours before it',
  formats: ['aws.vpcflow'],
  columns: {
    'aws.vpcflow.interface_id': { heading: 'interface' },
    'network.direction': { heading: 'direction' },
    'destination.port': { heading: 'port', unit: 'code' },
    'network.transport': { heading: 'protocol' },
    rejected: { heading: 'rejected' },
    before: { heading: 'before' },
    first: { heading: 'first', unit: 'time' },
    sources: { heading: 'sources' },
  },
  know: 'Of TCP, SYNs count: a reject without one is a late packet of a closed connection. Version 2 has no flags, and all its rejects count.',
  over: ({ from, to }) => {
    const now: Filter = { field: '@timestamp', range: { gte: from } }
    return {
      kind: 'groups',
      formats: ['aws.vpcflow'],
      span: { from: isoDate(Date.parse(from) - day), to },
      filters: blocked,
      groups: ['aws.vpcflow.interface_id', 'network.direction', 'destination.port', 'network.transport'],
      measures: {
        rejected: { count: true, where: [now] },
        before: { count: true, where: [{ not: now }] },
        first: { min: 'event.start', where: [now] },
        sources: { cardinality: 'source.ip', where: [now] },
      },
      having: [
        { measure: 'rejected', range: { gt: 0 } },
        { measure: 'before', equals: 0 },
      ],
      order: [{ by: 'rejected', direction: 'desc' }],
    }
  },
}
