import type { Sink } from '@flowferry/core'
import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink, memorySlice, memorySource } from '@flowferry/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BulkOptions } from './options.ts'
import { bulkSink } from './write.ts'

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
/** A flow that ended then; a dirty one takes the plain path. */
const flow = (end: number | string, dirty = false) =>
  `2 123456789012 ${dirty ? 'é' : 'eni-1'} 10.0.0.1 10.1.0.1 1 443 6 1 4249 1418530010 ${end} ACCEPT OK`
const seconds = (day: string) => Date.parse(`${day}T12:00:00Z`) / 1000

/** A store that takes everything, and the documents of each index. */
function store(options: BulkOptions = {}) {
  const indices = new Map<string, Map<string, Record<string, unknown>>>()
  const sink = bulkSink(
    async (bytes) => {
      const lines = bytes.toString().split('\n')
      expect(lines.pop()).toBe('')
      for (let i = 0; i < lines.length; i += 2) {
        const { _index, _id } = JSON.parse(lines[i]!).create
        const documents = indices.get(_index) ?? new Map()
        indices.set(_index, documents)
        expect(documents.has(_id)).toBe(false)
        documents.set(_id, JSON.parse(lines[i + 1]!))
      }
      return { status: 200, body: undefined, created: lines.length / 2 }
    },
    { indexPer: 'day', ...options },
  )
  return { sink, indices }
}

const read = (sink: Sink<unknown>, lines: string[]) =>
  ingest({
    source: memorySource(memoryObject({ key: 'a', body: [header, ...lines].join('\n') })),
    parser: vpcFlow,
    sink,
    malformedShare: 1,
  })

