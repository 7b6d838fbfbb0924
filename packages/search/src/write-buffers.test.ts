import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { memorySlice } from '@flowferry/core/testing'
import { describe, expect, test, vi } from 'vitest'
import type { BulkOptions } from './options.ts'
import type { BulkResponse } from './response.ts'
import { bulkSink } from './write.ts'

const slice = (key = 'a') => memorySlice({ records: 1, key })
const created: BulkResponse = { status: 200, body: { items: [{ create: { status: 201 } }] } }
const oneBuffer: BulkOptions = { maxBodyBytes: 100_000, maxBytesInFlight: 100_000, maxRetries: 0 }

/** A sink with one buffer, whose requests end when the test says so. */
function held(options: BulkOptions = {}) {
  const requests: { body: Buffer; answer: (response: BulkResponse) => void }[] = []
  const sink = bulkSink((body) => new Promise((answer) => void requests.push({ body, answer })), {
    ...oneBuffer,
    ...options,
  })
  const request = (number: number) => vi.waitUntil(() => requests[number])
  return { sink, requests, request }
}

describe('a buffer', () => {
  test('is used again after its answer, by one write at a time', async () => {
    const { sink, requests, request } = held()
    const writes = ['a', 'b', 'c'].map((key) => sink.write([slice(key)]))
    for (let number = 0; number < writes.length; number++) {
      const { body, answer } = await request(number)
      await setImmediate()
      expect(requests).toHaveLength(number + 1)
      expect(body.buffer).toBe(requests[0]!.body.buffer)
      answer(created)
      expect((await writes[number]!).slices[0]!.written).toBe(1)
    }
  })

  test.each(['an abort', 'silence'])('that a request may still read after %s is not written again', async (end) => {
    const { sink, request } = held(end === 'silence' ? { requestTimeoutMilliseconds: 20 } : {})
    const stop = new AbortController()
    const first = sink.write([slice('a')], stop.signal)
    const { body } = await request(0)
    const text = body.toString()
    if (end === 'an abort') stop.abort()
    expect((await first).slices).toMatchObject([{ written: 0, unfinished: 1 }])
    const second = sink.write([slice('b')])
    const { body: other, answer } = await request(1)
    answer(created)
    await second
    expect(other.buffer).not.toBe(body.buffer)
    expect(body.toString()).toBe(text)
  })
})

describe('a write that is aborted', () => {
  const unfinished = {
    slices: [{ written: 0, duplicate: 0, rejected: [], unfinished: 1 }],
    error: expect.objectContaining({ code: 'ABORTED' }),
  }

  test('before it begins makes no document', async () => {
    const document = () => expect.unreachable()
    expect(await held().sink.write([{ ...slice(), document }], AbortSignal.abort())).toEqual(unfinished)
  })

  test('while it waits for a buffer sends nothing, and keeps none', async () => {
    const { sink, requests, request } = held()
    const first = sink.write([slice('a')])
    const { answer } = await request(0)
    const stop = new AbortController()
    const second = sink.write([slice('b')], stop.signal)
    stop.abort()
    expect(await second).toEqual(unfinished)
    answer(created)
    expect((await first).slices[0]!.written).toBe(1)
    const third = sink.write([slice('c')])
    ;(await request(1)).answer(created)
    expect((await third).slices[0]!.written).toBe(1)
    expect(requests).toHaveLength(2)
  })

  test('while it compresses sends nothing', async () => {
    const { sink, requests } = held({ gzip: true })
    const stop = new AbortController()
    const write = sink.write([slice()], stop.signal)
    await Promise.resolve().then(() => stop.abort())
    expect(await write).toEqual(unfinished)
    expect(requests).toEqual([])
  })
})

test('a write leaves neither a timer nor a listener', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const cleared = vi.spyOn(globalThis, 'clearTimeout')
  const { signal } = new AbortController()
  const sink = bulkSink(async () => created, { requestTimeoutMilliseconds: 100_000 })
  await sink.write([slice()], signal)
  const begun = timers.mock.results.filter((_, call) => timers.mock.calls[call]![1] === 100_000)
  expect(begun).toHaveLength(1)
  expect(cleared).toHaveBeenCalledWith(begun[0]!.value)
  expect(getEventListeners(signal, 'abort')).toEqual([])
  vi.restoreAllMocks()
})

test.each([
  [true, 1],
  [9, 9],
])('gzip: %s compresses at level %i', async (gzip, level) => {
  const documents = memorySlice({ records: 200 })
  const plain: Buffer[] = []
  const packed: Buffer[] = []
  const items = Array.from({ length: 200 }, () => ({ create: { status: 201 } }))
  const sendTo = (bodies: Buffer[]) => async (body: Uint8Array) => {
    bodies.push(Buffer.from(body))
    return { status: 200, body: { items } }
  }
  await bulkSink(sendTo(plain)).write([documents])
  await bulkSink(sendTo(packed), { gzip }).write([documents])
  expect(gunzipSync(packed[0]!)).toEqual(plain[0])
  expect(packed[0]).toEqual(gzipSync(plain[0]!, { level }))
})

test('what a pipeline dropped is told apart, though it is one document', async () => {
  const dropped = { status: 200, body: { items: [{ create: { status: 200, result: 'noop' } }] } }
  const { slices } = await bulkSink(async () => dropped).write([slice()])
  expect(slices).toEqual([
    {
      written: 0,
      duplicate: 0,
      rejected: [],
      unfinished: 0,
      filtered: [{ index: 0, type: 'dropped_by_pipeline', reason: expect.any(String) }],
    },
  ])
})
