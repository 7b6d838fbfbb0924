import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, describe, expect, vi } from 'vitest'
import { awsEnvironment, createStack, type Stack } from '../../../test/support/aws.ts'
import { onServers } from '../../../test/support/servers.ts'

describe('the scheduled redrive', () => {
  const { test, urls } = onServers('aws')
  const [aws] = urls as [string]
  let stack: Stack

  beforeAll(() => {
    for (const [name, value] of Object.entries(awsEnvironment(aws ?? ''))) vi.stubEnv(name, value)
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
  })
  beforeEach(async () => {
    stack = await createStack(aws)
    // The test event of the bucket.
    await stack.sqs.send(new ReceiveMessageCommand({ QueueUrl: stack.queueUrl, VisibilityTimeout: 600 }))
    vi.stubEnv('QUEUE_URL', stack.queueUrl)
    vi.stubEnv('DEAD_LETTER_QUEUE_URL', stack.deadLetterQueueUrl)
    vi.resetModules()
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
  const event = (key: string, time: string) =>
    JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventTime: time, s3: { object: { key } } }] })
  const bury = (MessageBody: string, code?: string) => {
    const StringValue = JSON.stringify({ code })
    const attributes = code && { MessageAttributes: { 'flowferry.cause': { DataType: 'String', StringValue } } }
    return stack.sqs.send(new SendMessageCommand({ QueueUrl: stack.deadLetterQueueUrl, MessageBody, ...attributes }))
  }
  const redrive = async (remaining = 60_000) => {
    const { handler } = await import('../src/redrive.ts')
    await handler({}, { getRemainingTimeInMillis: () => remaining })
  }
  const bodies = async (QueueUrl: string) => {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    )
    return Messages.map(({ Body }) => Body).sort()
  }

  test('sends back what another try may help, verbatim, and leaves the rest', async () => {
    const away = event('away', ago(1))
    const wrapped = JSON.stringify({ Type: 'Notification', Timestamp: ago(1), Message: event('sns', ago(1)) })
    const bridged = JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Created', time: ago(1) })
    for (const body of [away, wrapped, bridged]) await bury(body, 'TARGET_UNREACHABLE')
    const left = [
      [event('old', ago(8)), 'TARGET_UNREACHABLE'],
      [event('ahead', ago(-400)), 'TARGET_UNREACHABLE'],
      [event('unreadable', ago(1)), 'FORMAT_UNKNOWN'],
      [event('constructor', ago(1)), 'constructor'],
      [event('crashed', ago(1)), undefined],
      ['no event at all', 'TARGET_UNREACHABLE'],
    ] as const
    for (const [body, code] of left) await bury(body, code)
    await redrive()
    expect(await bodies(stack.queueUrl)).toEqual([away, bridged, wrapped].sort())
    expect(await bodies(stack.deadLetterQueueUrl)).toEqual(left.map(([body]) => body).sort())
  })

  test('throws where SQS takes nothing, so that its alarm rings, and loses nothing', async () => {
    await bury(event('a', ago(1)), 'TARGET_UNREACHABLE')
    vi.stubEnv('QUEUE_URL', `${stack.queueUrl}-gone`)
    await expect(redrive()).rejects.toThrow('1 of the dead letters: ')
    expect(await bodies(stack.deadLetterQueueUrl)).toHaveLength(1)
  })

  test('ends in time, and shows the rest again', async () => {
    await bury(event('a', ago(1)), 'TARGET_UNREACHABLE')
    await redrive(0)
    expect(await stack.depth(stack.queueUrl)).toBe(1)
    expect(await bodies(stack.deadLetterQueueUrl)).toHaveLength(1)
  })
})
