import { EC2Client } from '@aws-sdk/client-ec2'
import { describe, expect, it } from 'vitest'
import { checkFlowLogs } from './flow-log.ts'

const advised =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction traffic-path reject-reason interface-type next-hop-interface-id next-hop-interface-type'.split(
    ' ',
  )
const format = (names: readonly string[]) => names.map((name) => `\${${name}}`).join(' ')
const well = {
  FlowLogId: 'fl-1',
  ResourceId: 'vpc-1',
  TrafficType: 'ALL',
  MaxAggregationInterval: 60,
  LogFormat: format(advised),
  LogDestination: 'arn:aws:s3:::my-logs/network',
}

/** The checks where DescribeFlowLogs tells these. */
async function checks(flowLogs: readonly object[] | Error, header?: readonly string[]) {
  const ec2 = new EC2Client({ region: 'eu-central-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } })
  ec2.middlewareStack.add(
    () => async () => {
      if (flowLogs instanceof Error) throw flowLogs
      return { response: {}, output: { $metadata: {}, FlowLogs: flowLogs } as never }
    },
    { step: 'initialize', priority: 'high' },
  )
  const found = await checkFlowLogs({ ec2, bucket: 'my-logs', header })
  return Object.fromEntries(found.map((one) => [one.check, one]))
}

describe('checkFlowLogs', () => {
  it('has nothing against the format that is advised', async () => {
    expect(Object.values(await checks([well], advised)).map(({ check, status }) => `${check}: ${status}`)).toEqual([
      'flow log fields: ok',
      'flow log fl-1: ok',
    ])
  })

  it('says what why cannot tell without what is missing, in the words of its answers', async () => {
    const header = advised.filter((name) => !['tcp-flags', 'pkt-srcaddr'].includes(name))
    const { 'flow log fields': fields } = await checks([], header)
    expect(fields).toMatchObject({
      status: 'warning',
      details: [
        'without tcp-flags: SYN, reset and end of connections',
        'without pkt-srcaddr: replies by another interface, and traffic behind NAT',
      ],
    })
    expect(fields!.todo).toMatch(/--log-format '\$\{version\} .*\$\{tcp-flags\}/)
  })

  it('asks the format of EC2 where the file does not name it', async () => {
    const all = await checks([{ ...well, LogFormat: format(advised.slice(0, 14)) }])
    expect(all['flow log fl-1 fields']).toMatchObject({ status: 'warning' })
    expect(all['flow log fl-1 fields']!.details![0]).toContain('tcp-flags')
  })

  it('finds what is not delivered, and what is not kept', async () => {
    const broken = (await checks([{ ...well, DeliverLogsErrorMessage: 'Access error' }], advised))['flow log fl-1']
    expect(broken).toMatchObject({ status: 'fault', what: expect.stringContaining('Access error') })
    const narrow = { ...well, TrafficType: 'REJECT', MaxAggregationInterval: 600 }
    expect((await checks([narrow], advised))['flow log fl-1']).toMatchObject({
      status: 'warning',
      details: [expect.stringContaining('what is accepted'), expect.stringContaining('600 s')],
    })
  })

  it('looks at those that deliver to this bucket', async () => {
    const others = ['my-logs-2', 'other', 'my-log'].map((name) => ({ ...well, LogDestination: `arn:aws:s3:::${name}` }))
    expect((await checks([...others, { ...well, LogDestination: undefined }], advised))['flow log']).toMatchObject({
      status: 'not checked',
    })
    expect((await checks(new Error('You are not authorized'), advised))['flow log']).toMatchObject({
      status: 'not checked',
      what: expect.stringContaining('ec2:DescribeFlowLogs'),
    })
  })

  it("asks of a transit gateway's no more than whether it is delivered", async () => {
    const gateway = {
      ...well,
      FlowLogId: 'fl-2',
      ResourceId: 'tgw-1',
      TrafficType: undefined,
      LogFormat: format(['version', 'resource-type', 'tgw-id']),
    }
    expect(Object.values(await checks([gateway])).map(({ check, status }) => `${check}: ${status}`)).toEqual([
      'flow log fl-2: ok',
    ])
    const broken = await checks([{ ...gateway, DeliverLogsErrorMessage: 'Access error' }])
    expect(Object.values(broken)).toMatchObject([{ status: 'fault', what: expect.stringContaining('Access error') }])
  })
})
