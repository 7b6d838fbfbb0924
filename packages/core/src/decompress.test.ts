import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readBytes } from './decompress.ts'
import { parseContext } from './limits.ts'
import { memoryObject } from './testing.ts'
import type { Limits } from './types.ts'

async function read(
  body: Uint8Array,
  options: { chunkBytes?: number; limits?: Partial<Limits> } = {},
): Promise<string> {
  const { limits, ...rest } = options
  const chunks: Buffer[] = []
  for await (const chunk of readBytes(
    memoryObject({ key: 'a.gz', body, ...rest }),
    parseContext(limits ? { limits } : {}),
  ))
    chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const members = Buffer.concat(['one\n', 'two\n', 'three\n'].map((part) => gzipSync(part)))

describe('readBytes', () => {
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
      await expect(read(gap, { chunkBytes })).rejects.toMatchObject({ code: 'GZIP_CORRUPT', place: { key: 'a.gz' } })
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
        await expect(read(bad, { chunkBytes })).rejects.toMatchObject({ code: 'GZIP_CORRUPT' })
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
