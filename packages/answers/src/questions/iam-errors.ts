import type { PlainQuestion } from './daily.ts'

/** As services write it that a policy does not allow a call. */
export const denied = [
  'AccessDenied',
  'AccessDeniedException',
  'Client.UnauthorizedOperation',
  'UnauthorizedOperation',
  'AuthorizationError',
  'AuthorizationErrorException',
  'NotAuthorized',
  'UnauthorizedAccess',
]

export const iamErrors: PlainQuestion = {
  name: 'iam-errors',
  title: 'Denied calls by principal and action',
  formats: ['aws.cloudtrail'],
  columns: {
    'user.name': { heading: 'user' },
    'aws.cloudtrail.user_identity.arn': { heading: 'principal' },
    'event.provider': { heading: 'service' },
    'event.action': { heading: 'action' },
    calls: { heading: 'calls' },
    addresses: { heading: 'addresses' },
    last: { heading: 'last', unit: 'time' },
  },
  know: 'Calls that a policy did not allow; those that failed otherwise are not in it.',
  over: (span) => ({
    kind: 'groups',
    formats: ['aws.cloudtrail'],
    span,
    filters: [{ field: 'aws.cloudtrail.error_code', oneOf: denied }],
    groups: ['user.name', 'aws.cloudtrail.user_identity.arn', 'event.provider', 'event.action'],
    measures: {
      calls: { count: true },
      addresses: { cardinality: 'source.address' },
      last: { max: '@timestamp' },
    },
    order: [{ by: 'calls', direction: 'desc' }],
  }),
}
