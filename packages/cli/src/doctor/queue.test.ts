import type { Sqs } from '@flowferry/source-s3'
import { describe, expect, it } from 'vitest'
import { s3Sender } from './policy.ts'
import { checkQueue, checkSender } from './queue.ts'

const url = 'https://sqs.eu-central-1.amazonaws.com/123456789012/logs'
const arn = 'arn:aws:sqs:eu-central-1:123456789012:logs'
const policy = (bucket: string) =>
  JSON.stringify({
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn,
        Condition: { ArnEquals: { 'aws:SourceArn': `arn:aws:s3:::${bucket}` } },
      },
    ],
  })
const well = {
  QueueArn: arn,
  VisibilityTimeout: '720',
  MessageRetentionPeriod: '345600',
  ApproximateNumberOfMessages: '3',
  ApproximateNumberOfMessagesNotVisible: '1',
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${arn}-dlq`, maxReceiveCount: 5 }),
  Policy: policy('my-logs'),
}
const dead = { MessageRetentionPeriod: '1209600', ApproximateNumberOfMessages: '0' }
const fault = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error(`${name}.`), { name, $metadata: { httpStatusCode } })

/** The checks of a queue with these settings, by name. */
async function checks(
  settings: Record<string, string | undefined> | Error,
  letters: Record<string, string> | Error = dead,
  options: { functionTimeout?: number } = { functionTimeout: 120_000 },
) {
  const sent: string[] = []
  const send = async (command: { constructor: { name: string }; input: { QueueUrl?: string } }) => {
    const { name } = command.constructor
    sent.push(name)
    if (name === 'GetQueueUrlCommand') return { QueueUrl: `${url}-dlq` }
    const answer = command.input.QueueUrl === url ? settings : letters
    if (answer instanceof Error) throw answer
    return { Attributes: answer }
  }
  const found = await checkQueue({ sqs: { send } as unknown as Sqs, url, ...options })
  expect(sent.filter((one) => !one.startsWith('Get'))).toEqual([])
  return Object.fromEntries(found.checks.map((one) => [one.check, one]))
}

describe('checkQueue', () => {
  it('tells a queue that is not there from one that may not be asked', async () => {
    const asked = async (name: string, status?: number) => (await checks(fault(name, status))).queue!
    expect(await asked('QueueDoesNotExist')).toMatchObject({
      status: 'fault',
      what: `${url} is not there`,
      todo: expect.stringContaining('--queue'),
    })
    expect(await asked('AccessDenied', 403)).toMatchObject({
      status: 'unknown',
      todo: expect.stringContaining('sqs:GetQueueAttributes'),
    })
  })

  it('has nothing against a queue as the template makes it', async () => {
    const all = await checks(well)
    expect(Object.values(all).map(({ check, status }) => `${check}: ${status}`)).toEqual([
      'queue: ok',
      'visibility: ok',
      'redrive policy: ok',
      'dead letters: ok',
      'oldest message: not checked',
    ])
    expect(all.queue!.what).toBe('3 messages waiting, 1 in work')
  })

  it("holds the visibility timeout against the function's", async () => {
    const of = async (seconds: string, functionTimeout?: number) =>
      (await checks({ ...well, VisibilityTimeout: seconds }, dead, { ...(functionTimeout && { functionTimeout }) }))
        .visibility!
    expect((await of('720', 120_000)).status).toBe('ok')
    expect(await of('719', 120_000)).toMatchObject({
      status: 'warning',
      todo: expect.stringContaining('VisibilityTimeout=720'),
    })
    expect((await of('119', 120_000)).status).toBe('fault')
    expect((await of('100')).what).toBe(
      'a message is hidden for 100 s: enough for a function whose timeout is up to 16 s',
    )
  })

  it('misses a dead-letter queue, and what it is to be', async () => {
    expect((await checks({ ...well, RedrivePolicy: undefined }))['redrive policy']!.status).toBe('warning')
    const redrive = JSON.stringify({ deadLetterTargetArn: `${arn}-dlq`, maxReceiveCount: '2' })
    expect((await checks({ ...well, RedrivePolicy: redrive }))['redrive policy']!.status).toBe('warning')
    expect((await checks(well, { ...dead, ApproximateNumberOfMessages: '7' }))['dead letters']).toMatchObject({
      status: 'warning',
      what: '7 messages could not be stored',
      todo: `flowferry dlq group ${url}-dlq`,
    })
    expect((await checks(well, { ...dead, MessageRetentionPeriod: '86400' })).retention!.status).toBe('warning')
    expect((await checks(well, fault('QueueDoesNotExist')))['dead letters']!.status).toBe('fault')
    expect((await checks(well, fault('AccessDenied', 403)))['dead letters']).toMatchObject({
      status: 'unknown',
      todo: expect.stringContaining('sqs:GetQueueUrl'),
    })
  })

  it('tells a right that is missing from a queue that is not there', async () => {
    expect((await checks(fault('AccessDenied', 403))).queue!.status).toBe('unknown')
    expect((await checks(fault('QueueDoesNotExist'))).queue!.status).toBe('fault')
    expect((await checks(fault('ExpiredToken', 403))).queue).toMatchObject({
      status: 'fault',
      todo: expect.stringContaining('Renew'),
    })
  })
})

describe('checkSender', () => {
  const s3 = s3Sender('my-logs', arn, '123456789012')
  const rule = {
    service: 'events.amazonaws.com',
    name: 'EventBridge',
    sourceArn: 'arn:aws:events:eu-central-1:123456789012:rule/uploads',
    of: 'the rule uploads',
  } as const
  const check = (settings: object, sender: typeof s3 = s3, isKnown = true) =>
    checkSender({ ...well, ...settings }, sender, isKnown)

  it('says whether S3, or a rule, may send', () => {
    expect(check({})).toEqual([{ check: 'queue policy', status: 'ok', what: 'S3 may send for my-logs' }])
    expect(check({ Policy: policy('other') })).toMatchObject([
      { status: 'fault', what: 'nothing allows S3 to send for my-logs' },
    ])
    expect(check({ Policy: undefined })[0]!.status).toBe('fault')
    expect(check({}, rule)).toMatchObject([
      {
        status: 'fault',
        what: 'nothing allows EventBridge to send for the rule uploads',
        todo: `allow events.amazonaws.com sqs:SendMessage on ${arn} where aws:SourceArn is ${rule.sourceArn}: docs/trust.md`,
      },
    ])
  })

  it('leaves it open only where it is not known by what way uploads come', () => {
    const Policy = well.Policy.replace('s3.amazonaws.com', 'events.amazonaws.com')
    expect(check({ Policy }, s3, false)).toMatchObject([
      { status: 'unknown', what: expect.stringContaining('events.amazonaws.com may send') },
    ])
    expect(check({ Policy }, s3, true)[0]!.status).toBe('fault')
  })

  it('says whether it may use the key', () => {
    const key = (KmsMasterKeyId: string, sender = s3) =>
      check({ KmsMasterKeyId }, sender).find((one) => one.check === 'queue key')!
    expect(key('alias/aws/sqs').status).toBe('fault')
    expect(key('alias/aws/sqs', rule)).toMatchObject({ what: expect.stringContaining('EventBridge may not use') })
    expect(key('arn:aws:kms:eu-central-1:123456789012:key/1234')).toMatchObject({
      status: 'unknown',
      todo: expect.stringContaining('s3.amazonaws.com kms:GenerateDataKey'),
    })
  })
})
