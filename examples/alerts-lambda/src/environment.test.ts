import { beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
  vi.stubEnv('SEARCH_URL', 'https://search.example')
  vi.stubEnv('TOPIC_ARN', 'arn:aws:sns:eu-central-1:123456789012:alerts')
  vi.stubEnv('STATE_BUCKET', 'state')
})

describe('the environment', () => {
  it.each([
    [{}, { queueUrls: [], place: { Bucket: 'state', Key: 'alerts.json' } }],
    [{ QUEUE_URLS: '', NAMESPACE: '', OWN_BLOCKS: '', DASHBOARD_URL: '' }, { queueUrls: [] }],
    [{ QUEUE_URLS: 'https://a,https://b' }, { queueUrls: ['https://a', 'https://b'] }],
    [{ NAMESPACE: 'production' }, { logs: { namespace: 'production' } }],
    [{ OWN_BLOCKS: '10.0.0.0/8,2001:db8::/32' }, { options: { own: ['10.0.0.0/8', '2001:db8::/32'] } }],
  ])('with %j is %j', async (environment, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
    const { options, ...rest } = await import('./environment.ts')
    expect({ options, ...rest }).toMatchObject(expected)
    if (!('OWN_BLOCKS' in environment && environment.OWN_BLOCKS)) expect(options).not.toHaveProperty('own')
  })

  it('names all that is missing, at once', async () => {
    vi.stubEnv('TOPIC_ARN', '')
    vi.stubEnv('STATE_BUCKET', undefined)
    await expect(import('./environment.ts')).rejects.toThrow('Not set in the environment: TOPIC_ARN, STATE_BUCKET')
  })
})
