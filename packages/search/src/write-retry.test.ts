import { setTimeout } from 'node:timers/promises'
import { memorySlice } from '@flowferry/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { BulkOptions } from './options.ts'
import type { BulkResponse } from './response.ts'
import { bulkSink } from './write.ts'

const answer = (...items: object[]): BulkResponse => ({
  status: 200,
  body: { items: items.map((create) => ({ create })) },
})
const created = { status: 201 }
const item = (status: number, type: string) => ({ status, error: { type, reason: 'r' } })
const blocked = item(403, 'cluster_block_exception')
const forbidden = item(403, 'security_exception')
const busy = item(429, 'es_rejected_execution_exception')
const failed = item(500, 'x')
const tooLarge = { status: 413, body: '' }

/** Answers in turn, then that all are created; a moment later, as a store does. */
function sinkOf(answers: BulkResponse[], options: BulkOptions = {}) {
  const requests: number[] = []
  const sink = bulkSink(
    async (body) => {
      const length = body.toString().split('\n').length >> 1
      requests.push(length)
      await setTimeout(1)
      return answers.shift() ?? answer(...Array.from({ length }, () => created))
    },
    { retryMilliseconds: 1, ...options },
  )
  return { sink, requests }
}

afterEach(() => void vi.restoreAllMocks())

describe('of several refusals the one that stops the sink is told', () => {
  test.each([
    ['first', [blocked, busy, failed]],
    ['last', [failed, busy, blocked]],
    ['before another that stops it', [blocked, forbidden, busy]],
  ])('%s', async (_, items) => {
    const { sink, requests } = sinkOf([answer(...items)])
    expect(await sink.write([memorySlice({ records: 3 })])).toMatchObject({
      slices: [{ written: 0, unfinished: 3 }],
      stop: true,
      error: { code: 'TARGET_BLOCKED' },
    })
    expect(requests).toEqual([3])
  })

  test.each([[[busy, failed]], [[failed, busy]]])('then load: %j', async (items) => {
    const { sink } = sinkOf([answer(...items)], { maxRetries: 0 })
    expect(await sink.write([memorySlice({ records: 2 })])).toMatchObject({
      stop: true,
      error: { code: 'TARGET_OVERLOADED' },
    })
  })
})

test('a document that is refused with the words of a failure on another is rejected by itself', async () => {
  const { sink, requests } = sinkOf([answer(failed, item(400, 'x'))])
  expect(await sink.write([memorySlice({ records: 2 })])).toEqual({
    slices: [{ written: 1, duplicate: 0, rejected: [{ index: 1, type: 'x', reason: 'r' }], unfinished: 0 }],
  })
  expect(requests).toEqual([2, 1])
})

test('a store that answers 503 to the end is overloaded, and each body has all its tries, however long it lasts', async () => {
  let clock = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 60_000))
  const { sink, requests } = sinkOf(
    Array.from({ length: 6 }, () => ({ status: 503, body: 'full' })),
    { maxRetries: 2 },
  )
  for (const key of ['a', 'b'])
    expect(await sink.write([memorySlice({ records: 1, key })])).toMatchObject({
      slices: [{ written: 0, unfinished: 1 }],
      stop: true,
      error: { code: 'TARGET_OVERLOADED', message: expect.stringContaining('503: full') },
    })
  expect(requests).toHaveLength(6)
})

describe('after 413', () => {
  test('both halves are stored before the write ends', async () => {
    const { sink, requests } = sinkOf([tooLarge])
    const { slices } = await sink.write([memorySlice({ records: 5 })])
    expect(slices).toEqual([{ written: 5, duplicate: 0, rejected: [], unfinished: 0 }])
    expect(requests).toEqual([5, 3, 2])
  })

  test('the second half is not sent where the first one stopped the sink', async () => {
    const { sink, requests } = sinkOf([tooLarge, { status: 401, body: '' }])
    expect(await sink.write([memorySlice({ records: 4 })])).toMatchObject({
      slices: [{ written: 0, unfinished: 4 }],
      stop: true,
      error: { code: 'TARGET_UNAUTHORIZED' },
    })
    expect(requests).toEqual([4, 2])
  })

  test('later bodies are smaller from the beginning, though never below a document or two', async () => {
    const { sink, requests } = sinkOf([tooLarge])
    const write = () => sink.write([memorySlice({ records: 100 })])
    await write()
    expect(requests).toEqual([100, 50, 50])
    await write()
    expect(requests.slice(3).length).toBeGreaterThan(1)
    expect(Math.max(...requests.slice(3))).toBeLessThanOrEqual(51)
    const { sink: small, requests: ofSmall } = sinkOf([tooLarge, tooLarge, tooLarge])
    await small.write([memorySlice({ records: 4 })])
    ofSmall.length = 0
    await small.write([memorySlice({ records: 4 })])
    expect(ofSmall[0]).toBeGreaterThan(1)
  })
})
