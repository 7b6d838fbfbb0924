import type { PlainQuestion } from './daily.ts'

export const logGaps: PlainQuestion = {
  name: 'log-gaps',
  title: 'Interfaces whose log ended first, and records that AWS skipped',
  formats: ['aws.vpcflow'],
  columns: {
    'cloud.account.id': { heading: 'account' },
    'aws.vpcflow.interface_id': { heading: 'interface' },
    last: { heading: 'last', unit: 'time' },
    first: { heading: 'first', unit: 'time' },
    records: { heading: 'records' },
    skipped: { heading: 'skipped' },
    quiet: { heading: 'quiet' },
  },
  know: 'Quiet are windows without traffic (NODATA). One skipped record (SKIPDATA) stands for any number of flows. An interface that was deleted ends, too.',
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
