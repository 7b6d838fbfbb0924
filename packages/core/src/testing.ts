import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { parseContext } from './limits.ts'
import { idPrefix } from './object.ts'
import type {
  Batch,
  LogDocument,
  ParseContext,
  Parser,
  Sink,
  Slice,
  SliceOutcome,
  SourceMessage,
  SourceObject,
} from './types.ts'

export interface MemoryObjectOptions {
  readonly key: string
  readonly body: Uint8Array | string
  /** Default `test-bucket`. */
  readonly bucket?: string
  /** Default: MD5 of the body, as S3 has it for a simple upload. */
  readonly etag?: string
  readonly lastModified?: Date
  /** Bytes a chunk; default 65,536. */
  readonly chunkBytes?: number
}

/** A log file in memory. */
export function memoryObject(options: MemoryObjectOptions): SourceObject {
  const { key, bucket = 'test-bucket', lastModified = new Date('2026-01-01T00:00:00Z'), chunkBytes = 65_536 } = options
  const body = typeof options.body === 'string' ? Buffer.from(options.body) : options.body
  const etag = options.etag ?? createHash('md5').update(body).digest('hex')
  return {
    bucket,
    key,
    size: body.length,
    open: async (range) => {
      const start = !range ? 0 : 'last' in range ? Math.max(0, body.length - range.last) : range.start
      const end = range && 'start' in range && range.end !== undefined ? range.end + 1 : body.length
      const part = body.subarray(start, end)
      return { etag, size: part.length, lastModified, body: chunksOf(part, chunkBytes) }
    },
  }
}

async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes)
}

/** A source of one message for each object, with ids `message-0`, `message-1`, … */
export function memorySource(...objects: readonly SourceObject[]): SourceMessage[] {
  return objects.map((object, index) => ({ messageId: `message-${index}`, objects: [object] }))
}

export interface StoredDocument {
  readonly dataStream: string
  readonly document: LogDocument
}

/** A sink that keeps documents by id, and what they were made of. */
export interface MemorySink extends Sink<unknown> {
  readonly documents: ReadonlyMap<string, StoredDocument>
}

export function memorySink(): MemorySink {
  const documents = new Map<string, StoredDocument>()
  const store = (slice: Slice<unknown>): SliceOutcome => {
    let duplicate = 0
    for (let index = 0; index < slice.length; index++) {
      const id = slice.id(index)
      if (documents.has(id)) duplicate++
      else
        documents.set(id, { dataStream: slice.dataStream, document: JSON.parse(JSON.stringify(slice.document(index))) })
    }
    return { written: slice.length - duplicate, duplicate, rejected: [], unfinished: 0 }
  }
  return {
    documents,
    write: async (batch, signal) =>
      signal?.aborted
        ? {
            slices: batch.map(({ length }) => ({
              written: 0,
              duplicate: 0,
              rejected: [],
              unfinished: length,
            })),
          }
        : { slices: batch.map(store) },
  }
}

/** Everything a parser gives for one object, in order. */
export async function collect<T>(parser: Parser<T>, object: SourceObject, context: ParseContext = parseContext()) {
  const records: T[] = []
  const ordinals: number[] = []
  const documents: LogDocument[] = []
  const malformed: NonNullable<Batch<T>['malformed']>[number][] = []
  const unknownFields = new Map<string, number>()
  for await (const batch of parser.parse(object, context)) {
    for (let index = 0; index < batch.length; index++) {
      records.push(batch.records[index]!)
      ordinals.push(batch.ordinals[index]!)
      documents.push(JSON.parse(JSON.stringify(batch.document(index))))
    }
    for (const one of batch.malformed ?? []) malformed.push(one)
    for (const [name, count] of Object.entries(batch.unknownFields ?? {}))
      unknownFields.set(name, (unknownFields.get(name) ?? 0) + count)
  }
  return { records, ordinals, documents, malformed, unknownFields: Object.fromEntries(unknownFields) }
}

/** `test` of vitest, jest or node:test. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

export interface ParserContract<T> {
  readonly test: TestFunction
  readonly parser: Parser<T>
  /** A decompressed file of the format with at least two records. */
  readonly sample: Uint8Array | string
  /** Its records, malformed ones counted. */
  readonly records: number
}

