import type { Filter } from '../question.ts'
import type { PlainQuestion } from './daily.ts'

/** What root itself did. */
export const byRoot: readonly Filter[] = [
  { field: 'aws.cloudtrail.user_identity.type', equals: 'Root' },
  // What AWS's services do in root's name.
  { not: { field: 'aws.cloudtrail.user_identity.invoked_by', exists: true } },
  { not: { field: 'aws.cloudtrail.event_type', equals: 'AwsServiceEvent' } },
]

export const withoutSecondFactor: readonly Filter[] = [
  { field: 'event.action', equals: 'ConsoleLogin' },
  { field: 'event.outcome', equals: 'success' },
  // With single sign-on the factor is asked for elsewhere, and the event says No.
  { field: 'aws.cloudtrail.user_identity.type', equals: 'IAMUser' },
  { field: 'aws.cloudtrail.console_login.additional_eventdata.mfa_used', equals: false },
]

const columns: PlainQuestion['columns'] = {
  '@timestamp': { heading: 'time', unit: 'time' },
  'aws.cloudtrail.user_identity.type': { heading: 'type' },
  'user.name': { heading: 'user' },
  'event.provider': { heading: 'service' },
  'event.action': { heading: 'action' },
  'event.outcome': { heading: 'outcome' },
  'aws.cloudtrail.console_login.additional_eventdata.mfa_used': { heading: 'second factor' },
  'source.address': { heading: 'from' },
  'user_agent.original': { heading: 'agent' },
  'cloud.account.id': { heading: 'account' },
  'event.id': { heading: 'event' },
}

export const signIns: PlainQuestion = {
  name: 'sign-ins',
  title: 'What root did, and sign-ins of users without a second factor',
  formats: ['aws.cloudtrail'],
  columns,
  know: 'With single sign-on the factor is asked for elsewhere, and those sign-ins are left out, as is what AWS does in the name of root.',
  over: (span) => ({
    kind: 'documents',
    formats: ['aws.cloudtrail'],
    span,
    filters: [{ any: [{ all: byRoot }, { all: withoutSecondFactor }] }],
    fields: Object.keys(columns),
    order: [{ by: '@timestamp', direction: 'desc' }],
  }),
}
