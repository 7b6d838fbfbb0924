import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { ingest } from '../ingest/ingest.ts'
import { parseContext } from '../read/limits.ts'
import { idPrefix } from '../read/object.ts'
import type {
  Batch,
  ByteRange,
  LogDocument,
  ParseContext,
  Parser,
  Sink,
  Slice,
  SliceOutcome,
  SourceMessage,
  SourceObject,
} from '../types.ts'

export interface MemoryObjectOptions {
  /** Its key, by which a parser may know it. */
  readonly key: string
  /** The stored bytes, gzip or plain; text is written as UTF-8. */
  readonly body: Uint8Array | string
  /** @default 'test-bucket' */
  readonly bucket?: string
  /** @default MD5 of the body, as S3 has it for a simple upload */
  readonly etag?: string
  /** The time of records without one. @default 2026-01-01T00:00:00Z: documents do not depend on the time of the test */
  readonly lastModified?: Date
  /** Bytes of a chunk of the body, a whole number from 1. @default 65,536, as a socket gives them */
  readonly chunkBytes?: number
}

/**
 * A log file in memory.
 *
 * @example
 * const { documents } = await collect(nginx, memoryObject({ key: 'access.log', body: '10.0.0.1 - - […]\n' }))
 * expect(documents[0]).toMatchObject({ source: { ip: '10.0.0.1' } })
 */
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

/**
 * A source of one message for each object, with ids `message-0`, `message-1`, …
 *
 * @example
 * const report = await ingest({ source: memorySource(memoryObject({ key, body })), parser, sink: memorySink() })
 */
export function memorySource(...objects: readonly SourceObject[]): SourceMessage[] {
  return objects.map((object, index) => ({ messageId: `message-${index}`, objects: [object] }))
}

/** A document of `memorySink`, as JSON keeps it. */
export interface StoredDocument {
  readonly dataStream: string
  readonly document: LogDocument
}

/** A sink that keeps documents in memory, by id. */
export interface MemorySink extends Sink<unknown> {
  readonly documents: ReadonlyMap<string, StoredDocument>
}

/**
 * A store in memory. An id that is there counts as duplicate, and nothing is refused.
 *
 * @example
 * const sink = memorySink()
 * await ingest({ source, parser, sink })
 * expect(sink.documents.size).toBe(3)
 */
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

/**
 * All records, ordinals, documents and malformed records that a parser gives for one object, in order.
 *
 * @throws the parser's errors
 */
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

/** What `parserContract` tests a parser with. */
export interface ParserContract<T> {
  /** Registers a test: `test` of your runner. */
  readonly test: TestFunction
  readonly parser: Parser<T>
  /** A decompressed file of the format with at least two records. */
  readonly sample: Uint8Array | string
  /** Number of records in the sample, malformed ones counted. */
  readonly records: number
}

/**
 * Registers the tests that every parser has to pass with your runner.
 *
 * @example
 * parserContract({ test, parser: nginx, sample: readFileSync('access.log'), records: 120 })
 */
export function parserContract<T>({ test, parser, sample, records }: ParserContract<T>): void {
  const body = Buffer.from(sample)
  const key = 'sample.log'
  registerShared({ test, parser, sample, records })

  test('gives the same wherever the chunks are cut, and behind gzip', async () => {
    const expected = await collect(parser, memoryObject({ key, body }))
    for (const chunkBytes of [1, 7, 1000])
      assert.deepEqual(await collect(parser, memoryObject({ key, body, chunkBytes })), expected)
    assert.deepEqual(await collect(parser, memoryObject({ key, body: gzipSync(body), chunkBytes: 3 })), expected)
  })

  test('closes the body when the reader leaves early', async () => {
    const watched = watch(memoryObject({ key, body, chunkBytes: 16 }))
    for await (const _ of parser.parse(watched.object, parseContext())) break
    assert.deepEqual(
      watched.opened.map(({ closed }) => closed),
      [true],
    )
  })
}

/** What `rangeParserContract` tests a parser of ranges with, such as one of Parquet. */
export interface RangeParserContract<T> extends ParserContract<T> {
  /** Bytes that one range may have. @default 8 MiB */
  readonly mostBytes?: number
}

/**
 * Registers the tests that every parser has to pass that reads its objects by ranges: one of a format whose index stands
 * at the file's end.
 *
 * @example
 * rangeParserContract({ test, parser: parquet(vpcFlow), sample: readFileSync('flows.parquet'), records: 120 })
 */
