import type { S3 } from '@flowferry/source-s3'
import { describe, expect, it } from 'vitest'
import { checkNotification } from './notification.ts'

const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:logs'
const whole = { QueueArn: queueArn, Events: ['s3:ObjectCreated:*'] }

const check = (told: object | Error, { prefix = '', keys = [] as readonly string[] } = {}) =>
  checkNotification(
    {
      send: async () => {
        if (told instanceof Error) throw told
        return told
      },
    } as unknown as S3,
    { bucket: 'my-logs', prefix, queueArn, keys },
  )
const filter = (Value: string, Name = 'Prefix') => ({ Filter: { Key: { FilterRules: [{ Name, Value }] } } })
const flows = 'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/22/a.log.gz'
const trail = 'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/22/a.json.gz'

describe('checkNotification', () => {
  it('is satisfied with all uploads, and with those of the prefix', async () => {
    expect(await check({ QueueConfigurations: [whole] })).toMatchObject({
      status: 'ok',
      what: 's3:ObjectCreated:* to the queue',
    })
    const filtered = { QueueConfigurations: [{ ...whole, ...filter('AWSLogs/') }] }
    expect(await check(filtered, { prefix: 'AWSLogs/1', keys: [flows, trail] })).toMatchObject({
      status: 'ok',
      what: 's3:ObjectCreated:* (prefix AWSLogs/) to the queue',
    })
  })

  it('holds each filter against the newest logs', async () => {
    const told = (...filters: object[]) => ({ QueueConfigurations: filters.map((one) => ({ ...whole, ...one })) })
    const keys = [flows, trail]
    for (const wrong of [filter('.csv', 'Suffix'), filter('uploads/'), filter('AWSLogs/1234567890123/')])
      expect(await check(told(wrong), { keys }), JSON.stringify(wrong)).toMatchObject({
        status: 'fault',
        details: keys,
      })
    expect(await check(told(filter('.log.gz', 'suffix')), { keys })).toMatchObject({
      status: 'warning',
      details: [trail],
    })
    const both = told(filter('.log.gz', 'suffix'), filter('.json.gz', 'suffix'))
    expect((await check(both, { keys })).status).toBe('ok')
    // As the console asks for other characters.
    const odd = 'my logs/AWSLogs/a=b.log.gz'
    for (const value of ['my logs/', 'my+logs/', 'my%20logs/AWSLogs/a%3Db'])
      expect((await check(told(filter(value)), { keys: [odd] })).status, value).toBe('ok')
  })

  it('leaves a filter open where no log is there, but for one beside the prefix', async () => {
    const told = { QueueConfigurations: [{ ...whole, ...filter('AWSLogs/') }] }
    expect(await check(told, { prefix: 'AWSLogs/1' })).toMatchObject({ status: 'unknown', todo: expect.any(String) })
    expect((await check({ QueueConfigurations: [{ ...whole, ...filter('.gz', 'suffix') }] })).status).toBe('unknown')
    expect((await check({ QueueConfigurations: [whole, { ...whole, ...filter('x') }] })).status).toBe('ok')
  })

  it('finds what does not come to the queue', async () => {
    for (const told of [
      {},
      { QueueConfigurations: [{ ...whole, QueueArn: `${queueArn}-other` }] },
      { QueueConfigurations: [{ ...whole, Events: ['s3:ObjectRemoved:*'] }] },
    ])
      expect((await check(told)).status, JSON.stringify(told)).toBe('fault')
    expect(
      (await check({ QueueConfigurations: [{ ...whole, ...filter('other/') }] }, { prefix: 'AWSLogs/' })).status,
    ).toBe('fault')
    const put = { ...whole, Events: ['s3:ObjectCreated:Put'] }
    expect((await check({ QueueConfigurations: [put] })).status).toBe('warning')
    const others = [put, { ...whole, Events: ['s3:ObjectCreated:CompleteMultipartUpload', 's3:ObjectCreated:Copy'] }]
    expect((await check({ QueueConfigurations: others })).status).toBe('ok')
  })

  it('leaves open what goes another way, and what it may not see', async () => {
    expect(await check({ EventBridgeConfiguration: {} })).toMatchObject({
      status: 'unknown',
      what: expect.stringContaining('EventBridge'),
    })
    const topic = { TopicArn: 'arn:aws:sns:eu-central-1:123456789012:t', Events: ['s3:ObjectCreated:*'] }
    expect((await check({ TopicConfigurations: [topic] })).what).toContain(topic.TopicArn)
    const denied = Object.assign(new Error('Access Denied'), { name: 'AccessDenied' })
    expect(await check(denied)).toMatchObject({
      status: 'unknown',
      todo: expect.stringContaining('s3:GetBucketNotification'),
    })
  })
})
