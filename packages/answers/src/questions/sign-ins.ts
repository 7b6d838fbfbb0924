import type { DailyQuestion } from './daily.ts'

export const signIns: DailyQuestion = {
  name: 'sign-ins',
  title: 'What root did, and sign-ins of users without a second factor',
  over: (span) => ({
    kind: 'documents',
    formats: ['aws.cloudtrail'],
    span,
    filters: [
      {
        any: [
          {
            all: [
              { field: 'aws.cloudtrail.user_identity.type', equals: 'Root' },
              // What AWS's services do in root's name.
              { not: { field: 'aws.cloudtrail.user_identity.invoked_by', exists: true } },
              { not: { field: 'aws.cloudtrail.event_type', equals: 'AwsServiceEvent' } },
            ],
          },
          {
            all: [
              { field: 'event.action', equals: 'ConsoleLogin' },
              { field: 'event.outcome', equals: 'success' },
              // With single sign-on the factor is asked for elsewhere, and the event says No.
              { field: 'aws.cloudtrail.user_identity.type', equals: 'IAMUser' },
              { field: 'aws.cloudtrail.console_login.additional_eventdata.mfa_used', equals: false },
            ],
          },
        ],
      },
    ],
    fields: [
      '@timestamp',
      'aws.cloudtrail.user_identity.type',
      'user.name',
      'event.provider',
      'event.action',
      'event.outcome',
      'aws.cloudtrail.console_login.additional_eventdata.mfa_used',
      'source.address',
      'user_agent.original',
      'cloud.account.id',
      'event.id',
    ],
    order: [{ by: '@timestamp', direction: 'desc' }],
  }),
}