/** What every parser keeps. Registers its tests with your runner. */
export function parserContract<T>({ test, parser, sample, records }: ParserContract<T>): void {
  const body = Buffer.from(sample)
  const key = 'sample.log'

  test('gives every record once, at ascending ordinals', async () => {
    const all = await collect(parser, memoryObject({ key, body }))
    const ordinals = [...all.ordinals, ...all.malformed.map(({ ordinal }) => ordinal)].sort((a, b) => a - b)
    assert.deepEqual(
      ordinals,
      Array.from({ length: records }, (_, index) => index),
    )
    assert.deepEqual(
      all.ordinals,
      [...all.ordinals].sort((a, b) => a - b),
    )
  })

  test('gives each batch behind the one before: positions in a file rest on it', async () => {
    let last = -1
    for await (const { ordinals, length, malformed = [] } of parser.parse(
      memoryObject({ key, body, chunkBytes: 100 }),
      parseContext(),
    )) {
      const all = [...Array.from(ordinals).slice(0, length), ...malformed.map(({ ordinal }) => ordinal)]
      if (all.length === 0) continue
      assert.ok(Math.min(...all) > last)
      last = Math.max(...all)
    }
  })

  test('gives the same wherever the chunks are cut, and behind gzip', async () => {
    const expected = await collect(parser, memoryObject({ key, body }))
    for (const chunkBytes of [1, 7, 1000])
      assert.deepEqual(await collect(parser, memoryObject({ key, body, chunkBytes })), expected)
    assert.deepEqual(await collect(parser, memoryObject({ key, body: gzipSync(body), chunkBytes: 3 })), expected)
  })

  test('states its formats, and every record is of one of them', async () => {
    const datasets = new Set(parser.formats.map(({ dataset }) => dataset))
    for await (const batch of parser.parse(memoryObject({ key, body }), parseContext()))
      assert.ok(datasets.has(batch.format.dataset))
  })

  test('states the bytes of every batch, which the memory budget counts', async () => {
    for await (const { length, bytes } of parser.parse(memoryObject({ key, body }), parseContext()))
      assert.ok(Number.isSafeInteger(bytes) && bytes >= 0 && (bytes > 0 || length === 0))
  })

  test('gives documents whose time, if any, an index takes', async () => {
    const { documents } = await collect(parser, memoryObject({ key, body }))
    for (const document of documents) {
      const time = document['@timestamp']
      if (time !== undefined) assert.equal(new Date(String(time)).toISOString(), time)
    }
  })

  test('gives no record for an empty object', async () => {
    assert.deepEqual((await collect(parser, memoryObject({ key, body: '' }))).records, [])
  })

  test('closes the body when the reader leaves early', async () => {
    let closed = false
    const object = memoryObject({ key, body, chunkBytes: 16 })
    const watched: SourceObject = {
      ...object,
      open: async () => {
        const opened = await object.open()
        const watch = async function* () {
          try {
            yield* opened.body
          } finally {
            closed = true
          }
        }
        return { ...opened, body: watch() }
      },
    }
    for await (const _ of parser.parse(watched, parseContext())) break
    assert.ok(closed)
  })
}

export interface SinkContract {
  readonly test: TestFunction
  /** A sink on an empty store, and a look into it: the documents of a data stream or table, by id. */
  readonly create: () => Promise<{
    readonly sink: Sink<unknown>
    readonly read: (slice: Slice<unknown>) => Promise<ReadonlyMap<string, LogDocument>>
    readonly close?: () => Promise<void>
  }>
  /** Makes the document of record 1 one that the store refuses; left out where it refuses nothing. */
  readonly refused?: (document: LogDocument) => LogDocument
}

