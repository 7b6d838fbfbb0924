import { gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { memoryObject } from '../testing/index.ts'
import type { SourceObject } from '../types.ts'
import { parseContext } from './limits.ts'
import { peek } from './peek.ts'

const context = parseContext()
const bytesOf = async (object: SourceObject, range?: { start: number }) => {
  const parts: Uint8Array[] = []
  for await (const part of (await object.open(range)).body) parts.push(part)
  return Buffer.concat(parts)
}
/** An object that counts its requests, and the bodies of them that are closed. */
function counted(body: Uint8Array | string) {
  const inner = memoryObject({ key: 'k', body, chunkBytes: 10_000 })
  const closed = vi.fn()
  const open = vi.fn<SourceObject['open']>(async (range) => {
    const opened = await inner.open(range)
    const watch = async function* () {
      try {
        yield* opened.body
      } finally {
        closed()
      }
    }
    return { ...opened, body: watch() }
  })
  return { object: { ...inner, open }, open, closed }
}

describe('peek', () => {
  test('shows the first 64 KiB, and gives all bytes with the same request', async () => {
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, n) => n % 251))
    const { object, open } = counted(body)
    const { head, whole } = await peek(object, context)
    expect(head).toMatchObject({ bucket: 'test-bucket', key: 'k' })
    expect(Buffer.from(head.stored)).toEqual(body.subarray(0, 65_536))
    expect(head.text).toBe(body.subarray(0, 65_536).toString('latin1'))
    expect(await bytesOf(whole.object)).toEqual(body)
    expect(open).toHaveBeenCalledTimes(1)
  })

  test('shows the decompressed beginning, also of bytes that are a small part of it, or repeat themselves', async () => {
    const random = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 2654435761) >>> 24))
    for (const plain of [Buffer.from('short'), random, Buffer.alloc(50 * 1024 * 1024, 'ab')]) {
      for (const stored of [gzipSync(plain), gzipSync(gzipSync(plain))]) {
        const { head, whole } = await peek(counted(stored).object, context)
        expect(head.text).toBe(plain.subarray(0, 65_536).toString('latin1'))
        whole.close()
      }
    }
  })

  test('shows the beginning of a cut file, and no text where nothing can be decompressed', async () => {
    const cut = gzipSync('a line\n'.repeat(10)).subarray(0, -6)
    expect((await peek(counted(cut).object, context)).head.text).toBe('a line\n'.repeat(10))
    const damaged = Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from('no deflate at all')])
    expect((await peek(counted(damaged).object, context)).head.text).toBe('')
  })

  test('an empty object has an empty head', async () => {
    const { head, whole } = await peek(counted('').object, context)
    expect([head.stored.length, head.text]).toEqual([0, ''])
    expect(await bytesOf(whole.object)).toHaveLength(0)
  })

  test('a second open, or one of a range, is a request of its own, and closes the first body', async () => {
    const again = counted('x'.repeat(100_000))
    const first = (await peek(again.object, context)).whole.object
    await bytesOf(first)
    expect(await bytesOf(first)).toHaveLength(100_000)
    expect(again.open).toHaveBeenCalledTimes(2)
    const ranged = counted('x'.repeat(100_000))
    expect(await bytesOf((await peek(ranged.object, context)).whole.object, { start: 99_990 })).toHaveLength(10)
    await expect.poll(() => ranged.closed.mock.calls.length).toBe(2)
  })

  test('close ends the body of an object that nobody reads', async () => {
    const { object, closed } = counted('x'.repeat(100_000))
    const { whole } = await peek(object, context)
    expect(closed).not.toHaveBeenCalled()
    whole.close()
    await expect.poll(() => closed.mock.calls.length).toBe(1)
  })
})
