import { describe, expect, it } from 'vitest'
import { withoutKnown } from './known-keys.ts'

const account = '123456789012'
const split = (key: string, size?: number) =>
  withoutKnown([{ bucket: 'logs', key, ...(size !== undefined && { size }) }])

describe('what AWS writes beside logs', () => {
  it.each([
    [`AWSLogs/${account}/CloudTrail-Digest/eu-west-1/2026/11/30/x_CloudTrail-Digest_x.json.gz`, 'CloudTrail digest'],
    [`my/prefix/AWSLogs/o-exampleorgid/${account}/CloudTrail-Digest/us-east-1/a.json.gz`, 'CloudTrail digest'],
    [`AWSLogs/${account}/ELBAccessLogTestFile`, 'test file of Elastic Load Balancing'],
    [`p/AWSLogs/${account}/ELBConnectionLogTestFile`, 'test file of Elastic Load Balancing'],
    [`p/AWSLogs/${account}/ELBHealthCheckLogTestFile`, 'test file of Elastic Load Balancing'],
    [`AWSLogs/${account}/Config/ConfigWritabilityCheckFile`, 'test file of AWS Config'],
    ['exportedlogs/aws-logs-write-test', 'test file of CloudWatch Logs'],
    [
      'p/CloudTrail-Lake/Query/2026/11/30/1f2e3d4c-0000-4000-8000-000000000000/result_sign.json',
      "signatures of a CloudTrail Lake query's results",
    ],
    ['aws-logs-write-test', 'test file of CloudWatch Logs'],
    ['aws-programmatic-access-test-object', 'test object of an AWS service'],
    ['AWSLogs_$folder$', 'folder marker'],
    ['a/b_$folder$', 'folder marker'],
    ['AWSLogs/', 'folder marker'],
  ])('%s', (key, reason) => {
    expect(split(key)).toEqual({ kept: [], ignored: [`${reason}: s3://logs/${key}`] })
  })

  it.each([
    `AWSLogs/${account}/CloudTrail/eu-west-1/2026/11/30/x.json.gz`,
    `AWSLogs/${account}/CloudTrail-Insight/eu-west-1/2026/11/30/x.json.gz`,
    `AWSLogs/${account}/Config/eu-west-1/2026/11/30/ConfigHistory/x.json.gz`,
    `AWSLogs/${account}/elasticloadbalancing/eu-west-1/ELBAccessLogTestFile.log.gz`,
    'CloudTrail-Digest/a.log.gz',
    'logs/aws-logs-write-test.gz',
    'my-aws-logs-write-test',
    'a_$folder$/b.log',
  ])('%s is a log, or may be one', (key) => {
    expect(split(key).kept).toHaveLength(1)
  })

  it('reads a key with a slash at its end that has content', () => {
    expect(split('AWSLogs/', 0).kept).toEqual([])
    expect(split('AWSLogs/', 9).kept).toHaveLength(1)
  })

  it('shows no control character', () => {
    expect(split('a\u001b[2J/').ignored[0]).toContain(String.raw`a\u001b[2J/`)
  })
})
