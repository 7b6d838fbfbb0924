import type { Row, Value } from '../answer.ts'
import type { Filter } from '../question.ts'
import { denied } from '../questions/iam-errors.ts'
import { byRoot, withoutSecondFactor } from '../questions/sign-ins.ts'
import { defineAlert } from './alert.ts'

const trail = ['aws.cloudtrail'] as const
export const succeeded: Filter = { field: 'event.outcome', equals: 'success' }
const account = { heading: 'account' }
const principal = { heading: 'principal' }
const calls = { heading: 'calls', of: { count: true } } as const

/** Events, the oldest first, counted by who or what they name, with the times of the first and the last. */
export function countedBy(column: string, events: readonly (readonly [who: Row, time: Value])[]): Row[] {
  const groups = new Map<string, Row>()
  for (const [who, time] of events) {
    const key = JSON.stringify(who)
    const { [column]: count = 0, first = time } = groups.get(key) ?? {}
    groups.set(key, { ...who, [column]: Number(count) + 1, first, last: time })
  }
  return [...groups.values()]
}

/** What is done with the account's bills, for which AWS asks for root now and then; the sign-in before it counts. */
const billing: Filter = {
  field: 'event.provider',
  oneOf: [
    ...['account', 'billing', 'billingconsole', 'budgets', 'ce', 'consolidatedbilling', 'cur', 'freetier'],
    ...['invoicing', 'payments', 'tax'],
  ].map((service) => `${service}.amazonaws.com`),
}

export const rootUsed = defineAlert({
  name: 'root-used',
  title: 'The root user is used',
  severity: 'high',
  formats: trail,
  window: '5m',
  every: '5m',
  filters: [...byRoot, { not: billing }],
  by: { 'cloud.account.id': account, 'source.address': { heading: 'from' } },
  measures: { calls, actions: { heading: 'actions', of: { cardinality: 'event.action' } } },
  counts: ['calls'],
  threshold: 1,
  ask: 'sign-ins',
  know: "Calls of the billing services do not count, since AWS asks for root there: the sign-in before them does. What AWS's services do in root's name does not count either.",
})

export const consoleWithoutMfa = defineAlert({
  name: 'console-without-mfa',
  title: 'A user signed in to the console without a second factor',
  severity: 'high',
  formats: trail,
  window: '5m',
  every: '5m',
  filters: withoutSecondFactor,
  by: { 'cloud.account.id': account, 'user.name': { heading: 'user' } },
  measures: {
    signIns: { heading: 'sign-ins', of: { count: true } },
    addresses: { heading: 'addresses', of: { cardinality: 'source.address' } },
  },
  counts: ['signIns'],
  threshold: 1,
  ask: 'sign-ins',
  know: 'With single sign-on the factor is asked for elsewhere and CloudTrail says No: those sign-ins are of roles, and do not count.',
})

export const deniedBurst = defineAlert({
  name: 'denied-burst',
  title: 'A principal is denied call after call',
  severity: 'medium',
  formats: trail,
  window: '15m',
  every: '5m',
  filters: [{ field: 'aws.cloudtrail.error_code', oneOf: denied }],
  by: { 'cloud.account.id': account, 'aws.cloudtrail.user_identity.arn': principal },
  measures: { calls, actions: { heading: 'actions', of: { cardinality: 'event.action' } } },
  counts: ['calls'],
  threshold: 20,
  before: { length: '1d', times: 5 },
  ask: 'iam-errors',
  know: 'A posture scanner is denied all day: it is compared with the day before, and silent from the second on. Leave one that runs now and then out by its principal: { field: "aws.cloudtrail.user_identity.arn", prefix: "arn:aws:sts::123456789012:assumed-role/scanner/" }.',
})

export const credentialsCreated = defineAlert({
  name: 'credentials-created',
  title: 'Somebody made an access key or a console password for another user',
  severity: 'medium',
  formats: trail,
  window: '5m',
  every: '5m',
  filters: [
    succeeded,
    { field: 'event.provider', equals: 'iam.amazonaws.com' },
    { field: 'event.action', oneOf: ['CreateAccessKey', 'CreateLoginProfile'] },
  ],
  by: {
    'cloud.account.id': account,
    'aws.cloudtrail.user_identity.arn': principal,
    'user.name': { heading: 'by' },
    'user.target.name': { heading: 'for' },
    'event.action': { heading: 'action' },
  },
  measures: { calls },
  counts: ['calls'],
  threshold: 1,
  differ: ['user.name', 'user.target.name'],
  ask: 'iam-changes',
  know: 'Whoever renews a key of their own does not count. Onboarding does, since an intruder does the same: leave its role out by { field: "aws.cloudtrail.user_identity.arn", prefix: "arn:aws:sts::123456789012:assumed-role/onboarding/" }.',
})
