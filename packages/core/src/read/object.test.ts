import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { never } from '../../test/numbers.ts'
import { FlowferryError } from '../errors.ts'
import { memoryObject } from '../testing/index.ts'
import type { OpenObject, SourceObject } from '../types.ts'
import { idPrefix, placeOf, track } from './object.ts'

async function* chunks(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}
const opening = (open: SourceObject['open']): SourceObject => ({ bucket: 'b', key: 'k', versionId: 'v', open })
const read = async ({ body }: OpenObject) => {
  let text = ''
  for await (const chunk of body) text += Buffer.from(chunk).toString()
  return text
}
const place = { bucket: 'b', key: 'k', versionId: 'v' }

test('placeOf names the version where there is one', () => {
  expect(placeOf({ ...place, etag: 'e' } as never)).toEqual(place)
  expect(placeOf({ bucket: 'b', key: 'k' })).toEqual({ bucket: 'b', key: 'k' })
})

describe('idPrefix', () => {
  test('is 22 characters of base64url, the same for the same object', () => {
    expect(idPrefix('b', 'k', 'e')).toMatch(/^[\w-]{22}$/)
    expect(idPrefix('b', 'k', 'e')).toBe(idPrefix('b', 'k', 'e'))
  })

  test('differs with each of bucket, key and ETag, and with their borders', () => {
    const all = [idPrefix('b', 'k', 'e'), idPrefix('c', 'k', 'e'), idPrefix('b', 'l', 'e'), idPrefix('b', 'k', 'f')]
    expect(new Set([...all, idPrefix('bk', '', 'e'), idPrefix('b', 'ke', '')]).size).toBe(6)
  })
})

describe('track', () => {
  test('tells identity and stored bytes of what was opened', async () => {
    const lastModified = new Date('2026-01-02T00:00:00Z')
    const object = track(
      memoryObject({ key: 'k', bucket: 'b', body: 'abcdef', etag: '"e"', lastModified, chunkBytes: 4 }),
    )
    expect([object.openedEtag(), object.storedBytes()]).toEqual([undefined, 0])
    expect(await read(await object.open())).toBe('abcdef')
    expect(object.identity()).toEqual({
      bucket: 'b',
      key: 'k',
      etag: 'e',
      lastModified,
      idPrefix: idPrefix('b', 'k', 'e'),
    })
    expect([object.openedEtag(), object.storedBytes()]).toEqual(['e', 6])
  })

  test('has no identity before it was opened', () => {
    const object = track(memoryObject({ key: 'k', body: '' }))
    expect(() => object.identity()).toThrow(expect.objectContaining({ code: 'OBJECT_UNREADABLE' }))
  })

  test('refuses a part that has another ETag', async () => {
    let etag = 1
    const object = track(opening(async () => ({ etag: `e${etag++}`, body: chunks('a') })))
    await object.open({ start: 0 })
    await expect(object.open({ start: 1 })).rejects.toMatchObject({ code: 'OBJECT_SUPERSEDED', place })
  })

  test.each([
    ['less', 3],
    ['more', 1],
  ])('refuses a body that gives %s than was stated', async (_, size) => {
    const object = track(opening(async () => ({ etag: 'e', size, body: chunks('a', 'b') })))
    await expect(read(await object.open())).rejects.toMatchObject({ code: 'BODY_LENGTH', place })
  })

  test('gives errors of the source its place, and leaves those that have a code', async () => {
    const refusing = (error: Error) => track(opening(() => Promise.reject(error)))
    await expect(refusing(new Error('no')).open()).rejects.toMatchObject({ code: 'OBJECT_UNREADABLE', place })
    const gone = new FlowferryError('OBJECT_NOT_FOUND', 'x')
    await expect(refusing(gone).open()).rejects.toBe(gone)
    const broken = async function* () {
      yield Buffer.from('abc')
      throw new Error('reset')
    }
    const object = track(opening(async () => ({ etag: 'e', body: broken() })))
    await expect(read(await object.open())).rejects.toMatchObject({
      code: 'OBJECT_UNREADABLE',
      message: expect.stringContaining('Reading failed after 3 bytes: reset'),
    })
  })

  test('an abort ends a read that hangs', async () => {
    const hanging = async function* () {
      yield Buffer.from('a')
      await never()
    }
    const stop = new AbortController()
    const object = track(opening(async () => ({ etag: 'e', body: hanging() })))
    const reading = read(await object.open(undefined, stop.signal))
    stop.abort(new FlowferryError('DEADLINE', 'x'))
    await expect(reading).rejects.toMatchObject({ code: 'DEADLINE' })
  })

  test('closes a body that comes after an abort', async () => {
    let closed = false
    const late = async function* () {
      try {
        yield Buffer.from('a')
      } finally {
        closed = true
      }
    }
    const stop = new AbortController()
    const object = track(
      opening(async () => {
        await sleep(5)
        return { etag: 'e', body: late() }
      }),
    )
    const open = object.open(undefined, stop.signal)
    stop.abort(new FlowferryError('ABORTED', 'x'))
    await expect(open).rejects.toMatchObject({ code: 'ABORTED' })
    await expect.poll(() => closed).toBe(true)
  })
})
