import { describe, expect, test } from 'vitest'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Batch, Parser, Report } from '../types.ts'
import { type ByteBudget, byteBudget } from './budget.ts'
import { ingest } from './ingest.ts'
import { addsUp } from './report.ts'

interface NumberRecord {
  readonly kind: 'number'
}
const format = { kind: 'number', title: 'Numbers', dataset: 'custom.number', mapping: {}, fields: [], archive: [] }
const record: NumberRecord = { kind: 'number' }
const good: Batch<NumberRecord> = {
  format,
  length: 2,
  records: [record, record],
  ordinals: [0, 1],
  bytes: 10,
  document: () => ({ '@timestamp': '2026-01-01T00:00:00.000Z' }),
}
const malformed = (ordinal: number) => ({ ordinal, offset: 0, reason: 'no number' })

/** A user's own parser that gives these batches, whatever they are. */
const giving = (...batches: readonly unknown[]): Parser<NumberRecord> => ({
  formats: [format],
  claims: () => 'content',
  async *parse(object, context) {
    await object.open(undefined, context.signal)
    yield* batches as Batch<NumberRecord>[]
  },
})
const run = (parser: Parser<NumberRecord>, budget: ByteBudget, signal?: AbortSignal): Promise<Report> =>
  ingest({
    source: memorySource(memoryObject({ key: 'a', body: '1\n2\n' })),
    parser,
    sink: memorySink(),
    malformedShare: 1,
    budget,
    ...(signal && { signal }),
  })

describe('a batch of a parser', () => {
  test.each<[string, unknown, string]>([
    ['no bytes', { ...good, bytes: undefined }, '`bytes` is undefined'],
    ['bytes that are no number', { ...good, bytes: Number.NaN }, '`bytes` is NaN'],
    ['bytes below 0', { ...good, bytes: -5 }, '`bytes` is -5'],
    ['bytes in text', { ...good, bytes: '10' }, '`bytes` is text'],
    ['half a byte', { ...good, bytes: 0.5 }, '`bytes` is 0.5'],
    ['no length', { ...good, length: undefined }, '`length` is undefined'],
    ['a length beyond its ordinals', { ...good, records: [record, record, record], length: 3 }, '`ordinals` are not 3'],
    ['a length that is not that of its records', { ...good, length: 1 }, '`records` are not 1'],
    ['no records', (({ records, ...rest }) => rest)(good), '`records` are not 2'],
    ['records that are not there', { ...good, records: undefined }, '`records` are not 2'],
    ['no ordinals', { ...good, ordinals: undefined }, '`ordinals` are not 2'],
    ['ordinals from behind', { ...good, ordinals: [1, 0] }, '`ordinals` do not ascend from 0'],
    ['an ordinal twice', { ...good, ordinals: [0, 0] }, '`ordinals` do not ascend from 0'],
    ['a first ordinal in text', { ...good, ordinals: ['0', 1] }, '`ordinals` do not ascend from 0'],
    ['a last ordinal in text', { ...good, ordinals: [0, '1'] }, '`ordinals` do not ascend from 0'],
    [
      'one ordinal below 0',
      { ...good, records: [record], length: 1, ordinals: [-1] },
      '`ordinals` do not ascend from 0',
    ],
    ['a malformed record below 0', { ...good, malformed: [malformed(-1)] }, '`malformed` do not ascend from 0'],
    ['ordinals that are no numbers', { ...good, ordinals: ['a', 'b'] }, '`ordinals` do not ascend from 0'],
    [
      'malformed records from behind',
      { ...good, malformed: [malformed(3), malformed(2)] },
      '`malformed` do not ascend',
    ],
    ['malformed records in no list', { ...good, malformed: malformed(2) }, '`malformed` is no list'],
    ['a dataset that no stream has', { ...good, format: { ...format, dataset: 'a/b' } }, 'of the dataset "a/b"'],
    ['a namespace that no stream has', { ...good, namespace: 'a-b' }, 'of the namespace "a-b"'],
    ['no format', { ...good, format: undefined }, '`format`'],
    ['no document', { ...good, document: undefined }, '`document`'],
    ['nothing', undefined, 'no object'],
  ])('with %s fails its object, and no other of the process', async (_, batch, reason) => {
    const budget = byteBudget(100)
    const bad = await run(giving(batch), budget)
    expect(bad.messages[0]!.objects[0]!.error).toMatchObject({ code: 'STEP_FAILED', place: { key: 'a' } })
    expect(bad.messages[0]!.objects[0]!.error!.message).toContain(reason)
    expect(bad.counts.read).toBe(0)
    // Else the next one waits for bytes that never come free.
    const next = await run(giving(good), budget, AbortSignal.timeout(5000))
    expect(next).toMatchObject({ ok: true, counts: { written: 2 } })
  })

  test('whose ordinals begin anew is not taken for duplicates', async () => {
    const report = await run(giving(good, good), byteBudget(100))
    expect(report.messages[0]!.objects[0]!.error!.message).toContain('do not ascend from 2')
    expect(report.counts).toMatchObject({ duplicate: 0 })
    expect(addsUp(report.counts)).toBe(true)
    const one = { ...good, records: [record], length: 1, ordinals: [0] }
    expect(await run(giving(one, one), byteBudget(100))).toMatchObject({ ok: false, counts: { read: 1 } })
    const bad = { ...good, records: [], length: 0, ordinals: [], malformed: [malformed(2), malformed(3)] }
    expect(await run(giving(bad, { ...good, ordinals: [3, 4] }), byteBudget(100))).toMatchObject({ ok: false })
    expect(await run(giving(bad, { ...good, ordinals: [4, 5] }), byteBudget(100))).toMatchObject({ ok: true })
    const later = { ...good, ordinals: [3, 4], malformed: [malformed(2)] }
    expect(await run(giving(good, later), byteBudget(100))).toMatchObject({
      ok: true,
      counts: { written: 4, malformed: 1 },
    })
    const early = { ...good, ordinals: [3, 4], malformed: [malformed(1)] }
    expect(await run(giving(good, early), byteBudget(100))).toMatchObject({ ok: false })
  })

  test('is not made to make its records', async () => {
    const lazy = Object.defineProperty({ ...good }, 'records', {
      get: () => {
        throw new Error('nobody needs them')
      },
    })
    expect(await run(giving(lazy), byteBudget(100))).toMatchObject({ ok: true, counts: { written: 2 } })
  })

  test('of no bytes and no record is none', async () => {
    const empty = { ...good, length: 0, records: [], ordinals: [], bytes: 0 }
    expect(await run(giving(empty, good), byteBudget(100))).toMatchObject({ ok: true, counts: { written: 2 } })
  })
})

test('a budget that throws fails the object, and every record is counted', async () => {
  const broken = () => {
    throw new Error('no room is known')
  }
  for (const budget of [
    { ...byteBudget(1), tryTake: broken },
    { ...byteBudget(1), tryTake: () => false, take: broken },
  ]) {
    const report = await run(giving(good), budget)
    expect(report.messages[0]!.objects[0]!.error).toMatchObject({ code: 'STEP_FAILED' })
    expect(report.counts).toMatchObject({ read: 2, unfinished: 2 })
  }
})
