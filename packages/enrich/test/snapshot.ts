import type { NetworkInterface, Snapshot } from '../src/interfaces.ts'

/** An interface of a test, with what it does not say left plain. */
export function networkInterface(id: string, address: string, more: Partial<NetworkInterface> = {}): NetworkInterface {
  return {
    networkInterfaceId: id,
    privateIpAddresses: [address],
    ipv6Addresses: [],
    publicIps: [],
    vpcId: 'vpc-00000000000000001',
    subnetId: 'subnet-0000000000000001',
    availabilityZone: 'eu-central-1a',
    interfaceType: 'interface',
    description: '',
    ownerId: '123456789012',
    groups: [{ groupId: 'sg-00000000000000001', groupName: 'default' }],
    ...more,
  }
}

export const part = {
  account: '123456789012',
  region: 'eu-central-1',
  takenAt: '2026-11-22T09:00:00.000Z',
  subnets: [
    {
      subnetId: 'subnet-0000000000000001',
      vpcId: 'vpc-00000000000000001',
      cidrBlock: '10.0.1.0/24',
      networkAclId: 'acl-00000000000000001',
      routeTableId: 'rtb-00000000000000001',
    },
  ],
}

export const snapshotWith = (...interfaces: NetworkInterface[]): Snapshot => ({ parts: [{ ...part, interfaces }] })
