import type { NetworkInterface, Snapshot } from '@flowferry/enrich/interfaces'
import { describe, expect, test } from 'vitest'
import { networkInterface, part, snapshotWith } from '../../../enrich/test/snapshot.ts'
import { endsOf, meaningsOf, meant, twinsOf, unknown } from './named.ts'

const other = 'vpc-00000000000000002'
const web = (n: number, more: Partial<NetworkInterface> = {}) =>
  networkInterface(`eni-0000000000000001${n}`, `10.0.1.1${n}`, {
    instanceId: `i-0000000000000001${n}`,
    instanceName: 'web',
    ...more,
  })
const node = (n: number) =>
  networkInterface(`eni-0000000000000002${n}`, `10.0.${n}.20`, { description: 'ELB app/orders/50dc6c495c0c9188' })
const database = networkInterface('eni-00000000000000030', '10.0.1.30', { name: 'Orders DB' })
const databaseOfOther = networkInterface('eni-00000000000000040', '10.0.1.30', { vpcId: other, name: 'staging db' })
const webOfOther = networkInterface('eni-00000000000000041', '10.0.1.11', { vpcId: other })
const natOfOther = networkInterface('eni-00000000000000042', '10.0.1.99', { vpcId: other })
const snapshot = snapshotWith(web(1), web(2), node(1), node(2), database, databaseOfOther, webOfOther, natOfOther)

const idsOf = (text: string, of: Snapshot = snapshot, near?: string) => {
  const meanings = meaningsOf('B', text, of)
  return endsOf(meanings, meant(meanings, near === undefined ? undefined : meaningsOf('A', near, of))).map(
    ({ known }) => known!.id,
  )
}

describe('a name is that of', () => {
  test.each([
    ['a tag, whatever its case', 'orders db', [database.networkInterfaceId]],
    ['a load balancer, with all its nodes', 'orders', ['eni-00000000000000021', 'eni-00000000000000022']],
    ['the same, as AWS writes it', 'app/orders/50dc6c495c0c9188', ['eni-00000000000000021', 'eni-00000000000000022']],
    ['a description', 'ELB app/orders/50dc6c495c0c9188', ['eni-00000000000000021', 'eni-00000000000000022']],
    ['an instance', 'i-00000000000000012', ['eni-00000000000000012']],
    ['an interface', 'eni-00000000000000012', ['eni-00000000000000012']],
    ['an address that one VPC has', '10.0.2.20', ['eni-00000000000000022']],
  ])('%s', (_, text, ids) => {
    expect(idsOf(text)).toEqual(ids)
  })
})

test('what may be several things is refused, with what tells them apart', () => {
  expect(() => idsOf('web')).toThrow(
    /B is "web", which may be i-00000000000000011 \(10\.0\.1\.11, subnet-\w+, vpc-00000000000000001, 123456789012, eu-central-1\); i-00000000000000012 \(.*\): give the id of one/,
  )
  expect(() => idsOf('10.0.1.30')).toThrow(
    /eni-00000000000000030 \(Orders DB, 10\.0\.1\.30, .*vpc-00000000000000001.*\); eni-00000000000000040 \(.*vpc-00000000000000002/,
  )
})

test('of many, the first eight are listed', () => {
  const many = snapshotWith(
    ...Array.from({ length: 10 }, (_, n) =>
      web(0, { instanceId: `i-000000000000000a${n}`, networkInterfaceId: `eni-000000000000000a${n}` }),
    ),
  )
  expect(() => idsOf('web', many)).toThrow(/i-000000000000000a7 \([^)]*\) and 2 more: give/)
})

test("an address of two VPCs is that of the other end's", () => {
  expect(idsOf('10.0.1.30', snapshot, 'i-00000000000000011')).toEqual([database.networkInterfaceId])
  expect(idsOf('10.0.1.30', snapshot, 'staging db')).toEqual([databaseOfOther.networkInterfaceId])
})

test('the groups, network ACL and route table are those of the interface and its subnet, as of the snapshot', () => {
  const meanings = meaningsOf('B', 'orders db', snapshot)
  expect(endsOf(meanings, meant(meanings))).toEqual([
    {
      address: '10.0.1.30',
      known: {
        id: database.networkInterfaceId,
        addresses: ['10.0.1.30'],
        name: 'Orders DB',
        type: 'interface',
        subnet: 'subnet-0000000000000001',
        vpc: 'vpc-00000000000000001',
        groups: ['sg-00000000000000001'],
        networkAcl: 'acl-00000000000000001',
        routeTable: 'rtb-00000000000000001',
        region: 'eu-central-1',
        account: part.account,
        asOf: part.takenAt,
      },
    },
  ])
})

test('an unknown name says which is nearly so, what the snapshot has, and what to do', () => {
  expect(unknown('A', 'Order DB', snapshot).message).toMatch(
    /^A is "Order DB", which nothing in the snapshot is called \(123456789012 eu-central-1 as of 2026-11-22T09:00:00\.000Z\); is it "Orders DB"\?/,
  )
  expect(unknown('A', 'x', { parts: [] }).message).toContain('(it is empty)')
  expect(unknown('A', 'orders', undefined).message).toContain('needs a snapshot: flowferry snapshot takes one')
})

describe('twins', () => {
  const ends = (text: string) => {
    const meanings = meaningsOf('A', text, snapshot)
    return endsOf(meanings, meant(meanings))
  }
  test('are interfaces of other VPCs with an address of an end', () => {
    expect(twinsOf(snapshot, [ends('i-00000000000000012'), ends('orders db')])).toEqual([
      databaseOfOther.networkInterfaceId,
    ])
  })
  test('and all of a VPC that has the addresses of both', () => {
    expect(twinsOf(snapshot, [ends('i-00000000000000011'), ends('orders db')]).sort()).toEqual(
      [databaseOfOther, webOfOther, natOfOther].map(({ networkInterfaceId }) => networkInterfaceId),
    )
  })
  test('are none of what the snapshot does not know', () => {
    expect(twinsOf(snapshot, [[{ address: '10.0.1.11' }], [{ address: '10.0.1.30' }]])).toEqual([])
  })
})
