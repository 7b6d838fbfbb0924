import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Hit } from './search.ts'

const read = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')

/** The files with hand-written documents, under keys as AWS writes them, and the data stream that they belong to. */
export const fixtures = [
  {
    name: 'vpc-flow.log',
    key: 'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/22/123456789012_vpcflowlogs_eu-central-1_fl-0123_20261122T1015Z_ab12.log.gz',
    stream: 'logs-aws.vpcflow-default',
  },
  {
    name: 'vpc-flow-v2.log',
    key: 'my logs/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-central-1/year=2026/month=11/day=22/v2+plain.log.gz',
    stream: 'logs-aws.vpcflow-default',
  },
  {
    name: 'cloudtrail.json',
    key: 'AWSLogs/o-a1b2c3d4e5/123456789012/CloudTrail/eu-central-1/2026/11/22/123456789012_CloudTrail_eu-central-1_20261122T1015Z_abcdefghijklmnop.json.gz',
    stream: 'logs-aws.cloudtrail-default',
  },
  {
    name: 'cloudfront.log',
    key: 'cdn/E2EXAMPLE12345.2026-11-22-10.abcd1234.gz',
    stream: 'logs-aws.cloudfront_logs-default',
  },
  {
    name: 'cloudfront-24.log',
    key: 'cdn/E2EXAMPLE12345.2013-11-22-10.abcd1234.gz',
    stream: 'logs-aws.cloudfront_logs-default',
  },
].map((fixture) => ({
  ...fixture,
  body: gzipSync(read(fixture.name)),
  expected: JSON.parse(read(fixture.name.replace(/\.\w+$/, '.expected.json'))) as Partial<Hit>[],
}))

export const streams = [...new Set(fixtures.map(({ stream }) => stream))]

/** What a data stream must hold: the documents of all its fixtures, in an order of their own. */
export function expectedSources(stream: string): unknown[] {
  return sorted(
    fixtures
      .filter((fixture) => fixture.stream === stream)
      .flatMap(({ expected }) => expected.map(({ _source }) => _source)),
  )
}

/** Sources by their JSON with sorted keys, so that two orders of the same documents are equal. */
export function sorted(sources: readonly unknown[]): unknown[] {
  return [...sources].sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
