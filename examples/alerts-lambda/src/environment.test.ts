import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it, vi } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

beforeEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
  vi.stubEnv('SEARCH_URL', 'https://search.example')
  vi.stubEnv('TOPIC_ARN', 'arn:aws:sns:eu-central-1:123456789012:alerts')
  vi.stubEnv('STATE_BUCKET', 'state')
})

describe('the environment', () => {
  it('has what template.yaml sets', () => {
    const names = [...read('./environment.ts').matchAll(/(?:process\.env\.|required\(')([A-Z_]+)/g)]
    const [, variables] = /Variables:\n((?: {10,}.*\n)+)/.exec(read('../template.yaml'))!
    const set = [...variables!.matchAll(/^ {10}([A-Z_]+):/gm)].map(([, name]) => name)
    expect(new Set(names.map(([, name]) => name))).toEqual(new Set([...set, 'STATE_KEY']))
  })

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

  it('without a topic says so', async () => {
    vi.stubEnv('TOPIC_ARN', '')
    await expect(import('./environment.ts')).rejects.toThrow('The environment variable TOPIC_ARN is not set')
  })
})
