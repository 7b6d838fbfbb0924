import { accepted, onceByFlow, type PlainQuestion, portOfServers } from './daily.ts'

export const matrix: PlainQuestion = {
  name: 'matrix',
  title: 'Which address calls which port of which other',
  formats: ['aws.vpcflow'],
  columns: {
    'source.ip': { heading: 'source' },
    'destination.ip': { heading: 'destination' },
    'destination.port': { heading: 'port', unit: 'code' },
    'network.transport': { heading: 'protocol' },
    bytes: { heading: 'bytes', unit: 'bytes' },
    records: { heading: 'records' },
    last: { heading: 'last', unit: 'time' },
  },
  know: 'Ports below 32,768: above are those of clients, to which replies go. Bytes are those sent to the port, accepted, counted once where both ends are logged.',
  over: (span, { own } = {}) => ({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span,
    filters: [accepted, onceByFlow(own), portOfServers('destination.port')],
    groups: ['source.ip', 'destination.ip', 'destination.port', 'network.transport'],
    measures: {
      bytes: { sum: 'network.bytes' },
      records: { count: true },
      last: { max: '@timestamp' },
    },
    order: [{ by: 'bytes', direction: 'desc' }],
    limit: 1000,
  }),
}
