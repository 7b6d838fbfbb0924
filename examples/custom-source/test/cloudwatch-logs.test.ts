import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { cloudWatchLogs, detect, ingest } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { duckdb } from '@flowferry/sink-duckdb'
import { expect } from 'vitest'
import { awsEnvironment } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'
import { logGroup } from '../src/cloudwatch-logs.ts'

const { test, urls } = onServers('aws')
const [aws] = urls as [string]

test('a log group of CloudWatch Logs, into DuckDB, once', async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = awsEnvironment(aws)
  const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! }
  const logs = new CloudWatchLogsClient({ endpoint: aws, region: 'us-east-1', credentials })
  const group = `flow-logs-${process.pid}-${Date.now().toString(36)}`
  await logs.send(new CreateLogGroupCommand({ logGroupName: group }))
  // Three whole hours of the past, an event at each hour's beginning and in its middle.
  const end = Math.floor(Date.now() / 3_600_000) * 3_600_000
  const times = Array.from({ length: 6 }, (_, n) => end - 3 * 3_600_000 + n * 1_800_000)
  for (const eni of ['eni-1', 'eni-2']) {
    const stream = { logGroupName: group, logStreamName: `${eni}-all` }
    await logs.send(new CreateLogStreamCommand(stream))
    const logEvents = times.map((timestamp) => ({
      timestamp,
      message: `2 123456789012 ${eni} 192.0.2.1 198.51.100.1 443 49152 6 10 840 ${timestamp / 1000} ${timestamp / 1000 + 60} ACCEPT OK`,
    }))
    await logs.send(new PutLogEventsCommand({ ...stream, logEvents }))
  }

  const sink = await duckdb()
  const parser = cloudWatchLogs(detect([vpcFlow, cloudTrail]))
  const span = { since: new Date(times[0]!), until: new Date(end), minutes: 60 }
  try {
    for (const duplicate of [0, 12]) {
      const source = logGroup({ logs, group, owner: '123456789012', ...span })
      const { ok, objects, counts } = await ingest({ source, parser, sink })
      expect([ok, objects]).toEqual([true, 3])
      expect(counts).toMatchObject({ read: 12, written: 12 - duplicate, duplicate })
    }
    const rows = await sink.query(
      'SELECT aws_cloudwatch_log_stream AS stream, count(*)::INTEGER AS records FROM flows GROUP BY 1 ORDER BY 1',
    )
    expect(rows).toEqual([
      { stream: 'eni-1-all', records: 6 },
      { stream: 'eni-2-all', records: 6 },
    ])
  } finally {
    await sink.close()
    logs.destroy()
  }
})
