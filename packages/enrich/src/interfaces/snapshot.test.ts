import { expect, test } from 'vitest'
import { networkInterface, part, snapshotWith } from '../../test/snapshot.ts'
import { readSnapshot, withPart } from './snapshot.ts'

const one = networkInterface('eni-00000000000000001', '10.0.1.10')

test('what was written is read', () => {
  const snapshot = snapshotWith(one)
  expect(readSnapshot(JSON.stringify(snapshot), 'file')).toEqual(snapshot)
})

test.each([
  ['no JSON', 'Not json', /^x\.json is no snapshot: .*JSON.*; flowferry snapshot writes one/],
  ['something else', '{"interfaces":[]}', /it takes \{ parts: \[ … \] \}/],
  [
    'a part of no time',
    JSON.stringify({ parts: [{ ...part, interfaces: [], takenAt: 'now' }] }),
    /parts\[0\]\.takenAt/,
  ],
  [
    'an interface without addresses',
    JSON.stringify({ parts: [{ ...part, interfaces: [one, { ...one, privateIpAddresses: '10.0.1.10' }] }] }),
    /parts\[0\]\.interfaces\[1\]\.privateIpAddresses/,
  ],
  [
    'a subnet without its VPC',
    JSON.stringify({ parts: [{ ...part, interfaces: [one], subnets: [{ subnetId: 'subnet-1', cidrBlock: '' }] }] }),
    /parts\[0\]\.subnets\[0\]\.vpcId/,
  ],
  [
    'a flow log of no time',
    JSON.stringify({
      parts: [
        {
          ...part,
          interfaces: [],
          flowLogs: [{ flowLogId: 'fl-1', resourceId: 'vpc-1', flowLogStatus: 'ACTIVE', creationTime: 'now' }],
        },
      ],
    }),
    /parts\[0\]\.flowLogs\[0\]\.creationTime/,
  ],
])('%s is refused, with the place', (_, text, words) => {
  expect(() => readSnapshot(text, 'x.json')).toThrow(words)
})

test('a part takes the place of the one of its account and region, and leaves the others', () => {
  const before = snapshotWith(one)
  const newer = { ...part, takenAt: '2026-11-23T09:00:00.000Z', interfaces: [] }
  const elsewhere = { ...part, region: 'us-east-1', interfaces: [] }
  const ofOther = { ...part, account: '000000000001', interfaces: [] }
  const all = [newer, elsewhere, ofOther].reduce(withPart, before)
  expect(all.parts).toEqual([ofOther, newer, elsewhere])
  expect(withPart(undefined, newer)).toEqual({ parts: [newer] })
})
