import { describe, expect, test } from 'vitest'
import { detect } from '../detect.ts'
import { ingest } from '../ingest/ingest.ts'
import { collect, memoryObject, memorySink, memorySource } from '../testing/index.ts'
import { cloudFront } from './cloudfront.ts'
import { cloudFrontRealTime } from './cloudfront-real-time.ts'

const claim = (text: string) => cloudFront.claims({ bucket: 'b', key: 'k', stored: Buffer.from(text), text })

describe('cloudFront', () => {
  test.each([
    '#Version: 1.0\n#Fields: date time c-ip\n2026-01-01\t00:00:00\t192.0.2.1\n',
    '{"timestamp(ms)":"1","c-ip":"192.0.2.1"}',
    '{"timestamp_ms":"1","c_ip":"192.0.2.1"}',
    '{"x_edge_location":"FRA"}',
    '{"cs(Host)":"a.example"}',
    '{"DistributionId":"E1","timestamp":"1763806542"}',
    '{"timestamp":"1763806542","c-ip":"192.0.2.1","sc-status":"200"}',
  ])('claims %j', (text) => expect(claim(text)).toBe('content'))

  test.each([
    '#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n',
    '{"timestamp_ms":"1","text":"a post"}',
    '{"timestamp":1,"c-ip":"192.0.2.1"}',
  ])("claims not what is anybody else's: %j", (text) => expect(claim(text)).toBeUndefined())

  const first = ['2026-01-01', '00:00:00', 'FRA2', '1', '192.0.2.1', 'GET', 'd.example', '/', '200', '-', 'curl', '-']
  const lineOf = (values: number) => Array.from({ length: values }, (_, i) => first[i] ?? '-').join('\t')

  test.each([12, 15, 18, 19, 23, 24, 26, 33, 35])('knows a file of %i fields without a header', async (values) => {
    expect(claim(`${lineOf(values)}\n`)).toBe('content')
    const body = `${lineOf(values)}\n${lineOf(values)}\n${lineOf(values - 1)}\n`
    const source = memorySource(memoryObject({ key: 'a', body }))
    const report = await ingest({ source, parser: cloudFront, sink: memorySink(), malformedShare: 1 })
    expect(report.counts).toMatchObject({ read: 3, written: 2, malformed: 1 })
  })

  test('leaves other numbers of fields, and other values, to whoever states the fields', () => {
    for (const values of [11, 13, 20, 34]) expect(claim(lineOf(values))).toBeUndefined()
    expect(claim(lineOf(33).replace('192.0.2.1', 'host'))).toBeUndefined()
  })

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

describe('cloudFrontRealTime', () => {
  const line = '1763806542.123\t192.0.2.1\t200\t/a%2520b?c=d\n'

  test('reads chosen fields by their names', async () => {
    const parser = cloudFrontRealTime.withFields(['timestamp', 'c-ip', 'sc-status', 'cs-uri-stem'])
    const { documents } = await collect(parser, memoryObject({ key: 'k', body: line }))
    expect(documents).toMatchObject([
      {
        '@timestamp': '2025-11-22T10:15:42.123Z',
        url: { path: '/a%20b', query: 'c=d' },
        event: { outcome: 'success' },
      },
    ])
  })

  test('says of a file with a part of them what it needs', async () => {
    const parser = detect([cloudFront, cloudFrontRealTime])
    const { messages } = await ingest({
      source: memorySource(memoryObject({ key: 'k', body: line })),
      parser,
      sink: memorySink(),
    })
    expect(messages[0]!.objects[0]!.error?.message).toContain('withFields()')
  })
})
