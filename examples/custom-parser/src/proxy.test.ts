import { collect, memoryObject, parserContract } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { proxy } from './proxy.ts'

const log = [
  '# proxy 2.1',
  'time\tclient\thost\tbytes\ttook\tcache',
  '1795338932\t192.0.2.7\texample.com\t5316\t0.25\thit',
  '1795338933\t-\texample.com\t0\t12\t-',
  '1795338934\t192.0.2.8\texample.com\tmany\t0.1\t-',
].join('\n')

describe('proxy', () => {
  parserContract({ test, parser: proxy, sample: log, records: 3 })

  test('gives ECS documents, and keeps the column that it does not know', async () => {
    const object = memoryObject({ key: 'proxy.log', body: log })
    const { documents, malformed, unknownFields } = await collect(proxy, object)
    expect(documents).toEqual([
      {
        '@timestamp': '2026-11-22T09:15:32.000Z',
        event: { kind: 'event', dataset: 'custom.proxy', outcome: 'success' },
        source: { address: '192.0.2.7', ip: '192.0.2.7' },
        url: { domain: 'example.com' },
        http: { response: { bytes: 5316 } },
        custom: { proxy: { took: 0.25, cache: 'hit' } },
      },
      {
        '@timestamp': '2026-11-22T09:15:33.000Z',
        event: { kind: 'event', dataset: 'custom.proxy', outcome: 'failure' },
        url: { domain: 'example.com' },
        http: { response: { bytes: 0 } },
        custom: { proxy: { took: 12 } },
      },
    ])
    expect(malformed).toMatchObject([{ ordinal: 2, reason: 'bytes is not of its type, integer' }])
    expect(unknownFields).toEqual({ cache: 1 })
  })
})
