import type { LogDocument } from '@flowferry/core'
import { expect, test } from 'vitest'
import { networkInterface, snapshotWith } from '../../../enrich/test/snapshot.ts'
import { memoryStore } from '../../test/memory-store.ts'
import {
  a,
  arrived,
  b,
  change,
  eniA,
  eniB,
  type FlowOptions,
  good,
  pair,
  port,
  replied,
  sent,
} from '../../test/why/evidence.ts'
import { whyTargets } from './targets.ts'
import { tellTargets } from './tell-targets.ts'

const { since, until } = pair
const asked = (documents: readonly LogDocument[], options = {}) =>
  whyTargets(memoryStore(documents).ask, { a, since, until }, options)

let clientPort = 40_000
const next = (options: FlowOptions): FlowOptions => ({ ...options, clientPort: clientPort++ })
const well = (target: string, minute: number) => good(next({ target, minute }))
const blocked = (target: string, minute: number) => {
  const options = next({ target, minute })
  return [sent(options), arrived({ ...options, reject: true })]
}
const refused = (target: string, minute: number) => {
  const options = next({ target, minute })
  const rst = { ...options, flags: ['rst'] as const }
  return [sent(options), arrived(options), replied(rst), { ...replied(rst), ...ingressAtA(rst) }]
}
/** The same packet as it reaches A. */
function ingressAtA(options: FlowOptions): LogDocument {
  const { network, aws, ...document } = replied(options) as LogDocument & { network: object; aws: { vpcflow: object } }
  return {
    ...document,
    network: { ...network, direction: 'ingress' },
    aws: { vpcflow: { ...aws.vpcflow, interface_id: eniA } },
  }
}
/** So that the logs have the time. */
const later = [sent({ minute: 80, target: '10.0.2.99' }), arrived({ minute: 80, client: '10.0.1.99' })]

test('failing targets by how many fail, each with its cause; those that answer are counted', async () => {
  const answer = await asked([
    ...well('10.0.2.30', 3),
    ...well('10.0.2.31', 4),
    ...blocked(b, 10),
    ...blocked(b, 11),
    ...refused('10.0.2.40', 12),
    ...later,
  ])
  expect(answer).toMatchObject({
    a: [a],
    certainty: 'medium',
    targets: { all: 4, answer: 2 },
    failing: [
      { b, port, requests: 4, rejected: 2, unanswered: 0, refused: 0, diagnosis: { cause: 'blocked-at-target' } },
      { b: '10.0.2.40', port, refused: 1, unanswered: 0, rejected: 0, diagnosis: { cause: 'refused' } },
    ],
  })
  expect(answer.sentence).toBe(`2 of 4 targets of ${a} fail: all are on port ${port}, on which A calls 4 targets.`)
  const text = tellTargets(answer)
  expect(text).toContain(`Failing\n  ${b}:${port}: 2 rejected of 4 records; blocked-at-target, high\n`)
  expect(text).toContain('  High: the records leave no other cause.')
  expect(text).toContain(`flowferry why ${a} ${b}:${port} --from <store>`)
})

test('what all have in common: no target answers, one port, one cause, one change before them', async () => {
  const edit = {
    ...change('DeleteNetworkAclEntry', 8, { networkAclId: 'acl-0aaaaaaaaaaaaaaa1' }),
  }
  const event = { ...(edit.event as object), dataset: 'aws.cloudtrail' }
  const rejectedAtA = (target: string) => sent(next({ target, minute: 10, reject: true }))
  const { common, targets } = await asked([
    rejectedAtA(b),
    rejectedAtA('10.0.2.40'),
    rejectedAtA('10.0.2.41'),
    { ...edit, event },
    arrived({ minute: 80, client: '10.0.1.99' }),
    sent({ minute: 80, target: '10.0.2.99', flags: [] }),
  ])
  expect(targets).toEqual({ all: 3, answer: 0 })
  expect(common.map(({ what, value }) => [what, value])).toEqual([
    ['targets', 'all'],
    ['port', String(port)],
    ['cause', 'blocked-at-source'],
    ['change', 'event-DeleteNetworkAclEntry'],
  ])
})

test('of many, five are diagnosed', async () => {
  const targets = Array.from({ length: 7 }, (_, n) => `10.0.2.5${n}`)
  const { failing, common } = await asked([...targets.flatMap((target) => blocked(target, 10)), ...later])
  expect(failing).toHaveLength(7)
  expect(failing.filter(({ diagnosis }) => diagnosis)).toHaveLength(5)
  expect(common.find(({ what }) => what === 'cause')!.sentence).toBe(
    'the 5 that are diagnosed have the cause blocked-at-target',
  )
})

test('a lost packet is no failing target', async () => {
  const many = Array.from({ length: 60 }, (_, n) => well(b, n))
  const answer = await asked([...many.flat(), sent(next({ minute: 30 })), ...later])
  expect(answer).toMatchObject({ failing: [], targets: { all: 1 }, certainty: 'consistent-with' })
  expect(answer.sentence).toBe(`No target of ${a} is seen to fail: it calls 1.`)
})

test('names of the snapshot, in the VPC of A', async () => {
  const vpcId = 'vpc-00000000000000002'
  const snapshot = snapshotWith(
    networkInterface(eniA, a, { name: 'payments' }),
    networkInterface(eniB, b, { name: 'orders-db' }),
    networkInterface('eni-0cccccccccccccc1', b, { name: 'staging-db', vpcId }),
  )
  const answer = await whyTargets(
    memoryStore([...blocked(b, 10), ...later]).ask,
    { a: 'payments', since, until },
    { snapshot },
  )
  expect(answer).toMatchObject({ name: 'payments', a: [a], failing: [{ name: 'orders-db' }] })
  expect(tellTargets(answer)).toContain(`orders-db ${b}:${port}: `)
})

test('without a record of A nothing can be told, and it says what is missing', async () => {
  const answer = await asked([])
  expect(answer).toMatchObject({
    certainty: 'cannot-tell',
    cannotTell: [{ what: `whom ${a} calls`, missing: `a flow log of the interface of ${a}` }],
  })
  expect(tellTargets(answer)).toContain('Complete until: not known')
})

test('where the log has no flags a target that never answers is found, and it says what is not', async () => {
  const plain = (options: FlowOptions) => ({ ...next(options), flags: undefined })
  const answer = await asked([
    ...good(plain({ target: '10.0.2.30', minute: 3 })),
    sent(plain({ minute: 10 })),
    sent(plain({ minute: 11 })),
    sent(plain({ minute: 80, target: '10.0.2.30' })),
  ])
  expect(answer.failing).toMatchObject([{ b, unanswered: 2 }])
  expect(answer.cannotTell[0]!.missing).toBe('tcp-flags in the flow log')
})
