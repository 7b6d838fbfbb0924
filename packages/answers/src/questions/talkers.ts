import { accepted, type DailyQuestion, onceByFlow } from './daily.ts'

export const talkers: DailyQuestion = {
  name: 'talkers',
  title: 'Who sends the most bytes to whom',
  over: (span) => ({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span,
    filters: [accepted, onceByFlow],
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
