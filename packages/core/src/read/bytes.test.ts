import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { memoryObject } from '../testing/index.ts'
import type { Limits, SourceObject } from '../types.ts'
import { readBytes } from './bytes.ts'
import { parseContext } from './limits.ts'

interface Options {
  readonly chunkBytes?: number
  readonly limits?: Partial<Limits>
}

/** Where the body's size is not known, it is never read whole first. */
function unsized(object: SourceObject): SourceObject {
  return {
    ...object,
    open: async (...args) => {
      const { size: _, ...opened } = await object.open(...args)
      return opened
    },
  }
}

async function chunksOf(body: Uint8Array, way: string, { limits, ...rest }: Options): Promise<Buffer[]> {
  const object = memoryObject({ key: 'a.gz', body, ...rest })
  const chunks: Buffer[] = []
  const context = parseContext(limits ? { limits } : {})
  for await (const chunk of readBytes(way === 'whole' ? object : unsized(object), context)) chunks.push(chunk)
  return chunks
}

const members = Buffer.concat(['one\n', 'two\n', 'three\n'].map((part) => gzipSync(part)))

describe.each(['whole', 'stream'])('readBytes, %s', (way) => {
  const read = async (body: Uint8Array, options: Options = {}) =>
    Buffer.concat(await chunksOf(body, way, options)).toString()

  test('reads plain bytes, whatever the key says', async () => {
    expect(await read(Buffer.from('plain'))).toBe('plain')
    expect(await read(Buffer.alloc(0))).toBe('')
    expect(await read(Buffer.from([0x1f]))).toBe('\x1f')
  })

  test('reads every gzip member, wherever the chunks are cut', async () => {
    for (const chunkBytes of [1, 2, 3, 10, 20, 21, 1000])
      expect(await read(members, { chunkBytes })).toBe('one\ntwo\nthree\n')
  })

  test('takes zero padding behind the last member', async () => {
    for (const chunkBytes of [1, 1000])
      expect(await read(Buffer.concat([members, Buffer.alloc(512)]), { chunkBytes })).toBe('one\ntwo\nthree\n')
  })

  test('does not drop a member behind zero padding without a word', async () => {
    const gap = Buffer.concat([gzipSync('one'), Buffer.alloc(4), gzipSync('two')])
    for (const chunkBytes of [1, 5, 1000])
      await expect(read(gap, { chunkBytes })).rejects.toMatchObject({
        code: 'COMPRESSION_CORRUPT',
        place: { key: 'a.gz' },
      })
  })

  test('fails for cut, damaged and trailing data', async () => {
    const whole = gzipSync('some text that is long enough to be cut')
    const flipped = Buffer.from(whole)
    flipped[whole.length - 6]! ^= 1
    for (const bad of [
      whole.subarray(0, -3),
      whole.subarray(0, 12),
      flipped,
      Buffer.concat([whole, Buffer.from('junk')]),
    ])
      for (const chunkBytes of [1, 1000])
        await expect(read(bad, { chunkBytes })).rejects.toMatchObject({ code: 'COMPRESSION_CORRUPT' })
  })

  test('reads what was compressed twice, and no further', async () => {
    const twice = gzipSync(members)
    for (const chunkBytes of [1, 3, 1000]) expect(await read(twice, { chunkBytes })).toBe('one\ntwo\nthree\n')
    expect(await read(gzipSync(twice))).toBe(members.toString())
    await expect(read(gzipSync(members.subarray(0, -3)))).rejects.toMatchObject({ code: 'COMPRESSION_CORRUPT' })
    const bomb = gzipSync(gzipSync(Buffer.alloc(64 * 1024 * 1024)))
    await expect(read(bomb, { limits: { expansionRatio: 1100 } })).rejects.toThrow(/limits\.expansionRatio/)
  })

  test('bounds the decompressed size, and what a bomb may cost', async () => {
    await expect(read(gzipSync(Buffer.alloc(2000)), { limits: { objectBytes: 1000 } })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    })
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    await expect(read(bomb, { limits: { expansionRatio: 500 } })).rejects.toThrow(/limits\.expansionRatio, 500/)
  })

  test('states the place in its errors', async () => {
    await expect(read(members.subarray(0, -2))).rejects.toThrow(/s3:\/\/test-bucket\/a\.gz/)
  })
})

describe('a small object is read as a stream would be', () => {
  const text = Buffer.from('some text that is long enough to be cut\n'.repeat(50))
  const whole = gzipSync(text)
  const flipped = (at: number) => {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 1
    return bytes
  }
  const bodies: [string, Buffer][] = [
    ['many members', Buffer.concat(Array.from({ length: 100 }, () => whole))],
    ['zero padding', Buffer.concat([whole, Buffer.alloc(500)])],
    ['one zero', Buffer.concat([whole, Buffer.alloc(1)])],
    ['nothing in it', gzipSync('')],
    ['large members behind each other', Buffer.concat([gzipSync(Buffer.alloc(300_000)), gzipSync('x')])],
    ['more than 1 MiB in it', gzipSync(Buffer.alloc(3_000_000, text))],
    ['a wrong CRC', flipped(whole.length - 6)],
    ['a wrong size', flipped(whole.length - 2)],
    ['a damaged header', flipped(2)],
    ['damage within', flipped(30)],
    ['junk behind', Buffer.concat([whole, Buffer.from('junk')])],
    ['half a magic number behind', Buffer.concat([whole, Buffer.from([0x1f])])],
    ['junk behind zero padding', Buffer.concat([whole, Buffer.alloc(4), Buffer.from('junk')])],
    ['a member behind zero padding', Buffer.concat([whole, Buffer.alloc(1), whole])],
    ['a damaged second member', Buffer.concat([whole, flipped(whole.length - 6)])],
    ...[2, 3, 9, 10, 11, 20, whole.length - 8, whole.length - 1].map((length): [string, Buffer] => [
      `cut at ${length}`,
      whole.subarray(0, length),
    ]),
  ]
  const outcome = async (body: Uint8Array, way: string, options: Options) => {
    try {
      const chunks = await chunksOf(body, way, options)
      expect(Math.max(0, ...chunks.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024)
      return Buffer.concat(chunks).toString('latin1')
    } catch (error) {
      const { code, message, place } = error as { code: string; message: string; place: unknown }
      return { code, message, place }
    }
  }

  test.each(bodies)('%s', async (_, body) => {
    for (const chunkBytes of [body.length > 1000 ? 1000 : 7, 65_536])
      for (const limits of [{}, { objectBytes: 1000 }, { objectBytes: 2_000_000 }]) {
        const options = { chunkBytes, limits }
        expect(await outcome(body, 'whole', options)).toEqual(await outcome(body, 'stream', options))
      }
  })

  test('of a body that is larger than it said, no more than the beginning is held', async () => {
    let given = 0
    const endless: SourceObject = {
      bucket: 'b',
      key: 'k',
      open: async () => ({
        etag: 'e',
        size: 10,
        body: (async function* () {
          for (;;) {
            given += 10_000
            yield Buffer.alloc(10_000, 'x')
          }
        })(),
      }),
    }
    for await (const chunk of readBytes(endless, parseContext())) {
      expect(chunk.length).toBeLessThan(80_000)
      break
    }
    expect(given).toBeLessThan(80_000)
  })
})
