import type { S3 } from '@flowferry/source-s3'
import { describe, expect, it } from 'vitest'
import { checkNotification } from './notification.ts'

const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:logs'
const whole = { QueueArn: queueArn, Events: ['s3:ObjectCreated:*'] }

const check = (told: object | Error, prefix = '') =>
  checkNotification(
    {
      send: async () => {
        if (told instanceof Error) throw told
        return told
      },
    } as unknown as S3,
    { bucket: 'my-logs', prefix, queueArn },
  )
const filter = (Value: string) => ({ Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value }] } } })

describe('checkNotification', () => {
  it('is satisfied with all uploads, and with those of the prefix', async () => {
    expect(await check({ QueueConfigurations: [whole] })).toMatchObject({
      status: 'ok',
      what: 's3:ObjectCreated:* to the queue',
    })
    expect((await check({ QueueConfigurations: [{ ...whole, ...filter('AWSLogs/') }] }, 'AWSLogs/1')).status).toBe('ok')
  })

  it('finds what does not come to the queue', async () => {
    for (const told of [
      {},
      { QueueConfigurations: [{ ...whole, QueueArn: `${queueArn}-other` }] },
      { QueueConfigurations: [{ ...whole, Events: ['s3:ObjectRemoved:*'] }] },
    ])
      expect((await check(told)).status, JSON.stringify(told)).toBe('fault')
    expect((await check({ QueueConfigurations: [{ ...whole, ...filter('other/') }] }, 'AWSLogs/')).status).toBe('fault')
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
