import { describe, expect, test } from 'vitest'
import { lines } from '../encodings/lines/lines.ts'
import { FlowferryError } from '../errors.ts'
import { memoryObject, memorySource } from '../testing/index.ts'
import type { Outcome } from '../types.ts'
import { byteBudget } from './budget.ts'
import { ingest } from './ingest.ts'
import { addsUp } from './report.ts'

const words = lines({
  kind: 'word',
  dataset: 'custom.word',
  record: (word) => ({ word }),
  document: ({ word }) => ({ custom: { word } }),
})
/** Three records, and what the sink tells of them. */
const run = (outcome: unknown) =>
  ingest({
    source: memorySource(memoryObject({ key: 'a', body: 'a\nb\nc\n' })),
    parser: words,
    sink: { write: async () => outcome as Outcome },
  })
const rejection = (index: number) => ({ index, type: 'mapper_parsing_exception', reason: 'no' })

describe('a sink that tells of its slice', () => {
  const good = { written: 3, duplicate: 0, rejected: [], unfinished: 0 }

  test.each<[string, object]>([
    ['too few records', { written: 2 }],
    ['too many records', { duplicate: 1 }],
    ['fewer than none, made up for', { written: -1, unfinished: 4 }],
    ['more than all, made up for', { written: 4, duplicate: -1 }],
    ['halves', { written: 1.5, duplicate: 1.5 }],
    ['counts in text', { written: '3' }],
    ['no count', { written: Number.NaN }],
    ['one count less', { unfinished: undefined }],
    ['a number of rejections', { rejected: 0 }],
    ['one rejected twice', { written: 1, rejected: [rejection(0), rejection(0)] }],
    ['one rejected that it has not', { written: 2, rejected: [rejection(3)] }],
    ['one rejected before the first', { written: 2, rejected: [rejection(-1)] }],
    ['one rejected and filtered', { written: 1, rejected: [rejection(0)], filtered: [rejection(0)] }],
    ['a number of filtered ones', { filtered: 0 }],
    ['half a record rejected', { written: 2, rejected: [rejection(0.5)] }],
  ])('%s, is not believed', async (_, told) => {
    const report = await run({ slices: [{ ...good, ...told }] })
    expect(report.messages[0]!.objects[0]).toMatchObject({ status: 'failed', error: { code: 'SINK_OUTCOME' } })
    expect(report.counts).toMatchObject({ read: 3, written: 0, rejected: 0, unfinished: 3 })
    expect(addsUp(report.counts)).toBe(true)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['of none', { slices: [] }],
    ['of two', { slices: [good, good] }],
    ['another word', { written: 3 }],
  ])('%s, is not believed', async (_, outcome) => {
    const report = await run(outcome)
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'SINK_OUTCOME' })
    expect(report.counts).toMatchObject({ unfinished: 3 })
  })

  test('dropped by the store’s owner, is filtered, with the reason', async () => {
    const dropped = { ...rejection(1), type: 'dropped_by_pipeline' }
    const report = await run({
      slices: [{ written: 2, duplicate: 0, rejected: [], filtered: [dropped], unfinished: 0 }],
    })
    expect(report).toMatchObject({ ok: true, counts: { written: 2, filtered: 1, rejected: 0 } })
    expect(addsUp(report.counts)).toBe(true)
    expect(report.messages[0]!.objects[0]!.filtered).toMatchObject([{ type: 'dropped_by_pipeline', ordinal: 1 }])
    expect((await run({ slices: [good] })).messages[0]!.objects[0]).not.toHaveProperty('filtered')
  })

  test('each fate once, is', async () => {
    expect(await run({ slices: [good] })).toMatchObject({ ok: true, counts: { written: 3 } })
    const mixed = { written: 0, duplicate: 1, rejected: [rejection(2), rejection(0)], unfinished: 0 }
    expect((await run({ slices: [mixed] })).counts).toMatchObject({ duplicate: 1, rejected: 2 })
  })
})

describe('a sink that throws', () => {
  const failing = (error: unknown) =>
    ingest({
      source: memorySource(memoryObject({ key: 'a', body: 'a\nb\n' })),
      parser: words,
      sink: {
        write: async () => {
          throw error
        },
      },
    })

  test.each([
    ['an error', new Error('no socket'), true],
    ['an error that says that no try helps', Object.assign(new Error('x'), { retryable: false }), false],
    ['text', 'no socket', true],
    ['nothing', undefined, true],
  ])('%s, is told as the sink’s', async (_, error, retryable) => {
    const report = await failing(error)
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'SINK_FAILED', retryable, place: { key: 'a' } })
    expect(report.counts).toMatchObject({ read: 2, unfinished: 2 })
  })

  test('an error of ours, is told as it is', async () => {
    const report = await failing(new FlowferryError('TARGET_FAILED', 'x'))
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'TARGET_FAILED' })
  })

  test('or gives a plain error in its outcome, has an error of ours', async () => {
    const unfinished = { written: 0, duplicate: 0, rejected: [], unfinished: 3 }
    for (const stop of [false, true]) {
      const report = await run({ slices: [unfinished], error: new Error('no socket'), stop })
      expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'SINK_FAILED' })
      expect(JSON.stringify(report)).toContain('no socket')
    }
  })
})

test('objects that wait for room send full batches, while another batch is being written', async () => {
  const line = 'x'.repeat(1023)
  const objects = Array.from({ length: 16 }, (_, number) =>
    memoryObject({ key: `${number}`, body: `${line}\n`.repeat(64), chunkBytes: 4096 }),
  )
  const sizes: number[] = []
  // As long as the readers have anything to do, the store has not answered.
  const idle = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  const report = await ingest({
    source: memorySource(...objects),
    parser: words,
    sink: {
      write: async (batch) => {
        sizes.push(batch.reduce((sum, { bytes }) => sum + bytes, 0))
        await idle()
        return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
      },
    },
    concurrency: 8,
    batchBytes: 32_768,
    budget: byteBudget(131_072),
  })
  expect(report).toMatchObject({ ok: true, counts: { written: 1024 } })
  expect(sizes.filter((size) => size >= 32_768).length / sizes.length).toBeGreaterThan(0.8)
})
