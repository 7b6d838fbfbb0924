import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import type { FlowferryError, OpenObject, SourceMessage } from '@flowferry/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { readEnvelope, s3Objects } from '../src/index.ts'
import { absent, createQueue, events, s3, sns, sqs, unique } from './aws.ts'

const keys = ['plain.log.gz', 'with space.log', 'a+b.log', '100%.log', 'grüße/日本.log', 'dt=2026-01-02/h=03/~x(1).gz']

describe.skipIf(absent)('from S3 to an open object', () => {
  /** The next message that names an object or is ignored, as `s3Objects` gives it. */
  const next = async (url: string): Promise<SourceMessage> => {
    for (let tries = 0; tries < 10; tries++) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 2 }))
      const [message] = Messages
      if (!message) continue
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }))
      return s3Objects([message], { s3 })[0]!
    }
    throw new Error('no message came')
  }
  const nextObject = async (url: string) => {
    for (;;) {
      const message = await next(url)
      if (message.objects.length > 0 || message.error) return message
    }
  }
  const bucketFor = async (notification: object, versioned = false) => {
    const bucket = unique('logs')
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    if (versioned)
      await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration: notification }),
    )
    return bucket
  }
  const put = (bucket: string, key: string, body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
  const bytes = async ({ body }: OpenObject) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error: FlowferryError) => error.code,
    )

  describe('straight to SQS', () => {
    let queue: string
    let bucket: string
    beforeAll(async () => {
      const { url, arn } = await createQueue('direct')
      queue = url
      bucket = await bucketFor(
        { QueueConfigurations: [{ QueueArn: arn, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] }] },
        true,
      )
    })

    it('the test event is ignored', async () => {
      expect(await next(queue)).toMatchObject({ objects: [], ignored: ['s3:TestEvent'] })
    })

    it.each(keys)('gives the bytes of %s', async (key) => {
      const stored = gzipSync(`${key}\n`)
      const { ETag, VersionId } = await put(bucket, key, stored)
      const { messageId, objects } = await nextObject(queue)
      expect(messageId).toBeTruthy()
      expect(objects).toMatchObject([{ bucket, key, versionId: VersionId, size: stored.length }])
      const opened = await objects[0]!.open()
      expect(await bytes(opened)).toEqual(stored)
      expect(opened).toMatchObject({ etag: ETag!.replaceAll('"', ''), size: stored.length })
      expect(opened.lastModified).toBeInstanceOf(Date)
    })

    it('gives the version that the event names, not the newest', async () => {
      await put(bucket, 'twice', 'first')
      await put(bucket, 'twice', 'second')
      const messages = [await nextObject(queue), await nextObject(queue)]
      const contents = await Promise.all(
        messages.map(async ({ objects }) => String(await bytes(await objects[0]!.open()))),
      )
      expect(contents.sort()).toEqual(['first', 'second'])
    })

    it('ignores a removal', async () => {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'plain.log.gz' }))
      expect((await next(queue)).ignored?.[0]).toMatch(/^ObjectRemoved:/)
    })
  })

  it('wrapped by SNS, and raw', async () => {
    const wrapped = await createQueue('wrapped')
    const raw = await createQueue('raw')
    const topic = /<TopicArn>(.*?)</.exec(await sns('CreateTopic', { Name: unique('topic') }))![1]!
    await sns('Subscribe', { TopicArn: topic, Protocol: 'sqs', Endpoint: wrapped.arn })
    await sns('Subscribe', {
      TopicArn: topic,
      Protocol: 'sqs',
      Endpoint: raw.arn,
      'Attributes.entry.1.key': 'RawMessageDelivery',
      'Attributes.entry.1.value': 'true',
    })
    const bucket = await bucketFor({ TopicConfigurations: [{ TopicArn: topic, Events: ['s3:ObjectCreated:*'] }] })
    await put(bucket, 'a+b c/ü.log', 'through SNS')
    for (const { url } of [wrapped, raw]) {
      const { objects, error } = await nextObject(url)
      expect(error).toBeUndefined()
      expect(objects).toMatchObject([{ bucket, key: 'a+b c/ü.log' }])
      expect(String(await bytes(await objects[0]!.open()))).toBe('through SNS')
    }
  })

  it('by EventBridge', async () => {
    const { url, arn } = await createQueue('bridge')
    const bucket = await bucketFor({ EventBridgeConfiguration: {} })
    const rule = unique('rule')
    const pattern = { source: ['aws.s3'], detail: { bucket: { name: [bucket] } } }
    await events('PutRule', { Name: rule, EventPattern: JSON.stringify(pattern) })
    await events('PutTargets', { Rule: rule, Targets: [{ Id: 'queue', Arn: arn }] })
    await put(bucket, 'a+b c%20d/ü.log', 'through EventBridge')
    const { objects } = await nextObject(url)
    expect(objects).toMatchObject([{ bucket, key: 'a+b c%20d/ü.log', size: 19 }])
    expect(String(await bytes(await objects[0]!.open()))).toBe('through EventBridge')
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a+b c%20d/ü.log' }))
    expect(await next(url)).toMatchObject({ objects: [], ignored: ['Object Deleted'] })
  })

  describe('reading', () => {
    const object = (bucket: string, key: string, versionId?: string) => {
      const body = {
        source: 'aws.s3',
        'detail-type': 'Object Created',
        detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId } },
      }
      expect(readEnvelope(body).objects).toHaveLength(1)
      return s3Objects(body, { s3: () => s3 })[0]!.objects[0]!
    }
    let bucket: string
    beforeAll(async () => {
      bucket = unique('reading')
      await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    })

    it('gives ranges, and says when the object was overwritten between two', async () => {
      await put(bucket, 'ranges', '0123456789')
      const ranged = object(bucket, 'ranges')
      const tail = await ranged.open({ last: 4 })
      expect(tail.size).toBe(4)
      expect(String(await bytes(tail))).toBe('6789')
      expect(String(await bytes(await ranged.open({ start: 2, end: 4 })))).toBe('234')
      expect(String(await bytes(await ranged.open({ start: 7 })))).toBe('789')
      await put(bucket, 'ranges', 'abcdefghij')
      expect(await code(ranged.open({ start: 0, end: 1 }))).toBe('OBJECT_SUPERSEDED')
    })

    it('reads an empty object, whole and by range', async () => {
      await put(bucket, 'empty', '')
      expect(await bytes(await object(bucket, 'empty').open())).toHaveLength(0)
      expect(await bytes(await object(bucket, 'empty').open({ last: 8 }))).toHaveLength(0)
    })

    it('names what is missing', async () => {
      expect(await code(object(bucket, 'missing').open())).toBe('OBJECT_NOT_FOUND')
      expect(await code(object(unique('nowhere'), 'missing').open())).toBe('BUCKET_NOT_FOUND')
    })

    it('ends at once when it is aborted in the middle, and leaves no socket taken', async () => {
      await put(bucket, 'big', randomBytes(8 << 20))
      for (let round = 0; round < 60; round++) {
        const stop = new AbortController()
        const { body } = await object(bucket, 'big').open(undefined, stop.signal)
        const reading = (async () => {
          for await (const _ of body) stop.abort()
        })()
        expect(await code(reading)).toBe('ABORTED')
      }
      for (let round = 0; round < 60; round++) {
        for await (const _ of (await object(bucket, 'big').open()).body) break
      }
      expect(await bytes(await object(bucket, 'big').open())).toHaveLength(8 << 20)
    })
  })
})
