import { cloudWatchLogs, detect, ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { expect, test } from 'vitest'
import { duckdb } from './index.ts'

test("an envelope's log group and stream are columns of the records' own table, and null for records of files", async () => {
  const sink = await duckdb()
  const flow = '2 123456789012 eni-1 192.0.2.7 198.51.100.4 40000 443 6 10 840 1764493200 1764493260 ACCEPT OK'
  const envelope = (logStream: string) =>
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner: '123456789012',
      logGroup: '/vpc/flow',
      logStream,
      subscriptionFilters: [],
      logEvents: [1, 2].map((id) => ({ id: String(id), timestamp: 1_764_493_260_000, message: flow })),
    })
  const parser = cloudWatchLogs(detect([vpcFlow]))
  const objects = [
    memoryObject({ key: 'a', body: `${flow}\n` }),
    memoryObject({ key: 'b', body: envelope('eni-1') + envelope('eni-2') }),
  ]
  for (const expected of [{ written: 5 }, { written: 0, duplicate: 5 }]) {
    const report = await ingest({ source: memorySource(...objects), parser, sink })
    expect(report.counts).toMatchObject({ read: 5, rejected: 0, ...expected })
  }
  const rows = await sink.query(
    `SELECT aws_cloudwatch_log_stream AS stream, log_file_path AS path, cloud_account_id AS account, count(*)::INT AS n
     FROM flows GROUP BY ALL ORDER BY stream NULLS FIRST`,
  )
  expect(rows).toEqual([
    { stream: null, path: null, account: '123456789012', n: 1 },
    { stream: 'eni-1', path: '/vpc/flow/eni-1', account: '123456789012', n: 2 },
    { stream: 'eni-2', path: '/vpc/flow/eni-2', account: '123456789012', n: 2 },
  ])
  sink.close()
})
