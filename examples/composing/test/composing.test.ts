import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { processPartialResponse, SqsFifoPartialProcessorAsync } from '@aws-lambda-powertools/batch'
import { ingest } from '@flowferry/core'
import { batchResponse, type SqsEvent, s3Objects } from '@flowferry/source-s3'
import { context, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Context, SQSEvent } from 'aws-lambda'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, vi } from 'vitest'
import { awsEnvironment, createStack, type Handler, invoke, type Stack } from '../../../test/support/aws.ts'
import { s3Event } from '../../../test/support/s3-event.ts'
import { onServers } from '../../../test/support/servers.ts'

const { test, urls } = onServers('aws')
const [aws] = urls as [string]
const flows = (host: number, records = 2) =>
  gzipSync(
    ['version srcaddr dstaddr end', ...Array.from({ length: records }, (_, n) => line(host, n))]
      .join('\n')
      .concat('\n'),
  )
const line = (host: number, n: number) => `5 192.0.2.${host} 198.51.100.1 ${1_790_000_000 + n}`

let stack: Stack
let pipeline: typeof import('../src/pipeline.ts')
const spans = new InMemorySpanExporter()
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const meters = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
})

beforeAll(async () => {
  if (!aws) return
  stack = await createStack(aws, { visibilitySeconds: 2, maxReceiveCount: 10 })
  for (const [name, value] of Object.entries({
    ...awsEnvironment(aws),
    DEAD_LETTER_QUEUE_URL: stack.deadLetterQueueUrl,
    LOG_BUCKETS: stack.bucket,
    LOG_LEVEL: 'silent',
  }))
    vi.stubEnv(name, value)
  // As an application sets the SDK up before its handlers are loaded.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  metrics.setGlobalMeterProvider(meters)
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
  pipeline = await import('../src/pipeline.ts')
  // What S3 says of the notification's set-up.
  await invoke(stack, async () => ({ batchItemFailures: [] }))
})
afterEach(() => {
  vi.restoreAllMocks()
})
afterAll(async () => {
  await meters.shutdown()
  await pipeline?.sink.close()
  stack?.close()
  vi.unstubAllEnvs()
})

const recordsOf = async (host: number) => {
  const [row] = await pipeline.sink.query<{ records: number }>(
    'SELECT count(*)::INTEGER AS records FROM flows WHERE source_ip = $1',
    [`192.0.2.${host}`],
  )
  return row!.records
}

/** What flowferry answers by itself: into a store of nobody's, so that nothing is stored by it. */
async function own(event: SqsEvent) {
  const { aws, parser } = pipeline
  const sink = {
    write: async (batch: readonly { length: number }[]) => ({
      slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })),
    }),
  }
  return batchResponse(await ingest({ source: s3Objects(event, aws), parser, sink }))
}

