import { mkdtempSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { redrive } from '@flowferry/source-s3'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { awsEnvironment, createStack, type Stack } from '../../../test/support/aws.ts'
import { engines, formats } from '../../../test/support/engines.ts'
import { faultProxy, type ProxyFault } from '../../../test/support/fault-proxy.ts'
import { lambdaClient } from '../../../test/support/lambda-client.ts'
import { requireBanner } from '../../../test/support/lambda-example.ts'
import { type Invocation, type LambdaRuntime, lambdaRuntime } from '../../../test/support/lambda-runtime.ts'
import { bigTrail, flowFile } from '../../../test/support/log-files.ts'
import { random } from '../../../test/support/random.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

describe.each(engines)("the handler under AWS's own runtime client, into $name", (engine) => {
  const { test, urls } = onServers('aws', engine.name)
  const [aws, node] = urls as [string, string]
  const server = searchServer(node)
  let taskRoot: string
  let client: Awaited<ReturnType<typeof lambdaClient>>
  let stack: Stack
  let fault: ((service: 's3' | 'sqs') => ProxyFault | undefined) | undefined
  let proxy: Awaited<ReturnType<typeof faultProxy>>
  /** Documents that were sent in bulk requests: two lines each. */
  let sent: number
  /** Of more than these, none is answered. */
  let answered: number
  let searchProxy: Awaited<ReturnType<typeof faultProxy>>
  const sandboxes: LambdaRuntime[] = []
  // Other suites write to the same streams.
  let account: string
  const written = (stream: string) => server.count(stream, { term: { 'cloud.account.id': account } })

  beforeAll(async () => {
    if (!aws || !node) return
    client = await lambdaClient()
    taskRoot = mkdtempSync(`${root}dist-`)
    // As the template's build does it, but for the AWS SDK, which this machine does not have where Lambda has it.
    await build({
      entryPoints: ['main', engine.name].map((name) => `${root}src/${name}.ts`),
      outdir: taskRoot,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      minify: true,
      banner: { js: requireBanner },
      logLevel: 'error',
    })
    proxy = await faultProxy(aws, ({ headers, method }) =>
      method === 'GET' || 'x-amz-target' in headers ? fault?.('x-amz-target' in headers ? 'sqs' : 's3') : undefined,
    )
    searchProxy = await faultProxy(node, (request) => {
      if (!request.url!.startsWith('/_bulk')) return undefined
      request.on('data', (chunk: Buffer) => (sent += linesOf(chunk) / 2))
      return sent < answered ? undefined : { does: 'black hole' }
    })
    await engine.setup(node, { formats })
  }, 600_000)

  beforeEach(async () => {
    fault = undefined
    sent = 0
    answered = Number.POSITIVE_INFINITY
    account = String(100_000_000_000 + Math.floor(Math.random() * 899_999_999_999))
    stack = await createStack(aws, { visibilitySeconds: 3, maxReceiveCount: 9 })
  })

  afterEach(async () => {
    for (const sandbox of sandboxes.splice(0)) await sandbox.close()
    stack.close()
  })

  afterAll(async () => {
    await proxy?.close()
    await searchProxy?.close()
    if (taskRoot) rmSync(taskRoot, { recursive: true })
  })

  const sandbox = async (timeout: number, environment: Record<string, string> = {}) => {
    const made = await lambdaRuntime({
      ...client,
      taskRoot,
      handler: 'main.handler',
      timeout,
      environment: {
        ...awsEnvironment(proxy.url),
        TARGET: engine.name,
        SEARCH_URL: searchProxy.url,
        // The SDK sends to the queue's own address.
        DEAD_LETTER_QUEUE_URL: proxy.url + new URL(stack.deadLetterQueueUrl).pathname,
        ...environment,
      },
    })
    sandboxes.push(made)
    return made
  }
  const flows = (name: string, records: number) => {
    const { key, body } = flowFile(random(records), name, 'v2', { records, packing: 'plain' })
    return { key, body: body.toString().replaceAll('123456789012', account) }
  }

  test('cold, and warm', async () => {
    const lambda = await sandbox(20_000)
    const { key, body } = flows('one', 500)
    await stack.put(key, body)
    const cold = await invokeNext(stack, lambda)
    expect(cold).toMatchObject({ ended: 'response', cold: true, body: { batchItemFailures: [] } })
    expect(await written('logs-aws.vpcflow-default')).toBe(500)
    const again = flows('two', 300)
    await stack.put(again.key, again.body)
    const warm = await invokeNext(stack, lambda)
    expect(warm).toMatchObject({ ended: 'response', cold: false, body: { batchItemFailures: [] } })
    expect(await written('logs-aws.vpcflow-default')).toBe(800)
    console.log(`${engine.name}: cold ${cold!.milliseconds} ms, warm ${warm!.milliseconds} ms`)
  })

  test('throws where there is no message to give back', async () => {
    const lambda = await sandbox(20_000)
    const direct = (key: string) => ({
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          eventName: 'ObjectCreated:Put',
          s3: { bucket: { name: stack.bucket }, object: { key } },
        },
      ],
    })
    const { key, body } = flows('direct', 10)
    await stack.put(key, body)
    expect(await lambda.invoke(direct(encodeURIComponent(key)))).toMatchObject({ ended: 'response' })
    const thrown = await lambda.invoke(direct('not-there.log.gz'))
    expect(thrown).toMatchObject({ ended: 'error', body: { errorType: 'FlowferryError' } })
    expect(thrown.body.errorMessage).toContain('not-there.log.gz')
    expect(thrown.body.errorMessage).toContain('[OBJECT_NOT_FOUND]')
    // What one invocation throws costs the next one nothing.
    expect(await lambda.invoke(direct(encodeURIComponent(key)))).toMatchObject({ ended: 'response', cold: false })
  })

  test('gives messages back in time when S3 is silent', async () => {
    const lambda = await sandbox(6000)
    const { key, body } = flows('silent', 200)
    await stack.put(key, body)
    fault = (service) => (service === 's3' ? { does: 'stall', at: 0.5 } : undefined)
    const late = await invokeNext(stack, lambda)
    expect(late).toMatchObject({ ended: 'response' })
    // As a batch item failure, or as a message that goes on where this one stopped.
    expect(await stack.depth(stack.queueUrl)).toBe(1)
    fault = undefined
    await untilDone(stack, lambda)
    expect(await written('logs-aws.vpcflow-default')).toBe(200)
  })

  test('is killed at its time-out when the dead-letter queue is silent, and loses nothing', async () => {
    const lambda = await sandbox(6000, { MAX_ATTEMPTS: '1' })
    await stack.put('other/file.bin', 'no log of any kind\n')
    fault = (service) => (service === 'sqs' ? { does: 'black hole' } : undefined)
    expect(await invokeNext(stack, lambda)).toMatchObject({ ended: 'timeout' })
    expect(await stack.depth(stack.queueUrl)).toBe(1)
    fault = undefined
    const next = await untilDone(stack, lambda)
    expect(next[0]).toMatchObject({ ended: 'response', cold: true, body: { batchItemFailures: [] } })
    const { sqs, deadLetterQueueUrl: from, queueUrl: to } = stack
    expect(await redrive({ sqs, from, to, dryRun: true })).toMatchObject({ seen: 1, byCause: { FORMAT_UNKNOWN: 1 } })
  })

  test('says at its start which setting is missing', async () => {
    const lambda = await sandbox(10_000, { SEARCH_URL: '' })
    const event = { Records: [] }
    const failed = await lambda.invoke(event)
    expect(failed).toMatchObject({ ended: 'error' })
    expect(failed.body.errorMessage).toContain('SEARCH_URL')
  })

  // On one engine alone: what is shown is the handler's way, not the engine's.
  if (engine.name === 'opensearch') return
  test('a file of 500 MB, over several invocations', async () => {
    const trail = bigTrail(account)
    await stack.put(trail.key, trail.body)
    // However fast the machine is, a half of the file is enough for the first; however slow, a minute for the rest of it.
    answered = trail.records / 2
    const all = [(await invokeNext(stack, await sandbox(15_000)))!]
    expect(await stack.depth(stack.queueUrl)).toBe(1)
    answered = Number.POSITIVE_INFINITY
    const lambda = await sandbox(60_000)
    all.push(...(await untilDone(stack, lambda, 60)))
    for (const { ended, body } of all)
      expect({ ended, body }, lambda.log().slice(-4000)).toMatchObject({
        ended: 'response',
        body: { batchItemFailures: [] },
      })
    expect(await written('logs-aws.cloudtrail-default')).toBe(trail.records)
    expect([await stack.depth(stack.queueUrl), await stack.depth(stack.deadLetterQueueUrl)]).toEqual([0, 0])
    // What the deadline cut off between a request and its answer is sent again.
    expect(sent - trail.records).toBeLessThan(trail.records / 10)
    console.log(
      `${trail.records} records of ${trail.megabytes} MB in ${all.length} invocations, ${sent - trail.records} sent again`,
    )
  }, 400_000)
})

