import { collect, memoryObject, parserContract } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import { nginx } from './nginx.ts'

const log = [
  '192.0.2.7 - - [22/Nov/2026:10:15:32 +0100] "GET /cart?id=7 HTTP/1.1" 200 5316 "-" "curl/8.7.1"',
  '2001:db8::1 - ann [22/Nov/2026:10:15:33 +0100] "POST /login HTTP/2.0" 401 12 "-" "-"',
  'not a log line',
].join('\n')

describe('nginx', () => {
  parserContract({ test, parser: nginx, sample: log, records: 3 })

  test('gives ECS documents', async () => {
    const { documents, malformed } = await collect(nginx, memoryObject({ key: 'access.log', body: log }))
    expect(documents[0]).toEqual({
      '@timestamp': '2026-11-22T09:15:32.000Z',
      source: { address: '192.0.2.7' },
      http: { request: { method: 'GET' }, response: { status_code: 200, bytes: 5316 } },
      url: { path: '/cart?id=7' },
    })
    expect(malformed.map(({ ordinal }) => ordinal)).toEqual([2])
  })

  test.each(['32/Nov/2026:10:15:32 +0100', '22/Nov/2026:25:15:32 +0100', '22/Foo/2026:10:15:32 +0100', '-'])(
    'counts a line with the time %s as malformed and reads the others',
    async (time) => {
      const body = log.replace('22/Nov/2026:10:15:32 +0100', time)
      const { documents, malformed } = await collect(nginx, memoryObject({ key: 'access.log', body }))
      expect(documents.map((document) => document['@timestamp'])).toEqual(['2026-11-22T09:15:33.000Z'])
      expect(malformed.map(({ ordinal }) => ordinal)).toEqual([0, 2])
    },
  )
})