describe.each([
  ['powertools', 1],
  ['middy', 2],
  ['observed', 3],
])('the handler %s', (name, host) => {
  const good = Array.from({ length: 4 }, (_, n) => `AWSLogs/1/vpcflowlogs/${name}-${n}.log.gz`)
  const bad = `AWSLogs/1/vpcflowlogs/${name}-cut.log.gz`

  test('answers as flowferry does by itself; what failed comes again, and nothing is lost or doubled', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const handler: Handler = (await import(`../src/${name}.ts`)).handler
    for (const key of good) await stack.put(key, flows(host))
    await stack.put(bad, flows(host, 3).subarray(0, -6))

    await expect.poll(() => stack.depth(stack.queueUrl)).toBe(5)
    const first = await invoke(stack, handler)
    expect(first!.messages).toHaveLength(5)
    expect(first!.response.batchItemFailures).toHaveLength(1)
    expect(first!.response).toEqual(await own(first!.event))
    expect(await recordsOf(host)).toBe(8)
    // Told once, by `carry` alone; `observed` has pino for it.
    const told = logged.mock.calls.map(([line]) => JSON.parse(line).messages[0].objects[0])
    expect(told).toMatchObject(name === 'observed' ? [] : [{ key: bad, error: { code: 'COMPRESSION_CORRUPT' } }])

    // The whole event again, as after a crash before its answer.
    expect(await handler(first!.event, { getRemainingTimeInMillis: () => 60_000 })).toEqual(first!.response)
    expect(await recordsOf(host)).toBe(8)

    // It is repaired under its own key: its message and that of the repair name one object.
    await stack.put(bad, flows(host, 3))
    await expect
      .poll(
        async () => {
          await invoke(stack, handler)
          return stack.depth(stack.queueUrl)
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(0)
    expect(await recordsOf(host)).toBe(11)
    expect(await stack.depth(stack.deadLetterQueueUrl)).toBe(0)
  })

  test('gives back each message where all fail', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const handler: Handler = (await import(`../src/${name}.ts`)).handler
    const Records = [0, 1].map((n) => ({
      messageId: `${name}-${n}`,
      receiptHandle: 'r',
      body: s3Event(stack.bucket, `gone-${n}`),
      attributes: { ApproximateReceiveCount: '1' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: stack.queueArn,
    }))
    const { batchItemFailures } = await handler({ Records }, { getRemainingTimeInMillis: () => 60_000 })
    expect(batchItemFailures).toEqual(Records.map(({ messageId }) => ({ itemIdentifier: messageId })))
    expect(await own({ Records })).toEqual({ batchItemFailures })
  })
})

test("Powertools' processor of FIFO queues gives back what stands behind a failed message in its group, as flowferry does", async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { carry } = await import('../src/carry.ts')
  const key = 'AWSLogs/1/vpcflowlogs/fifo.log.gz'
  await stack.put(key, flows(7))
  await invoke(stack, async () => ({ batchItemFailures: [] }))
  const record = (messageId: string, MessageGroupId: string, named: string) => ({
    messageId,
    receiptHandle: 'r',
    body: s3Event(stack.bucket, named),
    attributes: { ApproximateReceiveCount: '1', MessageGroupId, SequenceNumber: '1' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: `${stack.queueArn}.fifo`,
  })
  const event = { Records: [record('1', 'a', 'gone'), record('2', 'a', key), record('3', 'b', key)] }
  const processor = new SqsFifoPartialProcessorAsync()
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context
  const options = { context, throwOnFullBatchFailure: false, skipGroupOnError: true }
  const response = await processPartialResponse(event as SQSEvent, carry, processor, options)
  expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }, { itemIdentifier: '2' }] })
  expect(await own(event)).toEqual(response)
  expect(await recordsOf(7)).toBe(2)
})

test('OpenTelemetry has a span and the metrics of each object, below the span that was active', async () => {
  const { objectMetrics, objectSpan } = await import('../src/telemetry.ts')
  spans.reset()
  const [whole, cut] = ['traced.log.gz', 'traced-cut.log.gz'].map((name) => `AWSLogs/1/vpcflowlogs/${name}`)
  await stack.put(whole!, flows(4))
  await stack.put(cut!, flows(4).subarray(0, -6))
  await invoke(stack, async () => ({ batchItemFailures: [] }))
  const { aws, parser, sink } = pipeline
  const carried = (key: string) =>
    trace.getTracer('test').startActiveSpan(key, async (parent) => {
      const source = s3Objects({ Records: [{ messageId: key, body: s3Event(stack.bucket, key) }] }, aws)
      const onObject = (report: Parameters<typeof objectSpan>[0]) => {
        objectMetrics(report)
        objectSpan(report)
      }
      await ingest({ source, parser, sink, onObject })
      parent.end()
      return parent.spanContext()
    })
  const [first, second] = await Promise.all([carried(whole!), carried(cut!)])

  const objects = spans.getFinishedSpans().filter(({ name }) => name === 'flowferry.object')
  const spanOf = (key: string) => objects.find(({ attributes }) => attributes['aws.s3.key'] === key)!
  expect(objects).toHaveLength(2)
  expect(spanOf(whole!)).toMatchObject({
    attributes: { 'aws.s3.bucket': stack.bucket, 'flowferry.read': 2, 'flowferry.written': 2 },
    status: { code: 0 },
    parentSpanContext: { spanId: first.spanId, traceId: first.traceId },
  })
  expect(spanOf(cut!)).toMatchObject({
    attributes: { 'error.type': 'COMPRESSION_CORRUPT' },
    status: { code: 2, message: expect.stringContaining(cut!) },
    parentSpanContext: { spanId: second.spanId, traceId: second.traceId },
  })

  await meters.forceFlush()
  const points = exporter
    .getMetrics()
    .at(-1)!
    .scopeMetrics.flatMap(({ metrics }) => metrics)
    .find(({ descriptor }) => descriptor.name === 'flowferry.objects')!.dataPoints
  const failed = points.filter(({ attributes }) => attributes['error.type'] === 'COMPRESSION_CORRUPT')
  expect(points.length).toBeGreaterThan(failed.length)
  expect(failed.length).toBeGreaterThan(0)
})

