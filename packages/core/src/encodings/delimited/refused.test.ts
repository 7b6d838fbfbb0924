import { describe, expect, test } from 'vitest'
import { cloudFront } from '../../formats/cloudfront.ts'
import { ingest } from '../../ingest/ingest.ts'
import { parseContext } from '../../read/limits.ts'
import { type AnyField, encoded, epochSeconds, ip, keyword, list } from '../../schema/fields.ts'
import { format } from '../../schema/format.ts'
import { addressPort } from '../../schema/parts.ts'
import { typed } from '../../schema/targets.ts'
import { collect, memoryObject, memorySink, memorySource } from '../../testing/index.ts'
import { delimited } from './delimited.ts'

const tableOf = (field: AnyField) =>
  format({
    kind: 't',
    dataset: 'custom.t',
    root: 'custom.t',
    constants: {},
    fields: { at: epochSeconds(['@timestamp'], ''), 'the-value': field },
    derived: (derive) => [derive('tls.version', ['the-value'], (text) => /^v(.*)/.exec(String(text))?.[1])],
    encodings: [
      delimited({ delimiter: ' ', header: (line) => (line.startsWith('#') ? line.slice(1).split(' ') : undefined) }),
    ],
  })

/** Whether the engine writes a record, and what its document is. */
async function read(field: AnyField, value: string) {
  // The first line of a file may be a header, and is read as text.
  const body = `#at the-value\n1700000000 -\n1700000000 ${value}\n`
  const object = () => memoryObject({ key: 'f', body })
  const { documents, unknownFields, malformed } = await collect(tableOf(field), object())
  expect(malformed).toEqual([])
  const target = Buffer.alloc(65_536)
  for await (const batch of tableOf(field).parse(object(), parseContext())) {
    const end = batch.encoder!.encode(1, target, new DataView(target.buffer), 0)
    const { custom } = documents[1] as { custom?: { t: Record<string, unknown> } }
    if (end !== -1) expect(JSON.parse(`${target.toString('utf8', 0, end - 1)}}`)).toEqual(documents[1])
    return { kept: custom?.t.the_value, document: documents[1], unknownFields, fast: end !== -1 }
  }
  return undefined
}

describe('a value that its targets refuse is kept as text, and counted', () => {
  test.each<[string, AnyField, string, unknown]>([
    ['an address', ip(['source.ip'], ''), '203.0.113.7:5000', '203.0.113.7:5000'],
    ['an address in a list', ip(['related.ip[]'], ''), 'fe80::1%eth0', 'fe80::1%eth0'],
    ['text', keyword(['source.ip'], ''), 'host.example', 'host.example'],
    ['encoded text', encoded(['source.ip'], ''), 'a%20b', 'a b'],
    ['one of a list', list(',', ['related.ip[]'], ''), '192.0.2.1,unknown', ['192.0.2.1', 'unknown']],
    ['an address with a port', addressPort(['source.ip'], ['source.port'], ''), 'host.example:80', 'host.example:80'],
    ['what is derived from', keyword([], '', { fits: (text) => text.startsWith('v') }), 'odd', 'odd'],
  ])('%s', async (_, field, value, kept) => {
    expect(await read(field, value)).toMatchObject({ kept, unknownFields: { 'the-value': 1 }, fast: false })
  })

  test.each<[string, AnyField, string]>([
    ['an address', ip(['source.ip'], ''), '203.0.113.7'],
    ['an address of version 6', ip(['related.ip[]'], ''), '2001:db8::1'],
    ['an address with a port', addressPort(['source.ip'], ['source.port'], ''), '192.0.2.1:80'],
    ['a list', list(',', ['related.ip[]'], ''), '192.0.2.1,2001:db8::1'],
    ['text that another target holds', ip(['source.address', 'source.ip'], ''), 'host.example'],
    ['what is derived from', keyword([], '', { fits: (text) => text.startsWith('v') }), 'v1'],
    ['what nobody asked about', keyword([], ''), 'odd'],
  ])('but not %s', async (_, field, value) => {
    expect(await read(field, value)).toMatchObject({ kept: undefined, unknownFields: {}, fast: true })
  })

  test('under another name where the table has its own', async () => {
    const { document } = (await read(ip([typed('custom.t.the_value' as 'custom.x', 'ip')], ''), 'x'))!
    expect(document).toEqual({ '@timestamp': '2023-11-14T22:13:20.000Z', custom: { t: { the_value_2: 'x' } } })
  })

  test('however often the document is made, and in the report, where it is made after the batch was counted', async () => {
    const line = (forwarded: string) => `2026-11-20\t21:02:31\t${forwarded}\tTLSv1.9x\tHTTP/2.0\n`
    const body = `#Fields: date time x-forwarded-for ssl-protocol cs-protocol-version\n${line('203.0.113.7:5000')}${line('192.0.2.1,%20unknown')}${line('192.0.2.1,%202001:db8::1')}`
    for await (const batch of cloudFront.parse(memoryObject({ key: 'f', body }), parseContext())) {
      expect(batch.unknownFields).toEqual({})
      for (const index of [0, 0, 1]) batch.document(index)
      expect(batch.unknownFields).toEqual({ 'x-forwarded-for': 2, 'ssl-protocol': 2 })
    }
    const sink = memorySink()
    const report = await ingest({ source: memorySource(memoryObject({ key: 'f', body })), parser: cloudFront, sink })
    expect(report.messages[0]!.objects[0]!.unknownFields).toEqual({ 'x-forwarded-for': 2, 'ssl-protocol': 3 })
    expect([...sink.documents.values()].map(({ document: { aws, network } }) => [aws, network])).toEqual([
      [{ cloudfront: { x_forwarded_for: '203.0.113.7:5000', ssl_protocol: 'TLSv1.9x' } }, undefined],
      [
        { cloudfront: { x_forwarded_for: '192.0.2.1, unknown', ssl_protocol: 'TLSv1.9x' } },
        { forwarded_ip: ['192.0.2.1'] },
      ],
      [{ cloudfront: { ssl_protocol: 'TLSv1.9x' } }, { forwarded_ip: ['192.0.2.1', '2001:db8::1'] }],
    ])
  })
})
