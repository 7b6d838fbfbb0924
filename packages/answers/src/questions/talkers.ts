import { accepted, onceByFlow, type PlainQuestion } from './daily.ts'

export const talkers: PlainQuestion = {
  name: 'talkers',
  title: 'Who sends the most bytes to whom',
  formats: ['aws.vpcflow'],
  columns: {
    'source.ip': { heading: 'source' },
    'destination.ip': { heading: 'destination' },
    bytes: { heading: 'bytes', unit: 'bytes' },
    packets: { heading: 'packets' },
    records: { heading: 'records' },
  },
  know: 'Accepted traffic. A flow whose two ends are logged counts once, where it leaves; records without a direction all count.',
  over: (span, { own } = {}) => ({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span,
    filters: [accepted, onceByFlow(own)],
    groups: ['source.ip', 'destination.ip'],
    measures: {
      bytes: { sum: 'network.bytes' },
      packets: { sum: 'network.packets' },
      records: { count: true },
    },
    order: [{ by: 'bytes', direction: 'desc' }],
    limit: 20,
  }),
}
