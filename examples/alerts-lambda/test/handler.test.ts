import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import type { AlertsState } from '@flowferry/answers/alerts'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { call, flow, parser, write } from '../../../packages/answers/test/alerts/scenarios.ts'
import { awsEnvironment, createStack, type Stack } from '../../../test/support/aws.ts'
import { engines } from '../../../test/support/engines.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'

describe.each(engines)('the scheduled handler, over $name', (engine) => {
  const { test, urls } = onServers('aws', engine.name)
  const [aws, node] = urls as [string, string]
  const environment = awsEnvironment(aws)
  const Key = 'state/alerts.json'
  // Other suites write to other streams meanwhile.
  const namespace = `lambda${process.pid}`
  let stack: Stack
  let handler: () => Promise<void>
  let server: ReturnType<typeof searchServer>

  const remove = async () => {
    for (const { dataset } of parser.formats) await server.ask('DELETE', `/_data_stream/logs-${dataset}-${namespace}`)
  }
  beforeAll(async () => {
    if (!aws || !node) return
    stack = await createStack(aws)
    server = searchServer(node)
    await engine.setup(node, { formats: parser.formats })
    const sns = new SNSClient({
      endpoint: aws,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: `alerts-${process.pid}-${engine.name}` }))
    // The stack's queue stands for a subscriber, and its dead-letter queue for the pipeline's.
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: stack.queueArn }))
    sns.destroy()
    for (const [name, value] of Object.entries({
      ...environment,
      SEARCH_URL: node,
      TOPIC_ARN: TopicArn!,
      NAMESPACE: namespace,
      STATE_BUCKET: stack.bucket,
      STATE_KEY: Key,
      QUEUE_URLS: stack.deadLetterQueueUrl,
      DASHBOARD_URL: 'https://logs.example',
    }))
      vi.stubEnv(name, value)
    vi.resetModules()
    handler = (await import(`../src/${engine.name}.ts`)).handler
  })
  afterAll(async () => {
    if (node) await remove()
    stack?.close()
    vi.unstubAllEnvs()
  })

  interface Told {
    readonly Subject: string
    readonly Message: string
    readonly MessageAttributes: Readonly<Record<string, { readonly Value: string }>>
  }
  /** What the topic's subscriber got since it was asked before, the events of its own bucket left out. */
  async function told(): Promise<Told[]> {
    const found: Told[] = []
    for (;;) {
      const { Messages = [] } = await stack.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: stack.queueUrl, MaxNumberOfMessages: 10 }),
      )
      if (Messages.length === 0) return found
      for (const { Body, ReceiptHandle } of Messages) {
        const message = JSON.parse(Body!)
        if (message.Type === 'Notification') found.push(message)
        await stack.sqs.send(new DeleteMessageCommand({ QueueUrl: stack.queueUrl, ReceiptHandle }))
      }
    }
  }
  const state = async () => JSON.parse((await stack.get(Key)).toString()) as AlertsState
  /** As if the evaluation before had been so many minutes earlier. */
  async function pass(minutes: number): Promise<void> {
    const kept = await state()
    const earlier = (time: string) => new Date(Date.parse(time) - minutes * 60_000).toISOString()
    const evaluated = Object.entries(kept.evaluated).map(([name, { to, at }]) => [
      name,
      { to: earlier(to), at: earlier(at) },
    ])
    await stack.put(Key, JSON.stringify({ ...kept, evaluated: Object.fromEntries(evaluated) }))
  }

  test('tells the topic once what fires and what is over, and keeps its state', async () => {
    const now = Math.floor(Date.now() / 1000)
    const root = { type: 'Root', accountId: '123456789012', arn: 'arn:aws:iam::123456789012:root' }
    const rejected = { from: '10.3.0.9', to: '10.3.0.7', flags: 18, direction: 'egress', reject: true } as const
    await write(
      {
        calls: [call('ec2:RunInstances', now - 600, root)],
        flows: [flow({ eni: 'eni-3a', ports: [443, 43_000], end: now - 600, ...rejected })],
      },
      engine.sink(node),
      namespace,
    )
    await stack.sqs.send(new SendMessageCommand({ QueueUrl: stack.deadLetterQueueUrl, MessageBody: 'a letter' }))
    await server.ask('POST', `/logs-*-${namespace}/_refresh`)

    await handler()
    const first = await told()
    expect(first.map(({ Subject }) => Subject).sort()).toEqual([
      'fired: dead-letters',
      'fired: reply-rejected',
      'fired: root-used',
    ])
    const [, reply, used] = first.sort((one, other) => (one.Subject < other.Subject ? -1 : 1)) as [Told, Told, Told]
    expect(used.MessageAttributes).toMatchObject({
      status: { Value: 'fired' },
      severity: { Value: 'high' },
      alert: { Value: 'root-used' },
    })
    expect(used.Message).toMatch(/^FIRED high root-used: The root user is used\n {2}account 123456789012, from /)
    expect(used.Message).toContain('https://logs.example#/alerts/root-used?since=')
    expect(reply.Message).toContain('flowferry why 10.3.0.7 10.3.0.9:443 ')

    await pass(6)
    await handler()
    expect(await told()).toEqual([])
    const { Messages } = await stack.sqs.send(new ReceiveMessageCommand({ QueueUrl: stack.deadLetterQueueUrl }))
    const { ReceiptHandle } = Messages![0]!
    await stack.sqs.send(new DeleteMessageCommand({ QueueUrl: stack.deadLetterQueueUrl, ReceiptHandle }))
    await pass(6)
    await handler()
    expect((await told()).map(({ Subject }) => Subject)).toEqual(['resolved: dead-letters'])
    expect((await state()).open.map(({ alert }) => alert).sort()).toEqual(['reply-rejected', 'root-used'])
  })

  test('does not overwrite the state of another evaluation', async () => {
    const kept = await state()
    const { s3 } = stack
    // Another one writes between this one's reading and its writing.
    const theirs = JSON.stringify({ ...kept, open: [] })
    const { keep, load } = await import('../src/state.ts')
    const before = await load(s3)
    await s3.send(new PutObjectCommand({ Bucket: stack.bucket, Key, Body: theirs }))
    await expect(keep(s3, kept, before)).rejects.toMatchObject({ name: 'PreconditionFailed' })
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: stack.bucket, Key }))
    expect(await Body!.transformToString()).toBe(theirs)
    // The first of all, too, is not to be two.
    await expect(keep(s3, kept, {})).rejects.toMatchObject({ name: 'PreconditionFailed' })
  })

  test('fails where it cannot tell, and tells nothing of what it does not know', async () => {
    await pass(6)
    await remove()
    await expect(handler()).rejects.toThrow('Not the whole answer: ')
    expect(await told()).toEqual([])
  })
})
