import { expect, it, vi } from 'vitest'

it('starts with the buckets that a message may name and the dead-letter queue, or not at all', async () => {
  for (const name of ['LOG_BUCKETS', 'DEAD_LETTER_QUEUE_URL']) vi.stubEnv(name, '')
  await expect(import('./pipeline.ts')).rejects.toThrow(
    'Not set in the environment: LOG_BUCKETS, DEAD_LETTER_QUEUE_URL',
  )
  vi.resetModules()
  vi.stubEnv('LOG_BUCKETS', 'my-logs,my-other-logs')
  vi.stubEnv('DEAD_LETTER_QUEUE_URL', 'https://sqs.test/1/dead')
  const { aws, deadLetter, sink } = await import('./pipeline.ts')
  expect(aws.buckets).toEqual(['my-logs', 'my-other-logs'])
  expect(deadLetter.queueUrl).toBe('https://sqs.test/1/dead')
  await sink.close()
  vi.unstubAllEnvs()
})