export function rangeParserContract<T>({
  test,
  parser,
  sample,
  records,
  mostBytes = 8 * 1024 * 1024,
}: RangeParserContract<T>): void {
  const body = Buffer.from(sample)
  const key = 'sample.log'
  registerShared({ test, parser, sample, records })

  test('gives the same wherever the chunks are cut', async () => {
    const expected = await collect(parser, memoryObject({ key, body }))
    for (const chunkBytes of [7, 1000])
      assert.deepEqual(await collect(parser, memoryObject({ key, body, chunkBytes })), expected)
  })

  test('asks for ranges alone, of a bounded size, and reads and closes each', async () => {
    const { object, opened } = watch(memoryObject({ key, body }))
    await collect(parser, object)
    assert.ok(opened.length > 0)
    for (const { range, bytes, closed } of opened) {
      assert.ok(range && ('last' in range || range.end !== undefined))
      assert.ok(bytes <= mostBytes && closed)
    }
  })

  test('stops with the signal, before it begins and between batches', async () => {
    const reason = new Error('stopped')
    const { object, opened } = watch(memoryObject({ key, body }))
    await assert.rejects(collect(parser, object, parseContext({ signal: AbortSignal.abort(reason) })), reason)
    assert.equal(opened.length, 0)
    const stop = new AbortController()
    const aborting: SourceObject = {
      ...object,
      open: async (range, signal) => {
        assert.equal(signal, stop.signal)
        stop.abort(reason)
        signal?.throwIfAborted()
        return object.open(range, signal)
      },
    }
    await assert.rejects(collect(parser, aborting, parseContext({ signal: stop.signal })), reason)
  })

  test('takes no part of another version of the object', async () => {
    const object = memoryObject({ key, body })
    let part = 0
    const overwritten: SourceObject = {
      ...object,
      open: async (range) => ({ ...(await object.open(range)), etag: `etag-${part++}` }),
    }
    const failed = await collect(parser, overwritten).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (part > 1) assert.equal((failed as { readonly code?: unknown } | undefined)?.code, 'OBJECT_SUPERSEDED')
    else assert.equal(failed, undefined)
  })

  test('fails on bytes that do not come, and on more than was asked for', async () => {
    const object = memoryObject({ key, body })
    const cut = async function* () {}
    const short: SourceObject = { ...object, open: async () => ({ etag: 'e', body: cut() }) }
    assert.deepEqual((await collect(parser, short)).records, [])
    const endless = memoryObject({ key, body: Buffer.concat([Buffer.alloc(mostBytes), body]) })
    await assert.rejects(collect(parser, { ...object, open: () => endless.open() }))
  })

  test('goes on from a position, with the ids of a whole reading', async () => {
    const object = memoryObject({ key, body })
    const all = memorySink()
    const first = await ingest({ source: memorySource(object), parser, sink: all, malformedShare: 1 })
    const { etag } = first.messages[0]!.objects[0]!
    const rest = memorySink()
    const from = { etag: etag!, records: records - 1 }
    const second = await ingest({ source: memorySource({ ...object, from }), parser, sink: rest, malformedShare: 1 })
    assert.equal(second.counts.read, 1)
    for (const [id, { document }] of rest.documents) assert.deepEqual(document, all.documents.get(id)?.document)
  })
}

/** What parsers keep, however they read. */
function registerShared<T>({ test, parser, sample, records }: ParserContract<T>): void {
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
}

/** What became of each body that was opened. */
function watch(object: SourceObject) {
  const opened: { range: ByteRange | undefined; bytes: number; closed: boolean }[] = []
  const open: SourceObject['open'] = async (range, signal) => {
    const part = await object.open(range, signal)
    const one = { range, bytes: 0, closed: false }
    opened.push(one)
    const watched = async function* () {
      try {
        for await (const chunk of part.body) {
          one.bytes += chunk.length
          yield chunk
        }
      } finally {
        one.closed = true
      }
    }
    return { ...part, body: watched() }
  }
  return { object: { ...object, open }, opened }
}

/** What `sinkContract` tests a sink with. */
export interface SinkContract {
  /** Registers a test: `test` of your runner. */
  readonly test: TestFunction
  /** A sink on an empty store. `read` gives the documents of the slice's data stream or table, by id. */
  readonly create: () => Promise<{
    readonly sink: Sink<unknown>
    readonly read: (slice: Slice<unknown>) => Promise<ReadonlyMap<string, LogDocument>>
    readonly close?: () => Promise<void>
  }>
  /** Changes a document so that the store refuses it. @default the store refuses nothing, and that test is left out */
  readonly refused?: (document: LogDocument) => LogDocument
}

/**
 * Registers the tests that every sink has to pass with your runner. A sink may keep a document that is there already,
 * and count a duplicate, or overwrite it and count it as written: the tests take both, and ask that the store has it once.
 *
 * @example
 * sinkContract({ test, create: async () => ({ sink: mySink(table), read: async () => table.byId() }) })
 */
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
      // A sink may keep the document that is there, or overwrite it: it tells of all four in the same way.
      const { written, duplicate, rejected, unfinished } = (await sink.write([slice])).slices[0]!
      assert.ok(written + duplicate === 4 && (written === 0 || duplicate === 0))
      assert.deepEqual({ rejected, unfinished }, { rejected: [], unfinished: 0 })
      const stored = await read(slice)
      assert.equal(stored.size, 4)
      for (let index = 0; index < 4; index++) assert.deepEqual(stored.get(slice.id(index)), slice.document(index))
    }))

  test('counts an id that comes twice in one batch once', () =>
    within(async ({ sink, read }) => {
      const slice = memorySlice({ records: 3 })
      const { slices } = await sink.write([slice, slice])
      for (const { written, duplicate } of slices) assert.equal(written + duplicate, 3)
      // Kept, the second is a duplicate; overwritten, it is written again.
      const written = slices[0]!.written + slices[1]!.written
      assert.ok(written === 3 || written === 6)
      assert.equal((await read(slice)).size, 3)
    }))

  test('tells of each slice apart', () =>
    within(async ({ sink }) => {
      const first = memorySlice({ records: 2, key: 'a' })
      await sink.write([first])
      const { slices } = await sink.write([first, memorySlice({ records: 3, key: 'b' })])
      assert.equal(slices[0]!.written + slices[0]!.duplicate, 2)
      assert.equal(slices[1]!.written, 3)
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
      title: 'Test',
      dataset: 'flowferry.test',
      mapping: {
        '@timestamp': { type: 'date' },
        'labels.n': { type: 'long' },
        'source.ip': { type: 'ip' },
        'event.category': { type: 'keyword' },
        'custom.free': { type: 'flattened' },
      },
      fields: [],
      archive: [],
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
