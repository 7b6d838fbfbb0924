import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
  vi.stubEnv('SEARCH_URL', 'https://search.example')
  vi.stubEnv('DEAD_LETTER_QUEUE_URL', 'https://sqs.test/1/dlq')
})

describe('what is read', () => {
  it.each([
    [{}, { unknown: 'fail' }],
    [{ LOG_BUCKETS: 'logs,more-logs' }, { buckets: ['logs', 'more-logs'], unknown: 'fail' }],
    [{ UNKNOWN_FORMAT: 'skip' }, { unknown: 'skip' }],
    [{ UNKNOWN_FORMAT: 'typo' }, { unknown: 'fail' }],
  ])('with %j is %j', async (environment, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
    expect((await import('./environment.ts')).reading).toEqual(expected)
  })
})

describe('template.yaml', () => {
  const template = readFileSync(new URL('../template.yaml', import.meta.url), 'utf8')
  const bucket = `\${AWS::StackName}-logs-\${AWS::AccountId}-\${AWS::Region}`

  it('lets the function continue large files: Lambda would stop the loop after 16 invocations', () => {
    expect(template).toMatch(/^ {6}RecursiveLoop: Allow$/m)
  })

  it('names the bucket that a message may name, and the sender of messages', () => {
    expect(template).toContain(`BucketName: !Sub "${bucket}"`)
    expect(template).toContain(`LOG_BUCKETS: !Sub "${bucket}"`)
    expect(template).toContain(`aws:SourceArn: !Sub "arn:\${AWS::Partition}:s3:::${bucket}"`)
    expect(template).toContain('UNKNOWN_FORMAT: !Ref UnknownFormat')
  })
})