function linesOf(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++
  return lines
}

/** What Lambda's event source mapping does with what there is in the queue; undefined where that is nothing. */
async function invokeNext(stack: Stack, lambda: LambdaRuntime, VisibilityTimeout = 8): Promise<Invocation | undefined> {
  const { sqs, queueUrl: QueueUrl } = stack
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
      // As Lambda asks: six times its time-out would be better, and slower here.
      VisibilityTimeout,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  )
  const messages = await withoutTestEvents(stack, Messages)
  // What S3 tells of an upload may come behind its test event.
  if (messages.length === 0) return Messages.length > 0 ? invokeNext(stack, lambda, VisibilityTimeout) : undefined
  const invocation = await lambda.invoke({ Records: messages.map((message) => toRecord(message, QueueUrl)) })
  if (invocation.ended !== 'response') return invocation
  const failures = invocation.body.batchItemFailures as { itemIdentifier: string }[]
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier))
  for (const { MessageId, ReceiptHandle } of messages)
    if (!failed.has(MessageId!)) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  return invocation
}

/** The stack's first message; the suites of the handler show what becomes of it. */
async function withoutTestEvents({ sqs, queueUrl: QueueUrl }: Stack, messages: readonly Message[]): Promise<Message[]> {
  const test = messages.filter(({ Body }) => Body!.includes('s3:TestEvent'))
  for (const { ReceiptHandle } of test) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  return messages.filter((message) => !test.includes(message))
}

async function untilDone(stack: Stack, lambda: LambdaRuntime, visibilitySeconds?: number): Promise<Invocation[]> {
  const all: Invocation[] = []
  while ((await stack.depth(stack.queueUrl)) > 0) {
    const invocation = await invokeNext(stack, lambda, visibilitySeconds)
    if (invocation) all.push(invocation)
    expect(all.length).toBeLessThan(60)
  }
  return all
}

function toRecord({ MessageId, Body, ReceiptHandle, Attributes, MessageAttributes = {} }: Message, queueUrl: string) {
  return {
    messageId: MessageId,
    body: Body,
    receiptHandle: ReceiptHandle,
    attributes: Attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { DataType, StringValue }]) => [
        name,
        { dataType: DataType, stringValue: StringValue },
      ]),
    ),
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueUrl.split('/').at(-1)}`,
    awsRegion: 'us-east-1',
  }
}
