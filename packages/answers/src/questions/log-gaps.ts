import type { DailyQuestion } from './daily.ts'

export const logGaps: DailyQuestion = {
  name: 'log-gaps',
  title: 'Interfaces whose log ended first, and records that AWS skipped',
  over: (span) => ({
    kind: 'groups',
    formats: ['aws.vpcflow'],
    span,
    groups: ['cloud.account.id', 'aws.vpcflow.interface_id'],
    measures: {
      last: { max: '@timestamp' },
      first: { min: '@timestamp' },
      records: { count: true },
      // One stands for any number of flows.
      skipped: { count: true, where: [{ field: 'aws.vpcflow.log_status', equals: 'SKIPDATA' }] },
      quiet: { count: true, where: [{ field: 'aws.vpcflow.log_status', equals: 'NODATA' }] },
    },
    order: [{ by: 'last' }],
  }),
}
