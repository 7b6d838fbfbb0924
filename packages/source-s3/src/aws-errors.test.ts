import { type ErrorCode, errorCodes, FlowferryError } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { awsError } from '../test/fake-sqs.ts'
import { awsErrorCode, isOfOneBucket, isSourceOutage, outageCode } from './aws-errors.ts'

describe('awsErrorCode', () => {
  it.each([
    ['ExpiredToken', 400, 'SOURCE_CREDENTIALS'],
    ['InvalidToken', 400, 'SOURCE_CREDENTIALS'],
    ['TokenRefreshRequired', 400, 'SOURCE_CREDENTIALS'],
    ['InvalidAccessKeyId', 403, 'SOURCE_CREDENTIALS'],
    ['SignatureDoesNotMatch', 403, 'SOURCE_CREDENTIALS'],
    ['CredentialsProviderError', undefined, 'SOURCE_CREDENTIALS'],
    ['RequestTimeTooSkewed', 403, 'SOURCE_CLOCK'],
    ['PermanentRedirect', 301, 'SOURCE_REGION'],
    ['AuthorizationHeaderMalformed', 400, 'SOURCE_REGION'],
    ['301', 301, 'SOURCE_REGION'],
    ['KMS.DisabledException', 400, 'SOURCE_KEY'],
    ['KMS.KMSInvalidStateException', 400, 'SOURCE_KEY'],
    ['KMS.NotFoundException', 400, 'SOURCE_KEY'],
    ['KMS.SomethingNewException', 400, 'SOURCE_KEY'],
    ['KmsAccessDenied', 400, 'SOURCE_KEY'],
    ['KMS.ThrottlingException', 400, 'SOURCE_OVERLOADED'],
    ['AccountProblem', 403, 'SOURCE_ACCOUNT'],
    ['AllAccessDisabled', 403, 'SOURCE_ACCOUNT'],
    ['SlowDown', 503, 'SOURCE_OVERLOADED'],
    ['RequestThrottled', 403, 'SOURCE_OVERLOADED'],
    ['TooManyRequests', 429, 'SOURCE_OVERLOADED'],
    ['ECONNREFUSED', undefined, 'SOURCE_UNREACHABLE'],
    ['AccessDenied', 403, 'OBJECT_FORBIDDEN'],
    ['Forbidden', 403, 'OBJECT_FORBIDDEN'],
    ['InvalidObjectState', 403, 'OBJECT_ARCHIVED'],
    ['NoSuchBucket', 404, 'BUCKET_NOT_FOUND'],
    ['NoSuchKey', 404, 'OBJECT_NOT_FOUND'],
    ['InternalError', 500, undefined],
    ['constructor', undefined, undefined],
  ])('%s with %s is %s', (name, status, code) => {
    expect(awsErrorCode(awsError(name, status as number))).toBe(code)
  })

  it.each([
    ['AccessDenied', 'User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:Decrypt', 'SOURCE_KEY'],
    ['AccessDenied', 'The ciphertext refers to a customer master key that KMS may not use', 'SOURCE_KEY'],
    ['AccessDenied', 'Access Denied', 'OBJECT_FORBIDDEN'],
    ['InvalidSignatureException', 'Signature expired: 20261122T000000Z is now earlier than', 'SOURCE_CLOCK'],
    ['Error', 'Region is missing', 'SOURCE_REGION'],
  ])('%s, %s', (name, message, code) => {
    expect(awsErrorCode(awsError(name, 403, message))).toBe(code)
  })

  it('reads the code of a connection that did not come about', () => {
    expect(awsErrorCode(Object.assign(new Error('connect'), { code: 'ENOTFOUND' }))).toBe('SOURCE_UNREACHABLE')
    expect(awsErrorCode(Object.assign(new Error('read'), { code: 'ECONNRESET' }))).toBeUndefined()
    expect([awsErrorCode(undefined), awsErrorCode('x'), awsErrorCode(null)]).toEqual([undefined, undefined, undefined])
  })
})

it('an outage is what begins with SOURCE_ and is no failed iterable', () => {
  const codes = (Object.keys(errorCodes) as ErrorCode[]).filter((code) => isSourceOutage(new FlowferryError(code, 'x')))
  expect(codes).toEqual((Object.keys(errorCodes) as ErrorCode[]).filter((code) => /^SOURCE_(?!FAILED)/.test(code)))
  expect(codes.every((code) => errorCodes[code].retryable)).toBe(true)
  expect(codes.filter((code) => isOfOneBucket(new FlowferryError(code, 'x')))).toEqual(['SOURCE_REGION', 'SOURCE_KEY'])
  expect(outageCode(awsError('NoSuchKey', 404))).toBeUndefined()
})
