import { FlowferryError } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { collect, memoryObject } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { networkInterface, snapshotWith } from '../../test/snapshot.ts'
import { interfaces } from './enrichment.ts'

const vpc = 'vpc-00000000000000001'
const database = networkInterface('eni-0000000000000000b', '10.0.1.20', {
  instanceId: 'i-0000000000000000b',
  instanceName: 'orders-db',
  groups: [
    { groupId: 'sg-00000000000000001', groupName: 'databases' },
    { groupId: 'sg-00000000000000002', groupName: 'monitored' },
  ],
})
const balancer = networkInterface('eni-0000000000000000a', '10.0.1.10', {
  description: 'ELB app/orders/50dc6c495c0c9188',
})
/** Another VPC with the same addresses. */
const stranger = networkInterface('eni-0000000000000000c', '10.0.1.10', {
  vpcId: 'vpc-00000000000000002',
  name: 'other',
})
const parser = vpcFlow.with(interfaces(snapshotWith(database, balancer, stranger)))

async function documentOf(fields: string, values: string) {
  const body = `${fields} srcaddr dstaddr srcport dstport action end\n${values} 10.0.1.10 10.0.1.20 40000 5432 ACCEPT 1790000000\n`
  const { documents } = await collect(parser, memoryObject({ key: 'flows.log', body }))
  return documents[0]!
}

test('the interface, its instance, its groups, both peers, and when all that was known', async () => {
  expect(await documentOf('interface-id', database.networkInterfaceId)).toMatchObject({
    observer: { name: 'orders-db' },
    cloud: { instance: { name: 'orders-db' } },
    source: { ip: '10.0.1.10', domain: 'orders' },
    destination: { ip: '10.0.1.20', domain: 'orders-db' },
    labels: {
      security_group_ids: ['sg-00000000000000001', 'sg-00000000000000002'],
      security_group_names: ['databases', 'monitored'],
      snapshot_taken_at: '2026-11-22T09:00:00.000Z',
    },
  })
})

describe('an interface that the snapshot does not have', () => {
  test('gives no name, and its peers none where the VPC is not known', async () => {
    const { source, destination, observer, labels } = await documentOf('interface-id', 'eni-0000000000000000f')
    expect([observer, labels]).toEqual([undefined, undefined])
    expect([source, destination]).toEqual([
      { ip: '10.0.1.10', port: 40000 },
      { ip: '10.0.1.20', port: 5432 },
    ])
  })
  test('has its peers named by the VPC of the record', async () => {
    expect(await documentOf('interface-id vpc-id', `eni-0000000000000000f ${vpc}`)).toMatchObject({
      source: { domain: 'orders' },
      destination: { domain: 'orders-db' },
    })
    expect(await documentOf('interface-id vpc-id', 'eni-0000000000000000f vpc-00000000000000002')).toMatchObject({
      source: { domain: 'other' },
    })
  })
})

test('its fields are in the mapping, with their types', () => {
  const { mapping } = parser.formats[0]!
  expect(mapping['labels.snapshot_taken_at']).toMatchObject({ type: 'date' })
  for (const name of ['observer.name', 'source.domain', 'destination.domain', 'cloud.instance.name'])
    expect(mapping[name], name).toMatchObject({ type: 'keyword' })
})

test('it is bound once: what it fills is filled', () => {
  expect(() => parser.with(interfaces(snapshotWith(database)))).toThrow(FlowferryError)
})
