import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fixtures } from '../../../test/support/fixtures.ts'
import { numbers, object } from '../test/numbers.ts'
import { rejectedDocuments } from './dead-records/rejected.ts'
import { byKey, detect } from './detect.ts'
import { cloudFront } from './formats/cloudfront.ts'
import { cloudTrail } from './formats/cloudtrail.ts'
import { formats } from './formats/index.ts'
import { vpcFlow } from './formats/vpc-flow.ts'
import { ingest } from './ingest/ingest.ts'
import { memoryObject, memorySink, memorySource } from './testing/index.ts'

const parser = detect([vpcFlow, cloudFront, rejectedDocuments(), cloudTrail])
const flows = 'version srcaddr dstaddr end\n5 10.0.0.1 10.0.0.2 1795339000\n'
/** Openings without an end, and pieces behind each of which a search could begin again. */
const repeated = [
  '[',
  '{',
  '[[],',
  '{"a":1,',
  '{"a":',
  '{"Records":[',
  '"',
  '\\"',
  '"\\\n',
  '"a":',
  ' ',
  '\r\n',
  '\r',
  '#',
  '#Fields: ',
  'a ',
]
const begun = ['', '"', '{"Records":[', '[{"a":"', '#Fields:']

// Where the cost is the square of the length, each of these takes an hour.
test.each(repeated)('a head of %j is looked at once', { timeout: 30_000 }, (piece) => {
  for (const begin of begun) {
    const text = begin + piece.repeat(1_000_000 / piece.length)
    expect(parser.claims({ bucket: 'b', key: 'k', stored: Buffer.from(text), text })).not.toBe('key')
  }
})

test('nothing but brackets, in few stored bytes, is one unknown object beside a good one', async () => {
  const bombs = ['[', '{', '[[],', '{"a":1,'].map((piece, i) =>
    memoryObject({ key: `bomb-${i}`, body: gzipSync(piece.repeat(100_000)) }),
  )
  const source = memorySource(...bombs, memoryObject({ key: 'good', body: flows }))
  const { messages } = await ingest({ source, parser, sink: memorySink() })
  const ends = messages.map(({ objects }) => objects[0]!.error?.code ?? objects[0]!.status)
  expect(ends).toEqual([...bombs.map(() => 'FORMAT_UNKNOWN'), 'done'])
})

test('a header of very many names costs as much as it is long', { timeout: 20_000 }, async () => {
  const names = Array.from({ length: 200_000 }, (_, n) => `x${n}`)
  const body = gzipSync(`#Version: 1.0\n#Fields: date time ${names.join(' ')}\n2026-01-01\t00:00:00\n`)
  const source = memorySource(memoryObject({ key: 'wide', body }))
  const { messages } = await ingest({
    source,
    parser: cloudFront,
    sink: memorySink(),
    limits: { columns: names.length + 2 },
  })
  expect(messages[0]!.objects[0]!.counts).toMatchObject({ written: 0, malformed: 1 })
})

