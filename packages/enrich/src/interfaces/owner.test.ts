import { expect, test } from 'vitest'
import { networkInterface } from '../../test/snapshot.ts'
import { nameOf, ownerOf } from './owner.ts'

const uuid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'

test.each([
  ['ELB app/orders/50dc6c495c0c9188', 'app/orders/50dc6c495c0c9188', 'orders'],
  ['ELB net/orders/50dc6c495c0c9188', 'net/orders/50dc6c495c0c9188', 'orders'],
  ['ELB old-orders', 'old-orders', 'old-orders'],
  ['Interface for NAT Gateway nat-0a1b2c3d4e5f60718', 'nat-0a1b2c3d4e5f60718', 'nat-0a1b2c3d4e5f60718'],
  ['VPC Endpoint Interface vpce-0a1b2c3d4e5f60718', 'vpce-0a1b2c3d4e5f60718', 'vpce-0a1b2c3d4e5f60718'],
  [
    'Network Interface for Transit Gateway Attachment tgw-attach-0a1b2c3d4e5f60718',
    'tgw-attach-0a1b2c3d4e5f60718',
    'tgw-attach-0a1b2c3d4e5f60718',
  ],
  [`AWS Lambda VPC ENI-resize-images-${uuid}`, 'resize-images', 'resize-images'],
  ['EFS mount target for fs-0a1b2c3d (fsmt-0a1b2c3d)', 'fs-0a1b2c3d', 'fs-0a1b2c3d'],
  ['RDSNetworkInterface', undefined, 'RDSNetworkInterface'],
  ['', undefined, undefined],
])('%s', (description, id, name) => {
  const one = networkInterface('eni-00000000000000001', '10.0.1.10', { description })
  expect(ownerOf(one)?.id).toBe(id)
  expect(nameOf(one)).toBe(name)
})

test('an instance is the owner, and the interface its own name first', () => {
  const one = networkInterface('eni-00000000000000001', '10.0.1.10', {
    instanceId: 'i-0a1b2c3d4e5f60718',
    instanceName: 'orders-db',
  })
  expect(ownerOf(one)).toEqual({ id: 'i-0a1b2c3d4e5f60718', names: ['orders-db', 'i-0a1b2c3d4e5f60718'] })
  expect(nameOf(one)).toBe('orders-db')
  expect(nameOf({ ...one, name: 'orders-db, replication' })).toBe('orders-db, replication')
})
