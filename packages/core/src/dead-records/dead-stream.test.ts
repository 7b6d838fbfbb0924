import { describe, expect, test } from 'vitest'
import { FlowferryError } from '../errors.ts'
import { memorySlice } from '../testing/index.ts'
import type { Batch } from '../types.ts'
import { type DeadRecord, deadStream, malformedRecords, rejectedRecords } from './stream.ts'

const { object, encoder: _, ...slice } = memorySlice({ records: 1 })
const rejected = (ordinal: number, characters: number): DeadRecord => ({
  ...[...rejectedRecords({ ...slice, object }, [{ index: 0, type: 't', reason: '' }])][0]!,
  ordinal,
  document: 'x'.repeat(characters),
})
const { signal } = new AbortController()

/** The ordinals of each write. */
async function writesOf(records: readonly DeadRecord[]) {
  const writes: number[][] = []
  const stream = deadStream(
    { write: async (written) => void writes.push(written.map(({ ordinal }) => ordinal)) },
    {},
    signal,
  )
  await stream.add(records)
  await stream.end()
  return writes
}

describe('deadStream', () => {
  test('fills a write to 512 KiB, and the next one, too', async () => {
    const half = 256 * 1024
    const records = Array.from({ length: 5 }, (_, ordinal) => rejected(ordinal, half))
    expect(await writesOf(records)).toEqual([[0, 1], [2, 3], [4]])
    expect(await writesOf([rejected(0, half), rejected(1, half + 1)])).toEqual([[0], [1]])
  })

  test('begins a write at each multiple of 10,000', async () => {
    expect(await writesOf([9999, 10_000, 10_001, 20_000].map((ordinal) => rejected(ordinal, 1)))).toEqual([
      [9999],
      [10_000, 10_001],
      [20_000],
    ])
  })

  test.each([
    ['an error', new Error('no room')],
    ['text', 'no room'],
  ])('tells %s of the store, and which records are not kept', async (_, thrown) => {
    const stream = deadStream({ write: () => Promise.reject(thrown) }, { key: 'k' }, signal)
    await stream.add([rejected(7, 1), rejected(8, 1)])
    await expect(stream.end()).rejects.toMatchObject({
      code: 'DEAD_RECORDS_FAILED',
      message: expect.stringContaining('2 dead records were not kept: no room'),
      place: { key: 'k', ordinal: 7 },
    })
  })

  test('that is stopped says why', async () => {
    const reason = new FlowferryError('DEADLINE', 'x')
    const stream = deadStream({ write: async () => undefined }, {}, AbortSignal.abort(reason))
    await stream.add([rejected(0, 1)])
    await expect(stream.end()).rejects.toBe(reason)
  })
})

describe('a dead record', () => {
  test('has the version of its object, where there is one', () => {
    const of = (versionId?: string) => {
      const versioned = { ...object, ...(versionId !== undefined && { versionId }) }
      return [...rejectedRecords({ ...slice, object: versioned }, [{ index: 0, type: 't', reason: 'r' }])][0]!
    }
    expect(of('v1').versionId).toBe('v1')
    expect(of()).not.toHaveProperty('versionId')
  })

  test('has at most 262,144 characters of a malformed text, and tells how many are missing', () => {
    const batch = (text: string): Batch<unknown> => ({
      ...slice,
      malformed: [{ ordinal: 0, offset: 0, reason: 'r' }],
      malformedText: () => text,
    })
    const of = (text: string) => [...malformedRecords(batch(text), object)][0]!
    expect(of('x'.repeat(262_144))).not.toHaveProperty('omitted')
    expect(of('x'.repeat(262_145))).toMatchObject({ text: 'x'.repeat(262_144), omitted: 1 })
  })
})
