/** `flowferry snapshot` of a real EC2 API, which is also that of the account's id. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AssociateRouteTableCommand,
  AttachNetworkInterfaceCommand,
  CreateFlowLogsCommand,
  CreateNetworkAclCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import type { Snapshot } from '@flowferry/enrich/interfaces'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { awsEnvironment } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { runHere } from '../src/test-io.ts'

const { test, urls } = onServers('aws')
const [endpoint = 'http://127.0.0.1:1'] = urls
const region = 'eu-west-1'
const ec2 = new EC2Client({
  endpoint,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})
afterAll(() => ec2.destroy())

let folder: string
let out: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-snapshot-'))
  out = join(folder, 'snapshot.json')
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => {
  const environment = { ...awsEnvironment(endpoint), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(() => vi.unstubAllEnvs())

const snapshotIn = async (path: string): Promise<Snapshot> => JSON.parse(await readFile(path, 'utf8'))

test('interfaces, their instances, groups and subnets; then another region beside it', async () => {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.7.0.0/16' }))
  const VpcId = Vpc!.VpcId!
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.7.1.0/24' }))
  const SubnetId = Subnet!.SubnetId!
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }))
  await ec2.send(new AssociateRouteTableCommand({ SubnetId, RouteTableId: RouteTable!.RouteTableId! }))
  await ec2.send(new CreateNetworkAclCommand({ VpcId }))
  const create = async (Description: string) => {
    const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Description }))
    return NetworkInterface!
  }
  const balancer = await create('ELB app/orders/50dc6c495c0c9188')
  const own = await create('')
  const { Instances } = await ec2.send(
    new RunInstancesCommand({ ImageId: 'ami-1', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, SubnetId }),
  )
  const InstanceId = Instances![0]!.InstanceId!
  await ec2.send(new CreateTagsCommand({ Resources: [InstanceId], Tags: [{ Key: 'Name', Value: 'orders-db' }] }))
  await ec2.send(
    new AttachNetworkInterfaceCommand({ NetworkInterfaceId: own.NetworkInterfaceId!, InstanceId, DeviceIndex: 1 }),
  )

  const { FlowLogIds } = await ec2.send(
    new CreateFlowLogsCommand({
      ResourceType: 'Subnet',
      ResourceIds: [SubnetId],
      TrafficType: 'ACCEPT',
      LogGroupName: 'flows',
      DeliverLogsPermissionArn: 'arn:aws:iam::123456789012:role/flows',
    }),
  )

  const { code, stdout, stderr } = await runHere(['snapshot', '--region', region, '--out', out])
  expect(code, stderr).toBe(0)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^\d{12} eu-west-1: \d+ interfaces, \d+ subnets?, \d+ named instances?, \d+ flow logs?$/m)
  expect(stderr).toContain(`written to ${out}`)

  const [part] = (await snapshotIn(out)).parts
  expect(part).toMatchObject({ region, account: expect.stringMatching(/^\d{12}$/) })
  const byId = new Map(part!.interfaces.map((one) => [one.networkInterfaceId, one]))
  expect(byId.get(balancer.NetworkInterfaceId!)).toMatchObject({
    privateIpAddresses: [balancer.PrivateIpAddress],
    description: 'ELB app/orders/50dc6c495c0c9188',
    vpcId: VpcId,
    subnetId: SubnetId,
    groups: [{ groupId: balancer.Groups![0]!.GroupId }],
  })
  expect(byId.get(balancer.NetworkInterfaceId!)).not.toHaveProperty('instanceId')
  expect(byId.get(own.NetworkInterfaceId!)).toMatchObject({ instanceId: InstanceId, instanceName: 'orders-db' })
  expect(part!.subnets.find(({ subnetId }) => subnetId === SubnetId)).toMatchObject({
    vpcId: VpcId,
    cidrBlock: '10.7.1.0/24',
    routeTableId: RouteTable!.RouteTableId,
  })

  // The server keeps neither LogFormat nor MaxAggregationInterval: take.test.ts has them.
  expect(part!.flowLogs!.filter(({ resourceId }) => resourceId === SubnetId)).toMatchObject([
    {
      flowLogId: FlowLogIds![0],
      trafficType: 'ACCEPT',
      flowLogStatus: 'ACTIVE',
      creationTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      logDestinationType: 'cloud-watch-logs',
      logDestination: 'flows',
    },
  ])

  const other = await runHere(['snapshot', '--region', 'us-east-2', region, '--out', out])
  expect(other.code, other.stderr).toBe(0)
  const { parts } = await snapshotIn(out)
  expect(parts.map((one) => one.region)).toEqual(['eu-west-1', 'us-east-2'])
  expect(parts[0]!.interfaces).toEqual(part!.interfaces)
  expect(parts[0]!.takenAt > part!.takenAt).toBe(true)
})

test('the region of the environment, where none is said', async () => {
  const path = join(folder, 'own.json')
  expect((await runHere(['snapshot', '--out', path])).code).toBe(0)
  expect((await snapshotIn(path)).parts.map((part) => part.region)).toEqual(['us-east-1'])
})

test('a dry run asks AWS, and writes nothing', async () => {
  const path = join(folder, 'dry.json')
  const { code, stdout, stderr } = await runHere(['snapshot', '--out', path, '--dry-run', '--json', '--quiet'])
  expect(code, stderr).toBe(0)
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject({
    dryRun: true,
    file: path,
    parts: [{ region: 'us-east-1', interfaces: expect.any(Number), flowLogs: expect.any(Number) }],
  })
  await expect(readFile(path)).rejects.toThrow('ENOENT')
})

test('a file that is something else is left as it is', async () => {
  const path = join(folder, 'notes.txt')
  await writeFile(path, 'my notes')
  const { code, stderr } = await runHere(['snapshot', '--out', path])
  expect(code).toBe(2)
  expect(stderr).toContain(`${path} is no snapshot`)
  expect(await readFile(path, 'utf8')).toBe('my notes')
})

test('an EC2 that does not answer ends it, and nothing is written', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9')
  const path = join(folder, 'none.json')
  const { code, stderr } = await runHere(['snapshot', '--out', path])
  expect(code).toBe(1)
  expect(stderr).toContain('127.0.0.1:9')
  await expect(readFile(path)).rejects.toThrow('ENOENT')
})
