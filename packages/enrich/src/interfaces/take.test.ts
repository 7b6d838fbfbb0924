import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EC2Client } from '@aws-sdk/client-ec2'
import { afterEach, expect, test } from 'vitest'
import { readSnapshot } from './snapshot.ts'
import { takeSnapshot } from './take.ts'

type Query = Readonly<Record<string, string>>

let server: Server | undefined
let client: EC2Client | undefined
afterEach(() => {
  client?.destroy()
  server?.close()
})

/** A server that answers EC2's calls page by page: that of the tests has no pages of interfaces. */
async function ec2(answer: (query: Query) => { readonly status?: number; readonly inner: string }): Promise<EC2Client> {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const query = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
    const { status = 200, inner } = answer(query)
    const name = status === 200 ? `${query.Action}Response` : 'Response'
    response.writeHead(status, { 'content-type': 'text/xml' })
    response.end(`<${name} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>${inner}</${name}>`)
  })
  await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  client = new EC2Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  return client
}

const list = (...items: string[]) => items.map((item) => `<item>${item}</item>`).join('')
const pages: Readonly<Record<string, (page: number) => string>> = {
  DescribeNetworkInterfaces: (page) =>
    `<networkInterfaceSet>${list(
      `<networkInterfaceId>eni-0000000000000000${page}</networkInterfaceId><vpcId>vpc-1</vpcId><subnetId>subnet-${page}</subnetId>
       <availabilityZone>eu-central-1a</availabilityZone><description/><ownerId>123456789012</ownerId><interfaceType>interface</interfaceType>
       <privateIpAddress>10.0.${page}.10</privateIpAddress>
       <groupSet>${list('<groupId>sg-1</groupId><groupName>default</groupName>')}</groupSet>
       <privateIpAddressesSet>${list(
         `<privateIpAddress>10.0.${page}.11</privateIpAddress><primary>false</primary>`,
         `<privateIpAddress>10.0.${page}.10</privateIpAddress><primary>true</primary><association><publicIp>198.51.100.${page}</publicIp></association>`,
       )}</privateIpAddressesSet>
       <ipv6AddressesSet>${list(`<ipv6Address>2001:db8::${page}</ipv6Address>`)}</ipv6AddressesSet>
       <attachment><instanceId>i-0000000000000000${page}</instanceId></attachment>
       <tagSet>${page === 1 ? '' : list('<key>Name</key><value>replication</value>')}</tagSet>`,
    )}</networkInterfaceSet>`,
  DescribeInstances: (page) =>
    `<reservationSet>${list(
      `<instancesSet>${list(
        `<instanceId>i-0000000000000000${page}</instanceId>
         <tagSet>${list(`<key>Team</key><value>x</value>`, `<key>Name</key><value>host ${page}</value>`)}</tagSet>`,
      )}</instancesSet>`,
    )}</reservationSet>`,
  DescribeSubnets: (page) =>
    `<subnetSet>${list(`<subnetId>subnet-${page}</subnetId><vpcId>vpc-1</vpcId><cidrBlock>10.0.${page}.0/24</cidrBlock>`)}</subnetSet>`,
  DescribeNetworkAcls: (page) =>
    `<networkAclSet>${list(
      `<networkAclId>acl-${page}</networkAclId><vpcId>vpc-1</vpcId>
       <associationSet>${list(`<subnetId>subnet-${page}</subnetId><networkAclId>acl-${page}</networkAclId>`)}</associationSet>`,
    )}</networkAclSet>`,
  // The main table of the VPC, then one that the first subnet has for itself.
  DescribeRouteTables: (page) =>
    `<routeTableSet>${list(
      page === 1
        ? `<routeTableId>rtb-main</routeTableId><vpcId>vpc-1</vpcId><associationSet>${list('<main>true</main>')}</associationSet>`
        : `<routeTableId>rtb-own</routeTableId><vpcId>vpc-1</vpcId><associationSet>${list('<main>false</main><subnetId>subnet-1</subnetId>')}</associationSet>`,
    )}</routeTableSet>`,
  // To S3, then to a log group, whose role is not let in.
  DescribeFlowLogs: (page) =>
    `<flowLogSet>${list(
      page === 1
        ? `<creationTime>2026-11-01T08:00:00.000Z</creationTime><flowLogId>fl-1</flowLogId><flowLogStatus>ACTIVE</flowLogStatus>
           <resourceId>vpc-1</resourceId><trafficType>ALL</trafficType><logDestinationType>s3</logDestinationType>
           <logDestination>arn:aws:s3:::my-logs/flows</logDestination><logFormat>\${version} \${tcp-flags}</logFormat>
           <maxAggregationInterval>60</maxAggregationInterval><deliverLogsStatus>SUCCESS</deliverLogsStatus>`
        : `<creationTime>2026-11-02T08:00:00.000Z</creationTime><flowLogId>fl-2</flowLogId><flowLogStatus>ACTIVE</flowLogStatus>
           <resourceId>subnet-1</resourceId><trafficType>REJECT</trafficType><logDestinationType>cloud-watch-logs</logDestinationType>
           <logGroupName>flows</logGroupName><logFormat>\${version}</logFormat><maxAggregationInterval>600</maxAggregationInterval>
           <deliverLogsStatus>FAILED</deliverLogsStatus><deliverLogsErrorMessage>Access error</deliverLogsErrorMessage>`,
    )}</flowLogSet>`,
}

