import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { numbers } from '../../test/numbers.ts'
import type { ByteRange, LogDocument, Sink, Slice } from '../types.ts'
import { collect, memoryObject, memorySink, memorySlice, memorySource, sinkContract } from './index.ts'

describe('memorySink', () => {
  sinkContract({
    test,
    create: async () => {
      const sink = memorySink()
      return { sink, read: async () => new Map([...sink.documents].map(([id, { document }]) => [id, document])) }
    },
  })
})

describe('a sink that overwrites', () => {
  sinkContract({
    test,
    create: async () => {
      const documents = new Map<string, LogDocument>()
      const store = (slice: Slice<unknown>) => {
        for (let index = 0; index < slice.length; index++) documents.set(slice.id(index), slice.document(index))
        return { written: slice.length, duplicate: 0, rejected: [], unfinished: 0 }
      }
      const none = ({ length }: Slice<unknown>) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length })
      const write: Sink<unknown>['write'] = async (batch, signal) => ({
        slices: batch.map(signal?.aborted ? none : store),
      })
      return { sink: { write }, read: async () => documents }
    },
  })
})

describe('memoryObject', () => {
  const bytesOf = async (range?: ByteRange) => {
    const { body, size } = await memoryObject({ key: 'k', body: '0123456789', chunkBytes: 3 }).open(range)
    const chunks: string[] = []
    for await (const chunk of body) chunks.push(Buffer.from(chunk).toString())
    expect(chunks.join('')).toHaveLength(size!)
    return chunks
  }

  test('gives its body in chunks', async () => {
    expect(await bytesOf()).toEqual(['012', '345', '678', '9'])
  })

  test.each<[ByteRange, string]>([
    [{ start: 4 }, '456789'],
    [{ start: 4, end: 6 }, '456'],
    [{ last: 2 }, '89'],
    [{ last: 20 }, '0123456789'],
  ])('gives the range %j, its ends included', async (range, expected) => {
    expect((await bytesOf(range)).join('')).toBe(expected)
  })

  test("has the ETag of a simple upload, and one size for S3's listing and its answer", async () => {
    const object = memoryObject({ key: 'k', body: 'é' })
    expect(object).toMatchObject({ bucket: 'test-bucket', key: 'k', size: 2 })
    expect(await object.open()).toMatchObject({ etag: createHash('md5').update('é').digest('hex'), size: 2 })
  })
})

test('memorySource has a message for each object', () => {
  const [a, b] = [memoryObject({ key: 'a', body: '' }), memoryObject({ key: 'b', body: '' })]
  expect(memorySource(a, b)).toEqual([
    { messageId: 'message-0', objects: [a] },
    { messageId: 'message-1', objects: [b] },
  ])
})

test('collect gives records, ordinals, documents and malformed records of all batches, in order', async () => {
  const body = gzipSync('1\nx\n2\n3\n')
  const all = await collect(numbers, memoryObject({ key: 'k', body, chunkBytes: 5 }))
  expect(all.records.map(({ value }) => value)).toEqual([1, 2, 3])
  expect(all.ordinals).toEqual([0, 2, 3])
  expect(all.documents[1]).toEqual({ '@timestamp': '1970-01-01T00:00:00.002Z', custom: { value: 2 } })
  expect(all.malformed).toEqual([{ ordinal: 1, offset: 2, reason: 'the line is not of the format number' }])
  expect(all.unknownFields).toEqual({})
})

test('memorySlice has documents of their own for each record, and ids that depend on its key', () => {
  const [a, b] = [memorySlice({ records: 2 }), memorySlice({ records: 2, key: 'b' })]
  expect(new Set([a.id(0), a.id(1), b.id(0), b.id(1)]).size).toBe(4)
  expect(a.document(0)).not.toEqual(a.document(1))
  expect(memorySlice({ records: 2 }).id(1)).toBe(a.id(1))
})
