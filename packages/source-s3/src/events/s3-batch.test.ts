import { FlowferryError } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { done, failed, notFound, report } from '../../test/reports.ts'
import { type S3BatchEvent, s3BatchResponse, s3BatchTasks } from './s3-batch.ts'

const s3 = { send: () => Promise.reject(new Error('not read here')) } as never
const event: S3BatchEvent = {
  invocationSchemaVersion: '2.0',
  invocationId: 'YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo',
  tasks: ['a', 'b', 'c', 'd'].map((taskId) => ({ taskId, s3Key: `${taskId}.gz`, s3VersionId: null, s3Bucket: 'logs' })),
}

describe('s3BatchTasks', () => {
  it('reads both schemas', () => {
    const old = {
      ...event,
      invocationSchemaVersion: '1.0',
      tasks: [
        { taskId: 'x', s3Key: 'year%3D2026/a+b%20c.gz', s3VersionId: '1', s3BucketArn: 'arn:aws-cn:s3:::old-logs' },
      ],
    }
    expect(s3BatchTasks(old, { s3 })).toMatchObject([
      { messageId: 'x', objects: [{ bucket: 'old-logs', key: 'year=2026/a b c.gz', versionId: '1' }] },
    ])
    const [first] = s3BatchTasks(event, { s3 })
    expect(first).toMatchObject({ messageId: 'a', objects: [{ bucket: 'logs', key: 'a.gz' }] })
    expect(first!.objects[0]).not.toHaveProperty('versionId')
  })

  it('fails a task alone that it cannot read', () => {
    const tasks = [
      { taskId: 'x', s3Key: '%zz', s3Bucket: 'logs' },
      { taskId: 'y', s3Key: 'a' },
    ]
    const messages = s3BatchTasks({ ...event, tasks }, { s3 })
    expect(messages.map(({ error }) => error?.code)).toEqual(['ENVELOPE_UNREADABLE', 'ENVELOPE_UNREADABLE'])
  })
})

describe('what is read of a task', () => {
  it('takes the options of reading and `buckets`', () => {
    const [first] = s3BatchTasks(event, { s3, archived: 'skip', missing: 'skip', unknown: 'skip' })
    expect(first!.objects[0]!.skip).toEqual(['OBJECT_NOT_FOUND', 'OBJECT_ARCHIVED', 'FORMAT_UNKNOWN'])
    const refused = s3BatchTasks(event, { s3, buckets: ['other'] })
    expect(refused.map(({ error }) => error?.code)).toEqual(Array(4).fill('BUCKET_NOT_ALLOWED'))
    for (const wrong of [{ archived: 'x' }, { retries: -1 }, { buckets: ['..'] }])
      expect(() => s3BatchTasks(event, { s3, ...wrong } as never)).toThrow('INVALID_OPTION')
  })

  it('leaves out what AWS writes beside logs', () => {
    const tasks = [{ taskId: 'x', s3Key: 'AWSLogs/123456789012/Config/ConfigWritabilityCheckFile', s3Bucket: 'logs' }]
    const [message] = s3BatchTasks({ ...event, tasks }, { s3 })
    expect(message).toMatchObject({ objects: [], ignored: [expect.stringContaining('test file of AWS Config')] })
  })
})

describe('s3BatchResponse', () => {
  it('tells each task its own result, and tries again what may succeed', () => {
    const away = failed('c', new FlowferryError('TARGET_UNREACHABLE', 'No answer'))
    const response = s3BatchResponse(event, report([done('a'), failed('b', notFound('b.gz')), away]))
    expect(response).toMatchObject({ invocationSchemaVersion: '2.0', invocationId: event.invocationId })
    expect(response.results.map(({ taskId, resultCode }) => [taskId, resultCode])).toEqual([
      ['a', 'Succeeded'],
      ['b', 'PermanentFailure'],
      ['c', 'TemporaryFailure'],
      ['d', 'TemporaryFailure'],
    ])
    expect(response.results[1]!.resultString).toContain('OBJECT_NOT_FOUND')
  })
})
