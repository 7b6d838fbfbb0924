import { describe, expect, test } from 'vitest'
import type { DeadRecord } from '../dead-records/stream.ts'
import { FlowferryError } from '../errors.ts'
import { memoryObject, memorySlice } from '../testing/index.ts'
import type { Batch, Malformed, Slice, SliceOutcome, SourceObject } from '../types.ts'
import { type ObjectProgress, trackProgress } from './progress.ts'
import { addsUp } from './report.ts'

const outcome = (more: Partial<SliceOutcome> = {}): SliceOutcome => ({
  written: 0,
  duplicate: 0,
  rejected: [],
  unfinished: 0,
  ...more,
})
const rejection = (index: number) => ({ index, type: 'mapper_parsing_exception', reason: 'no' })
const malformed = (ordinal: number): Malformed => ({ ordinal, offset: 0, reason: 'no number' })
const batch = (ordinals: readonly number[], more: Partial<Batch<{ n: number }>> = {}): Batch<{ n: number }> => {
  const { encoder: _, ...slice } = memorySlice({ records: ordinals.length })
  return { ...slice, ordinals, ...more }
}
/** The slice that a pipeline without a filter makes of a batch. */
const sliceFrom =
  ({ ordinals }: Batch<{ n: number }>) =>
  (from: number): Slice<{ n: number }> => {
    const kept = Array.from(ordinals).filter((ordinal) => ordinal >= from)
    return { ...memorySlice({ records: kept.length }), ordinals: kept }
  }

async function begun(
  options: {
    share?: number
    keep?: (records: readonly DeadRecord[]) => Promise<void>
    object?: Partial<SourceObject>
  } = {},
): Promise<ObjectProgress> {
  const { share = 1, keep, object } = options
  const source = { ...memoryObject({ key: 'k', bucket: 'b', body: 'body', etag: 'e' }), ...object }
  const dead = keep && { to: { write: keep }, signal: new AbortController().signal }
  const progress = trackProgress(source, { malformedShare: share, dead })
  for await (const _ of (await progress.object.open()).body);
  return progress
}
const add = (progress: ObjectProgress, one: Batch<{ n: number }>) => {
  const slice = progress.addBatch(one, sliceFrom(one))
  if (slice) progress.sendSlice(slice)
  return slice!
}

describe('the position in a report', () => {
  const late = new FlowferryError('DEADLINE', 'Time is over')

  test('is behind records that a filter dropped, though no slice follows', async () => {
    const progress = await begun()
    const dropped = batch([0, 1])
    progress.addBatch(dropped, () => ({ ...memorySlice({ records: 0 }), ordinals: [] }))
    progress.endReading(late)
    expect((await progress.report).position).toEqual({ etag: 'e', records: 2 })
  })

  test('is none where nothing was read', async () => {
    const progress = await begun()
    progress.endReading(late)
    expect(await progress.report).not.toHaveProperty('position')
  })

  test('is none where malformed records were not kept: a later reading must find them', async () => {
    const progress = await begun({ keep: () => Promise.reject(new Error('no room')) })
    const one = batch([0, 1], { malformed: [malformed(2)] })
    progress.addOutcome(add(progress, one), outcome({ written: 2 }), undefined)
    await progress.writeMalformed(one)
    await expect(progress.flushMalformed()).rejects.toMatchObject({ code: 'DEAD_RECORDS_FAILED' })
    progress.endReading(late)
    expect(await progress.report).not.toHaveProperty('position')
  })

  test('that a reading began at is told, from the first record on', async () => {
    const progress = await begun({ object: { from: { etag: 'e', records: 1 } } })
    progress.addOutcome(add(progress, batch([0, 1])), outcome({ written: 1 }), undefined)
    progress.endReading()
    expect(await progress.report).toMatchObject({ from: 1, counts: { read: 1, written: 1 } })
  })
})

describe('the report of an object', () => {
  test('is there when reading has ended and every slice has its outcome, in any order', async () => {
    const progress = await begun()
    const [first, second] = [add(progress, batch([0, 1])), add(progress, batch([2, 3]))]
    let known = false
    void progress.report.then(() => {
      known = true
    })
    progress.addOutcome(second, outcome({ written: 2 }), undefined)
    progress.endReading()
    await new Promise(setImmediate)
    expect(known).toBe(false)
    progress.addOutcome(first, outcome({ written: 1, duplicate: 1 }), undefined)
    const report = await progress.report
    expect(report).toMatchObject({
      bucket: 'b',
      key: 'k',
      etag: 'e',
      status: 'done',
      bytes: 4,
      counts: { read: 4, written: 3, duplicate: 1 },
    })
    expect(addsUp(report.counts)).toBe(true)
    expect(report).not.toHaveProperty('position')
    expect(report).not.toHaveProperty('error')
  })

  test('of an object that was not begun says so', async () => {
    const progress = trackProgress(memoryObject({ key: 'k', body: '' }), { malformedShare: 1 })
    const error = new FlowferryError('DEADLINE', 'x')
    progress.endUnread(error)
    expect(await progress.report).toMatchObject({ status: 'failed', notBegun: true, error, counts: { read: 0 } })
  })

  test('has the error of reading before that of a later write, and the time of the message', async () => {
    const sentAt = new Date('2026-01-01T00:00:00Z')
    const progress = trackProgress(memoryObject({ key: 'k', body: 'x' }), { malformedShare: 1, sentAt })
    await progress.object.open()
    const slice = add(progress, batch([0]))
    const damaged = new FlowferryError('COMPRESSION_CORRUPT', 'x')
    progress.endReading(damaged)
    progress.addOutcome(slice, outcome({ unfinished: 1 }), new FlowferryError('TARGET_FAILED', 'y'))
    expect(await progress.report).toMatchObject({ error: damaged, sentAt: '2026-01-01T00:00:00.000Z' })
  })

  test('names the store where it gave no reason for unfinished records', async () => {
    const progress = await begun()
    progress.addOutcome(add(progress, batch([0, 1])), outcome({ unfinished: 2 }), undefined)
    progress.endReading()
    const { error } = await progress.report
    expect(error).toMatchObject({ code: 'TARGET_FAILED', place: { bucket: 'b', key: 'k' } })
    expect(error!.message).toContain('2 documents were not stored')
  })
})

