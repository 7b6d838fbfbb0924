import { describe, expect, it } from 'vitest'
import { maySend, otherSenders, s3Sender } from './policy.ts'

const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:logs'
const bucketArn = 'arn:aws:s3:::my-logs'
const sender = s3Sender('my-logs', queueArn, '123456789012')
const allow = {
  Effect: 'Allow',
  Principal: { Service: 's3.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: queueArn,
  Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' }, ArnEquals: { 'aws:SourceArn': bucketArn } },
}
const verdict = (...Statement: object[]) => maySend(JSON.stringify({ Statement }), queueArn, sender)

describe('maySend', () => {
  it("takes AWS's own examples, and what is wider", () => {
    expect(verdict(allow)).toBe('allowed')
    expect(maySend(JSON.stringify({ Statement: allow }), queueArn, sender)).toBe('allowed')
    for (const wider of [
      { Principal: '*' },
      { Principal: { AWS: '*' } },
      { Principal: { Service: ['sns.amazonaws.com', 's3.amazonaws.com'] } },
      { Action: ['SQS:*'] },
      { Action: '*' },
      { Resource: 'arn:aws:sqs:*:123456789012:*' },
      { Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:*:*:my-logs' } } },
      { Condition: { StringLike: { 'aws:SourceArn': 'arn:aws:s3:::my-*' } } },
      { Condition: undefined },
    ])
      expect(verdict({ ...allow, ...wider }), JSON.stringify(wider)).toBe('allowed')
  })

  it('takes what is of others for no permission', () => {
    expect(maySend(undefined, queueArn, sender)).toBe('not allowed')
    for (const other of [
      { Principal: { Service: 'events.amazonaws.com' } },
      { Principal: { AWS: 'arn:aws:iam::123456789012:root' } },
      { Action: 'sqs:ReceiveMessage' },
      { Resource: `${queueArn}-dlq` },
      { Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::other' } } },
      { Condition: { StringEquals: { 'aws:SourceArn': 'arn:aws:s3:::my-*' } } },
    ])
      expect(verdict({ ...allow, ...other }), JSON.stringify(other)).toBe('not allowed')
  })

  it('heeds what forbids', () => {
    const deny = { Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: queueArn }
    expect(verdict(allow, deny)).toBe('denied')
    expect(verdict(allow, { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } })).toBe('allowed')
    expect(verdict(allow, { ...deny, Condition: { Bool: { 'aws:SecureTransport': false } } })).toBe('allowed')
    expect(verdict(allow, { ...deny, Action: 'sqs:DeleteMessage' })).toBe('allowed')
    expect(verdict(allow, { ...deny, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })).toBe('unknown')
  })

  it('says that it does not know what hangs on conditions of elsewhere', () => {
    expect(verdict({ ...allow, Condition: { StringEquals: { 'aws:SourceOrgID': 'o-example' } } })).toBe('unknown')
    expect(verdict({ ...allow, Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } })).toBe('unknown')
    expect(verdict({ ...allow, Principal: undefined, NotPrincipal: { AWS: 'x' } })).toBe('unknown')
  })

  it("takes a rule of EventBridge for itself alone, as the template's policy has it", () => {
    const sourceArn = 'arn:aws:events:eu-central-1:123456789012:rule/uploads'
    const rule = { ...sender, service: 'events.amazonaws.com', sourceArn } as const
    const statement = { ...allow, Principal: { Service: 'events.amazonaws.com' } }
    const of = (arn: string, more: object = {}) =>
      maySend(
        JSON.stringify({ Statement: { ...statement, Condition: { ArnEquals: { 'aws:SourceArn': arn } }, ...more } }),
        queueArn,
        rule,
      )
    expect(of(sourceArn)).toBe('allowed')
    expect(of('arn:aws:events:*:*:rule/*', { Condition: undefined })).toBe('allowed')
    expect(of(`${sourceArn}-other`)).toBe('not allowed')
    expect(of(sourceArn, { Principal: allow.Principal })).toBe('not allowed')
    expect(maySend(JSON.stringify({ Statement: statement }), queueArn, rule)).toBe('not allowed')
  })

  it('takes the characters of a pattern for what they are', () => {
    expect(verdict({ ...allow, Resource: 'arn.aws.sqs.eu-central-1.123456789012.logs' })).toBe('not allowed')
    expect(verdict({ ...allow, Resource: 'arn:aws:sqs:eu-central-?:123456789012:logs' })).toBe('allowed')
  })
})

describe('otherSenders', () => {
  const of = (...Statement: object[]) => otherSenders(JSON.stringify({ Statement }), queueArn)
  it('names who may send in the place of S3, as the rule of the template does', () => {
    const rule = {
      ...allow,
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:eu-central-1:123456789012:rule/uploads' } },
    }
    expect(of(rule)).toEqual(['events.amazonaws.com'])
    expect(of({ ...rule, Principal: { Service: ['sns.amazonaws.com'] } })).toEqual(['sns.amazonaws.com'])
  })
  it('names none where nobody, or another, or for another queue may', () => {
    const rule = { ...allow, Principal: { Service: 'events.amazonaws.com' } }
    for (const other of [
      allow,
      { ...rule, Effect: 'Deny' },
      { ...rule, Action: 'sqs:ReceiveMessage' },
      { ...rule, Resource: `${queueArn}-dlq` },
      { ...rule, Principal: '*' },
    ])
      expect(of(other)).toEqual([])
    expect(otherSenders(undefined, queueArn)).toEqual([])
  })
})
