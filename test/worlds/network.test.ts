import { expect, test } from 'vitest'
import {
  type AclEntry,
  allPorts,
  anywhere,
  type Direction,
  flag,
  type GroupRule,
  type Interface,
  judge,
  type Memory,
  type Packet,
} from './network.ts'

const acl = (direction: Direction, number: number, allow: boolean): AclEntry => ({
  direction,
  number,
  allow,
  cidr: anywhere,
  ports: allPorts,
})

const rule = (direction: Direction, cidr: string, ports = allPorts): GroupRule => ({
  id: 'sgr-1',
  direction,
  cidr,
  ports,
})

function interfaceWith(rules: GroupRule[], entries = [acl('ingress', 100, true), acl('egress', 100, true)]): Interface {
  return {
    id: 'eni-1',
    address: '10.0.1.5',
    subnet: {
      id: 'subnet-1',
      cidr: '10.0.1.0/24',
      vpc: { id: 'vpc-1', cidr: '10.0.0.0/16' },
      zone: 'euc1-az1',
      acl: { id: 'acl-1', entries },
      routeTable: 'rtb-1',
    },
    type: 'interface',
    groups: [{ id: 'sg-1', rules }],
    trackingIdle: 350,
    encrypts: true,
  }
}

const memory = (): Memory => ({ encrypted: true, tracked: new Map() })

const packet = (from: string, to: string, changes: Partial<Packet> = {}): Packet => ({
  time: 0,
  source: from,
  destination: to,
  sourcePort: 5432,
  destinationPort: 40_000,
  protocol: 6,
  flags: flag.ack,
  count: 1,
  bytes: 52,
  ...changes,
})

const request = packet('10.0.1.5', '10.0.2.9', { sourcePort: 40_000, destinationPort: 5432, flags: flag.syn })
const reply = packet('10.0.2.9', '10.0.1.5')

test('a group lets replies in while it tracks their connection, and no longer', () => {
  const at = interfaceWith([rule('egress', anywhere)])
  const remembered = memory()
  expect(judge(at, 'ingress', reply, remembered).action).toBe('REJECT')
  expect(judge(at, 'egress', request, remembered).action).toBe('ACCEPT')
  expect(judge(at, 'ingress', { ...reply, time: 349 }, remembered).action).toBe('ACCEPT')
  expect(judge(at, 'ingress', { ...reply, time: 349 + 350 }, remembered).action).toBe('REJECT')
})

test('a group forgets a connection at its reset, and one of UDP after three minutes', () => {
  const at = interfaceWith([rule('egress', anywhere)])
  const reset = memory()
  judge(at, 'egress', request, reset)
  expect(judge(at, 'ingress', { ...reply, flags: flag.rst }, reset).action).toBe('ACCEPT')
  expect(judge(at, 'ingress', reply, reset).action).toBe('REJECT')
  const datagrams = memory()
  judge(at, 'egress', { ...request, protocol: 17 }, datagrams)
  expect(judge(at, 'ingress', { ...reply, protocol: 17, time: 179 }, datagrams).action).toBe('ACCEPT')
  expect(judge(at, 'ingress', { ...reply, protocol: 17, time: 360 }, datagrams).action).toBe('REJECT')
})

test('a network ACL remembers nothing, and its lowest number decides', () => {
  const entries = [acl('egress', 100, true), acl('ingress', 100, true), acl('ingress', 50, false)]
  const at = interfaceWith([rule('egress', anywhere)], entries)
  const remembered = memory()
  expect(judge(at, 'egress', request, remembered).action).toBe('ACCEPT')
  expect(judge(at, 'ingress', reply, remembered).action).toBe('REJECT')
})

test('a network ACL without a fitting entry denies', () => {
  const at = interfaceWith([rule('egress', anywhere)], [])
  expect(judge(at, 'egress', request, memory()).action).toBe('REJECT')
})

test('a network ACL has no say within its subnet', () => {
  const at = interfaceWith([rule('ingress', '10.0.1.0/24')], [])
  expect(judge(at, 'ingress', packet('10.0.1.77', '10.0.1.5'), memory()).action).toBe('ACCEPT')
})