describe('detect', () => {
  const parser = detect([vpcFlow, cloudFront])
  const web = '#Version: 1.0\n#Fields: date time c-ip sc-status\n2026-01-01\t00:00:00\t192.0.2.1\t200\n'

  test('chooses by content, whatever the key says', async () => {
    const source = memorySource(
      object('AWSLogs/1/vpcflowlogs/x.gz', gzipSync(web)),
      object('E2EXAMPLE12345.2026-01-01-00.abcd1234.gz', flows),
    )
    const report = await ingest({ source, parser, sink: memorySink() })
    expect(report.messages.map(({ objects }) => objects[0]!.kinds)).toEqual([['cloudfront'], ['vpcflow']])
  })

  test('an empty object has no records; one of no known format is an error', async () => {
    const report = await ingest({
      source: memorySource(object('a', ''), object('b', 'hello world\n')),
      parser,
      sink: memorySink(),
    })
    expect(report.messages.map(({ status }) => status)).toEqual(['done', 'failed'])
    expect(report.messages[1]!.objects[0]!.error).toMatchObject({ code: 'FORMAT_UNKNOWN' })
  })

  test('an object whose key alone says what it is gets that parser and its error', async () => {
    const report = await ingest({
      source: memorySource(object('AWSLogs/1/vpcflowlogs/x', '7 1 2 3\n')),
      parser,
      sink: memorySink(),
    })
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'FORMAT_MISMATCH' })
  })

  test.each([
    ['a zip archive', Buffer.from('PK\x03\x04\x14\0\0\0')],
    ['compressed by bzip2', Buffer.from('BZh91AY&SY')],
    ['Parquet', Buffer.from('PAR1\x15\x04')],
    ['Avro', gzipSync(Buffer.from('Obj\x01\x04'))],
    ['a PNG image', gzipSync(Buffer.from('89504e470d0a1a0a0000000d', 'hex'))],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['a 7-Zip archive', Buffer.from('377abcaf271c0004', 'hex')],
    ['text in UTF-16', Buffer.from(`\ufeff${flows}`, 'utf16le')],
    ['text in UTF-16', Buffer.from(flows, 'utf16le')],
    ["AWS Config's history", '{"fileVersion":"1.0","configurationItems":[{"relatedEvents":[]}]}'],
    [
      'CloudWatch Logs, whose messages `cloudWatchLogs(parser)` reads',
      gzipSync('{"messageType":"DATA_MESSAGE","owner":"123456789012","logEvents":[]}'),
    ],
    ["Global Accelerator's flow logs", 'version aws_account_id accelerator_id client_ip\n2.0 1 a 192.0.2.1\n'],
    ['OCSF', '{"metadata":"x","class_uid":3001}'],
    [
      'a digest of CloudTrail',
      '{\n "awsAccountId": "1",\n "digestStartTime": "2026-11-30T09:00:00Z",\n "logFiles": []\n}',
    ],
    ['a notification of S3', '{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","s3":{}}]}'],
    ['a notification of S3', '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}'],
    [
      "Security Hub's findings",
      '{"SchemaVersion":"2018-10-08","Id":"1","ProductArn":"arn:aws:securityhub:::product/x"}',
    ],
    [
      "CloudTrail's events as CSV",
      '"eventversion","useridentity","eventtime"\n"1.08","{type=IAMUser}","2026-11-30T09:00:00Z"\n',
    ],
    [
      "CloudTrail's events as CSV",
      'eventVersion,userIdentity,eventTime\n1.08,{type=IAMUser},2026-11-30 09:00:00.000\n',
    ],
    [
      "CloudTrail Lake's GetQueryResults",
      '{"QueryStatus":"FINISHED","QueryStatistics":{"ResultsCount":1},"QueryResultRows":[[{"eventName":"a"}]]}',
    ],
    ["Athena's GetQueryResults", '{"UpdateCount":0,"ResultSet":{"Rows":[{"Data":[{"VarCharValue":"eventversion"}]}]}}'],
  ])('an object that no parser reads is named: %s', async (name, body) => {
    const { messages } = await ingest({ source: memorySource(object('a', body)), parser, sink: memorySink() })
    expect(messages[0]!.objects[0]!.error).toMatchObject({
      code: 'FORMAT_UNKNOWN',
      message: expect.stringContaining(name),
    })
  })

  test('one that is no text is named, too, where the key chose a parser', async () => {
    const zip = object('AWSLogs/1/vpcflowlogs/x', Buffer.from('PK\x03\x04\x14\0\0\0'))
    const { messages } = await ingest({ source: memorySource(zip), parser, sink: memorySink() })
    expect(messages[0]!.objects[0]!.error).toMatchObject({
      code: 'FORMAT_MISMATCH',
      message: expect.stringContaining('a zip archive'),
    })
  })

  test('byKey goes by the key', async () => {
    const routed = byKey<unknown>([
      [/\.web$/, cloudFront],
      [/\.flow$/, vpcFlow],
    ])
    const report = await ingest({
      source: memorySource(object('x.web', web), object('x.flow', flows), object('x.other')),
      parser: routed,
      sink: memorySink(),
    })
    expect(report.messages.map(({ status }) => status)).toEqual(['done', 'done', 'failed'])
  })
})

describe('of all formats', async () => {
  const all = await Promise.all(
    Object.entries(formats).map(async ([name, load]) => ({ name, claims: (await load()).claims })),
  )
  /** Names of those that claim a text by itself, whatever its key. */
  const claiming = (text: string) => {
    const stored = Buffer.from(text)
    const head = { bucket: 'b', key: 'k', stored, text: stored.toString('latin1') }
    return all.filter(({ claims }) => claims(head) === 'content').map(({ name }) => name)
  }

  test.each(fixtures)('one claims $name, whatever ends its lines, and no other a line of it', (one) => {
    const { text, formatName } = one
    expect(claiming(text)).toEqual([formatName])
    expect(claiming(`\ufeff${text.replaceAll('\n', '\r\n')}`)).toEqual([formatName])
    // A line behind a header may be claimed by nobody.
    for (const line of text.trimEnd().split('\n')) expect([[], [formatName]], line).toContainEqual(claiming(line))
  })

  test.each([
    [
      'the combined log of a web server',
      '192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"',
    ],
    ['one with its host', 'a.example:80 192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "-" "c"'],
    ['IIS', '#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method sc-status'],
    [
      'another network',
      '#Version: 1.0\n#Fields: date time cs-ip cs-method cs-uri sc-status sc-bytes time-taken cs(Referer)',
    ],
    ['own W3C', '#Version: 1.0\n#Fields: date time x-one x-two\n2025-01-01 00:00:00 a b'],
    ['own values with a comma', '#Fields: id,name,price\n1,a,2'],
    ['CSV', 'type,time,status\nhttp,2025-01-01T00:00:00Z,PASS'],
    ["a socket's own JSON", '{"eventTimestamp":"2025-01-01T00:00:00Z","connectionId":"a","event":"open"}'],
    ["a proxy's own JSON", '{"time":"2025-01-01T00:00:00Z","listener":"https","tls_handshake_time":3}'],
    ["another proxy's", '{"proxy_name":"a","final_action":"deny"}'],
    ['own health checks', '{"target_group_id":"a","reason_code":"b"}'],
    ['a sentence', 'start of log'],
    ['another', 'version two of this'],
    ['own columns', 'type name\na b'],
    ['own columns of everyday names', 'name type region start end\na b c d e'],
    ['a word', 'end'],
  ])('none claims %s', (_, text) => expect(claiming(`${text}\n`)).toEqual([]))
})

