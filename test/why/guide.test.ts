/** AWS's own examples, as AWS explains them: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html */
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { expect, test } from 'vitest'
import { diagnose, gather, type Pair } from '../../packages/answers/src/why.ts'
import { memoryStore } from '../../packages/answers/test/memory-store.ts'

async function why(a: string, b: string, ...lines: readonly string[]) {
  const { documents } = await collect(
    vpcFlow,
    memoryObject({ key: 'AWSLogs/vpcflowlogs/a.log', body: `${lines.join('\n')}\n` }),
  )
  const at = (time: unknown, more: number) => new Date(Date.parse(String(time)) + more).toISOString()
  const times = documents.map((one) => one['@timestamp'])
  const pair: Pair = { a, b, since: at(times[0], -3_600_000), until: at(times.at(-1), 3_600_000) }
  return diagnose(await gather(memoryStore(documents).ask, pair))
}

const eni = '123456789010 eni-1235b8ca123456789'

test('RDP is rejected at the interface', async () => {
  const line = `2 ${eni} 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK`
  expect(await why('172.31.9.69', '172.31.9.12', line)).toMatchObject({
    cause: 'blocked-at-target',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-source', 'encryption-control', 'late-packets'],
  })
})

test('a ping is let in by the group, and its answer not let out by the network ACL', async () => {
  const ping = [
    `2 ${eni} 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK`,
    `2 ${eni} 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK`,
  ]
  const diagnosis = await why('203.0.113.12', '172.31.16.139', ...ping)
  expect(diagnosis).toMatchObject({ cause: 'reply-blocked-at-target', certainty: 'consistent-with' })
  expect(diagnosis.sentence).toContain('network ACL')
})

test('flag 2 is no unanswered SYN where there is a reply', async () => {
  const header =
    'version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr packets bytes start end action log-status'
  const ids = '3 eni-1235b8ca123456789 123456789010 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456'
  const diagnosis = await why(
    '52.213.180.42',
    '10.0.0.62',
    header,
    `${ids} 52.213.180.42 10.0.0.62 43416 5001 6 2 IPv4 52.213.180.42 10.0.0.62 70 100701 1566848875 1566848933 ACCEPT OK`,
    `${ids} 10.0.0.62 52.213.180.42 5001 43416 6 18 IPv4 10.0.0.62 52.213.180.42 55 4396 1566848875 1566848933 ACCEPT OK`,
  )
  expect(diagnosis).toMatchObject({ cause: 'no-fault', certainty: 'consistent-with' })
})
