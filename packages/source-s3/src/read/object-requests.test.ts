import { getEventListeners } from 'node:events'
import { FlowferryError } from '@flowferry/core'
import { describe, expect, it, vi } from 'vitest'
import { awsError } from '../../test/fake-sqs.ts'
import { failure, read } from '../../test/read.ts'
import { fakeTimers } from '../../test/timers.ts'
import type { Body } from './body.ts'
import { type S3, type S3ObjectOptions, s3Object } from './object.ts'

fakeTimers()

const place = { bucket: 'logs', key: 'a' }
const silence = Symbol('silence')
type Answer = object | Error | string | typeof silence

/** An S3 client that gives these answers one by one, and notes what it was asked for, and when. */
function client(...answers: Answer[]) {
  const started = Date.now()
  const requests: { Range: unknown; IfMatch: unknown; time: number; signal: AbortSignal }[] = []
  const send = (command: { input: Record<string, unknown> }, { abortSignal }: { abortSignal: AbortSignal }) => {
    const { Range, IfMatch } = command.input
    requests.push({ Range, IfMatch, time: Date.now() - started, signal: abortSignal })
    const answer = answers.shift() ?? awsError('NoSuchKey', 404)
    if (answer === silence)
      return new Promise((_, reject) => {
        abortSignal.addEventListener('abort', () => reject(awsError('AbortError', 0)))
      })
    return answer instanceof Error || typeof answer === 'string' ? Promise.reject(answer) : Promise.resolve(answer)
  }
  return { s3: { send } as unknown as S3, requests }
}

function part(text: string, { breaks = false, ...more }: { breaks?: boolean; [name: string]: unknown } = {}) {
  const state = { destroyed: false }
  async function* chunks() {
    if (text) yield Buffer.from(text)
    if (breaks) throw new Error('read ECONNRESET')
  }
  const destroy = () => {
    state.destroyed = true
  }
  const body: Body = Object.assign(chunks(), { destroy })
  return { Body: body, ETag: '"e"', state, ...more }
}

