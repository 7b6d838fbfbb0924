import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { vpcFlow } from './formats/vpc-flow.ts'
import { ingest } from './ingest.ts'
import { memoryObject, memorySource } from './testing.ts'
import type { Sink, SourceObject } from './types.ts'

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
