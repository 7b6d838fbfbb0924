import { describe, expect, it } from 'vitest'
import { checkAccount } from './account.ts'

const region = async () => 'eu-central-1'
const refused = (error: object) =>
  checkAccount(region, async () => Promise.reject(Object.assign(new Error('x'), error)))

describe('checkAccount', () => {
  it('tells whose the credentials are', async () => {
    const arn = 'arn:aws:iam::123456789012:user/me'
    expect(await checkAccount(region, async () => ({ account: '123456789012', arn }))).toEqual({
      account: '123456789012',
      checks: [
        { check: 'region', status: 'ok', what: 'eu-central-1' },
        { check: 'credentials', status: 'ok', what: arn },
      ],
    })
  })

  it('ends without a region, and with credentials that STS refuses', async () => {
    const none = await checkAccount(
      async () => Promise.reject(new Error('Region is missing')),
      async () => Promise.reject(new Error('not asked')),
    )
    expect(none).toMatchObject({ lack: 'a region', checks: [{ check: 'region', status: 'fault' }] })
    for (const error of [
      { name: 'ExpiredToken', $metadata: { httpStatusCode: 403 } },
      { name: 'CredentialsProviderError' },
      { name: 'SomethingElse', $metadata: { httpStatusCode: 400 } },
    ])
      expect(await refused(error), JSON.stringify(error)).toMatchObject({
        lack: 'credentials',
        checks: [{ check: 'region' }, { check: 'credentials', status: 'fault' }],
      })
    const expired = await refused({ name: 'ExpiredTokenException' })
    expect(expired.checks[1]!.todo).toContain('Renew')
    expect(expired.account).toBeUndefined()
  })

  it('goes on where STS gives no answer', async () => {
    for (const error of [
      { code: 'ETIMEDOUT' },
      { code: 'ENOTFOUND' },
      { code: 'ECONNRESET' },
      { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } },
    ]) {
      const { checks, lack } = await refused(error)
      expect(lack, JSON.stringify(error)).toBeUndefined()
      expect(checks.at(-1)).toMatchObject({ check: 'credentials', status: 'unknown', todo: expect.any(String) })
    }
  })
})
