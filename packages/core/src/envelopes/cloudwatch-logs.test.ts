import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { detect } from '../detect.ts'
import { lines } from '../encodings/lines/lines.ts'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { networkFirewall } from '../formats/network-firewall.ts'
import { networkFirewallProxy } from '../formats/network-firewall-proxy.ts'
import { route53Resolver } from '../formats/route53-resolver.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { waf } from '../formats/waf.ts'
import { ingest } from '../ingest/ingest.ts'
import { parseContext } from '../read/limits.ts'
import { collect, memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { LogDocument, Parser } from '../types.ts'
import { cloudWatchLogs } from './cloudwatch-logs.ts'

const flow = (port = 443, more = '') =>
  `2 123456789012 eni-0123456789abcdef0 192.0.2.7 198.51.100.4 40000 ${port} 6 10 840 1764493200 1764493260 ACCEPT OK${more}`
const defaultFields =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const call = (id: string, more: object = {}) =>
  JSON.stringify({
    eventVersion: '1.11',
    userIdentity: { type: 'IAMUser', accountId: '123456789012', userName: 'Zoë "the" admin' },
    eventTime: '2026-11-30T09:00:00Z',
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '192.0.2.7',
    requestParameters: { bucketName: 'logs', key: 'a\\b\tc' },
    eventID: id,
    ...more,
  })
const event = (message: string, id = '36503132431674923811') => ({ id, timestamp: 1_764_493_260_000, message })
const envelope = (messages: readonly string[], more: object = {}) =>
  JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: '/vpc/flow',
    logStream: 'eni-0123456789abcdef0-all',
    subscriptionFilters: ['to-firehose'],
    logEvents: messages.map((message) => event(message)),
    ...more,
  })
const control = envelope(['CWL CONTROL MESSAGE: Checking health of destination Firehose.'], {
  messageType: 'CONTROL_MESSAGE',
  logGroup: '',
  logStream: '',
})
const inTrail = { logGroup: 'aws-cloudtrail-logs', logStream: '123456789012_CloudTrail_eu-west-1' }
const all = cloudWatchLogs(detect([vpcFlow, cloudTrail, networkFirewall]))

async function read(body: string | Uint8Array, parser: Parser<unknown> = all, options: object = {}) {
  const sink = memorySink()
  const source = memorySource(memoryObject({ key: 'firehose/2026/11/30/09/x-1', body, ...options }))
  const report = await ingest({ source, parser, sink, malformedShare: 1 })
  const [object] = report.messages[0]!.objects
  return {
    object: object!,
    ids: [...sink.documents.keys()],
    documents: [...sink.documents.values()].map((one) => one.document),
  }
}

