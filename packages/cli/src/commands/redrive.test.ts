import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Cloud, startCloud } from '../demo/cloud.ts'
import { runHere } from '../test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

let cloud: Cloud
let env: Record<string, string>
beforeEach(async () => {
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
  cloud = await startCloud()
  env = { AWS_ENDPOINT_URL: cloud.endpoint }
  vi.stubEnv('AWS_ENDPOINT_URL', cloud.endpoint)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await cloud.stop()
})

async function bury(body: string, code?: string): Promise<void> {
  const cause = code && {
    'flowferry.cause': {
      DataType: 'String',
      StringValue: JSON.stringify({ code, message: '', stage: 'object', attempts: 3, time: '' }),
    },
  }
  await cloud.sqs.send(
    new SendMessageCommand({
      QueueUrl: cloud.deadLetterUrl,
      MessageBody: body,
      ...(cause && { MessageAttributes: cause }),
    }),
  )
}

describe('flowferry redrive', () => {
  it('tells what is there by its cause, then sends it back', async () => {
    await bury('one', 'GZIP_CORRUPT')
    await bury('two', 'GZIP_CORRUPT')
    await bury('three')
    const args = ['redrive', '--dlq', cloud.deadLetterUrl, '--to', cloud.queueUrl]
    const dry = await runHere([...args, '--dry-run'], { env })
    expect(dry.stdout.split('\n').slice(0, 3)).toEqual([
      '  cause         messages',
      '  GZIP_CORRUPT         2',
      '  UNKNOWN              1',
    ])
    expect(dry.stdout).toContain(`would redrive: 3 messages to ${cloud.queueUrl}\n`)
    expect(dry.code).toBe(0)
    expect(await cloud.depth(cloud.deadLetterUrl)).toBe(3)

    const wet = await runHere(args, { env })
    expect(wet.stdout).toContain(`redriven: 3 messages to ${cloud.queueUrl}\n`)
    expect(wet.code).toBe(0)
    expect(await cloud.depth(cloud.deadLetterUrl)).toBe(0)
    const { Messages = [] } = await cloud.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: cloud.queueUrl, MaxNumberOfMessages: 10 }),
    )
    expect(Messages.map(({ Body }) => Body).sort()).toEqual(['one', 'three', 'two'])
  })

  it('says that the queue is empty', async () => {
    const { code, stdout } = await runHere(['redrive', '--dlq', cloud.deadLetterUrl, '--to', cloud.queueUrl], { env })
    expect(stdout).toBe('The dead-letter queue is empty.\n')
    expect(code).toBe(0)
  })

  it('refuses to send a queue to itself, and half a command line', async () => {
    const same = await runHere(['redrive', '--dlq', cloud.queueUrl, '--to', cloud.queueUrl], { env })
    expect(same.stderr).toContain('are the same queue')
    expect(same.code).toBe(2)
    expect((await runHere(['redrive', '--to', cloud.queueUrl])).code).toBe(2)
    const arn = await runHere(['redrive', '--dlq', 'arn:aws:sqs:eu-central-1:1:dlq', '--to', cloud.queueUrl], { env })
    expect(arn.stderr).toContain("--dlq takes the queue's URL")
    expect(arn.code).toBe(2)
  })

  it('fails for a queue that is not there', async () => {
    const gone = `${cloud.deadLetterUrl}-gone`
    const { code, stderr } = await runHere(['redrive', '--dlq', gone, '--to', cloud.queueUrl], { env })
    expect(stderr).toMatch(/^error: .*QueueDoesNotExist/)
    expect(code).toBe(1)
  })
})
