import { describe, expect, test } from 'vitest'
import { ingest } from '../ingest/ingest.ts'
import { parseContext } from '../read/limits.ts'
import { collect, memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Format } from '../types.ts'
import { rejectedDocuments } from './rejected.ts'
import type { DeadRecord } from './stream.ts'

const rejected = (ordinal: number, more: Partial<DeadRecord> = {}): DeadRecord => ({
  fate: 'rejected',
  bucket: 'logs',
  key: 'a.log',
  etag: 'e',
  ordinal,
  kind: 'number',
  dataStream: 'logs-custom.number-prod',
  id: `id-${ordinal}`,
  type: 'document_parsing_exception',
  reason: 'no',
  time: '2026-11-22T00:00:00.000Z',
  document: JSON.stringify({ '@timestamp': '2026-11-20T00:00:00.000Z', custom: { value: ordinal } }),
  ...more,
})
const file = (...records: (DeadRecord | string)[]) =>
  memoryObject({
    key: 'dead.ndjson',
    chunkBytes: 100,
    body: records.map((record) => `${typeof record === 'string' ? record : JSON.stringify(record)}\n`).join(''),
  })

describe('rejectedDocuments', () => {
  test('come back under their ids, for their streams', async () => {
    const sink = memorySink()
    const source = () =>
      memorySource(
        file(
          rejected(1),
          rejected(4, { fate: 'malformed', text: 'x' }),
          rejected(5, { dataStream: 'logs-other-default', kind: 'other' }),
          rejected(9),
        ),
      )
    const report = await ingest({ source: source(), parser: rejectedDocuments(), sink })
    expect(report).toMatchObject({ ok: true, counts: { read: 3, written: 3, malformed: 0 } })
    expect([...sink.documents].map(([id, { dataStream }]) => [id, dataStream])).toEqual([
      ['id-1', 'logs-custom.number-prod'],
      ['id-5', 'logs-other-default'],
      ['id-9', 'logs-custom.number-prod'],
    ])
    expect(sink.documents.get('id-9')!.document).toEqual({
      '@timestamp': '2026-11-20T00:00:00.000Z',
      custom: { value: 9 },
      data_stream: { type: 'logs', dataset: 'custom.number', namespace: 'prod' },
    })
    const again = await ingest({ source: source(), parser: rejectedDocuments(), sink })
    expect(again.counts).toMatchObject({ written: 0, duplicate: 3 })
  })

  test.each<[string, DeadRecord | string]>([
    ['a line that ends early', '{'],
    ['nothing', 'null'],
    ['a fate alone', '{"fate":"rejected"}'],
    ['another fate', rejected(1, { fate: 'lost' as never })],
    ['no id', rejected(1, { id: undefined as never })],
    ['no kind', rejected(1, { kind: undefined as never })],
    ['one character less', rejected(1, { omitted: 1 })],
    ['a document that is none', rejected(1, { document: '7' })],
    ['no document', rejected(1, { document: undefined as never })],
    ['an index of another name', rejected(1, { dataStream: 'my-index' })],
  ])('with %s are malformed', async (_, line) => {
    const all = await collect(rejectedDocuments(), file(line, rejected(8)))
    expect(all.malformed.map(({ ordinal }) => ordinal)).toEqual([0])
    expect(all.ordinals).toEqual([1])
  })

  test('of several data streams in one piece of a file go each to their own, and their bytes are counted', async () => {
    const other = { dataStream: 'logs-other-default', kind: 'other' }
    const records = [rejected(1), rejected(2), rejected(3, other), rejected(4)]
    const lines = records.map((record) => JSON.stringify(record))
    const object = memoryObject({ key: 'dead.ndjson', body: lines.join('\n') })
    const batches = []
    for await (const { format, ordinals, bytes } of rejectedDocuments().parse(object, parseContext()))
      batches.push([format.dataset, ordinals, bytes])
    const lengths = lines.map(({ length }) => length) as [number, number, number, number]
    expect(batches).toEqual([
      ['custom.number', [0, 1], lengths[0] + lengths[1]],
      ['other', [2], lengths[2]],
      ['custom.number', [3], lengths[3]],
    ])
  })

  test('of a file with more datasets than any archive has do not gather formats without end', async () => {
    const streams = Array.from({ length: 1001 }, (_, n) => rejected(n, { dataStream: `logs-d${n}-default` }))
    const formats: Format[] = []
    const again = [streams[0]!, streams[1000]!]
    for await (const { format } of rejectedDocuments().parse(file(...streams, ...again), parseContext()))
      formats.push(format)
    // The first was forgotten, the last was not.
    expect(formats.at(-2)).not.toBe(formats[0])
    expect(formats.at(-1)).toBe(formats[1000])
  })

  test('have one format a dataset, and that of its parser where it is known', async () => {
    const mapping = { 'custom.value': { type: 'long' } } as const
    const known = { kind: 'number', title: 'Numbers', dataset: 'custom.number', mapping, fields: [], archive: [] }
    const other = { dataStream: 'logs-other-default', kind: 'other' }
    const lines = [rejected(1), rejected(2, other), rejected(3), rejected(4, other)]
    const parser = rejectedDocuments([known])
    const formats: Format[] = []
    for (let round = 0; round < 2; round++)
      for await (const { format } of parser.parse(file(...lines), parseContext())) formats.push(format)
    expect(parser.formats).toEqual([known])
    expect(formats.filter(({ dataset }) => dataset === 'custom.number').every((format) => format === known)).toBe(true)
    expect(new Set(formats).size).toBe(2)
  })

  test('of several data streams have malformed lines anywhere between them', async () => {
    const other = { dataStream: 'logs-other-default' }
    const lines = ['{', rejected(1), '{', '{', rejected(2, other), '{', rejected(3), '{']
    const sink = memorySink()
    const source = memorySource({ ...file(...lines), key: 'dead.ndjson' })
    const report = await ingest({ source, parser: rejectedDocuments(), sink, malformedShare: 1 })
    expect(report).toMatchObject({ ok: true, counts: { read: 8, written: 3, malformed: 5 } })
    expect(report.messages[0]!.objects[0]!.malformed.map(({ ordinal }) => ordinal)).toEqual([0, 2, 3, 5, 7])
  })

  test('claims its files by their first line', () => {
    const head = (text: string) => ({ bucket: '', key: 'x', stored: new Uint8Array(), text })
    expect(rejectedDocuments().claims(head(JSON.stringify(rejected(1))))).toBe('content')
    expect(rejectedDocuments().claims(head('{"Records":[]}'))).toBeUndefined()
  })
})
