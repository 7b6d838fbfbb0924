import { describe, expect, test } from 'vitest'
import { FlowferryError } from '../errors.ts'
import { memorySlice } from '../testing/index.ts'
import type { SliceOutcome } from '../types.ts'
import { rejectedStream } from './rejected-stream.ts'
import type { DeadRecord } from './stream.ts'

const outcome = (...indices: readonly number[]): SliceOutcome => ({
  written: 0,
  duplicate: 0,
  rejected: indices.map((index) => ({ index, type: 't', reason: 'r' })),
  unfinished: 0,
})
const sliceAt = (first: number) => ({ ...memorySlice({ records: 2 }), ordinals: [first, first + 1] })

/** A stream that keeps the ordinals that it takes. */
function keeping(add?: () => void) {
  const ordinals: number[] = []
  const stream = {
    add: async (records: Iterable<DeadRecord>) => {
      add?.()
      for (const { ordinal } of records) ordinals.push(ordinal)
    },
    end: async () => {
      ordinals.push(-1)
    },
  }
  return { ordinals, stream }
}

describe('rejectedStream', () => {
  test('takes rejected documents in the order of reading, whatever the order of writing', async () => {
    const { ordinals, stream } = keeping()
    const rejected = rejectedStream(stream)
    const slices = [sliceAt(0), sliceAt(10), sliceAt(20)] as const
    for (const slice of slices) rejected.announce(slice)
    const third = rejected.add(slices[2], outcome(1, 0))
    const first = rejected.add(slices[0], outcome(1))
    await first
    expect(ordinals).toEqual([1])
    expect(rejected.add(slices[1], outcome())).toBeUndefined()
    await third
    expect(ordinals).toEqual([1, 20, 21])
    expect(await rejected.end()).toBeUndefined()
    expect(ordinals.at(-1)).toBe(-1)
  })

  test('after a failure takes nothing more, and tells it at the end', async () => {
    const full = new FlowferryError('DEAD_RECORDS_FAILED', 'x')
    let calls = 0
    const { ordinals, stream } = keeping(() => {
      calls++
      throw full
    })
    const rejected = rejectedStream(stream)
    const slices = [sliceAt(0), sliceAt(10)] as const
    for (const slice of slices) rejected.announce(slice)
    await rejected.add(slices[0], outcome(0))
    await rejected.add(slices[1], outcome(0))
    expect(await rejected.end()).toBe(full)
    expect([calls, ordinals]).toEqual([1, []])
  })

  test('tells of a document that cannot be made as of a step that failed', async () => {
    const { stream } = keeping()
    const rejected = rejectedStream(stream)
    const document = () => {
      throw new Error('no document')
    }
    const slice = { ...sliceAt(0), document }
    rejected.announce(slice)
    await rejected.add(slice, outcome(0))
    expect(await rejected.end()).toMatchObject({ code: 'STEP_FAILED' })
  })
})