describe('indices by time', () => {
  test.each([
    ['day', ['logs-aws.vpcflow-default-2026.10.31', 'logs-aws.vpcflow-default-2026.11.01']],
    ['month', ['logs-aws.vpcflow-default-2026.10', 'logs-aws.vpcflow-default-2026.11']],
  ] as const)('of a %s hold what their documents say', async (indexPer, names) => {
    const { sink, indices } = store({ indexPer })
    const days = ['2026-10-31', '2026-11-01', '2026-10-31', '2026-11-01']
    const report = await read(
      sink,
      days.flatMap((day) => [flow(seconds(day)), flow(seconds(day), true)]),
    )
    expect(report.counts).toMatchObject({ read: 8, written: 8 })
    expect([...indices.keys()].sort()).toEqual(names)
    for (const [name, documents] of indices)
      for (const document of documents.values())
        expect(name).toContain(
          String(document['@timestamp'])
            .slice(0, name.length - 25)
            .replaceAll('-', '.'),
        )
  })

  test('take the name of an index of the user', async () => {
    const { sink, indices } = store({ index: 'flüge' })
    await read(sink, [flow(seconds('2026-11-22')), flow(seconds('2026-11-22'), true)])
    expect([...indices.keys()]).toEqual(['flüge-2026.11.22'])
  })

  test('take the time of the object where a record has none', async () => {
    const { sink, indices } = store()
    const report = await read(sink, [flow('-'), flow(seconds('2026-11-22'))])
    expect(report.counts.written).toBe(2)
    expect([...indices.keys()].sort()).toEqual([
      'logs-aws.vpcflow-default-2026.01.01',
      'logs-aws.vpcflow-default-2026.11.22',
    ])
  })

  test.each([
    ['1970', 0],
    ['the day before S3', seconds('2005-12-31')],
    ['9999', seconds('9999-12-31')],
    ['three days ahead', Date.now() / 1000 + 3 * 86_400],
  ])('refuse a document of %s alone', async (_, end) => {
    const { sink, indices } = store()
    const odd = [flow(Math.floor(end)), flow(Math.floor(end), true)]
    const good = flow(seconds('2026-11-22'))
    const report = await read(sink, [good, odd[0]!, odd[0]!, good, odd[1]!, good, odd[0]!])
    expect(report.counts).toMatchObject({ read: 7, written: 3, rejected: 4 })
    expect([...indices.keys()]).toEqual(['logs-aws.vpcflow-default-2026.11.22'])
    expect(report.messages[0]!.objects[0]!.rejected.map(({ ordinal, type }) => [ordinal, type])).toEqual(
      [1, 2, 4, 6].map((ordinal) => [ordinal, 'timestamp_out_of_range']),
    )
    expect(report.messages[0]!.objects[0]!.rejected[0]!.reason).toMatch(/@timestamp is of .* takes 2006-01-01 to/)
  })

  test('take tomorrow', async () => {
    const { sink } = store()
    const report = await read(sink, [flow(Math.floor(Date.now() / 1000) + 86_400)])
    expect(report.counts.written).toBe(1)
  })

  test('are at most 100 for one object, however many writes it takes', async () => {
    const { sink, indices } = store({ maxBodyBytes: 3000 })
    const days = Array.from({ length: 300 }, (_, n) => flow(seconds('2010-01-01') + n * 86_400))
    const { counts, messages } = await ingest({
      source: memorySource(memoryObject({ key: 'a', body: [header, ...days].join('\n') })),
      parser: vpcFlow,
      sink,
      batchBytes: 2000,
    })
    expect(counts).toMatchObject({ written: 100, rejected: 200 })
    expect(indices.size).toBe(100)
    expect(messages[0]!.objects[0]!.rejected[0]).toMatchObject({ type: 'too_many_indices' })
  })

  test.each([
    ['a Date', new Date('2026-11-22T10:00:00Z'), true],
    ['milliseconds', Date.parse('2026-11-22T10:00:00Z'), true],
    ['a day alone', '2026-11-22', true],
    ['no date', 'yesterday', false],
    ['a day that is none', '2026-02-31T00:00:00Z', false],
    ['a month that is none', '2026-13-01T00:00:00Z', false],
    ['a year of five digits', '12026-11-22T00:00:00Z', false],
    ['an object', { year: 2026 }, false],
    ['NaN', Number.NaN, false],
    ['too many milliseconds', 1e300, false],
  ])("take %s of a user's parser, or say that they do not", async (_, timestamp, taken) => {
    const slice = memorySlice({ records: 1 })
    const document = () => ({ ...slice.document(0), '@timestamp': timestamp })
    const { sink, indices } = store()
    const { slices } = await sink.write([{ ...slice, document }])
    expect(slices[0]).toMatchObject({ written: taken ? 1 : 0 })
    expect([...indices.keys()]).toEqual(taken ? ['logs-flowferry.test-default-2026.11.22'] : [])
    if (!taken) expect(slices[0]!.rejected).toMatchObject([{ index: 0, type: 'timestamp_unknown' }])
  })

  test('hold the same documents as a data stream, whatever is odd and wherever bodies end', async () => {
    const line = fc.tuple(
      fc.constantFrom<number | string>(seconds('2026-11-21'), seconds('2026-11-22'), 0, '-', 'x'),
      fc.boolean(),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 60 }),
        fc.integer({ min: 1000, max: 9000 }),
        async (lines, maxBodyBytes) => {
          const body = [header, ...lines.map(([end, dirty]) => flow(end, dirty))].join('\n')
          const run = (sink: Sink<unknown>) =>
            ingest({
              source: memorySource(memoryObject({ key: 'a', body })),
              parser: vpcFlow,
              sink,
              batchBytes: 4000,
              malformedShare: 1,
            })
          const expected = memorySink()
          const { sink, indices } = store({ maxBodyBytes })
          await run(expected)
          const report = await run(sink)
          const stored = new Map([...indices.values()].flatMap((documents) => [...documents]))
          const odd = [...expected.documents].filter(([, { document }]) => String(document['@timestamp']) < '2006')
          expect(report.counts).toMatchObject({ written: stored.size, rejected: odd.length })
          expect(stored.size + odd.length).toBe(expected.documents.size)
          for (const [id, document] of stored) expect(document).toEqual(expected.documents.get(id)!.document)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('options that do not go together', () => {
  test.each([
    { op: 'index' },
    { op: 'update', index: 'a' },
    { indexPer: 'week' },
    { gzip: 0 },
    { gzip: 10 },
    { maxBytesInFlight: 999, maxBodyBytes: 1000 },
    { requestTimeoutMilliseconds: 0 },
  ])('%j', (options) => {
    expect(() => bulkSink(async () => ({ status: 200, body: {} }), options as BulkOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})
