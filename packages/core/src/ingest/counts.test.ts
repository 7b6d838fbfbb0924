import { describe, expect, test } from 'vitest'
import { numbers, object } from '../../test/numbers.ts'
import { memorySink, memorySlice, memorySource } from '../testing/index.ts'
import type { Batch, Malformed, SliceOutcome } from '../types.ts'
import { countRecords } from './counts.ts'
import { ingest } from './ingest.ts'

const malformed = (ordinal: number): Malformed => ({ ordinal, offset: ordinal * 10, reason: `no record ${ordinal}` })
const batch = (ordinals: readonly number[], more: Partial<Batch<unknown>> = {}): Batch<unknown> => ({
  format: { kind: 'word', title: 'Words', dataset: 'custom.word', mapping: {}, fields: [], archive: [] },
  length: ordinals.length,
  records: ordinals,
  ordinals,
  bytes: 100,
  document: () => ({}),
  ...more,
})
const outcome = (more: Partial<SliceOutcome>): SliceOutcome => ({
  written: 0,
  duplicate: 0,
  rejected: [],
  unfinished: 0,
  ...more,
})

describe('countRecords', () => {
  test('counts records and malformed ones from the position on', () => {
    const records = countRecords()
    expect(records.addBatch(batch([0, 2, 3], { malformed: [malformed(1), malformed(4)] }), 2)).toBe(2)
    expect(records.counts).toMatchObject({ read: 3, malformed: 1 })
    expect(records.malformed).toEqual([malformed(4)])
  })

  test('gives nothing for a batch that ends before the position, and 0 for one of malformed records alone', () => {
    const records = countRecords()
    expect(records.addBatch(batch([0, 1], { malformed: [malformed(2)] }), 3)).toBeUndefined()
    expect(records.counts.read).toBe(0)
    expect(records.summary().kinds).toEqual([])
    expect(records.addBatch(batch([], { malformed: [malformed(3)] }), 3)).toBe(0)
    expect(records.counts).toMatchObject({ read: 1, malformed: 1 })
    expect(records.summary().kinds).toEqual([])
  })

  test('does not count ordinals beyond the length of the batch, as a list that is used again has them', () => {
    const records = countRecords()
    expect(records.addBatch(batch([0, 1, 2], { length: 1 }), 5)).toBeUndefined()
    expect(records.addBatch(batch([6, 1, 2], { length: 1 }), 5)).toBe(1)
    expect(records.counts.read).toBe(1)
  })

  test('adds the outcomes of slices, and shows the first five rejected documents with their ids', () => {
    const records = countRecords()
    const slice = { ...memorySlice({ records: 4 }), ordinals: [10, 20, 30, 40] }
    const rejection = (index: number) => ({ index, type: 'mapper_parsing_exception', reason: 'no' })
    records.addOutcome(slice, outcome({ written: 1, duplicate: 1, rejected: [rejection(3), rejection(0)] }))
    records.addOutcome(slice, outcome({ rejected: [0, 1, 2, 3].map(rejection) }))
    records.addOutcome(slice, outcome({ unfinished: 4 }))
    expect(records.counts).toMatchObject({ written: 1, duplicate: 1, rejected: 6, unfinished: 4 })
    expect(records.rejected.map(({ ordinal }) => ordinal)).toEqual([40, 10, 10, 20, 30])
    expect(records.rejected[0]!.id).toBe(slice.id(3))
  })

  test('adds what a pipeline of the cluster dropped, and shows the first five of it', () => {
    const records = countRecords()
    const slice = memorySlice({ records: 6 })
    const dropped = (index: number) => ({ index, type: 'dropped_by_pipeline', reason: 'dropped' })
    records.addOutcome(slice, outcome({ written: 6 }))
    expect(records.summary()).not.toHaveProperty('filtered')
    records.addOutcome(slice, outcome({ written: 5, filtered: [dropped(2)] }))
    expect(records.summary().filtered).toEqual([{ ...dropped(2), id: slice.id(2), ordinal: slice.ordinals[2] }])
    records.addOutcome(slice, outcome({ filtered: [0, 1, 2, 3, 4, 5].map(dropped) }))
    expect(records.counts).toMatchObject({ written: 11, filtered: 7, rejected: 0 })
    expect(records.summary().filtered!.map(({ index }) => index)).toEqual([2, 0, 1, 2, 3])
  })

  test('shows the first five malformed records', () => {
    const records = countRecords()
    records.addBatch(batch([], { malformed: [0, 1, 2].map(malformed) }), 0)
    records.addBatch(batch([], { malformed: [3, 4, 5, 6].map(malformed) }), 0)
    expect(records.counts.malformed).toBe(7)
    expect(records.summary().malformed.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 4])
  })

  test('sums up kinds, unknown fields and records without a time', () => {
    const records = countRecords()
    records.addBatch(batch([0], { unknownFields: { added: 1 } }), 0)
    expect(records.summary().kinds).toEqual(['word'])
    records.addBatch(batch([1, 2], { unknownFields: { added: 2, other: 1 } }), 0)
    records.addUntimed()
    records.addFiltered(2)
    records.addUnfinished(1)
    expect(records.summary()).toMatchObject({
      kinds: ['word'],
      untimed: 1,
      unknownFields: { added: 3, other: 1 },
      counts: { read: 3, filtered: 2, unfinished: 1 },
    })
  })
})

test('unknown fields of a hostile file are counted within bounds', async () => {
  const parser: typeof numbers = {
    ...numbers,
    async *parse(one, context) {
      for await (const batch of numbers.parse(one, context)) {
        const names = Array.from({ length: 5000 }, (_, n) => [`field${n}`, 1])
        yield { ...batch, unknownFields: Object.fromEntries(names) }
      }
    },
  }
  const report = await ingest({ source: memorySource(object('a')), parser, sink: memorySink() })
  const { unknownFields } = report.messages[0]!.objects[0]!
  expect(Object.keys(unknownFields)).toHaveLength(1001)
  expect(unknownFields['…']).toBe(4000)
})
