import { createHash } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import type { Batch, LogDocument, ObjectIdentity } from '../types.ts'
import { longestId, type SliceOptions, sliceOf } from './slice.ts'

interface Word {
  readonly kind: 'word'
  readonly word: string
}
const object: ObjectIdentity = { bucket: 'b', key: 'k', etag: 'e', idPrefix: 'prefix-' }
const batch = (words: readonly string[], more: Partial<Batch<Word>> = {}): Batch<Word> => ({
  format: { kind: 'word', title: 'Words', dataset: 'custom.word', mapping: {}, fields: [], archive: [] },
  length: words.length,
  records: words.map((word) => ({ kind: 'word', word })),
  ordinals: words.map((_, index) => index * 2),
  bytes: 100,
  document: (index) => ({ '@timestamp': '2026-01-01T00:00:00.000Z', custom: { word: words[index] } }),
  ...more,
})
const options = (more: Partial<SliceOptions<Word>> = {}): SliceOptions<Word> => ({
  namespace: 'prod',
  from: 0,
  filter: undefined,
  enrich: undefined,
  now: new Date('2026-05-05T00:00:00Z'),
  untimed: () => undefined,
  ...more,
})
const documentsOf = ({ length, document }: { length: number; document: (index: number) => LogDocument }) =>
  Array.from({ length }, (_, index) => document(index))

