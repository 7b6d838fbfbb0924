import type { LogDocument } from '@flowferry/core'
import { describe, expect, test } from 'vitest'
import { networkInterface, snapshotWith } from '../../../enrich/test/snapshot.ts'
import { memoryStore } from '../../test/memory-store.ts'
import { a, answered, arrived, at, b, eniA, eniB, good, pair, port, seenBy, sent } from '../../test/why/evidence.ts'
import { why } from './between.ts'
import { tell } from './tell.ts'

const { since, until } = pair
const description = 'ELB net/orders/50dc6c495c0c9188'
const second = '10.0.2.21'
const client = networkInterface(eniA, a, { instanceId: 'i-0aaaaaaaaaaaaaaa1', instanceName: 'payments' })
const target = networkInterface(eniB, b, { description, groups: [{ groupId: 'sg-1', groupName: 'orders' }] })
const otherNode = networkInterface('eni-0bbbbbbbbbbbbbbb2', second, { description })
const snapshot = snapshotWith(client, target, otherNode)

const asked = (
  documents: readonly LogDocument[],
  more: Partial<Parameters<typeof why>[1]> = {},
  options = { snapshot },
) => why(memoryStore(documents).ask, { a: 'payments', b: 'orders', port, since, until, ...more }, options)

const moved = (document: LogDocument, id: string): LogDocument => {
  const { aws } = document as { aws: { vpcflow: object } }
  return { ...document, aws: { vpcflow: { ...aws.vpcflow, interface_id: id } } }
}
/** A connection to the load balancer's second node, of which A's interface tells. */
const toSecond = (minute: number) => [
  sent({ minute, target: second, clientPort: 50_000 + minute }),
  answered({ minute, target: second, clientPort: 50_000 + minute }),
]
const blocked = (minute: number) => [
  sent({ minute, clientPort: 41_000 + minute }),
  arrived({ minute, clientPort: 41_000 + minute, reject: true }),
]
/** So that the logs have the time. */
const later = [sent({ minute: 80, target: '10.0.2.99' }), arrived({ minute: 80, client: '10.0.1.99' })]

describe('a load balancer of two nodes', () => {
  const documents = [...toSecond(3), ...toSecond(12), ...blocked(10), ...blocked(11), ...later]
  test('the node that fails is told, and the other stands beside it', async () => {
    const answer = await asked(documents)
    expect(answer).toMatchObject({ cause: 'blocked-at-target', certainty: 'high' })
    expect(answer.sentence).toContain(`orders (${b}, ${eniB})`)
    expect(answer.pairs).toMatchObject([
      { a, b, aName: 'payments', bName: 'orders', cause: 'blocked-at-target', tries: { all: 2, failed: 2 } },
      { a, b: second, cause: 'no-fault' },
    ])
    const text = tell(answer)
    expect(text).toContain(`Asked about\n  ${a} to ${b}: blocked-at-target, high; 2 of 2 connections\n`)
  })
  test('a node that A no longer calls is no fault where the other answers', async () => {
    const { cause, pairs } = await asked([...good({ minute: 3 }), ...toSecond(20), ...toSecond(25), ...later])
    expect(cause).toBe('no-fault')
    expect(pairs).toHaveLength(2)
  })
  test('a node of no record is not asked about, and it is said', async () => {
    const { pairs, cannotTell } = await asked([...blocked(10), ...later])
    expect(pairs).toHaveLength(1)
    expect(cannotTell.at(-1)).toEqual({
      what: '1 other pairs of addresses of A and B',
      missing: 'records in which A calls B there',
    })
  })
  test('where A calls neither, both are asked about', async () => {
    const { pairs, certainty } = await asked(later)
    expect(pairs).toHaveLength(2)
    expect(certainty).toBe('consistent-with')
  })
})