/** What every sink keeps. Registers its tests with your runner. */
export function sinkContract({ test, create, refused }: SinkContract): void {
  const within = async (run: (store: Awaited<ReturnType<typeof create>>) => Promise<void>) => {
    const store = await create()
    try {
      await run(store)
    } finally {
      await store.close?.()
    }
  }

  test('stores each document under its id', () =>
    within(async ({ sink, read }) => {
      const slice = memorySlice({ records: 5 })
      assert.deepEqual(await sink.write([slice]), {
        slices: [{ written: 5, duplicate: 0, rejected: [], unfinished: 0 }],
      })
      const stored = await read(slice)
      assert.equal(stored.size, 5)
      for (let index = 0; index < 5; index++) assert.deepEqual(stored.get(slice.id(index)), slice.document(index))
    }))

  test('stores nothing twice', () =>
    within(async ({ sink, read }) => {
      const slice = memorySlice({ records: 4 })
      await sink.write([slice])
      assert.deepEqual(await sink.write([slice]), {
        slices: [{ written: 0, duplicate: 4, rejected: [], unfinished: 0 }],
      })
      assert.equal((await read(slice)).size, 4)
    }))

  test('counts an id that comes twice in one batch once', () =>
    within(async ({ sink, read }) => {
      const slice = memorySlice({ records: 3 })
      const { slices } = await sink.write([slice, slice])
      assert.equal(slices[0]!.written + slices[1]!.written, 3)
      assert.equal(slices[0]!.duplicate + slices[1]!.duplicate, 3)
      assert.equal((await read(slice)).size, 3)
    }))

  test('tells of each slice apart', () =>
    within(async ({ sink }) => {
      const first = memorySlice({ records: 2, key: 'a' })
      await sink.write([first])
      const { slices } = await sink.write([first, memorySlice({ records: 3, key: 'b' })])
      assert.deepEqual(
        slices.map(({ written, duplicate }) => [written, duplicate]),
        [
          [0, 2],
          [3, 0],
        ],
      )
    }))

  test('takes an empty batch', () =>
    within(async ({ sink }) => {
      assert.deepEqual(await sink.write([]), { slices: [] })
    }))

  test('leaves everything unfinished when the signal is aborted', () =>
    within(async ({ sink }) => {
      const { slices } = await sink.write([memorySlice({ records: 2 })], AbortSignal.abort())
      assert.deepEqual(slices, [{ written: 0, duplicate: 0, rejected: [], unfinished: 2 }])
    }))

  if (refused)
    test('stores what is around a refused document, and says which it was', () =>
      within(async ({ sink, read }) => {
        const slice = memorySlice({ records: 3 })
        const document = (index: number) => (index === 1 ? refused(slice.document(1)) : slice.document(index))
        const { slices } = await sink.write([{ ...slice, document }])
        assert.equal(slices[0]!.written, 2)
        assert.deepEqual(
          slices[0]!.rejected.map(({ index }) => index),
          [1],
        )
        assert.ok(slices[0]!.rejected[0]!.reason.length > 0)
        assert.deepEqual([...(await read(slice)).keys()].sort(), [slice.id(0), slice.id(2)].sort())
      }))
}

/** A slice of small documents of the dataset `flowferry.test`, with a date, a number, an address and a list. */
export function memorySlice({ records, key = 'sample.log' }: { records: number; key?: string }): Slice<{ n: number }> {
  const etag = 'd41d8cd98f00b204e9800998ecf8427e'
  const prefix = idPrefix('test-bucket', key, etag)
  return {
    object: { bucket: 'test-bucket', key, etag, idPrefix: prefix },
    format: {
      kind: 'test',
      dataset: 'flowferry.test',
      mapping: {
        '@timestamp': { type: 'date' },
        'labels.n': { type: 'long' },
        'source.ip': { type: 'ip' },
        'event.category': { type: 'keyword' },
        'custom.free': { type: 'flattened' },
      },
      fields: [],
    },
    dataStream: 'logs-flowferry.test-default',
    length: records,
    records: Array.from({ length: records }, (_, n) => ({ n })),
    ordinals: Array.from({ length: records }, (_, n) => n),
    bytes: records * 100,
    id: (index) => prefix + index.toString(36),
    document: (index) => ({
      '@timestamp': new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(),
      labels: { n: index },
      source: { ip: `10.0.0.${index}` },
      event: { category: ['network'] },
      custom: { free: { name: `value ${index}`, 'with.dot': { deep: true } } },
      data_stream: { type: 'logs', dataset: 'flowferry.test', namespace: 'default' },
    }),
  }
}