describe("a subscription filter's envelopes", () => {
  test('hold the records of flow logs, with where they came from', async () => {
    const { object, documents } = await read(envelope([flow(), flow(22)]))
    expect(object).toMatchObject({ status: 'done', kinds: ['vpcflow'], counts: { read: 2, written: 2 } })
    const plain = await collect(vpcFlow, memoryObject({ key: 'a', body: `${flow()}\n${flow(22)}\n` }))
    const expected = plain.documents.map((document) => ({
      ...document,
      data_stream: { type: 'logs', dataset: 'aws.vpcflow', namespace: 'default' },
      aws: {
        ...(document.aws as object),
        cloudwatch: { log_group: '/vpc/flow', log_stream: 'eni-0123456789abcdef0-all' },
      },
      log: { file: { path: '/vpc/flow/eni-0123456789abcdef0-all' } },
    }))
    expect(documents).toEqual(expected)
  })

  test.each([
    ['one behind the other', (texts: string[]) => texts.join('')],
    ['a line each', (texts: string[]) => texts.map((text) => `${text}\n`).join('')],
    [
      'with space between their members',
      (texts: string[]) => texts.map((text) => JSON.stringify(JSON.parse(text), null, 2)).join('\n'),
    ],
    [
      'gzip behind gzip, as Firehose puts it together',
      (texts: string[]) => Buffer.concat(texts.map((text) => gzipSync(text))),
    ],
    ['in gzip again', (texts: string[]) => gzipSync(Buffer.concat(texts.map((text) => gzipSync(text))))],
  ])('are read %s', async (_, join) => {
    const texts = [envelope([flow(1)]), control, envelope([flow(2), flow(3)], { logStream: 'eni-2' })]
    const { object, documents } = await read(join(texts))
    expect(object).toMatchObject({ status: 'done', counts: { read: 3, written: 3 } })
    expect(documents.map((one) => at(one, 'destination.port'))).toEqual([1, 2, 3])
    expect(documents.map((one) => at(one, 'aws.cloudwatch.log_stream'))).toEqual([
      'eni-0123456789abcdef0-all',
      'eni-2',
      'eni-2',
    ])
  })

  test('of several formats are told apart by their log streams, in one order', async () => {
    const { object, ids, documents } = await read(
      envelope([call('e-1')], inTrail) +
        envelope([flow(1), flow(2)]) +
        envelope([call('e-2')], inTrail) +
        envelope([flow(3)]),
    )
    expect(object).toMatchObject({ status: 'done', kinds: ['cloudtrail', 'vpcflow'], counts: { read: 5, written: 5 } })
    expect(documents.map((one) => at(one, 'event.dataset'))).toEqual([
      'aws.cloudtrail',
      'aws.vpcflow',
      'aws.vpcflow',
      'aws.cloudtrail',
      'aws.vpcflow',
    ])
    expect(ids[0]).toBe('s3:test-bucket:e-1')
    expect(ids[3]).toBe('s3:test-bucket:e-2')
    // The ordinal in the object.
    expect(ids.map((id) => id.slice(22))).toMatchObject({ 1: '1', 2: '2', 4: '4' })
  })

  test('keep a message of CloudTrail whole: quotes, backslashes, tabs, letters of any language', async () => {
    const { documents } = await read(envelope([call('e-1')], inTrail))
    expect(at(documents[0]!, 'user.name')).toBe('Zoë "the" admin')
    expect(at(documents[0]!, 'aws.cloudtrail.flattened.request_parameters')).toEqual({
      bucketName: 'logs',
      key: 'a\\b\tc',
    })
    expect(at(documents[0]!, 'cloud.account.id')).toBe('123456789012')
    const written = JSON.stringify(JSON.parse(envelope([call('e-1')], inTrail))).replaceAll('ë', '\\u00eb')
    expect((await read(written)).documents).toEqual(documents)
  })

  test('give their owner where a record names no account', async () => {
    const firewall = JSON.stringify({
      firewall_name: 'fw',
      availability_zone: 'eu-west-1a',
      event_timestamp: '1764493200',
      event: {
        timestamp: '2026-11-30T09:00:00.000000+0000',
        event_type: 'netflow',
        src_ip: '192.0.2.7',
        dest_ip: '198.51.100.4',
        proto: 'TCP',
        netflow: { pkts: 1, bytes: 60 },
      },
    })
    const { documents } = await read(envelope([firewall], { owner: '111122223333' }))
    expect(at(documents[0]!, 'cloud.account.id')).toBe('111122223333')
    expect(at((await read(envelope([flow()], { owner: '111122223333' }))).documents[0]!, 'cloud.account.id')).toBe(
      '123456789012',
    )
    expect((await read(envelope([firewall], { owner: 'me' }))).documents[0]).not.toHaveProperty('cloud.account')
  })

  test.each([
    ['first', [['nonsense', flow(1)], [flow(2)]]],
    ['between others', [[flow(1), 'nonsense', flow(2)]]],
    ['in an envelope of its own', [[flow(1)], ['nonsense'], [flow(2)]]],
    ['of half an object', [[flow(1)], ['{"a":"'], [flow(2)]]],
  ])('count a message that is none once, %s', async (_, messages) => {
    const { object, documents } = await read(messages.map((one) => envelope(one)).join(''))
    expect(object).toMatchObject({ status: 'done', counts: { read: 3, malformed: 1, written: 2 } })
    expect(documents.map((one) => at(one, 'destination.port'))).toEqual([1, 2])
    const [bad] = object.malformed
    const body = messages.map((one) => envelope(one)).join('')
    expect(body.slice(bad!.offset)).toMatch(/^\{"id":"\d+","timestamp":\d+,"message":"(nonsense|\{\\"a\\":\\")"/)
  })

  test('count a message of CloudTrail that is none once, wherever it stands', async () => {
    for (const bad of ['nonsense', '{"eventVersion":"1.08', '[', '7', '"x"', '{"a":{]', '{"Records":[{}]}', '[{}]']) {
      const body =
        envelope([bad, call('e-1'), bad, call('e-2')], inTrail) +
        envelope([bad], inTrail) +
        envelope([call('e-3')], inTrail)
      const { object } = await read(body)
      expect(object, bad).toMatchObject({ status: 'done', counts: { read: 6, malformed: 3, written: 3 } })
    }
  })

  test('are one line of text a message, whatever ends of lines it has', async () => {
    const pretty = JSON.stringify(JSON.parse(call('e-1')), null, 2)
    const { object } = await read(envelope([`${pretty}\r\n`, ' \n', '', `${call('e-2')}\n`], inTrail))
    expect(object).toMatchObject({ status: 'done', counts: { read: 2, written: 2 } })
    expect((await read(envelope([`${flow()}\n`, `${flow()}\r\n`]))).object.counts).toMatchObject({
      read: 2,
      written: 2,
    })
  })

  test.each([
    [
      'whose messages nobody reads',
      envelope(['hello', 'world'], { logGroup: '/aws/lambda/f' }),
      /the log group \/aws\/lambda\/f/,
    ],
    ['of other JSON', '{"messageType":"DATA_MESSAGE","logGroup":1,"logEvents":[{"id":"1"}]}', /none is an envelope/],
  ])('%s fail, and say what they are', async (_, body, message) => {
    const { object } = await read(body)
    expect(object).toMatchObject({ status: 'failed', error: { code: 'FORMAT_UNKNOWN' } })
    expect(object.error!.message).toMatch(message)
    expect(object.error!.message).toContain('VPC Flow Logs, CloudTrail, Network Firewall logs')
  })

  test('whose messages nobody reads are malformed beside others', async () => {
    const other = envelope(['hello', 'world'], { logGroup: '/aws/lambda/f', logStream: 's' })
    for (const parser of [all, cloudWatchLogs(vpcFlow), cloudWatchLogs(vpcFlow.withFields(defaultFields.split(' ')))])
      for (const [before, behind] of [
        [[], [1]],
        [[1], []],
        [[1], [2]],
      ] as const) {
        const body = [
          ...before.map((port) => envelope([flow(port)])),
          other,
          ...behind.map((port) => envelope([flow(port)])),
        ]
        const { object, documents } = await read(body.join(''), parser)
        const ports = [...before, ...behind]
        expect(object).toMatchObject({
          status: 'done',
          counts: { read: 2 + ports.length, malformed: 2, written: ports.length },
        })
        expect(documents.map((one) => at(one, 'destination.port'))).toEqual(ports)
        if (parser === all) expect(object.malformed[0]!.reason).toContain('the log group /aws/lambda/f')
        expect(object.malformed.map(({ ordinal }) => ordinal)).toEqual([before.length, before.length + 1])
      }
  })

  test('of which one parser reads none are malformed, and it is said what its lines would be', async () => {
    const { object } = await read(envelope(['hello', 'a b', flow().replace(/^2/, '3')]), cloudWatchLogs(vpcFlow))
    expect(object).toMatchObject({ status: 'done', counts: { read: 3, malformed: 3 } })
    expect(object.malformed[0]!.reason).toMatch(/default layout of VPC Flow Logs; withFields\(\) states the fields/)
    const proxy = await read(envelope(['hello', 'a\tb']), cloudWatchLogs(networkFirewallProxy))
    expect(proxy.object).toMatchObject({ status: 'done', counts: { read: 2, malformed: 2 } })
  })

  test('are read by one parser behind many of another log, with their columns', async () => {
    const others = Array.from({ length: 100 }, () => 'hello')
    const body = envelope(others, { logGroup: '/x' }) + envelope(['hello', flow(1), 'a b', flow(2)])
    const { object, documents } = await read(body + envelope([flow(3)]), cloudWatchLogs(vpcFlow))
    expect(object).toMatchObject({ status: 'done', counts: { read: 105, malformed: 102, written: 3 } })
    expect(documents.map((one) => at(one, 'destination.port'))).toEqual([1, 2, 3])
  })

  test('whose first message two formats claim are read but for that one', async () => {
    const both = '{"webaclId":"a","httpRequest":{},"query_timestamp":"","query_name":""}'
    const parser = cloudWatchLogs(detect([waf, route53Resolver, vpcFlow]))
    for (const messages of [[[both, flow(1)]], [[both], [flow(1)]], [[flow(1)], [both]]]) {
      const body = messages.map((one, index) => envelope(one, { logGroup: `/${index}` })).join('')
      const { object } = await read(body, parser)
      expect(object).toMatchObject({ status: 'done', counts: { read: 2, malformed: 1, written: 1 } })
    }
  })

  test.each([
    ['names', { logGroup: 'a/b', logStream: 'c' }, { logGroup: 'a', logStream: 'b/c' }],
    ['accounts', { ...inTrail, owner: '111122223333' }, { ...inTrail, owner: '444455556666' }],
  ])('of two log streams are told apart by their %s', async (_, one, other) => {
    const { object } = await read(
      envelope([call('e-1')], one) + envelope([flow()], other) + envelope([call('e-2')], one),
    )
    expect(object).toMatchObject({ status: 'done', counts: { read: 3, malformed: 0, written: 3 } })
  })

  test('whose messages nobody reads are held up to 16 MiB, and up to a thousand', async () => {
    const beside = async (count: number, length: number) => {
      const text = envelope(['x'.repeat(length)], { logGroup: '/x' })
      let given = 0
      const body = (async function* () {
        for (let index = 0; index < count; index++, given += text.length) yield Buffer.from(text)
        yield Buffer.from(envelope([flow()]))
      })()
      const object = { bucket: 'b', key: 'k', open: async () => ({ etag: 'e', body }) }
      const report = await ingest({
        source: [{ objects: [object] }],
        parser: all,
        sink: memorySink(),
        malformedShare: 1,
      })
      return { given, object: report.messages[0]!.objects[0]! }
    }
    const mebibyte = 1024 * 1024
    const refused = await beside(40, mebibyte)
    expect(refused.object).toMatchObject({ status: 'failed', error: { code: 'FORMAT_UNKNOWN' } })
    expect(refused.given).toBeLessThan(20 * mebibyte)
    expect((await beside(1000, 10)).object.counts).toMatchObject({ read: 1001, malformed: 1000, written: 1 })
    expect((await beside(1001, 10)).object.error).toMatchObject({ code: 'FORMAT_UNKNOWN' })
  })

  test('of another kind of JSON or of file, or no header, are malformed alone', async () => {
    const digest = '{"digestStartTime":"2026-11-30T09:00:00Z","awsAccountId":"123456789012"}'
    const twice = 'srcaddr dstaddr srcaddr'
    for (const parser of [all, cloudWatchLogs(vpcFlow)])
      for (const messages of [
        [flow(1), twice, flow(2)],
        [twice, flow(1), flow(2)],
      ])
        expect((await read(envelope(messages), parser)).object, twice).toMatchObject({
          status: 'done',
          counts: { read: 3, malformed: 1, written: 2 },
        })
    for (const bad of [digest, 'PAR1', 'BZh9'])
      for (const parser of [all, cloudWatchLogs(cloudTrail)]) {
        const body =
          envelope([bad], { ...inTrail, logStream: 's' }) + envelope([call('e-1'), bad, call('e-2')], inTrail)
        const { object } = await read(body, parser)
        expect(object, bad).toMatchObject({ status: 'done', counts: { read: 4, malformed: 2, written: 2 } })
      }
  })

  test('of control alone have no record', async () => {
    expect((await read(control + control)).object).toMatchObject({ status: 'done', counts: { read: 0 } })
  })

  test('that end in the middle fail, and what came before is stored', async () => {
    const body = envelope([flow(1), flow(2)])
    const { object } = await read(body.slice(0, -20))
    expect(object.error).toMatchObject({ code: 'JSON_INVALID' })
  })

  test('are read with fields that somebody stated, by one parser too', async () => {
    const stated = vpcFlow.withFields(['srcaddr', 'dstaddr', 'action'])
    const body = envelope(['192.0.2.7 198.51.100.4 ACCEPT', '192.0.2.8 198.51.100.4 REJECT'])
    for (const parser of [cloudWatchLogs(stated), cloudWatchLogs(detect([cloudTrail, stated]))])
      expect((await read(body, parser)).documents.map((one) => at(one, 'source.ip'))).toEqual([
        '192.0.2.7',
        '192.0.2.8',
      ])
  })

  test("are read by a parser of the user's own, which claims nothing", async () => {
    const words = lines({
      kind: 'word',
      dataset: 'my.words',
      record: (line) => (line === 'x' ? undefined : { line }),
      document: ({ line }) => ({ message: line }),
    })
    const { object, documents } = await read(
      envelope(['x', 'a', 'b']) + envelope(['c'], { logStream: 's' }),
      cloudWatchLogs(words),
    )
    expect(object.counts).toMatchObject({ read: 4, malformed: 1, written: 3 })
    expect(documents.map((one) => [one.message, at(one, 'aws.cloudwatch.log_stream')])).toEqual([
      ['a', 'eni-0123456789abcdef0-all'],
      ['b', 'eni-0123456789abcdef0-all'],
      ['c', 's'],
    ])
  })

  test('give the same from chunks cut anywhere', async () => {
    const body = Buffer.from(
      envelope([call('e-1'), call('é')], inTrail) + control + envelope([flow(1), 'nonsense', flow(2)]),
    )
    const whole = await read(body)
    for (const chunkBytes of [1, 7, 64, 333]) {
      const cut = await read(body, all, { chunkBytes })
      expect(cut.documents).toEqual(whole.documents)
      expect(cut.ids).toEqual(whole.ids)
      expect(cut.object.malformed).toEqual(whole.object.malformed)
    }
  })

  test('tell of each record where its event stands, and its columns', async () => {
    const body =
      envelope([call('e-1')], inTrail) +
      envelope([flow(1), 'non sense', flow(2)]) +
      envelope([flow(3)], { logStream: 's' })
    for (const chunkBytes of [50, 65_536]) {
      const batches = []
      for await (const batch of all.parse(memoryObject({ key: 'a', body, chunkBytes }), parseContext()))
        batches.push(batch)
      // Asked for when all are read: what is forgotten by then is not theirs.
      const events = batches.flatMap(({ length, offsetOf }) =>
        Array.from({ length }, (_, index) => Buffer.from(body).toString('utf8', offsetOf!(index))),
      )
      const expected = [call('e-1'), flow(1), flow(2), flow(3)].map((message) => JSON.stringify(event(message)))
      expect(events.map((text, index) => text.slice(0, expected[index]!.length))).toEqual(expected)
      const columns = batches.flatMap(({ length, columns }) =>
        Array.from({ length }, (_, index) => columns?.(index).find(([name]) => name === 'dstport')?.[1]),
      )
      expect(columns).toEqual([undefined, '1', '2', '3'])
      const odd = batches.find(({ malformed }) => malformed?.length)!
      expect(odd.columns!(0, 'malformed').slice(0, 2)).toEqual([
        ['version', 'non'],
        ['account-id', 'sense'],
      ])
    }
  })

  test('hold no more than a message: an envelope of 6 MB is above no limit, and a message is', async () => {
    const context = parseContext({ limits: { recordBytes: 2000 } })
    const messages = Array.from({ length: 40_000 }, () => flow())
    const object = memoryObject({ key: 'a', body: envelope(messages) })
    expect(object.size).toBeGreaterThan(6_000_000)
    const { records } = await collect(all, object, context)
    expect(records).toHaveLength(40_000)
    const long = collect(all, memoryObject({ key: 'a', body: envelope([flow(), 'x'.repeat(3000)]) }), context)
    await expect(long).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('stream, however many they are', async () => {
    const one = envelope([flow()])
    let given = 0
    let most = 0
    let read = 0
    const object = {
      bucket: 'b',
      key: 'k',
      open: async () => ({
        etag: 'e',
        body: (async function* () {
          for (; given < 2000; given++) {
            most = Math.max(most, given - read / 100)
            yield Buffer.from(one.repeat(100))
          }
        })(),
      }),
    }
    for await (const batch of all.parse(object, parseContext())) read += batch.length
    expect(read).toBe(200_000)
    // A block, what tells the format, and what a generator is ahead.
    expect(most * one.length * 100).toBeLessThan(1024 * 1024)
  })
})

describe('the bytes of documents', () => {
  test('are those of the documents', async () => {
    const body =
      envelope([call('e-1')], inTrail) +
      envelope([flow(1), flow(2), 'nonsense']) +
      envelope([flow(3)], { logStream: 's"\u00e9' }) +
      envelope([call('e-2')], inTrail)
    const slices: { bytes: string[]; documents: LogDocument[] }[] = []
    const sink = {
      write: async (batch: readonly import('../types.ts').Slice<unknown>[]) => {
        for (const slice of batch) {
          const { encoder } = slice
          const bytes = Array.from({ length: slice.length }, (_, index) => {
            const buffer = Buffer.alloc(encoder!.room(index) + 20_000)
            const end = encoder!.encode(index, buffer, new DataView(buffer.buffer, buffer.byteOffset), 0)
            return end === -1 ? 'odd' : buffer.toString('utf8', 0, end)
          })
          slices.push({ bytes, documents: Array.from({ length: slice.length }, (_, index) => slice.document(index)) })
        }
        return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
      },
    }
    await ingest({ source: memorySource(memoryObject({ key: 'k', body })), parser: all, sink, malformedShare: 1 })
    const flat = slices.flatMap(({ bytes, documents }) =>
      bytes.map((text, index) => [text, JSON.stringify(documents[index])]),
    )
    expect(flat).toHaveLength(5)
    for (const [text, document] of flat) expect(text).toBe(document)
  })
})

describe("an export task's files", () => {
  const time = '2026-11-30T09:01:00.000Z '
  const key = 'exportedlogs/d8b1f6a2-0000-4000-8000-000000000000/eni-0123456789abcdef0-all/000000.gz'

  test('hold a message behind a time each', async () => {
    const body = gzipSync(`${time}${flow(1)}\n${time}${flow(2)}\n`)
    const { object, documents } = await read(body, all, { key })
    expect(object).toMatchObject({ status: 'done', kinds: ['vpcflow'], counts: { read: 2, written: 2 } })
    expect(
      documents.map((one) => [at(one, 'destination.port'), at(one, 'aws.cloudwatch'), at(one, 'log.file.path')]),
    ).toEqual([
      [1, { log_stream: 'eni-0123456789abcdef0-all' }, 'eni-0123456789abcdef0-all'],
      [2, { log_stream: 'eni-0123456789abcdef0-all' }, 'eni-0123456789abcdef0-all'],
    ])
  })

  test('hold messages of several lines, and of none', async () => {
    const pretty = JSON.stringify(JSON.parse(call('e-1')), null, 2)
    const body = Buffer.from(
      `${time}${call('e-0')}\n${time}\n${time}${pretty}\r\n${time}nonsense\n${time}${call('e-2')}`,
    )
    for (const chunkBytes of [1, 50, 65_536]) {
      const { object, ids } = await read(body, all, { key, chunkBytes })
      expect(object).toMatchObject({ status: 'done', counts: { read: 4, malformed: 1, written: 3 } })
      expect(ids).toEqual(['s3:test-bucket:e-0', 's3:test-bucket:e-1', 's3:test-bucket:e-2'])
      expect(body.toString('utf8', object.malformed[0]!.offset)).toMatch(/^2026-11-30T09:01:00.000Z nonsense/)
    }
  })

  test('hold one message', async () => {
    expect((await read(`${time}${flow(1)}\n`, all, { key })).object.counts).toMatchObject({ read: 1, written: 1 })
  })

  test('of other logs are no format, and lines that begin with another time are none of these', async () => {
    const { object } = await read(`${time}START RequestId\n`, all, { key })
    expect(object.error).toMatchObject({ code: 'FORMAT_UNKNOWN' })
    expect((await read(`${flow()}\n`)).object.counts.written).toBe(1)
  })
})

test('its formats have the fields of the envelopes, and their own as they are', () => {
  const [format] = all.formats
  expect(format!.mapping).toMatchObject({
    'aws.cloudwatch.log_group': { type: 'keyword' },
    'log.file.path': { type: 'keyword' },
    ...vpcFlow.format.mapping,
  })
})

function at(document: LogDocument, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as LogDocument | undefined)?.[name], document)
}
