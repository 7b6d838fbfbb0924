import { expect, test } from 'vitest'
import { ownerOf } from './owner.ts'

const account = '123456789012'
test.each([
  [`AWSLogs/${account}/CloudTrail/eu-west-1/2026/11/22/a.json.gz`, `${account}:`],
  [`my/prefix/AWSLogs/${account}/CloudTrail/a.json.gz`, `${account}:`],
  [`AWSLogs/o-exampleorgid/${account}/CloudTrail/a.json.gz`, `${account}:`],
  [`AWSLogs/aws-account-id=${account}/aws-service=x/a.gz`, `${account}:`],
  // Below a directory of its own, an account may name any.
  [`AWSLogs/210987654321/x/AWSLogs/${account}/CloudTrail/a.json.gz`, '210987654321:'],
  [`AWSLogs/x/AWSLogs/${account}/CloudTrail/a.json.gz`, 's3:logs:'],
  [`xAWSLogs/${account}/a.json.gz`, 's3:logs:'],
  ['CloudTrail/a.json.gz', 's3:logs:'],
  [`AWSLogs/${account}`, 's3:logs:'],
])('the owner of %s is %s', (key, owner) => {
  expect(ownerOf({ bucket: 'logs', key })).toBe(owner)
})

test('a bucket of any name is safe in JSON, and a local file has no owner', () => {
  expect(ownerOf({ bucket: 'a"b\n', key: 'k' })).toMatch(/^s3:[\w-]{43}:$/)
  expect(ownerOf({ bucket: '', key: '/var/log/a.json' })).toBe('')
})

test('reads a long key once', () => {
  expect(ownerOf({ bucket: 'logs', key: 'AWSLogs/x/'.repeat(100_000) })).toBe('s3:logs:')
})
