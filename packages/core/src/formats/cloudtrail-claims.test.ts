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
    '[{"eventID":"1","eventSource":"s3.amazonaws.com"}]',
    '{"eventName":"1","awsRegion":"a"}\n{"eventName":"2","awsRegion":"a"}',
    '{"Records":[{"eventVersion":"1.08","awsRegion":"a","requestParameters":{"eventSource":"aws:s3"}}]}',
    '{"Records":[{"eventSource":"s3.amazonaws.com"},{"eventSource":"cvm.tencentcloudapi.com"}]}',
  ])('%s', (text) => expect(claim(text)).toBe('content'))

  test.each([
    '{"Events":[]}',
    '{"Records":[],"more":1}',
    '{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","s3":{}}]}',
    '{"version":"0","detail":{"eventVersion":"1.08","bucket":{}}}',
    '{"version":"0","detail":{"object":{"eventVersion":"1.08","userIdentity":{}}}}',
    '{"awsAccountId":"1","digestStartTime":"2015-08-17T14:01:31Z"}',
    '{"xAmzRequestId":"r","getObjectContext":{"inputS3Url":"u"},"userIdentity":{"type":"IAMUser"},"protocolVersion":"1.00"}',
    '{"text":"{\\"eventVersion\\":1}"}',
    '{"eventId":"x","eventVersion":"1","eventSource":"ecs.aliyuncs.com","userIdentity":{"type":"root-account"},"eventName":"DescribeInstances"}',
    '{"eventVersion":"3.0","eventSource":"cvm.ap-guangzhou.api.tencentyun.com","eventName":"RunInstances","userIdentity":{}}',
    '{"cloudEventsVersion":"0.1","eventID":"1","eventType":"com.oraclecloud.x","eventTypeVersion":"2.0","data":{"eventName":"a"}}',
    '{"eventVersion":"1.08","eventData":{"eventSource":"idp.example.com","eventName":"x","userIdentity":{}}}',
    '{"trace_id":"1","trace_name":"createVm","service_type":"ECS","user":{}}',
    '{"insertId":"1","protoPayload":{"methodName":"x"},"logName":"projects/p/logs/cloudaudit.googleapis.com"}',
    '{"eventName":"click","properties":{}}',
    'eventVersion eventSource userIdentity',
    '"eventVersion":1',
    '',
  ])('not %s', (text) => expect(claim(text)).toBeUndefined())

  test('an empty array of records, whose it may be: nothing is lost', () => {
    expect(claim('{"Records":[]}')).toBe('key')
    expect(claim('\ufeff { "Records" : [ ] }\n')).toBe('key')
  })

  test('by the key where there is nothing else to see', () => {
    expect(claim('{"Records":[]}', inTrail)).toBe('key')
    expect(claim('', inTrail.replaceAll('CloudTrail', 'CloudTrail-Insight'))).toBe('key')
    expect(claim('', inTrail.replaceAll('CloudTrail', 'CloudTrail-Digest'))).toBeUndefined()
    expect(claim('{"awsAccountId":"1","digestStartTime":"2015"}', inTrail)).toBeUndefined()
    expect(claim('{"Records":[{"eventSource":"custom.example.com"}]}', inTrail)).toBe('key')
  })
})
