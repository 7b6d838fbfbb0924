import { describe, expect, test } from 'vitest'
import type { ObjectHead } from '../types.ts'
import { cloudTrail } from './cloudtrail.ts'

describe('claims', () => {
  const claim = (text: string, key = 'x/y.json.gz') => {
    const head: ObjectHead = { bucket: 'b', key, stored: Buffer.from(text), text: Buffer.from(text).toString('latin1') }
    return cloudTrail.claims(head)
  }
  const inTrail = 'AWSLogs/123456789012/CloudTrail/us-east-1/2025/07/31/123456789012_CloudTrail_x.json.gz'

  test.each([
    '{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"AWSService',
    '\ufeff\n{ "x": {"eventVersion": 1}, "Records" : [ {"awsRegion":"a", "eventSource":"s3.amazonaws.com"}',
    '{"eventName":"x","userIdentity":{}}',
    '[{"eventID":"1"}]',
    '{"eventID":"1"}\n{"eventID":"2"}',
  ])('%s', (text) => expect(claim(text)).toBe('content'))

  test.each([
    '{"Records":[]}',
    '{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","s3":{}}]}',
    '{"version":"0","detail":{"eventVersion":"1.08","userIdentity":{}}}',
    '{"awsAccountId":"1","digestStartTime":"2015-08-17T14:01:31Z"}',
    '{"xAmzRequestId":"r","getObjectContext":{"inputS3Url":"u"},"userIdentity":{"type":"IAMUser"},"protocolVersion":"1.00"}',
    '{"text":"{\\"eventVersion\\":1}"}',
    'eventVersion eventSource userIdentity',
    '"eventVersion":1',
    '',
  ])('not %s', (text) => expect(claim(text)).toBeUndefined())

  test('by the key where there is nothing else to see', () => {
    expect(claim('{"Records":[]}', inTrail)).toBe('key')
    expect(claim('', inTrail.replaceAll('CloudTrail', 'CloudTrail-Insight'))).toBe('key')
    expect(claim('', inTrail.replaceAll('CloudTrail', 'CloudTrail-Digest'))).toBeUndefined()
    expect(claim('{"awsAccountId":"1","digestStartTime":"2015"}', inTrail)).toBeUndefined()
  })
})