describe('sliceOf', () => {
  test('completes documents with their data stream, and has ids of object and ordinal', () => {
    const slice = sliceOf(batch(['a', 'b']), object, options())
    expect(slice).toMatchObject({
      object,
      length: 2,
      bytes: 100,
      dataStream: 'logs-custom.word-prod',
      ordinals: [0, 2],
    })
    expect(slice.document(1)).toEqual({
      '@timestamp': '2026-01-01T00:00:00.000Z',
      custom: { word: 'b' },
      data_stream: { type: 'logs', dataset: 'custom.word', namespace: 'prod' },
    })
    expect([slice.id(0), slice.id(1)]).toEqual(['prefix-0', 'prefix-2'])
    expect(sliceOf(batch(['a'], { namespace: 'own' }), object, options()).dataStream).toBe('logs-custom.word-own')
  })

  test('a filter drops records, and leaves ordinals and ids of the others', () => {
    const filter = vi.fn(({ word }: Word) => word !== 'b')
    const slice = sliceOf(batch(['a', 'b', 'c']), object, options({ filter }))
    expect(slice.records.map(({ word }) => word)).toEqual(['a', 'c'])
    expect([slice.length, slice.ordinals, slice.id(1)]).toEqual([2, [0, 4], 'prefix-4'])
    expect(documentsOf(slice).map(({ custom }) => custom)).toEqual([{ word: 'a' }, { word: 'c' }])
    expect(filter.mock.calls[0]).toEqual([{ kind: 'word', word: 'a' }, object])
  })

  test('says that the mapping names all fields where no step and no unknown field added one', () => {
    const encoder = { room: () => 0, encode: () => -1, members: new Set<string>() }
    const mapped = (more: Partial<Batch<Word>>, steps?: Partial<SliceOptions<Word>>) =>
      sliceOf(batch(['a'], more), object, options(steps)).mapped
    expect(mapped({ encoder })).toBe(true)
    expect(mapped({ encoder, unknownFields: {} }, { filter: () => true })).toBe(true)
    expect(mapped({})).toBeUndefined()
    expect(mapped({ encoder, unknownFields: { 'new-field': 1 } })).toBeUndefined()
    expect(mapped({ encoder }, { enrich: () => undefined })).toBeUndefined()
    expect(mapped({ encoder, original: () => 'a' })).toBeUndefined()
  })

  test('leaves out records before a position, without asking the filter', () => {
    const filter = vi.fn(() => true)
    const slice = sliceOf(batch(['a', 'b', 'c']), object, options({ from: 3, filter }))
    expect(slice.records.map(({ word }) => word)).toEqual(['c'])
    expect(filter).toHaveBeenCalledTimes(1)
    expect(sliceOf(batch(['a', 'b', 'c']), object, options({ from: 3 })).ordinals).toEqual([4])
  })

  test("a record without a time takes the object's, else that of the reading, and is counted once", () => {
    const untimed = vi.fn()
    const timeless = batch(['a'], { document: () => ({}) })
    const lastModified = new Date('2026-02-02T00:00:00Z')
    const slice = sliceOf(timeless, { ...object, lastModified }, options({ untimed }))
    expect([slice.document(0), slice.document(0)][1]!['@timestamp']).toBe('2026-02-02T00:00:00.000Z')
    expect(untimed).toHaveBeenCalledTimes(1)
    expect(sliceOf(timeless, object, options()).document(0)['@timestamp']).toBe('2026-05-05T00:00:00.000Z')
  })

  test("a document that is the user's record, or one object for all, stays as it is", () => {
    const record = Object.freeze({ kind: 'word', word: 'a' } as const)
    const document = () => record as unknown as LogDocument
    const parsed = batch(['a', 'b'], { document })
    const enrich = ({ word }: Word) => ({ custom: { of: word } })
    expect(documentsOf(sliceOf(parsed, object, options({ enrich }))).map(({ custom }) => custom)).toEqual([
      { of: 'a' },
      { of: 'b' },
    ])
    expect(record).toEqual({ kind: 'word', word: 'a' })
  })

  test.each([[undefined], [null], ['text'], [[1]]])('says so where `document` gives %j', (given) => {
    const document = () => given as unknown as LogDocument
    expect(() => sliceOf(batch(['a'], { document }), object, options()).document(0)).toThrow(
      /`document` gave .*it gives an object/,
    )
  })

  test('enrich adds fields, dotted or nested, and changes no object that is shared', () => {
    const shared = { word: 'a', list: [1] }
    const parsed = batch(['a'], { document: () => ({ '@timestamp': 'x', custom: shared }) })
    const enrich = () => ({ 'custom.team': 'x', custom: { list: [2] }, labels: { a: { b: 1 } }, 'labels.a.c': 2 })
    const { custom, labels } = sliceOf(parsed, object, options({ enrich })).document(0)
    expect(custom).toEqual({ word: 'a', list: [2], team: 'x' })
    expect(labels).toEqual({ a: { b: 1, c: 2 } })
    expect(shared).toEqual({ word: 'a', list: [1] })
  })

  test('enrich cannot reach a prototype, and adds nothing for undefined', () => {
    const enrich = () => JSON.parse('{"__proto__.polluted":1,"__proto__":{"polluted":1}}') as LogDocument
    const document = sliceOf(batch(['a']), object, options({ enrich })).document(0)
    expect((document as { polluted?: number }).polluted).toBeUndefined()
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    const nothing = sliceOf(batch(['a']), object, options({ enrich: () => ({ 'custom.word': undefined }) }))
    expect(nothing.document(0).custom).toEqual({ word: 'a' })
  })

  test("the record's text stands in event.original, where the parser keeps it", () => {
    const original = (index: number) => ['first', 'second'][index]!
    const filter = ({ word }: Word) => word === 'b'
    const slice = sliceOf(batch(['a', 'b'], { original }), object, options({ filter }))
    expect(slice.document(0).event).toEqual({ original: 'second' })
  })

  test('steps see the view of a batch that has one', () => {
    const seen: string[] = []
    const view = (index: number): Word => ({ kind: 'word', word: `view ${index}` })
    const filter = ({ word }: Word) => seen.push(word) > 0
    const slice = sliceOf(batch(['a', 'b'], { view }), object, options({ filter }))
    expect(seen).toEqual(['view 0', 'view 1'])
    expect(slice.records.map(({ word }) => word)).toEqual(['a', 'b'])
  })

  test('errors of steps and documents name the record', () => {
    const place = { bucket: 'b', key: 'k', ordinal: 2 }
    const failing = ({ word }: Word): true => {
      if (word === 'b') throw new Error('no b')
      return true
    }
    const error = expect.objectContaining({ code: 'STEP_FAILED', place })
    expect(() => sliceOf(batch(['a', 'b']), object, options({ filter: failing }))).toThrow(error)
    const enrich = (record: Word) => (failing(record) ? {} : undefined)
    const enriched = sliceOf(batch(['a', 'b']), object, options({ enrich }))
    expect(enriched.document(0)).toHaveProperty('custom')
    expect(() => enriched.document(1)).toThrow(error)
    const document = () => {
      throw new Error('no document')
    }
    expect(() => sliceOf(batch(['a', 'b'], { document }), object, options()).document(1)).toThrow(error)
  })
})

describe("a record's own id", () => {
  const idOf = (id: string | undefined) => sliceOf(batch(['a'], { recordId: () => id }), object, options()).id(0)

  test('is taken up to 512 bytes, and hashed above', () => {
    expect(idOf('own')).toBe('own')
    expect(idOf('x'.repeat(longestId))).toBe('x'.repeat(longestId))
    const long = 'é'.repeat(longestId / 2 + 1)
    expect(idOf(long)).toBe(createHash('sha256').update(long).digest('base64url'))
  })

  test.each([undefined, ''])('is made of object and ordinal where it is %j', (id) => {
    expect(idOf(id)).toBe('prefix-0')
  })
})
