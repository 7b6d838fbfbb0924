import type { DailyQuestion } from './daily.ts'

/** As services write it that a policy does not allow a call. */
const denied = [
  'AccessDenied',
  'AccessDeniedException',
  'Client.UnauthorizedOperation',
  'UnauthorizedOperation',
  'AuthorizationError',
  'AuthorizationErrorException',
  'NotAuthorized',
  'UnauthorizedAccess',
]

export const iamErrors: DailyQuestion = {
  name: 'iam-errors',
  title: 'Denied calls by principal and action',
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
