import { denied } from '../questions/iam-errors.ts'
import { type Dashboard, panelsOf } from './panel.ts'

const { number, timeline, bars, table } = panelsOf('aws.cloudtrail')

const calls = { heading: 'calls', of: { count: true } } as const
const last = { heading: 'last', unit: 'time', of: { max: '@timestamp' } } as const
const changed = [
  { field: 'aws.cloudtrail.read_only', equals: false },
  { field: 'event.outcome', equals: 'success' },
] as const

/** CloudTrail. */
export const audit: Dashboard = {
  name: 'audit',
  title: 'Audit: CloudTrail',
  panels: [
    number({
      name: 'api-calls',
      title: 'Calls',
      know: 'Everything that CloudTrail recorded.',
      measures: {
        calls,
        principals: { heading: 'principals', of: { cardinality: 'aws.cloudtrail.user_identity.arn' } },
        addresses: { heading: 'addresses', of: { cardinality: 'source.address' } },
      },
    }),
    timeline({
      name: 'calls-by-outcome',
      title: 'Calls by outcome',
      know: 'Failures are calls with an error code or message.',
      groups: { 'event.outcome': { heading: 'outcome' } },
      measures: { calls },
    }),
    bars({
      name: 'calls-by-service',
      title: 'Calls by service',
      know: 'Everything that CloudTrail recorded.',
      groups: { 'event.provider': { heading: 'service' } },
      measures: { calls },
    }),
    bars({
      name: 'changes-by-action',
      title: 'Changes by action',
      know: 'Successful calls that do not only read.',
      filters: changed,
      groups: { 'event.action': { heading: 'action' } },
      measures: { calls },
    }),
    table({
      name: 'changes-by-principal',
      title: 'Who changes what',
      know: 'Successful calls that do not only read.',
      filters: changed,
      groups: {
        'user.name': { heading: 'user' },
        'event.provider': { heading: 'service' },
        'event.action': { heading: 'action' },
      },
      measures: { calls, last },
    }),
    table({
      name: 'denied-calls',
      title: 'Who is denied',
      know: 'Calls that a policy did not allow; those that failed otherwise are not in it.',
      filters: [{ field: 'aws.cloudtrail.error_code', oneOf: denied }],
      groups: {
        'user.name': { heading: 'user' },
        'event.provider': { heading: 'service' },
        'event.action': { heading: 'action' },
      },
      measures: { calls, addresses: { heading: 'addresses', of: { cardinality: 'source.address' } }, last },
    }),
    bars({
      name: 'error-codes',
      title: 'Errors',
      know: 'Calls with an error code.',
      filters: [{ field: 'aws.cloudtrail.error_code', exists: true }],
      groups: { 'aws.cloudtrail.error_code': { heading: 'error' } },
      measures: { calls },
    }),
    table({
      name: 'principals',
      title: 'Principals',
      know: 'Everything that CloudTrail recorded.',
      groups: {
        'aws.cloudtrail.user_identity.type': { heading: 'type' },
        'user.name': { heading: 'user' },
      },
      measures: {
        calls,
        services: { heading: 'services', of: { cardinality: 'event.provider' } },
        addresses: { heading: 'addresses', of: { cardinality: 'source.address' } },
        last,
      },
    }),
    table({
      name: 'call-sources',
      title: 'Where calls come from',
      know: 'Addresses, and names of the AWS services that call.',
      groups: { 'source.address': { heading: 'address' } },
      measures: {
        calls,
        principals: { heading: 'principals', of: { cardinality: 'aws.cloudtrail.user_identity.arn' } },
        last,
      },
    }),
  ],
  recordFields: [
    'user.name',
    'event.provider',
    'event.action',
    'event.outcome',
    'aws.cloudtrail.error_code',
    'source.address',
    'cloud.region',
  ],
}
