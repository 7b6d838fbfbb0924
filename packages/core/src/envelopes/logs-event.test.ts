import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { detect } from '../detect.ts'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { ingest } from '../ingest/ingest.ts'
import { memorySink } from '../testing/index.ts'
import { cloudWatchLogs } from './cloudwatch-logs.ts'
import { type LogsEvent, logsEvent } from './logs-event.ts'

const parser = cloudWatchLogs(detect([vpcFlow, cloudTrail]))
const flow = '2 123456789012 eni-1 192.0.2.7 198.51.100.4 40000 443 6 10 840 1764493200 1764493260 ACCEPT OK'
const call = JSON.stringify({
  eventVersion: '1.11',
  eventSource: 's3.amazonaws.com',
  eventName: 'GetObject',
  eventID: 'e-1',
  awsRegion: 'eu-west-1',
  eventTime: '2026-11-30T09:00:00Z',
})
const event = (messages: readonly string[], more: object = {}): LogsEvent => ({
  awslogs: {
    data: gzipSync(
      JSON.stringify({
        messageType: 'DATA_MESSAGE',
        owner: '123456789012',
        logGroup: '/vpc/flow',
        logStream: 'eni-1-all',
        subscriptionFilters: ['f'],
        logEvents: messages.map((message, id) => ({ id: String(id), timestamp: 1_764_493_260_000, message })),
        ...more,
      }),
    ).toString('base64'),
  },
})

test("a function's event is one object, whose records have the same ids when Lambda tries again", async () => {
  const sink = memorySink()
  const source = () => logsEvent(event([flow, flow, call]))
  const first = await ingest({ source: source(), parser: cloudWatchLogs(detect([vpcFlow])), sink, malformedShare: 1 })
  expect(first.counts).toMatchObject({ read: 3, malformed: 1, written: 2 })
  expect(first.messages[0]!.messageId).toBeUndefined()
  expect(first.messages[0]!.objects[0]).toMatchObject({
    bucket: 'cloudwatch-logs.123456789012',
    key: '/vpc/flow/eni-1-all',
  })
  const again = await ingest({ source: source(), parser: cloudWatchLogs(detect([vpcFlow])), sink, malformedShare: 1 })
  expect(again.counts).toMatchObject({ duplicate: 2 })
})

test("CloudTrail's ids begin with the owner: another account's log group cannot take them, nor those of files", async () => {
  const sink = memorySink()
  await ingest({ source: logsEvent(event([call])), parser, sink })
  await ingest({ source: logsEvent(event([call], { owner: '111122223333' })), parser, sink })
  expect([...sink.documents.keys()]).toEqual([
    's3:cloudwatch-logs.123456789012:e-1',
    's3:cloudwatch-logs.111122223333:e-1',
  ])
})

test('a control message is nothing to do, and what is no envelope fails', async () => {
  const control = await ingest({
    source: logsEvent(event(['x'], { messageType: 'CONTROL_MESSAGE' })),
    parser,
    sink: memorySink(),
  })
  expect(control).toMatchObject({ ok: true, counts: { read: 0 } })
  const broken = await ingest({ source: logsEvent({ awslogs: { data: 'bm9uc2Vuc2U=' } }), parser, sink: memorySink() })
  expect(broken.messages[0]!.objects[0]).toMatchObject({ status: 'failed', error: { code: 'FORMAT_UNKNOWN' } })
  for (const wrong of [{}, { awslogs: {} }, { Records: [] }, undefined])
    expect(() => logsEvent(wrong as unknown as LogsEvent)).toThrow(/awslogs\.data/)
})
