import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Cloud, startCloud } from '../../../../examples/demo/src/cloud.ts'
import { s3Event } from '../../../../test/support/s3-event.ts'
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

describe('flowferry dlq', () => {
  it('counts what is there, lists it, and leaves it there', async () => {
    await bury(s3Event('logs', 'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/22/a.gz'), 'COMPRESSION_CORRUPT')
    await bury(s3Event('logs', 'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/23/b.gz'), 'COMPRESSION_CORRUPT')
    await bury('no event')
    const group = await runHere(['dlq', 'group', cloud.deadLetterUrl], { env })
    expect(group.stdout).toMatch(
      /^ {2}cause {16}messages {2}oldest +example\n {2}COMPRESSION_CORRUPT +2 {2}\d+ s +s3:\/\/logs\/AWSLogs\/.*[ab]\.gz\n {2}UNKNOWN +1 {2}\d+ s +-\n\n3 messages, all visible again\n$/,
    )
    expect(group.code).toBe(0)
    const json = await runHere(['dlq', 'group', cloud.deadLetterUrl, '--by', 'prefix', '--json'], { env })
    expect(JSON.parse(json.stdout)).toMatchObject({
      messages: 3,
      failures: [],
      by: 'prefix',
      groups: [{ name: 's3://logs/AWSLogs/123456789012/vpcflowlogs/eu-central-1/', messages: 2 }, { name: 'UNKNOWN' }],
    })
    const list = await runHere(['dlq', 'list', cloud.deadLetterUrl], { env })
    expect(list.stdout.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^ {2}cause +attempts +age +object$/),
      expect.stringMatching(/^ {2}COMPRESSION_CORRUPT +3 +\d+ s +s3:\/\/logs\/AWSLogs\//),
    ])
    const lines = (await runHere(['dlq', 'list', cloud.deadLetterUrl, '--json'], { env })).stdout.trimEnd().split('\n')
    expect(lines.map((text) => JSON.parse(text).cause?.code)).toEqual([
      'COMPRESSION_CORRUPT',
      'COMPRESSION_CORRUPT',
      undefined,
    ])
    expect(await cloud.depth(cloud.deadLetterUrl)).toBe(3)
  }, 120_000)

  it('says that the queue is empty, and what is wrong with its URL', async () => {
    expect((await runHere(['dlq', 'group', cloud.deadLetterUrl], { env })).stdout).toBe(
      'The dead-letter queue is empty.\n',
    )
    expect(await runHere(['dlq', 'list', 'logs-dlq'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("queue's URL"),
    })
    expect(await runHere(['dlq', 'group', cloud.deadLetterUrl, '--by', 'colour'])).toMatchObject({ code: 2 })
    const gone = await runHere(['dlq', 'group', `${cloud.deadLetterUrl}-gone`], { env })
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('QueueDoesNotExist') })
  })
})

describe('flowferry redrive', () => {
  it('tells what is there by its cause, then sends it back', async () => {
    await bury('one', 'COMPRESSION_CORRUPT')
    await bury('two', 'COMPRESSION_CORRUPT')
    await bury('three')
    const args = ['redrive', '--dlq', cloud.deadLetterUrl, '--to', cloud.queueUrl]
    const dry = await runHere([...args, '--dry-run'], { env })
    expect(dry.stdout.split('\n').slice(0, 3)).toEqual([
      '  cause                messages',
      '  COMPRESSION_CORRUPT         2',
      '  UNKNOWN                     1',
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

  it('sends what its options choose, and leaves the rest', async () => {
    await bury(s3Event('logs', 'a/1.log'), 'OBJECT_FORBIDDEN')
    await bury(s3Event('logs', 'b/2.log'), 'OBJECT_FORBIDDEN')
    await bury(s3Event('cdn', 'a/3.log'), 'OBJECT_FORBIDDEN')
    await bury(s3Event('logs', 'a/4.log'), 'COMPRESSION_CORRUPT')
    await bury('no event')
    const args = ['redrive', '--dlq', cloud.deadLetterUrl, '--to', cloud.queueUrl]
    const told = async (...more: string[]) => {
      const { stdout, code } = await runHere([...args, '--dry-run', ...more], { env })
      expect(code).toBe(0)
      return /would redrive: (\d+) /.exec(stdout)![1]
    }
    expect(await told('--cause', 'OBJECT_FORBIDDEN', 'UNKNOWN')).toBe('4')
    expect(await told('--bucket', 'logs')).toBe('3')
    expect(await told('--prefix', 'a/')).toBe('3')
    expect(await told('--include', 'a/*', '--exclude', '4.log')).toBe('2')
    expect(await told('--older-than', '1h')).toBe('0')
    expect(await told('--newer-than', '1h', '--limit', '2')).toBe('2')
    const json = await runHere([...args, '--dry-run', '--json', '--cause', 'UNKNOWN'], { env })
    expect(JSON.parse(json.stdout)).toEqual({
      dryRun: true,
      seen: 5,
      redriven: 1,
      skipped: 4,
      byCause: { OBJECT_FORBIDDEN: 3, COMPRESSION_CORRUPT: 1, UNKNOWN: 1 },
      failures: [],
    })
    const { stdout } = await runHere([...args, '--cause', 'OBJECT_FORBIDDEN', '--bucket', 'logs', '--rate', '100'], {
      env,
    })
    expect(stdout).toContain('redriven: 2 messages')
    expect(stdout).toContain('left where they are: 3 messages')
    expect(await cloud.depth(cloud.deadLetterUrl)).toBe(3)
  }, 120_000)

  it.each([
    ['--older-than', '5'],
    ['--rate', '0'],
    ['--limit', '1.5'],
    ['--include', ''],
  ])('refuses %s %s', async (option, value) => {
    const args = ['redrive', '--dlq', cloud.deadLetterUrl, '--to', cloud.queueUrl, option, value]
    expect(await runHere(args, { env })).toMatchObject({ code: 2, stderr: expect.stringContaining('takes') })
  })

  it.each([
    ['OBJECT_FORBIDEN', 'is it "OBJECT_FORBIDDEN"?'],
    ['unknown', 'is it "UNKNOWN"?'],
    ['toString', 'not "toString" (flowferry dlq group'],
  ])('refuses the cause %s, which no dead letter has', async (cause, words) => {
    await bury('one', 'OBJECT_FORBIDDEN')
    const args = ['redrive', '--dlq', cloud.deadLetterUrl, '--to', cloud.queueUrl, '--cause', 'UNKNOWN', cause]
    expect(await runHere(args, { env })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
    expect(await cloud.depth(cloud.deadLetterUrl)).toBe(1)
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
