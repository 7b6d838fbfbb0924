import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
import type { Sink, SourceObject } from '../types.ts'
import { ingest } from './ingest.ts'

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n'
const line =
  '2 123456789012 eni-0123456789abcdef0 10.0.1.2 10.0.3.4 443 51234 6 10 8400 1790000000 1790000060 ACCEPT OK\n'

/** A store that takes its time for every batch. */
const slowSink: Sink<unknown> = {
  write: async (batch) => {
    await sleep(10)
    return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
  },
}

/** 64 MiB of flow log, and how many of its chunks were read. */
function largeObject() {
  const chunk = Buffer.from(line.repeat(2400))
  const chunks = Math.ceil((64 * 1024 * 1024) / chunk.length)
  let read = 0
  async function* body() {
    yield Buffer.from(header)
    for (read = 0; read < chunks; read++) yield chunk
  }
  const object: SourceObject = { bucket: 'b', key: 'large', open: async () => ({ etag: 'e', body: body() }) }
  return { object, share: () => read / chunks }
}

const small = (number: number) => memoryObject({ key: `small-${number}`, body: header + line.repeat(200) })

test.each(['before', 'in the middle of'])(
  'small objects do not wait for the end of a large one that stands %s them',
  async (where) => {
    const { object, share } = largeObject()
    const objects = Array.from({ length: 50 }, (_, number) => small(number))
    objects.splice(where === 'before' ? 0 : 25, 0, object)
    const done: { key: string; largeRead: number }[] = []
    const { ok } = await ingest({
      source: memorySource(...objects),
      parser: vpcFlow,
      sink: slowSink,
      concurrency: 4,
      onObject: ({ key }) => done.push({ key, largeRead: share() }),
    })
    expect(ok).toBe(true)
    expect(done).toHaveLength(51)
    expect(done.at(-1)!.key).toBe('large')
    expect(done.at(-2)!.largeRead).toBeLessThan(0.5)
  },
)

test.each([
  [undefined, 1],
  [5, 5],
])(
  'with batchSeconds %s, the last records of small objects wait %i s for one that stalls',
  async (batchSeconds, seconds) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      let fail!: (error: Error) => void
      const stall = new Promise<never>((_, reject) => {
        fail = reject
      })
      async function* body() {
        yield Buffer.from(header + line.repeat(200))
        await stall
      }
      const stalled: SourceObject = { bucket: 'b', key: 'stalled', open: async () => ({ etag: 'e', body: body() }) }
      const sink = memorySink()
      const done: string[] = []
      const running = ingest({
        source: memorySource(small(1), stalled, small(2)),
        parser: vpcFlow,
        sink,
        ...(batchSeconds !== undefined && { batchSeconds }),
        onObject: ({ key }) => done.push(key),
      })
      // Reading needs no timer, so what was read by now is all that will be.
      for (let turn = 0; turn < 1000; turn++) await new Promise(setImmediate)
      expect(vi.getTimerCount()).toBe(1)
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1)
      expect(sink.documents.size).toBe(0)
      await vi.advanceTimersByTimeAsync(1)
      expect(done.sort()).toEqual(['small-1', 'small-2'])
      expect(vi.getTimerCount()).toBe(0)

      fail(new Error('connection reset'))
      const { counts } = await running
      // The object that broke before its first batch was full has left nothing behind.
      expect(counts).toMatchObject({ written: 400, unfinished: 200 })
      expect(sink.documents.size).toBe(400)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  },
)
