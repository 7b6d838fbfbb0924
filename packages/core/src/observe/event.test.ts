import { describe, expect, test } from 'vitest'
import { observed, unauthorized } from '../../test/observed.ts'
import { objectEvent } from './event.ts'

describe('objectEvent', () => {
  test('says what, where, how much, how late', async () => {
    const [first] = await observed(() => undefined)
    const event = objectEvent(first!)
    expect(event).toEqual({
      time: first!.finishedAt,
      status: 'done',
      bucket: 'logs',
      key: 'a.log',
      etag: first!.etag,
      kinds: ['number'],
      read: 4,
      written: 3,
      duplicate: 0,
      rejected: 0,
      filtered: 0,
      malformed: 1,
      unfinished: 0,
      bytes: first!.bytes,
      milliseconds: expect.any(Number),
      oldest: first!.eventTime!.oldest,
      newest: first!.eventTime!.newest,
      lagMilliseconds: expect.any(Number),
      queueMilliseconds: expect.any(Number),
      untimed: 0,
      unknownFields: {},
    })
    expect(event.lagMilliseconds! / 1000).toBeCloseTo(110, -1)
    expect(event.queueMilliseconds! / 1000).toBeCloseTo(60, -1)
    expect(Date.parse(event.newest!) - Date.parse(event.oldest!)).toBe(100_000)
    expect(JSON.parse(JSON.stringify(event))).toEqual(event)
  })

  test('names a failing object with its code, and is no later than now', async () => {
    const [first] = await observed(() => undefined, unauthorized)
    expect(objectEvent(first!)).toMatchObject({
      status: 'failed',
      bucket: 'logs',
      key: 'a.log',
      code: 'TARGET_FAILED',
      message: expect.stringContaining('s3://logs/a.log'),
    })
    const early = { ...first!, sentAt: '2999-01-01T00:00:00.000Z', eventTime: undefined as never }
    expect(objectEvent(early)).toMatchObject({ queueMilliseconds: 0 })
    expect(objectEvent(early)).not.toHaveProperty('lagMilliseconds')
  })

  test('shows twenty unknown fields of a thousand', async () => {
    const [first] = await observed(() => undefined)
    const unknownFields = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`f${n}`, 1]))
    expect(Object.keys(objectEvent({ ...first!, unknownFields }).unknownFields)).toHaveLength(20)
  })
})