test('all pages of all calls', async () => {
  const part = await takeSnapshot(
    await ec2(({ Action, NextToken, MaxResults }) => {
      const page = NextToken === 'second' ? 2 : 1
      expect(Number(MaxResults)).toBe(Action === 'DescribeRouteTables' ? 100 : 1000)
      return { inner: `${pages[Action!]!(page)}${page === 1 ? '<nextToken>second</nextToken>' : ''}` }
    }),
    { account: '123456789012' },
  )
  expect(part).toMatchObject({ account: '123456789012', region: 'eu-central-1' })
  expect(Date.parse(part.takenAt)).not.toBeNaN()
  const common = {
    vpcId: 'vpc-1',
    availabilityZone: 'eu-central-1a',
    interfaceType: 'interface',
    description: '',
    ownerId: '123456789012',
    groups: [{ groupId: 'sg-1', groupName: 'default' }],
  }
  expect(part.interfaces).toEqual([
    {
      ...common,
      networkInterfaceId: 'eni-00000000000000001',
      privateIpAddresses: ['10.0.1.10', '10.0.1.11'],
      ipv6Addresses: ['2001:db8::1'],
      publicIps: ['198.51.100.1'],
      subnetId: 'subnet-1',
      instanceId: 'i-00000000000000001',
      instanceName: 'host 1',
    },
    {
      ...common,
      networkInterfaceId: 'eni-00000000000000002',
      privateIpAddresses: ['10.0.2.10', '10.0.2.11'],
      ipv6Addresses: ['2001:db8::2'],
      publicIps: ['198.51.100.2'],
      subnetId: 'subnet-2',
      name: 'replication',
      instanceId: 'i-00000000000000002',
      instanceName: 'host 2',
    },
  ])
  expect(part.subnets).toEqual([
    { subnetId: 'subnet-1', vpcId: 'vpc-1', cidrBlock: '10.0.1.0/24', networkAclId: 'acl-1', routeTableId: 'rtb-own' },
    { subnetId: 'subnet-2', vpcId: 'vpc-1', cidrBlock: '10.0.2.0/24', networkAclId: 'acl-2', routeTableId: 'rtb-main' },
  ])
  expect(part.flowLogs).toEqual([
    {
      flowLogId: 'fl-1',
      resourceId: 'vpc-1',
      trafficType: 'ALL',
      logFormat: `\${version} \${tcp-flags}`,
      maxAggregationInterval: 60,
      flowLogStatus: 'ACTIVE',
      creationTime: '2026-11-01T08:00:00.000Z',
      logDestinationType: 's3',
      logDestination: 'arn:aws:s3:::my-logs/flows',
    },
    {
      flowLogId: 'fl-2',
      resourceId: 'subnet-1',
      trafficType: 'REJECT',
      logFormat: `\${version}`,
      maxAggregationInterval: 600,
      flowLogStatus: 'ACTIVE',
      creationTime: '2026-11-02T08:00:00.000Z',
      logDestinationType: 'cloud-watch-logs',
      logDestination: 'flows',
      deliverLogsErrorMessage: 'Access error',
    },
  ])
  expect(readSnapshot(JSON.stringify({ parts: [part] }), 'file').parts).toEqual([part])
})

/** One call is refused, or breaks. */
const failing = (call: string, status: number, code: string) =>
  ec2(({ Action }) =>
    Action === call
      ? {
          status,
          inner: `<Errors><Error><Code>${code}</Code><Message>You are not authorized to perform this operation.</Message></Error></Errors>`,
        }
      : { inner: pages[Action!]!(1) },
  )

test('a call that is refused is named', async () => {
  const refused = await failing('DescribeInstances', 403, 'UnauthorizedOperation')
  await expect(takeSnapshot(refused, { account: '123456789012', onRefused: () => {} })).rejects.toThrow(
    'ec2:DescribeInstances in eu-central-1: You are not authorized',
  )
})

test('where flow logs are refused, the part has all the rest', async () => {
  const told: string[] = []
  const part = await takeSnapshot(await failing('DescribeFlowLogs', 403, 'UnauthorizedOperation'), {
    account: '123456789012',
    onRefused: ({ message }) => told.push(message),
  })
  expect(part).not.toHaveProperty('flowLogs')
  expect([part.interfaces.length, part.subnets.length]).toEqual([1, 1])
  expect(told).toEqual(['ec2:DescribeFlowLogs in eu-central-1: You are not authorized to perform this operation.'])
})

test.each([
  ['any other failure of that call ends it', 400, 'InvalidParameterValue', () => {}],
  ['so does a refusal that nobody takes', 403, 'UnauthorizedOperation', undefined],
] as const)('%s', async (_, status, code, onRefused) => {
  const client = await failing('DescribeFlowLogs', status, code)
  const taken = takeSnapshot(client, { account: '123456789012', ...(onRefused && { onRefused }) })
  await expect(taken).rejects.toThrow('ec2:DescribeFlowLogs in eu-central-1: ')
})