test('pino has a line for each object, a failed one as an error with its code', async () => {
  const { pinoLines } = await import('../src/pino.ts')
  const lines: string[] = []
  const log = pino({}, { write: (line) => void lines.push(line) })
  const keys = ['logged.log.gz', 'logged\n-cut.log.gz'].map((name) => `AWSLogs/1/vpcflowlogs/${name}`)
  await stack.put(keys[0]!, flows(5))
  await stack.put(keys[1]!, flows(5).subarray(0, -6))
  await expect.poll(() => stack.depth(stack.queueUrl)).toBe(2)
  const event = await invoke(stack, async () => ({ batchItemFailures: [] }))
  const { aws, parser, sink } = pipeline
  const onObject = pinoLines(log.child({ awsRequestId: 'r-1' }))
  await ingest({ source: s3Objects(event!.event, aws), parser, sink, onObject })
  const told = lines.map((line) => JSON.parse(line)).sort((a, b) => a.level - b.level)
  expect(told).toMatchObject([
    { level: 30, awsRequestId: 'r-1', msg: '2 of 2 records written', object: { key: keys[0], written: 2 } },
    { level: 50, awsRequestId: 'r-1', object: { key: keys[1], code: 'COMPRESSION_CORRUPT', status: 'failed' } },
  ])
  // A key with a line end forges no line.
  for (const line of lines) expect(line.indexOf('\n')).toBe(line.length - 1)
})

describe('the service', () => {
  test('reads what an event names, and says whether another try may help', async () => {
    const { service } = await import('../src/service.ts')
    const server = service.listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => server.once('listening', resolve))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`
      const post = async (body: string, type = 'application/json') => {
        const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
        return [answer.status, await answer.json()]
      }
      const [whole, cut] = ['posted.log.gz', 'posted-cut.log.gz'].map((name) => `AWSLogs/1/vpcflowlogs/${name}`)
      await stack.put(whole!, flows(6))
      await stack.put(cut!, flows(6, 3).subarray(0, -6))
      await invoke(stack, async () => ({ batchItemFailures: [] }))

      expect(await post(s3Event(stack.bucket, whole!))).toMatchObject([200, { read: 2, written: 2 }])
      expect(await post(s3Event(stack.bucket, whole!))).toMatchObject([200, { read: 2, duplicate: 2 }])
      // As SNS sends it, which takes any 4xx for an end.
      const notification = JSON.stringify({ Type: 'Notification', Message: s3Event(stack.bucket, whole!) })
      expect(await post(notification, 'text/plain; charset=UTF-8')).toMatchObject([200, { read: 2, duplicate: 2 }])
      expect(await post(s3Event(stack.bucket, cut!))).toMatchObject([503, { code: 'COMPRESSION_CORRUPT' }])
      await stack.put(cut!, flows(6, 3))
      expect(await post(s3Event(stack.bucket, cut!))).toMatchObject([200, { written: 3 }])
      expect(await recordsOf(6)).toBe(5)

      expect(await post(s3Event(stack.bucket, 'gone'))).toMatchObject([422, { code: 'OBJECT_NOT_FOUND' }])
      expect(await post(s3Event('elsewhere', whole!))).toMatchObject([422, { code: 'BUCKET_NOT_ALLOWED' }])
      expect(await post('{"no":"event"}')).toMatchObject([422, { code: 'ENVELOPE_UNREADABLE' }])
      expect(await post('{')).toMatchObject([400, {}])
    } finally {
      server.close()
    }
  })
})
