/** AWS's own examples, as AWS explains them: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html */
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { diagnose, gather, type Pair } from '../../packages/answers/src/why.ts'
import { memoryStore } from '../../packages/answers/test/memory-store.ts'

const delivered = '2026-11-22T09:00:00.000Z'

async function why(a: string, b: string, ...lines: readonly string[]) {
  const object = memoryObject({ key: 'AWSLogs/vpcflowlogs/a.log', body: `${lines.join('\n')}\n` })
  const collected = await collect(vpcFlow, object)
  // Of a record without a time, `ingest` takes that of its file.
  const documents = collected.documents.map((one) => ({ '@timestamp': delivered, ...one }))
  expect(documents).toHaveLength(lines.filter((line) => /\beni-/.test(line)).length)
  const at = (time: unknown, more: number) => new Date(Date.parse(String(time)) + more).toISOString()
  const times = documents.map((one) => one['@timestamp'])
  const pair: Pair = { a, b, since: at(times[0], -3_600_000), until: at(times.at(-1), 3_600_000) }
  return diagnose(await gather(memoryStore(documents).ask, pair))
}

const eni = '123456789010 eni-1235b8ca123456789'
/** Default fields: nothing of them is more than consistent with a cause. */
const short = 'consistent-with'

describe('accepted and rejected traffic', () => {
  test('SSH is let in', async () => {
    const diagnosis = await why(
      '172.31.16.139',
      '172.31.16.21',
      `2 ${eni} 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK`,
    )
    // Two private addresses in one record: whose interface it is, and what was answered, are not told.
    expect(diagnosis).toMatchObject({ cause: 'cannot-tell', tries: { all: 1, failed: 0 } })
  })

  test('RDP is rejected at the interface', async () => {
    const line = `2 ${eni} 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK`
    expect(await why('172.31.9.69', '172.31.9.12', line)).toMatchObject({
      cause: 'blocked-at-target',
      certainty: short,
      alternatives: ['blocked-at-source', 'encryption-control', 'late-packets'],
    })
  })
})

describe('no data and skipped records', () => {
  const silent = (status: string) =>
    why(
      '172.31.9.69',
      '172.31.9.12',
      `2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - ${status}`,
    )
  test.each(['NODATA', 'SKIPDATA'])('of %s alone nothing is told', async (status) => {
    const diagnosis = await silent(status)
    expect(diagnosis).toMatchObject({ cause: 'cannot-tell', tries: { all: 0 } })
  })
})

describe('security group and network ACL rules', () => {
  const ping = (action: string) => `2 ${eni} 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ${action} OK`
  const answer = (action: string) =>
    `2 ${eni} 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 ${action} OK`

  test('a ping is let in by the group, and its answer not let out by the network ACL', async () => {
    const diagnosis = await why('203.0.113.12', '172.31.16.139', ping('ACCEPT'), answer('REJECT'))
    expect(diagnosis).toMatchObject({ cause: 'reply-blocked-at-target', certainty: short })
    expect(diagnosis.sentence).toContain('network ACL')
  })

  test('where the network ACL lets it out, both are accepted', async () => {
    const diagnosis = await why('203.0.113.12', '172.31.16.139', ping('ACCEPT'), answer('ACCEPT'))
    expect(diagnosis).toMatchObject({ cause: 'no-fault', tries: { all: 1, failed: 0 } })
  })

  test('where the group denies it, a single record is rejected', async () => {
    const diagnosis = await why('203.0.113.12', '172.31.16.139', ping('REJECT'))
    expect(diagnosis).toMatchObject({ cause: 'blocked-at-target', certainty: short })
    expect(diagnosis.sentence).toContain('security group')
  })
})

test('SSH over IPv6 is let in', async () => {
  const [a, b] = ['2001:db8:1234:a100:8d6e:3477:df66:f105', '2001:db8:1234:a102:3304:8879:34cf:4071']
  const diagnosis = await why(a, b, `2 ${eni} ${a} ${b} 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK`)
  expect(diagnosis).toMatchObject({ cause: 'cannot-tell', tries: { all: 1, failed: 0 } })
})

