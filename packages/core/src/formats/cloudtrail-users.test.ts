import { describe, expect, test } from 'vitest'
import { collect, memoryObject } from '../testing/index.ts'
import type { LogDocument } from '../types.ts'
import { cloudTrail } from './cloudtrail.ts'

const parse = (body: string) => collect(cloudTrail, memoryObject({ key: 'events.json', body }))

/** The document of an event. */
async function documentOf(event: object): Promise<LogDocument> {
  const { documents } = await parse(JSON.stringify({ Records: [{ eventVersion: '1.11', ...event }] }))
  return documents[0]!
}

function at(document: LogDocument, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as LogDocument | undefined)?.[name], document)
}

describe('users', () => {
  test('the user is the identity, else who issued its session', async () => {
    const sessionContext = { sessionIssuer: { userName: 'role' } }
    expect(at(await documentOf({ userIdentity: { sessionContext } }), 'user.name')).toBe('role')
    const both = await documentOf({ userIdentity: { sessionContext, userName: 'alice' } })
    expect(at(both, 'user.name')).toBe('alice')
    expect(at(both, 'related.user')).toEqual(['alice', 'role'])
    const itself = await documentOf({ userIdentity: { userName: 'a' }, requestParameters: { userName: 'a' } })
    expect(at(itself, 'related.user')).toEqual(['a'])
  })

  test.each([
    ['AROA4EXAMPLE:session', ['role', 'session']],
    ['AROA4EXAMPLE:a:b@example.com', ['role', 'a:b@example.com'], 'a:b@example.com'],
    ['123456789012:bob@example.com', ['role', 'bob@example.com'], 'bob@example.com'],
    ['AROA4EXAMPLE:a@b@c', ['role', 'a@b@c']],
    ['AROA4EXAMPLE:@b', ['role', '@b']],
    ['AROA4EXAMPLE:a@', ['role', 'a@']],
    ['bob@example.com', ['role']],
    ['123456789012:Bob', ['role', 'Bob']],
    ['AIDA4EXAMPLE', ['role']],
    ['accounts.google.com:app:user', ['role']],
    ['AROA4EXAMPLE:', ['role']],
  ])('the users of the principal %s are %j', async (principalId, expected, email?: string) => {
    const sessionContext = { sessionIssuer: { userName: 'role' } }
    const document = await documentOf({ userIdentity: { principalId, sessionContext } })
    expect(at(document, 'related.user')).toEqual(expected)
    expect(at(document, 'user')).toEqual({ id: principalId, name: 'role', ...(email !== undefined && { email }) })
  })

  test('a user of IAM Identity Center has a name and an id', async () => {
    const userIdentity = { type: 'IdentityCenterUser', onBehalfOf: { userId: '0a1b' } }
    const signIn = await documentOf({ userIdentity, additionalEventData: { UserName: 'pat@example.com' } })
    expect(at(signIn, 'user')).toEqual({ id: '0a1b', name: 'pat@example.com', email: 'pat@example.com' })
    expect(at(signIn, 'related.user')).toEqual(['pat@example.com'])
    const named = { userName: 'pat', principalId: 'AROA:pat', onBehalfOf: { userId: '0a1b' } }
    const both = await documentOf({ userIdentity: named, additionalEventData: { UserName: 'PAT' } })
    expect(at(both, 'user')).toEqual({ id: 'AROA:pat', name: 'pat' })
    expect(at(both, 'related.user')).toEqual(['pat', 'PAT'])
  })

  test('the address of e-mail is that of the session, else the name', async () => {
    const named = { userName: 'pat@example.com', principalId: '123456789012:kim@example.com' }
    expect(at(await documentOf({ userIdentity: named }), 'user.email')).toBe('kim@example.com')
    const { principalId, ...other } = named
    expect(at(await documentOf({ userIdentity: other }), 'user.email')).toBe('pat@example.com')
    expect(at(await documentOf({ userIdentity: { userName: 'pat' } }), 'user.email')).toBeUndefined()
  })

  test('the id of a user who was made is among the users', async () => {
    const event = { requestParameters: { userName: 'bob' }, responseElements: { user: { userId: 'AIDA1' } } }
    const document = await documentOf({ userIdentity: { userName: 'alice' }, ...event })
    expect(at(document, 'related.user')).toEqual(['alice', 'bob', 'AIDA1'])
    expect(at(document, 'user.target')).toEqual({ name: 'bob', id: 'AIDA1' })
  })

  test('who acted stands under its names as an entity in full documents, and is found by them in small ones', async () => {
    const body = JSON.stringify({
      eventVersion: '1.11',
      eventName: 'x',
      userIdentity: { arn: 'arn:aws:iam::1:user/a' },
    })
    const { documents } = await collect(cloudTrail.full, memoryObject({ key: 'f.json', body }))
    expect(at(documents[0]!, 'user.entity.id')).toBe('arn:aws:iam::1:user/a')
    expect(at(documents[0]!, 'actor.entity.id')).toBe('arn:aws:iam::1:user/a')
    const path = 'aws.cloudtrail.user_identity.arn'
    expect(cloudTrail.format.aliases).toEqual({
      'user.entity.id': { path, type: 'keyword' },
      'actor.entity.id': { path, type: 'keyword' },
    })
  })
})

