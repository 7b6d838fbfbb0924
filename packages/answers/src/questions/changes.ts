import type { DocumentsQuestion, Filter, Span } from '../question.ts'
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

/** Successful events of the services, named as in `event.provider`, the newest first. */
export const changesOf = (services: readonly string[], which: Filter, span: Span): DocumentsQuestion => ({
  kind: 'documents',
  formats: ['aws.cloudtrail'],
  span,
  filters: [{ field: 'event.outcome', equals: 'success' }, { field: 'event.provider', oneOf: services }, which],
  fields: Object.keys(changeColumns),
  order: [{ by: '@timestamp', direction: 'desc' }],
})