test("the assumptions have the snapshot's time; where records say otherwise, they count", async () => {
  const { assumptions } = await asked([...blocked(10), ...later])
  expect(assumptions).toContain(
    `${eniB} is the interface of ${b}, with its groups, network ACL and route table, by the snapshot as of 2026-11-22T09:00:00.000Z`,
  )
  const replaced = 'eni-0bbbbbbbbbbbbbbb9'
  const elsewhere = [...blocked(10), ...later].map((document) =>
    (document as { aws: { vpcflow: { interface_id: string } } }).aws.vpcflow.interface_id === eniB
      ? moved(document, replaced)
      : document,
  )
  const answer = await asked(elsewhere)
  expect(answer.sentence).toContain(`${b} (${replaced})`)
  expect(answer.sentence).not.toContain('sg-1')
  expect(answer.assumptions.join('\n')).toContain(`though the snapshot has it at ${eniB} as of`)
})

test('an interface that the snapshot knows and nothing ever reached is silent, not unknown', async () => {
  const place = { vpc_id: 'vpc-00000000000000001', subnet_id: 'subnet-00000000000000001' }
  // Its flow log has windows without traffic.
  const noData = (id: string, minute: number) => ({
    '@timestamp': at(minute + 1),
    event: { dataset: 'aws.vpcflow', start: at(minute), end: at(minute + 1) },
    aws: { vpcflow: { interface_id: id, log_status: 'NODATA', ...place } },
  })
  const neighbour = moved(
    arrived({ minute: 5, client: '10.0.1.99', target: '10.0.2.50', reject: true }),
    'eni-0bbbbbbbbbbbbbbb7',
  )
  const documents = [
    sent({ minute: 10 }),
    ...later.slice(0, 1),
    noData(eniB, 5),
    noData(eniB, 80),
    { ...neighbour, aws: { vpcflow: { ...(neighbour.aws as { vpcflow: object }).vpcflow, ...place } } },
  ]
  // Of what it would accept, nothing tells whether its flow log keeps that.
  expect(await asked(documents)).toMatchObject({
    cause: 'lost-on-the-way',
    certainty: 'consistent-with',
    alternatives: ['blocked-at-target', 'no-answer', 'reply-blocked-at-target', 'reply-lost'],
  })
  expect(await asked(documents, { a, b }, {} as { snapshot: typeof snapshot })).toMatchObject({
    cause: 'no-answer',
    certainty: 'consistent-with',
  })
})

test("another VPC's records of the same addresses are left out", async () => {
  const vpcId = 'vpc-00000000000000002'
  const copies = [
    networkInterface('eni-0cccccccccccccc1', a, { vpcId }),
    networkInterface('eni-0cccccccccccccc2', b, { vpcId }),
  ]
  const documents = [
    ...good({ minute: 3 }),
    ...good({ minute: 20, clientPort: 40_100 }),
    ...later,
    ...blocked(10).map((document, n) => moved(document, copies[n]!.networkInterfaceId)),
  ]
  const both = snapshotWith(client, target, ...copies)
  expect(await asked(documents, {}, { snapshot: both })).toMatchObject({ cause: 'no-fault', tries: { all: 2 } })
})

test('addresses of one family make a pair', async () => {
  const six = networkInterface(eniB, b, { name: 'six', privateIpAddresses: [], ipv6Addresses: ['2001:db8::20'] })
  const dual = networkInterface(eniA, a, { name: 'dual', ipv6Addresses: ['2001:db8::10'] })
  const { pairs } = await asked(later, { a: 'dual', b: 'six' }, { snapshot: snapshotWith(dual, six) })
  expect(pairs).toMatchObject([{ a: '2001:db8::10', b: '2001:db8::20' }])
  await expect(asked(later, { a: 'payments', b: 'six' }, { snapshot: snapshotWith(client, six) })).rejects.toThrow(
    'B has no address of the family',
  )
})

