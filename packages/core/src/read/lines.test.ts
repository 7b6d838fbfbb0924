import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryObject } from '../testing/index.ts'
import { parseContext } from './limits.ts'
import { readLines } from './lines.ts'

async function read(body: string | Buffer, chunkBytes = 65_536) {
  const found: { line: string; offset: number }[] = []
  for await (const { lines, offsetOf } of readLines(memoryObject({ key: 'a', body, chunkBytes }), parseContext()))
    lines.forEach((line, index) => {
      found.push({ line, offset: offsetOf(index) })
    })
  return found
}

describe('readLines', () => {
  test('ends lines at LF, CRLF and the end of the object, and leaves out blank ones', async () => {
    expect((await read('a\r\n\r\n\nb\nc')).map(({ line }) => line)).toEqual(['a', 'b', 'c'])
  })

  test('drops a byte order mark and keeps what is not UTF-8 readable', async () => {
    expect((await read('\ufeffa\nb')).map(({ line }) => line)).toEqual(['a', 'b'])
    expect((await read(Buffer.from([0x61, 0xff, 0x0a, 0x62]))).map(({ line }) => line)).toEqual(['a\ufffd', 'b'])
  })

  test('gives each line and its byte offset, wherever the chunks are cut', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', ' ', '\t', '"'), maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 9 }),
        async (all, end, chunkBytes) => {
          const body = Buffer.from(all.map((text) => text + end).join(''))
          const found = await read(body, chunkBytes)
          expect(found.map(({ line }) => line)).toEqual(all.filter((text) => text !== ''))
          for (const { line, offset } of found)
            expect(body.subarray(offset, offset + Buffer.byteLength(line)).toString()).toBe(line)
        },
      ),
    )
  })

  test('bounds a line', async () => {
    const body = `short\n${'x'.repeat(5000)}\n`
    const context = parseContext({ limits: { recordBytes: 1000 } })
    const drain = async (chunkBytes: number) => {
      for await (const _ of readLines(memoryObject({ key: 'a', body, chunkBytes }), context));
    }
    await expect(drain(100)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', place: { offset: 6 } })
    await expect(drain(100_000)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', place: { offset: 6 } })
  })

  test('cannot hide a long line behind its end', async () => {
    const body = `short\n${'x'.repeat(5000)}`
    const drain = async () => {
      const context = parseContext({ limits: { recordBytes: 1000 } })
      for await (const _ of readLines(memoryObject({ key: 'a', body }), context));
    }
    await expect(drain()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', place: { offset: 6 } })
  })
})
