import { describe, expect, test } from 'vitest'
import { cloudWatchLogs } from '../envelopes/cloudwatch-logs.ts'
import { transitGateway } from '../formats/transit-gateway.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { collect, memoryObject } from '../testing/index.ts'
import type { Enrichment } from './enrichment.ts'
import type { FormatParser } from './format.ts'
import { ingested } from './ingested.ts'
import { sentOf } from './sent.suite.ts'

const id = 'fl-0a1b2c3d4e5f60718'
const fileOf = (flowLog: string, service = 'vpcflowlogs') =>
  `AWSLogs/123456789012/${service}/eu-west-1/2026/11/22/123456789012_${service}_eu-west-1_${flowLog}_20261122T0915Z_0a1b2c3d.log.gz`

const flow = '2 123456789012 eni-1 192.0.2.7 10.0.0.2 1024 443 6 3 180 1418530010 1418530070 ACCEPT OK\n'
const idle = '2 123456789012 eni-1 - - - - - - - 1418530010 1418530070 - NODATA\n'
const transit =
  'version resource-type account-id tgw-id srcaddr dstaddr start end log-status\n6 TransitGateway 123456789012 tgw-1 192.0.2.7 10.0.0.2 1418530010 1418530070 OK\n'

const formats = [
  { name: 'VPC flow logs', parser: vpcFlow as FormatParser<unknown>, body: flow + idle, of: 'vpcflow' },
  { name: 'transit gateways', parser: transitGateway as FormatParser<unknown>, body: transit, of: 'transitgateway' },
]

const flowLogOf = (name: string) => (document: unknown) =>
  (document as { aws: Record<string, { flow_log_id?: string }> }).aws[name]?.flow_log_id

describe.each(formats)('the flow log of $name', ({ parser, body, of }) => {
  const flowLogsOf = async (key: string) => (await sentOf(parser, body, undefined, key)).documents.map(flowLogOf(of))

  test('is told by the name of the file, in each document and on both paths', async () => {
    const { documents, objects } = await sentOf(parser, body, undefined, fileOf(id))
    expect(objects).toBe(0)
    expect(new Set(documents.map(flowLogOf(of)))).toEqual(new Set([id]))
    const plain = (await collect(parser, memoryObject({ key: fileOf(id), body }))).documents
    const { data_stream: _, ...first } = documents[0] as Record<string, unknown>
    const { data_stream: __, ...expected } = plain[0] as Record<string, unknown>
    expect(JSON.stringify(first)).toBe(JSON.stringify(expected))
  })

  test('files of several flow logs, and of none, in turn', async () => {
    const keys = [fileOf(id), fileOf('fl-1234abcd'), 'copied.log', fileOf(id)]
    const found = []
    for (const key of keys) found.push((await flowLogsOf(key))[0])
    expect(found).toEqual([id, 'fl-1234abcd', undefined, id])
  })

  test('the mapping has it, also where no file tells it', () => {
    expect(parser.format.mapping[`aws.${of}.flow_log_id`]).toMatchObject({ type: 'keyword' })
  })
})

test.each(['fl-', 'fl-0A1B2C3D4E5F60718', 'fl-0a1b2c3d4e5f607180', `fl-0a1b2c3d"},{"`])(
  'of a file with %s in its name there is none',
  async (name) => {
    expect((await sentOf(vpcFlow, flow, undefined, fileOf(name))).documents.map(flowLogOf('vpcflow'))).toEqual([
      undefined,
    ])
  },
)

test('a folder named like a file tells nothing', async () => {
  const { documents } = await sentOf(vpcFlow, flow, undefined, `${fileOf(id)}/copied.log`)
  expect(documents.map(flowLogOf('vpcflow'))).toEqual([undefined])
})

test('beside the time of the batch', async () => {
  const { documents, objects } = await sentOf(vpcFlow.with(ingested) as never, flow, undefined, fileOf(id))
  expect(objects).toBe(0)
  expect(documents).toEqual([
    expect.objectContaining({
      event: expect.objectContaining({ ingested: expect.stringMatching(/^\d{4}-/) }),
      aws: { vpcflow: expect.objectContaining({ flow_log_id: id }) },
    }),
  ])
})

test('an enrichment cannot read it, since no record tells it', () => {
  const team: Enrichment = {
    name: 'team',
    derived: (derive) => [derive('labels.team', ['aws.vpcflow.flow_log_id'], (flowLog) => `of ${flowLog}`)],
  }
  expect(() => vpcFlow.with(team)).toThrow(
    'The enrichment team reads aws.vpcflow.flow_log_id, which no record tells: it is known of a batch alone',
  )
})

test('a message of CloudWatch Logs has that of its log group, and none here', async () => {
  const envelope = JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: '/flow-logs',
    logStream: 'eni-1-all',
    subscriptionFilters: ['f'],
    logEvents: [{ id: '1', timestamp: 1_418_530_070_000, message: flow.trim() }],
  })
  const { documents } = await collect(cloudWatchLogs(vpcFlow), memoryObject({ key: 'firehose/one', body: envelope }))
  expect(documents.map(flowLogOf('vpcflow'))).toEqual([undefined])
})