test('an address is asked about in the form that logs have', async () => {
  const [long, short] = ['2600:1F18:0028:0001:0:0:0:A', '2600:1f18:28:1::a']
  const answer = await asked([], { a: long, b: '2600:1f18:28:2::b' }, {} as { snapshot: typeof snapshot })
  expect(answer.pairs).toMatchObject([{ a: short, b: '2600:1f18:28:2::b' }])
})

test.each([
  ['one address', a, a],
  ['a name and its address', 'orders', b],
  ['an interface and its name', eniA, 'payments'],
])('A and B are not the same: %s', async (_, one, other) => {
  await expect(asked([], { a: one, b: other })).rejects.toThrow('B is A: what a host sends to itself never leaves it')
})

describe('where A calls nobody', () => {
  const rejects = [
    sent({ minute: 1, target: '10.0.2.98', reject: true }),
    arrived({ minute: 1, client: '10.0.1.98', reject: true }),
  ]
  const reversed = { a: 'orders', b: 'payments', port: undefined } as unknown as Parameters<typeof asked>[1]
  test('and B calls A, the other question is told', async () => {
    const { cause, sentence, next } = await asked([...rejects, ...good({ minute: 3 }), ...later], reversed)
    expect(cause).toBe('calls-elsewhere')
    expect(sentence).toContain(`in this span; it is B that calls A, on port ${port}.`)
    expect(next).toEqual([`flowferry why ${a} ${b}:${port} --from <store>`])
  })
  test('a port that is not known is not spoken of', async () => {
    const { sentence, next } = await asked([...rejects, ...later], { port: undefined } as unknown as Parameters<
      typeof asked
    >[1])
    expect(sentence).toMatch(/sends nothing to orders \([^)]+\) in this span\.$/)
    expect(next[0]).toContain('resolve the name that A uses')
  })
})

test('of a span without records the span is told, and nothing of fields that no record has', async () => {
  const { cause, sentence, next, cannotTell, ruledOut } = await asked([], { a, b }, {} as { snapshot: typeof snapshot })
  expect(cause).toBe('cannot-tell')
  expect(sentence).toContain(`from ${since} to ${until}.`)
  expect(next[0]).toContain('flowferry ask health')
  expect(cannotTell.map(({ missing }) => missing)).toEqual([
    `a flow log of the interface of ${a}`,
    `a flow log of the interface of ${b}`,
  ])
  expect(ruledOut.map((one) => one.cause)).toEqual(['public-access-blocked'])
})

test('of a host of the internet a flow log may not be had', async () => {
  const { cannotTell } = await asked([...later, sent({ target: '203.0.113.9' })], { b: '203.0.113.9' })
  expect(cannotTell.map(({ missing }) => missing)).toContain(
    'a flow log of the interface of 203.0.113.9, or where it is in no VPC, a log of its own host',
  )
})

test('of what is never logged no flow log is missed', async () => {
  const metadata = '169.254.169.254'
  const { sentence, next, cannotTell } = await asked(later, { b: metadata, port: 80 })
  expect(sentence).toContain('the instance metadata service')
  expect(next).toEqual([`on the host of A: tcpdump -ni any host ${metadata}`])
  expect(cannotTell.map(({ missing }) => missing).join()).not.toContain(metadata)
})

test('what a gateway passes on is not for the gateway: A calls the one behind it', async () => {
  const [gateway, behind] = ['10.0.4.4', '10.0.9.9']
  const documents = [10, 20, 30].flatMap((minute) => {
    const clientPort = 40_000 + minute
    return [
      sent({ minute, clientPort, target: behind }),
      seenBy(eniB, 'ingress', false, { minute, clientPort, target: gateway, more: { pkt_dstaddr: behind } }),
    ]
  })
  const { cause, sentence } = await asked(
    [...documents, ...later],
    { a, b: gateway },
    {} as { snapshot: typeof snapshot },
  )
  expect(cause).toBe('calls-elsewhere')
  expect(sentence).toContain(`sends nothing to ${gateway} (${eniB}) port ${port}, but to ${behind} on that port`)
})