describe('the sequence of TCP flags', () => {
  const header =
    'version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status'
  const ids =
    '3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4'
  const [client, server] = ['52.213.180.42', '10.0.0.62']
  const asks = (port: number, rest: string) =>
    `${ids} ${client} ${server} ${port} 5001 ${client} ${server} 6 ${rest} OK`
  const says = (port: number, rest: string) =>
    `${ids} ${server} ${client} 5001 ${port} ${server} ${client} 6 ${rest} OK`

  test('flag 2 is no unanswered SYN where there is a reply, and FIN no fault', async () => {
    const diagnosis = await why(
      client,
      server,
      header,
      asks(43416, '568 8 1566848875 1566848933 ACCEPT 2'),
      says(43416, '376 7 1566848875 1566848933 ACCEPT 18'),
      asks(43418, '100701 70 1566848875 1566848933 ACCEPT 2'),
      says(43418, '632 12 1566848875 1566848933 ACCEPT 18'),
      says(43418, '63388 1219 1566848933 1566849113 ACCEPT 1'),
      asks(43418, '23294588 15774 1566848933 1566849113 ACCEPT 1'),
    )
    expect(diagnosis).toMatchObject({ cause: 'no-fault', certainty: short, tries: { all: 2, failed: 0 } })
  })

  test('a short connection is opened and closed in one line', async () => {
    const diagnosis = await why(
      client,
      server,
      header,
      asks(43638, '1260 17 1566933133 1566933193 ACCEPT 3'),
      says(43638, '967 14 1566933133 1566933193 ACCEPT 19'),
    )
    expect(diagnosis).toMatchObject({ cause: 'no-fault', tries: { all: 1, failed: 0 } })
  })
})

test('through a NAT gateway the host is reached, which the packets’ addresses tell', async () => {
  const nat = '- eni-1235b8ca123456789'
  const host = 'i-01234567890123456 eni-1111aaaa2222bbbb3'
  const diagnosis = await why(
    '10.0.1.5',
    '203.0.113.5',
    'instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr',
    `${nat} 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5`,
    `${nat} 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5`,
    `${nat} 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220`,
    `${nat} 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5`,
    `${host} 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5`,
    `${host} 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5`,
  )
  expect(diagnosis).toMatchObject({ cause: 'no-fault', tries: { all: 1, failed: 0 } })
})

test('through a transit gateway the server is reached and answers, by two of its interfaces', async () => {
  const header =
    'version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status'
  const [client, server] = ['10.20.33.164', '10.40.2.236']
  const account = '123456789010 vpc-abcdefab012345678'
  const diagnosis = await why(
    client,
    server,
    header,
    `3 eni-33333333333333333 ${account} subnet-22222222bbbbbbbbb i-01234567890123456 ${client} ${server} 39812 80 6 3 IPv4 ${client} ${server} ACCEPT OK`,
    `3 eni-33333333333333333 ${account} subnet-22222222bbbbbbbbb i-01234567890123456 ${server} ${client} 80 39812 6 19 IPv4 ${server} ${client} ACCEPT OK`,
    `3 eni-11111111111111111 ${account} subnet-11111111aaaaaaaaa - 10.40.1.175 ${server} 39812 80 6 3 IPv4 ${client} ${server} ACCEPT OK`,
    `3 eni-22222222222222222 ${account} subnet-22222222bbbbbbbbb - ${server} 10.40.2.31 80 39812 6 19 IPv4 ${server} ${client} ACCEPT OK`,
  )
  // Each record of the server's interface holds two private addresses: whose it is, is not told without a direction, but
  // that the client ended what the server had answered.
  expect(diagnosis).toMatchObject({ cause: 'no-fault', certainty: short, tries: { all: 1, failed: 0 } })
})

test('an instance calls S3 and is answered', async () => {
  const [host, s3] = ['10.0.0.71', '52.95.128.179']
  const ids =
    '123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT'
  const diagnosis = await why(
    host,
    s3,
    'version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status',
    `5 ${s3} ${host} 80 34210 6 1616729292 1616729349 IPv4 14 15044 ${ids} 19 ${s3} ${host} S3 - - ingress OK`,
    `5 ${host} ${s3} 34210 80 6 1616729292 1616729349 IPv4 7 471 ${ids} 3 ${host} ${s3} - S3 8 egress OK`,
  )
  expect(diagnosis).toMatchObject({ cause: 'no-fault', tries: { all: 1, failed: 0 } })
})
