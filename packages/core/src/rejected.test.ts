import { describe, expect, test } from 'vitest'
import type { DeadRecord } from './dead-records.ts'
import { ingest } from './ingest.ts'
import { rejectedDocuments } from './rejected.ts'
import { collect, memoryObject, memorySink, memorySource } from './testing.ts'

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
    const report = await ingest({ source: source(), parser: rejectedDocuments, sink })
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
    const again = await ingest({ source: source(), parser: rejectedDocuments, sink })
    expect(again.counts).toMatchObject({ written: 0, duplicate: 3 })
  })

  test('what was cut or is something else is malformed', async () => {
    const lines = ['{', 'null', '{"fate":"rejected"}', rejected(1, { omitted: 5 }), rejected(2, { document: '7' })]
    const all = await collect(rejectedDocuments, file(...lines, rejected(3, { dataStream: 'my-index' }), rejected(8)))
    expect(all.malformed.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 4, 5])
    expect(all.ordinals).toEqual([6])
  })

  test('claims its files by their first line', () => {
    const head = (text: string) => ({ bucket: '', key: 'x', stored: new Uint8Array(), text })
    expect(rejectedDocuments.claims(head(JSON.stringify(rejected(1))))).toBe('content')
    expect(rejectedDocuments.claims(head('{"Records":[]}'))).toBeUndefined()
  })
})
