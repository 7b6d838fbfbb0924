import { expect, it, vi } from 'vitest'

it('starts with the buckets that a message may name, or not at all', async () => {
  vi.stubEnv('LOG_BUCKETS', '')
  await expect(import('./pipeline.ts')).rejects.toThrow('The environment variable LOG_BUCKETS is not set')
  vi.resetModules()
  vi.stubEnv('LOG_BUCKETS', 'my-logs,my-other-logs')
  const { aws, sink } = await import('./pipeline.ts')
  expect(aws.buckets).toEqual(['my-logs', 'my-other-logs'])
  await sink.close()
  vi.unstubAllEnvs()
})