describe('the position of a failed object', () => {
  const stopped = new FlowferryError('DEADLINE', 'x')

  test('is behind the leading slices that are stored', async () => {
    const progress = await begun()
    const slices = [batch([0, 1]), batch([2], { malformed: [malformed(3)] }), batch([4])].map((one) =>
      add(progress, one),
    )
    progress.addOutcome(slices[0]!, outcome({ written: 2 }), undefined)
    progress.addOutcome(slices[1]!, outcome({ written: 1 }), undefined)
    progress.addOutcome(slices[2]!, outcome({ unfinished: 1 }), stopped)
    progress.endReading(stopped)
    expect(await progress.report).toMatchObject({ status: 'failed', position: { etag: 'e', records: 4 } })
  })

  test('is not behind a rejected document, unless that is kept', async () => {
    for (const keep of [undefined, async () => undefined]) {
      const progress = await begun(keep && { keep })
      await progress.addOutcome(add(progress, batch([0])), outcome({ rejected: [rejection(0)] }), undefined)
      progress.endReading(stopped)
      const report = await progress.report
      expect(report.position?.records).toBe(keep ? 1 : undefined)
      expect(report.error!.code).toBe(keep ? 'DEADLINE' : 'RECORDS_REJECTED')
    }
  })

  test('is none where a dead record was lost', async () => {
    const keep = () => Promise.reject(new Error('the bucket is full'))
    const progress = await begun({ keep })
    progress.addOutcome(add(progress, batch([0])), outcome({ written: 1 }), undefined)
    const rejecting = add(progress, batch([1]))
    await progress.addOutcome(rejecting, outcome({ rejected: [rejection(0)] }), undefined)
    progress.endReading(stopped)
    const report = await progress.report
    expect(report).toMatchObject({ status: 'failed', error: { code: 'DEAD_RECORDS_FAILED' } })
    expect(report).not.toHaveProperty('position')
  })

  test('of an earlier reading leaves out records before it, in the same bytes alone', async () => {
    for (const [etag, from] of [
      ['e', 2],
      ['other', undefined],
    ] as const) {
      const progress = await begun({ object: { from: { etag, records: 2 } } })
      const early = progress.addBatch(batch([0, 1]), sliceFrom(batch([0, 1])))
      if (early) {
        progress.sendSlice(early)
        progress.addOutcome(early, outcome({ written: 2 }), undefined)
      }
      const late = add(progress, batch([2]))
      progress.addOutcome(late, outcome({ written: 1 }), undefined)
      progress.endReading()
      const report = await progress.report
      expect([report.from, report.counts.read]).toEqual(from ? [2, 1] : [undefined, 3])
    }
  })
})

describe('addBatch', () => {
  test('counts what a filter drops, and gives no slice where nothing is left', async () => {
    const progress = await begun()
    expect(progress.addBatch(batch([0, 1]), () => memorySlice({ records: 0 }))).toBeUndefined()
    progress.endReading()
    expect(await progress.report).toMatchObject({ status: 'done', counts: { read: 2, filtered: 2 } })
  })

  test('counts the records of a step that throws as unfinished', async () => {
    const progress = await begun()
    const failing = () => {
      throw new Error('no filter')
    }
    expect(() => progress.addBatch(batch([0, 1], { malformed: [malformed(2)] }), failing)).toThrow('no filter')
    progress.endReading(new FlowferryError('STEP_FAILED', 'x'))
    const { counts } = await progress.report
    expect(counts).toMatchObject({ read: 3, malformed: 1, unfinished: 2 })
    expect(addsUp(counts)).toBe(true)
  })

  test('refuses a batch whose ordinals begin again', async () => {
    const progress = await begun()
    add(progress, batch([0, 1]))
    expect(() => progress.addBatch(batch([1, 2]), sliceFrom(batch([1, 2])))).toThrow('do not ascend from 2')
  })
})

describe('malformed records', () => {
  test('fail the object above the share, at its end or after 1,000 records', async () => {
    const progress = await begun({ share: 0.5 })
    progress.addBatch(batch([0], { malformed: [malformed(1)] }), sliceFrom(batch([0])))
    expect(() => progress.checkMalformed(true)).not.toThrow()
    progress.addBatch(batch([], { malformed: [malformed(2)] }), sliceFrom(batch([])))
    expect(() => progress.checkMalformed(false)).not.toThrow()
    expect(() => progress.checkMalformed(true)).toThrow('2 of 3 records are malformed')
  })

  test('are kept from the position on', async () => {
    const kept: number[] = []
    const keep = async (records: readonly DeadRecord[]) => {
      kept.push(...records.map(({ ordinal }) => ordinal))
    }
    const progress = await begun({ keep, object: { from: { etag: 'e', records: 2 } } })
    const one = batch([0], { malformed: [malformed(1), malformed(2), malformed(3)] })
    progress.addBatch(one, sliceFrom(one))
    await progress.writeMalformed(one)
    expect(progress.writeMalformed(batch([4]))).toBeUndefined()
    await progress.flushMalformed()
    expect(kept).toEqual([2, 3])
  })
})