describe('services', () => {
  test.each([
    ['s3.amazonaws.com', 's3'],
    ['application-autoscaling.amazonaws.com', 'application-autoscaling'],
    ['ec2.amazonaws.com.cn', 'ec2'],
  ])('%s is %s', async (eventSource, service) => {
    expect(at(await documentOf({ eventSource }), 'cloud.service.name')).toBe(service)
  })
})

describe('outcome and category', () => {
  test.each([
    [{ eventName: 'GetObject' }, 'success'],
    [{ eventName: 'GetObject', errorCode: 'AccessDenied' }, 'failure'],
    [{ eventName: 'GetObject', errorMessage: 'no' }, 'failure'],
    [{ eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Failure' } }, 'failure'],
    [{ eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Success' } }, 'success'],
    [{ eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Odd' } }, 'success'],
    [{ eventName: 'ConsoleLogin', errorMessage: 'Failed authentication' }, 'failure'],
    [{ eventName: 'SwitchRole', responseElements: { SwitchRole: 'Failure' } }, 'failure'],
    [{ eventName: 'CheckMfa', responseElements: { CheckMfa: 'Failure' } }, 'failure'],
    [{ eventName: 'CheckMfa', responseElements: { ConsoleLogin: 'Failure' } }, 'success'],
    [{ eventName: 'CredentialVerification', serviceEventDetails: { CredentialVerification: 'Failure' } }, 'failure'],
    [{ eventName: 'CredentialVerification', serviceEventDetails: { CredentialVerification: 'Success' } }, 'success'],
    [{ eventName: 'UserAuthentication', serviceEventDetails: { UserAuthentication: 'Success' } }, 'success'],
    [{ eventName: 'PutObject', serviceEventDetails: { CredentialVerification: 'Failure' } }, 'success'],
  ])('the outcome of %j is %s', async (event, expected) => {
    expect(at(await documentOf(event), 'event.outcome')).toBe(expected)
  })

  test.each([
    ...['ConsoleLogin', 'CheckMfa', 'SwitchRole', 'ExitRole', 'RenewRole', 'GetSigninToken'],
    ...['CredentialChallenge', 'CredentialVerification', 'UserAuthentication'],
    ...['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot'],
    ...['GetSessionToken', 'GetFederationToken'],
  ])('%s is authentication', async (eventName) => {
    const document = await documentOf({ eventName })
    expect(at(document, 'event.category')).toEqual(['authentication'])
    expect(at(document, 'event.type')).toEqual(['info'])
  })

  test.each([
    ['AttachRolePolicy', ['iam'], ['change']],
    ['AuthorizeSecurityGroupEgress', ['network'], ['access']],
    ['CreateBucket', ['file'], ['creation']],
    ['DeleteObject', ['file'], ['deletion']],
    ['DeleteTrail', ['configuration'], ['deletion']],
    ['DescribeVpcs', ['network'], ['info']],
    ['GetCallerIdentity', ['authentication'], ['info']],
    ['InvokeModel', ['api'], ['info']],
    ['SendCommand', ['process'], ['start']],
    ['StartSession', ['session'], ['start']],
    ['TerminateSession', ['session'], ['end']],
  ])('%s is of %j, %j', async (eventName, category, type) => {
    const document = await documentOf({ eventName })
    expect([at(document, 'event.category'), at(document, 'event.type')]).toEqual([category, type])
  })

  test('an event without a category has none, whatever its name', async () => {
    for (const eventName of ['constructor', '__proto__', 'toString', 'RunInstances', 7]) {
      const document = await documentOf({ eventName })
      expect(at(document, 'event.category')).toBeUndefined()
      expect(at(document, 'event.type')).toEqual(['info'])
    }
  })
})
