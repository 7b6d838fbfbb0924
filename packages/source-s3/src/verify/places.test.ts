import { describe, expect, it } from 'vitest'
import { fakeS3 } from '../../test/fake-s3.ts'
import { lister } from '../backfill/list.ts'
import { comparePlaces, placesOf } from './places.ts'

const span = { start: Date.parse('2026-11-21T20:00Z'), end: Date.parse('2026-11-22T04:00Z') }

async function places(keys: readonly string[], options: Parameters<typeof placesOf>[1] = {}) {
  const { s3, requests } = fakeS3(keys)
  const found = await placesOf(
    lister(s3, 'trails', () => undefined),
    options,
    span,
  )
  const told = found.map(({ folder, region, digests, logs }) => [
    folder,
    region,
    digests?.prefix,
    logs.map(({ prefix }) => prefix),
  ])
  return { told, requests }
}

describe('placesOf', () => {
  const keys = ['CloudTrail', 'CloudTrail-Digest', 'CloudTrail-Insight', 'vpcflowlogs'].flatMap((service) =>
    ['us-east-1', 'eu-central-1'].map(
      (region) => `x-CloudTrail/AWSLogs/123456789012/${service}/${region}/2026/11/21/a.gz`,
    ),
  )

  it('joins the folders of an account and a region, digests apart, and lists no day', async () => {
    const { told, requests } = await places(keys)
    const of = (region: string) => {
      const root = 'x-CloudTrail/AWSLogs/123456789012/'
      const logs = ['CloudTrail-Insight', 'CloudTrail'].map((service) => `${root}${service}/${region}/`)
      return [root, region, `${root}CloudTrail-Digest/${region}/`, logs]
    }
    expect(told).toEqual([of('eu-central-1'), of('us-east-1')])
    expect(requests.filter(({ Prefix = '' }) => Prefix.includes('2026'))).toEqual([])
  })

  it('takes the regions and accounts that are wanted', async () => {
    expect((await places(keys, { regions: ['us-east-1'] })).told.map(([, region]) => region)).toEqual(['us-east-1'])
    expect((await places(keys, { accounts: ['111122223333'] })).told).toEqual([])
  })
})

it('puts places in the order of their folders, then of their regions', () => {
  const [a, b, c] = [
    { folder: 'a/', region: 'us-east-1' },
    { folder: 'b/', region: 'eu-central-1' },
    { folder: 'b/', region: 'us-east-1' },
  ] as const
  expect([c, b, a].sort(comparePlaces)).toEqual([a, b, c])
  expect(comparePlaces(b, { ...b })).toBe(0)
})