/** What a promise resolves or rejects with, whatever timers it takes. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  await vi.runAllTimersAsync()
  return promise
}

const open = (s3: S3, options: Partial<S3ObjectOptions> = {}) => s3Object(place, { s3, stallSeconds: 1, ...options })

describe('a request without an answer', () => {
  it('is ended, and sent again after a pause', async () => {
    const { s3, requests } = client(silence, silence, part('x'))
    await settled(open(s3).open())
    expect(requests.map(({ time }) => time)).toEqual([0, 1100, 2300])
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true, true, false])
  })

  it.each([0, 2])('is given up after %i more', async (retries) => {
    const { s3, requests } = client(silence, silence, silence, silence)
    expect(await settled(failure(open(s3, { retries }).open()))).toMatchObject({ code: 'OBJECT_STALLED', place })
    expect(requests).toHaveLength(retries + 1)
  })

  it('ends at once with the signal', async () => {
    const late = new FlowferryError('DEADLINE', 'Time is over')
    const stop = new AbortController()
    const { s3, requests } = client(silence)
    const opening = failure(open(s3).open(undefined, stop.signal))
    await vi.advanceTimersByTimeAsync(500)
    stop.abort(late)
    await vi.advanceTimersByTimeAsync(0)
    expect(requests[0]!.signal.aborted).toBe(true)
    expect(await settled(opening)).toBe(late)
    expect(requests[0]!.signal.reason).toBe(late)
  })

  it('and one with an answer leave no listener on the signal', async () => {
    const { signal } = new AbortController()
    await settled(open(client(silence, part('x')).s3).open(undefined, signal))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('the rest of a body', () => {
  const breaks = true

  it.each([
    ['a whole object', undefined, { ContentLength: 4 }, 'bytes=2-3'],
    ['an object of unknown length', undefined, {}, 'bytes=2-'],
    ['a range', { start: 5, end: 8 }, { ContentLength: 4, ContentRange: 'bytes 5-8/10' }, 'bytes=7-8'],
    ['an end', { last: 4 }, { ContentLength: 4, ContentRange: 'bytes 6-9/10' }, 'bytes=8-9'],
    ['a range whose answer does not say where it stands', { start: 5 }, { ContentLength: 4 }, 'bytes=7-8'],
  ])('of %s is asked for behind what came', async (_, range, answer, expected) => {
    const from = /\d+/.exec(expected)![0]
    const { s3, requests } = client(part('ab', { breaks, ...answer }), part('cd', { ContentRange: `bytes ${from}-/` }))
    const { body } = await open(s3).open(range)
    expect((await settled(read(body))).toString()).toBe('abcd')
    expect(requests[1]).toMatchObject({ Range: expected, IfMatch: '"e"' })
  })

  it('of another version is not taken', async () => {
    const other = part('cd', { ETag: '"other"', ContentRange: 'bytes 2-3/4' })
    const { s3, requests } = client(part('ab', { breaks, ContentLength: 4 }), other)
    const { body } = await open(s3).open()
    expect(await settled(failure(read(body)))).toMatchObject({ code: 'OBJECT_SUPERSEDED', place })
    expect(other.state.destroyed).toBe(true)
    expect(requests).toHaveLength(2)
  })

  it('that stands elsewhere is not taken, and is asked for again', async () => {
    const whole = part('abcd', { ContentRange: 'bytes 0-3/4' })
    const { s3 } = client(part('ab', { breaks, ContentLength: 4 }), whole, part('cd', { ContentRange: 'bytes 2-3/4' }))
    const { body } = await open(s3).open()
    expect((await settled(read(body))).toString()).toBe('abcd')
    expect(whole.state.destroyed).toBe(true)
  })

  it('that never stands there fails the object', async () => {
    const whole = () => part('abcd', { ContentRange: 'bytes 0-3/4' })
    const { s3 } = client(part('ab', { breaks, ContentLength: 4 }), whole(), whole())
    const { body } = await open(s3, { retries: 2 }).open()
    expect(await settled(failure(read(body)))).toMatchObject({
      code: 'OBJECT_UNREADABLE',
      message: expect.stringContaining('bytes from 2, and gave others'),
      place,
    })
  })

  it.each([
    ['compared with the checksum', undefined, {}, false],
    ['compared with the checksum of the whole', undefined, { ChecksumType: 'FULL_OBJECT' }, false],
    ['not compared with the checksum of checksums', undefined, { ChecksumType: 'COMPOSITE' }, true],
    ['not compared where it is of a range', { start: 0 }, { ChecksumType: 'FULL_OBJECT' }, true],
  ])('is %s', async (_, range, answer, isTaken) => {
    const ContentRange = 'bytes 2-3/4'
    const first = part('ab', { breaks, ContentLength: 4, ChecksumCRC32: 'AAAAAA==', ...answer })
    const { body } = await open(client(first, part('cd', { ContentRange })).s3).open(range)
    const outcome = settled(read(body)).then(String, ({ code }: FlowferryError) => code)
    expect(await outcome).toBe(isTaken ? 'abcd' : 'BODY_CHECKSUM')
  })
})

describe('a range that cannot be satisfied', () => {
  const empty = () => client(awsError('InvalidRange', 416), part(''))

  it.each([{ start: 0 }, { start: 0, end: 9 }, { last: 8 }])('is an empty object, for %j', async (range) => {
    const { body } = await open(empty().s3).open(range)
    expect(await settled(read(body))).toHaveLength(0)
  })

  it('is an error where it begins behind the first byte', async () => {
    expect(await failure(open(empty().s3).open({ start: 1 }))).toMatchObject({
      code: 'OBJECT_UNREADABLE',
      retryable: false,
      message: expect.stringContaining('shorter than the range'),
    })
  })
})

describe('an answer', () => {
  it.each([
    ['a body', { ETag: '"e"' }, 'S3 answered without a body'],
    ['an ETag', { Body: part('x').Body }, 'S3 answered without an ETag'],
  ])('without %s is an error', async (_, answer, message) => {
    const error = await failure(open(client(answer).s3).open())
    expect(error).toMatchObject({ code: 'OBJECT_UNREADABLE', place })
    expect(error.message.startsWith(message)).toBe(true)
  })

  it('may be an error of any kind', async () => {
    const error = await failure(open(client('odd').s3).open())
    expect(error).toMatchObject({ code: 'OBJECT_UNREADABLE', message: expect.stringContaining('Error, odd') })
    expect((await failure(open(client(new TypeError('odd')).s3).open())).message).toContain('TypeError, odd')
  })
})

describe('options', () => {
  const skipOf = (options: Partial<S3ObjectOptions>) => open(client().s3, options).skip

  it('name the errors that a source may do without', () => {
    expect(skipOf({ missing: 'skip' })).toEqual(['OBJECT_NOT_FOUND'])
    expect(skipOf({ archived: 'skip' })).toEqual(['OBJECT_ARCHIVED'])
    expect(skipOf({ unknown: 'skip' })).toEqual(['FORMAT_UNKNOWN'])
    expect(skipOf({ superseded: 'skip' })).toEqual(['OBJECT_SUPERSEDED'])
    expect(open(client().s3, { missing: 'fail' })).not.toHaveProperty('skip')
  })

  it.each([
    [{ missing: 'no' }],
    [{ archived: 'no' }],
    [{ unknown: 'no' }],
    [{ superseded: 'no' }],
    [{ stallSeconds: 0 }],
    [{ stallSeconds: 3601 }],
    [{ retries: -1 }],
    [{ retries: 101 }],
  ])('are checked: %j', (options) => {
    expect(() => open(client().s3, options as object)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
