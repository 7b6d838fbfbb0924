import { describe, expect, test } from 'vitest'
import { ingest } from '../ingest.ts'
import { memoryObject, memorySink, memorySource } from '../testing.ts'
import { cloudFront } from './cloudfront.ts'

describe('cloudFront', () => {
  test('a field name that looks like code is a name and nothing else', async () => {
    const names = [
      'x"];process.exit(7)//',
      ['`$', '{process.exit(8)}`'].join(''),
      "'+process.exit(9)+'",
      '\\u0022',
      '*/process.exit(10)/*',
    ]
    const lines = Array.from({ length: 200 }, (_, n) =>
      ['2026-01-01', '00:00:00', ...names.map((_, i) => `v${n}-${i}`)].join('\t'),
    )
    const body = `#Version: 1.0\n#Fields: date time ${names.join(' ')}\n${lines.join('\n')}\n`
    const sink = memorySink()
    const report = await ingest({ source: memorySource(memoryObject({ key: 'a', body })), parser: cloudFront, sink })
    expect(report.counts).toMatchObject({ read: 200, written: 200 })
    expect(report.messages[0]!.objects[0]!.unknownFields['\\u0022']).toBe(200)
  })

  test('a time that is none leaves the document to the time of its object', async () => {
    const body = '#Fields: date time sc-status\n2026-13-41\t00:00:00\t000\n'
    const sink = memorySink()
    const report = await ingest({ source: memorySource(memoryObject({ key: 'a', body })), parser: cloudFront, sink })
    expect(report.messages[0]!.objects[0]!.untimed).toBe(1)
    expect([...sink.documents.values()][0]!.document).toMatchObject({
      '@timestamp': '2026-01-01T00:00:00.000Z',
      event: { outcome: 'failure' },
      http: { response: { status_code: 0 } },
    })
  })
})
