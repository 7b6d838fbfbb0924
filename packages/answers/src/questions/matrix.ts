import { accepted, type DailyQuestion, onceByFlow } from './daily.ts'

/** Linux takes the ports of clients from 32768 on: records to them are replies. */
const ofServers = { field: 'destination.port', range: { gt: 0, lt: 32_768 } }

export const matrix: DailyQuestion = {
  name: 'matrix',
  title: 'Which address calls which port of which other',
  over: (span) => ({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span,
    filters: [accepted, onceByFlow, ofServers],
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
