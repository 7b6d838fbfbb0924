import type { Column } from './daily.ts'

/** Of an event of CloudTrail that changed something: who, when, from where, and what was asked for. */
export const changeColumns: Readonly<Record<string, Column>> = {
  '@timestamp': { heading: 'time', unit: 'time' },
  'event.action': { heading: 'action' },
  'user.name': { heading: 'user' },
  'aws.cloudtrail.user_identity.arn': { heading: 'principal' },
  'source.address': { heading: 'from' },
  'user_agent.original': { heading: 'agent' },
  'cloud.account.id': { heading: 'account' },
  'cloud.region': { heading: 'region' },
  'aws.cloudtrail.request_parameters': { heading: 'request' },
  'event.id': { heading: 'event' },
}