describe('detect and byKey', () => {
  test('a file that repeats itself is known by its beginning', async () => {
    const line = '2 123456789012 eni-0 10.0.0.1 10.1.0.1 1 443 6 1 4249 1418530010 1418530070 ACCEPT OK\n'
    const source = memorySource(object('a', gzipSync(line.repeat(100_000))))
    const report = await ingest({ source, parser: detect([vpcFlow]), sink: memorySink(), filter: () => false })
    expect(report).toMatchObject({ ok: true, counts: { filtered: 100_000 } })
  })

  const report = (body: Uint8Array) =>
    ingest({ source: memorySource(object('a', body)), parser: detect([vpcFlow]), sink: memorySink() })

  test.each(['\n\n', ' \r\n\t\n'])('an object of blanks, %j, has no records, compressed or not', async (blanks) => {
    for (const body of [Buffer.from(blanks), gzipSync(blanks)])
      expect(await report(body)).toMatchObject({ ok: true, counts: { read: 0 } })
  })

  test('a compressed object of no byte has no records, and a cut one is no such object', async () => {
    const empty = gzipSync('')
    expect(await report(empty)).toMatchObject({ ok: true, counts: { read: 0 } })
    const gap = Buffer.concat([empty, Buffer.alloc(100_000), gzipSync('x')])
    for (const bad of [empty.subarray(0, -1), empty.subarray(0, 11), gzipSync('x').subarray(0, 11), gap])
      expect((await report(bad)).messages[0]!.objects[0]!.error).toMatchObject({ code: 'COMPRESSION_CORRUPT' })
  })

  test('a claim by content wins over an earlier one by key; two are an error that names both; of keys the first counts', async () => {
    const claiming = (kind: string, claim: 'content' | 'key' | undefined) => ({
      ...numbers,
      formats: [{ ...numbers.formats[0]!, kind, title: kind }],
      claims: () => claim,
      parse: (): never => {
        throw new Error(kind)
      },
    })
    const chosen = async (...claims: ('content' | 'key' | undefined)[]) => {
      const source = memorySource(object('a'))
      const parser = detect(claims.map((claim, index) => claiming(`parser ${index}`, claim)))
      const { messages } = await ingest({ source, parser, sink: memorySink() })
      return messages[0]!.objects[0]!.error
    }
    expect((await chosen('key', undefined, 'content', 'key'))!.message).toContain('parser 2')
    expect(await chosen('key', 'content', undefined, 'content')).toMatchObject({
      code: 'FORMAT_AMBIGUOUS',
      message: expect.stringContaining('parser 1, parser 3'),
    })
    expect((await chosen(undefined, 'key', 'key'))!.message).toContain('parser 1')
    expect(await chosen(undefined, undefined)).toMatchObject({
      code: 'FORMAT_UNKNOWN',
      message: expect.stringContaining('parser 0, parser 1'),
    })
    // A list of all says nothing of the object.
    expect((await chosen(...Array.from({ length: 5 }, () => undefined)))!.message).toContain('none of the 5 formats')
  })

  test('states the formats of its parsers once each', () => {
    expect(detect([vpcFlow, cloudFront, vpcFlow]).formats).toEqual([...vpcFlow.formats, ...cloudFront.formats])
  })

  test('byKey keeps no state of a global pattern', async () => {
    const parser = byKey([[/a/g, numbers]])
    const source = memorySource(object('a1'), object('a2'), object('a3'))
    expect(await ingest({ source, parser, sink: memorySink(), concurrency: 1 })).toMatchObject({ ok: true })
  })
})
