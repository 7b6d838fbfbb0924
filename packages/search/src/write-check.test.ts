import { setImmediate, setTimeout } from 'node:timers/promises'
import { FlowferryError } from '@flowferry/core'
import { memorySlice } from '@flowferry/core/testing'
import { describe, expect, test } from 'vitest'
import type { BulkOptions } from './options.ts'
import type { BulkResponse } from './response.ts'
import { bulkSink } from './write.ts'

const items = (count: number, item: object) => Array.from({ length: count }, () => ({ create: item }))
const created = (count: number): BulkResponse => ({ status: 200, body: { items: items(count, { status: 201 }) } })
const missing: BulkResponse = {
  status: 200,
  body: { items: items(1, { status: 404, error: { type: 'index_not_found_exception', reason: 'no such index' } }) },
}

/** A sink that writes down what it asks of the store, in order. */
function watched(checks: (FlowferryError | undefined)[], answers: BulkResponse[] = [], options: BulkOptions = {}) {
  const asked: string[] = []
  const sink = bulkSink(
    async (body) => {
      asked.push('bulk')
      return answers.shift() ?? created(body.toString().split('\n').length >> 1)
    },
    { retryMilliseconds: 1, ...options },
    async () => {
      asked.push('check')
      await setImmediate()
      const error = checks.shift()
      if (error) throw error
      asked.push('checked')
    },
  )
  return { sink, asked, write: (signal?: AbortSignal) => sink.write([memorySlice({ records: 1 })], signal) }
}
const failure = (code: 'TARGET_OVERLOADED' | 'TARGET_UNREACHABLE' | 'TARGET_UNAUTHORIZED') =>
  new FlowferryError(code, 'no')

describe('the check of a target', () => {
  test.each<[string, BulkOptions]>([
    ['a data stream', {}],
    ['an index of a day', { indexPer: 'day' }],
  ])('of %s has passed before a document is sent', async (_, options) => {
    const { asked, write } = watched([], [], options)
    expect((await write()).slices[0]!.written).toBe(1)
    expect(asked).toEqual(['check', 'checked', 'bulk'])
  })

  test.each(['TARGET_OVERLOADED', 'TARGET_UNREACHABLE'] as const)('is tried again after %s', async (code) => {
    const { asked, write } = watched([failure(code), failure(code)])
    expect((await write()).slices[0]!.written).toBe(1)
    expect(asked).toEqual(['check', 'check', 'check', 'checked', 'bulk'])
  })

  test('that is refused is not tried again, and nothing is sent', async () => {
    const { asked, write } = watched([failure('TARGET_UNAUTHORIZED')])
    expect(await write()).toEqual({
      slices: [{ written: 0, duplicate: 0, rejected: [], unfinished: 1 }],
      error: expect.objectContaining({ code: 'TARGET_UNAUTHORIZED' }),
      stop: true,
    })
    expect(asked).toEqual(['check'])
  })

  test('waits before its next try, and an abort ends the waiting: there is none', async () => {
    const { asked, write } = watched([failure('TARGET_OVERLOADED')], [], {
      retryMilliseconds: 60_000,
      maxRetryMilliseconds: 60_000,
    })
    const stop = new AbortController()
    const outcome = write(stop.signal)
    await setTimeout(20)
    stop.abort()
    expect(await outcome).toMatchObject({ slices: [{ written: 0, unfinished: 1 }], error: { code: 'ABORTED' } })
    expect(asked).toEqual(['check'])
  })

  test('that is stopped stops nothing but its write', async () => {
    const stop = new AbortController()
    const sink = bulkSink(
      async () => created(1),
      {},
      () => {
        stop.abort(new FlowferryError('DEADLINE', 'Time is over'))
        return new Promise(() => undefined)
      },
    )
    expect(await sink.write([memorySlice({ records: 1 })], stop.signal)).toEqual({
      slices: [{ written: 0, duplicate: 0, rejected: [], unfinished: 1 }],
      error: expect.objectContaining({ code: 'DEADLINE' }),
    })
  })

  test('of a target that went missing has passed before the document is sent again', async () => {
    const { asked, write } = watched([], [missing])
    expect((await write()).slices[0]!.written).toBe(1)
    expect(asked).toEqual(['check', 'checked', 'bulk', 'check', 'checked', 'bulk'])
  })

  test('of a target that went missing stops the sink where it is refused: nothing more is sent', async () => {
    const { asked, write } = watched([undefined, failure('TARGET_UNAUTHORIZED')], [missing])
    expect(await write()).toMatchObject({
      stop: true,
      slices: [{ unfinished: 1 }],
      error: { code: 'TARGET_UNAUTHORIZED' },
    })
    expect(asked).toEqual(['check', 'checked', 'bulk', 'check'])
  })
})
