import { describe, expect, test } from 'vitest'
import { ingest } from './ingest.ts'
import { lines } from './records/lines.ts'
import { addsUp } from './report.ts'
import { memoryObject, memorySource } from './testing.ts'
import type { Outcome } from './types.ts'

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

  test('each fate once, is', async () => {
    expect(await run({ slices: [good] })).toMatchObject({ ok: true, counts: { written: 3 } })
    const mixed = { written: 0, duplicate: 1, rejected: [rejection(2), rejection(0)], unfinished: 0 }
    expect((await run({ slices: [mixed] })).counts).toMatchObject({ duplicate: 1, rejected: 2 })
  })
})
