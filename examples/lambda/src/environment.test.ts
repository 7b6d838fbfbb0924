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

describe('what is missing', () => {
  it.each([
    ['environment', 'SEARCH_URL, DEAD_LETTER_QUEUE_URL', () => import('./environment.ts')],
    ['redrive', 'DEAD_LETTER_QUEUE_URL, QUEUE_URL', () => import('./redrive.ts')],
  ])('is named by %s at its start, all of it', async (_, missing, start) => {
    for (const name of missing.split(', ')) vi.stubEnv(name, '')
    await expect(start()).rejects.toThrow(`Not set in the environment: ${missing}`)
  })
})
