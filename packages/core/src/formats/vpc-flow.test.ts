import { describe, expect, test } from 'vitest'
import { collect, memoryObject } from '../testing/index.ts'
import { vpcFlow } from './vpc-flow.ts'

const read = (body: string, parser: Parameters<typeof collect>[0] = vpcFlow) =>
  collect(parser, memoryObject({ key: 'flow.log', body }))
const values = '2 123456789012 eni-1 10.0.0.1 10.0.0.2 1024 443 6 3 180 1418530010 1418530070 ACCEPT OK'

describe('vpcFlow', () => {
  test('has every field of versions 2 to 11', () => {
    expect(vpcFlow.format.fields).toHaveLength(54)
  })

  test('reads the default layout without a header, and no other', async () => {
    expect((await read(`${values}\n`)).records).toMatchObject([{ srcaddr: '10.0.0.1', bytes: 180, end: 1418530070 }])
    expect((await read('2 123456789012 eni-1 - - - - - - - 1 2 - NODATA\n')).records).toHaveLength(1)
    for (const other of [
      values.replace('10.0.0.1 ', '443 '),
      values.replace(/^2/, '3'),
      values.replace('ACCEPT OK', 'OK ACCEPT'),
      `${values} vpc-1`,
    ])
      await expect(read(other)).rejects.toMatchObject({ code: 'FORMAT_MISMATCH', place: { ordinal: 0 } })
  })

  test('takes a stated order for files without a header', async () => {
    const parser = vpcFlow.withFields(['dstaddr', 'srcaddr', 'action'])
    const { records } = await read('10.0.0.2 10.0.0.1 REJECT\n', parser)
    expect(records).toEqual([{ kind: 'vpcflow', dstaddr: '10.0.0.2', srcaddr: '10.0.0.1', action: 'REJECT' }])
    expect((await read('dstaddr srcaddr action\n10.0.0.2 10.0.0.1 REJECT\n', parser)).records).toHaveLength(1)
  })

  test('does not take Transit Gateway flow logs for its own', async () => {
    await expect(read('version resource-type account-id tgw-id\n6 TransitGateway 1 tgw-1\n')).rejects.toMatchObject({
      code: 'FORMAT_MISMATCH',
    })
  })

  test.each([
    'version account-id tgw-id tgw-attachment-id srcaddr dstaddr',
    'version srcaddr dstaddr end packets-lost-blackhole',
  ])('nor any file with a field of theirs: %s', async (header) => {
    await expect(read(`${header}\n6 1 2 3 4 5\n`)).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' })
  })

  test('reads a header whose first field is not known, where enough others are', async () => {
    const { documents, unknownFields } = await read(
      'future-field version srcaddr dstaddr end\nx 12 10.0.0.1 10.0.0.2 1790000060\n',
    )
    expect(documents[0]).toMatchObject({ aws: { vpcflow: { future_field: 'x', version: '12' } } })
    expect(unknownFields).toEqual({ 'future-field': 1 })
    for (const other of ['some words of a text', 'some srcaddr', 'one two three srcaddr dstaddr'])
      await expect(read(`${other}\n`)).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' })
  })

  test('reads times in milliseconds, as seconds in the record', async () => {
    const { documents, records } = await read('start end\n1790000000000 1790000060123\n1790000000 1790000060\n')
    expect(records).toMatchObject([
      { start: 1790000000, end: 1790000060.123 },
      { start: 1790000000, end: 1790000060 },
    ])
    expect(documents.map((document) => document['@timestamp'])).toEqual([
      '2026-09-21T14:14:20.123Z',
      '2026-09-21T14:14:20.000Z',
    ])
  })

  test('takes the format string of a flow log', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: AWS writes its fields so
    const parser = vpcFlow.withFields('${dstaddr} ${srcaddr} ${action}')
    const { records } = await read('10.0.0.2 10.0.0.1 REJECT\n', parser)
    expect(records).toEqual([{ kind: 'vpcflow', dstaddr: '10.0.0.2', srcaddr: '10.0.0.1', action: 'REJECT' }])
    expect(() => vpcFlow.withFields('dstaddr srcaddr')).toThrow('[INVALID_OPTION]')
  })

  test("fields that are stated are for files that name none: a header, and AWS's default layout, count before them", async () => {
    const parser = vpcFlow.withFields(['action', 'dstaddr', 'srcaddr'])
    const flow = { kind: 'vpcflow', dstaddr: '10.0.0.2', srcaddr: '10.0.0.1', action: 'REJECT' }
    expect((await read('REJECT 10.0.0.2 10.0.0.1\n', parser)).records).toEqual([flow])
    expect((await read('srcaddr action dstaddr\n10.0.0.1 REJECT 10.0.0.2\n', parser)).records).toEqual([flow])
    const standard = '2 123456789012 eni-0 10.0.0.1 10.0.0.2 1 443 6 1 40 1418530010 1418530070 REJECT OK\n'
    expect((await read(standard, parser)).records).toMatchObject([{ ...flow, version: 2 }])
    const claims = (text: string, key = 'a') => parser.claims({ bucket: 'b', key, stored: Buffer.from(text), text })
    expect(claims('REJECT 10.0.0.2 10.0.0.1\n')).toBe('content')
    expect(claims('- 10.0.0.2 -\n')).toBe('content')
    for (const none of ['GET /index.html HTTP/1.1\n', '- - -\n', '10.0.0.2 10.0.0.1\n']) {
      expect(claims(none)).toBeUndefined()
      expect(claims(none, 'AWSLogs/1/vpcflowlogs/x')).toBe('key')
    }
  })

  test('a new header in the middle gives a new order, as in concatenated files', async () => {
    const { records, ordinals } = await read(
      'srcaddr dstaddr\n10.0.0.1 10.0.0.2\ndstaddr srcaddr bytes\n10.0.0.3 10.0.0.4 7\n',
    )
    expect(records).toMatchObject([{ srcaddr: '10.0.0.1' }, { srcaddr: '10.0.0.4', bytes: 7 }])
    expect(ordinals).toEqual([0, 1])
  })

  test('says what is wrong with a line, and where', async () => {
    const { malformed, records } = await read(
      'srcaddr srcport end\n10.0.0.1 x 1\n10.0.0.1 1\n10.0.0.1 1 99999999999999999\n10.0.0.1 1 2\n',
    )
    expect(records).toHaveLength(1)
    expect(malformed).toEqual([
      { ordinal: 0, offset: 20, reason: 'srcport is not of its type, integer' },
      { ordinal: 1, offset: 33, reason: '2 values where the header names 3 fields' },
      { ordinal: 2, offset: 44, reason: 'end is not of its type, integer, seconds or milliseconds since 1970' },
    ])
  })

  test('an address that is none is kept as text and is no ip', async () => {
    const { documents, unknownFields } = await read('srcaddr dstaddr\n253.252.51.07 10.0.0.2\n')
    expect(documents[0]).toMatchObject({
      aws: { vpcflow: { srcaddr: '253.252.51.07' } },
      related: { ip: ['10.0.0.2'] },
    })
    expect(documents[0]).not.toHaveProperty('source')
    expect(unknownFields).toEqual({ srcaddr: 1 })
  })

  test('keeps a field of the future, and counts it', async () => {
    const { documents, unknownFields, records } = await read('srcaddr hyper-lane\n10.0.0.1 fast\n10.0.0.1 -\n')
    expect(records[0]).toHaveProperty('hyper-lane', 'fast')
    expect(documents[0]).toMatchObject({ aws: { vpcflow: { hyper_lane: 'fast' } } })
    expect(unknownFields).toEqual({ 'hyper-lane': 1 })
  })

  test('counts a field of the future in lines of any kind', async () => {
    const lines = ['10.0.0.1 a b', '10.0.0.1 - --', '- é -', '10.0.0.1 "x" -', '10.0.0.1 a', 'x - -']
    const { unknownFields, malformed } = await read(`srcaddr n-1 n-2\n${lines.join('\n')}\n`)
    expect(unknownFields).toEqual({ 'n-1': 3, 'n-2': 2, srcaddr: 1 })
    expect(malformed).toHaveLength(1)
  })

  test('field names of JavaScript do no harm', async () => {
    const { documents } = await read('srcaddr constructor\n10.0.0.1 x\n')
    expect(documents[0]).toMatchObject({ aws: { vpcflow: { constructor: 'x' } } })
    await expect(read('srcaddr srcaddr\n1 1\n')).rejects.toThrow(/names srcaddr twice/)
  })
})
