import { collect, memoryObject, parserContract } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { resolver } from './resolver.ts'

const query = {
  version: '1.100000',
  query_timestamp: '2026-11-22T09:15:32Z',
  query_name: 'example.com.',
  query_type: 'A',
  query_class: 'IN',
  rcode: 'NOERROR',
  srcaddr: '10.0.1.15',
  transport: 'UDP',
}
const log = [query, { ...query, query_type: 'AAAA' }, { hello: 'world' }].map((line) => JSON.stringify(line)).join('\n')

describe('resolver', () => {
  parserContract({ test, parser: resolver, sample: log, records: 3 })

  test('gives ECS documents', async () => {
    const { documents, malformed } = await collect(resolver, memoryObject({ key: 'queries.log', body: log }))
    expect(documents[0]).toMatchObject({
      '@timestamp': '2026-11-22T09:15:32.000Z',
      dns: { question: { name: 'example.com.', type: 'A' }, response_code: 'NOERROR' },
      source: { ip: '10.0.1.15' },
    })
    expect(malformed.map(({ ordinal }) => ordinal)).toEqual([2])
  })

  test('keeps a time that is none, and fields that it does not know', async () => {
    const body = JSON.stringify({ ...query, query_timestamp: 'yesterday' })
    const { documents } = await collect(resolver, memoryObject({ key: 'queries.log', body }))
    expect(documents[0]).toMatchObject({
      aws: { route53: { unknown: { query_timestamp: 'yesterday', transport: 'UDP' } } },
    })
  })

  test('claims by content', () => {
    const head = (text: string) => ({ bucket: 'b', key: 'k', stored: Buffer.from(text), text })
    expect(resolver.claims(head(log))).toBe('content')
    expect(resolver.claims(head('{"Records":[]}'))).toBeUndefined()
  })
})
