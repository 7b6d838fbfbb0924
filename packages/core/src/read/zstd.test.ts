import * as zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { memoryObject } from '../testing/index.ts'
import { readBytes } from './bytes.ts'
import { parseContext } from './limits.ts'
import { peek } from './peek.ts'

/** Node 22.15 and newer; this file runs on all that CI has. */
const isRead = 'createZstdDecompress' in zlib

// Of the reference implementation, with checksums: a raw block; blocks of runs, 300,000 `a` and a line.
const one = Buffer.from('KLUv/SQEIQAAb25lCt8WaAk=', 'base64')
const runs = Buffer.from('KLUv/aTnkwQAVAAAEGFhAQD7/znAAgIAEGGFAABAYQp0aHJlZQoBANwTHQgBaPg7uw==', 'base64')
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
const text = `${'a'.repeat(300_000)}\nthree\n`

const read = async (body: Uint8Array, chunkBytes = 1000, limits = {}) => {
  const chunks: Buffer[] = []
  const object = memoryObject({ key: 'a.zst', body, chunkBytes })
  for await (const chunk of readBytes(object, parseContext({ limits }))) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
const code = isRead ? 'COMPRESSION_CORRUPT' : 'COMPRESSION_UNSUPPORTED'

describe('Zstandard', () => {
  test('is read, every frame of it, wherever the chunks are cut; or Node is too old, and the error says so', async () => {
    const all = Buffer.concat([one, skippable, runs, one])
    for (const chunkBytes of [1, 2, 3, 7, 1000]) {
      if (isRead) expect(await read(all, chunkBytes)).toBe(`one\n${text}one\n`)
      else await expect(read(all, chunkBytes)).rejects.toMatchObject({ code, message: expect.stringMatching(/22\.15/) })
    }
  })

  test('that is cut is no shorter file, and what follows a frame is not dropped', async () => {
    const all = Buffer.concat([one, runs])
    for (let length = magic; length < all.length; length++)
      if (length !== one.length) await expect(read(all.subarray(0, length), 5)).rejects.toMatchObject({ code })
    for (const behind of ['junk', '\0', 'ju'])
      await expect(read(Buffer.concat([all, Buffer.from(behind)]))).rejects.toMatchObject({ code })
  })

  test('that is damaged is an error of its place', async () => {
    const damaged = Buffer.from(runs)
    damaged[runs.length - 1]! ^= 1
    await expect(read(damaged)).rejects.toMatchObject({ code, place: { key: 'a.zst' } })
  })

  test('is bounded as gzip is', async () => {
    const limits = { objectBytes: 1000 }
    await expect(read(runs, 1000, limits)).rejects.toMatchObject({ code: isRead ? 'LIMIT_EXCEEDED' : code })
  })

  test('shows its beginning', async () => {
    const { head, whole } = await peek(memoryObject({ key: 'a', body: runs }), parseContext())
    whole.close()
    expect(head.text.slice(0, 10)).toBe(isRead ? 'aaaaaaaaaa' : '')
  })
})

const magic = 4
