import { getEventListeners } from 'node:events'
import { FlowferryError } from '@flowferry/core'
import { describe, expect, it, vi } from 'vitest'
import { crcOf } from '../../test/faulty-s3.ts'
import { fakeTimers } from '../../test/timers.ts'
import { type Body, type BodyOptions, readBody } from './body.ts'

const silence = Symbol('silence')
type Step = string | typeof silence | Error

fakeTimers()

/** A connection that brings its steps one by one, and breaks when it is destroyed with an error. */
function connection(...steps: Step[]) {
  const state = { destroyed: false, left: false }
  let breakOff!: (error: Error) => void
  const broken = new Promise<never>((_, reject) => {
    breakOff = reject
  })
  broken.catch(() => undefined)
  const body: Body = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const step = steps.shift()
        if (step === undefined) return { done: true, value: undefined }
        if (step === silence) return broken
        if (step instanceof Error) throw step
        return { done: false, value: Buffer.from(step) }
      },
      return: async () => {
        state.left = true
        throw new Error('left too late')
      },
    }),
    destroy: (error) => {
      state.destroyed = true
      if (error) breakOff(error)
    },
  }
  return { body, state }
}

/** Reads a body over these connections, and tells from which bytes and at what times they were opened. */
function reading(connections: (Body | Error)[], options: Partial<BodyOptions> = {}) {
  const started = Date.now()
  const resumed: [from: number, milliseconds: number][] = []
  const result = { text: '', error: undefined as unknown, ended: false, resumed }
  const run = async () => {
    const [first, ...others] = connections as [Body, ...(Body | Error)[]]
    const resume = async (received: number) => {
      resumed.push([received, Date.now() - started])
      const next = others.shift() ?? new FlowferryError('OBJECT_NOT_FOUND', 'There are no more')
      if (next instanceof Error) throw next
      return next
    }
    const place = { bucket: 'logs', key: 'a' }
    const all = { place, signal: undefined, size: 6, crc32: undefined, stallMilliseconds: 1000, retries: 1, resume }
    try {
      for await (const chunk of readBody(first, { ...all, ...options })) result.text += Buffer.from(chunk).toString()
    } catch (error) {
      result.error = error
    }
    result.ended = true
  }
  void run()
  return result
}

async function readToEnd(connections: (Body | Error)[], options?: Partial<BodyOptions>) {
  const result = reading(connections, options)
  await vi.runAllTimersAsync()
  expect(result.ended).toBe(true)
  return result
}

const reset = new Error('read ECONNRESET')

describe('a body in pieces', () => {
  it('is asked for behind the last byte that came, and once it is whole no more', async () => {
    const [one, two, three] = [connection('ab', reset), connection('cd'), connection('ef')]
    expect(await readToEnd([one.body, two.body, three.body])).toMatchObject({
      text: 'abcdef',
      error: undefined,
      resumed: [
        [2, 100],
        [4, 200],
      ],
    })
    expect([one, two, three].every(({ state }) => state.destroyed && state.left)).toBe(true)
  })

  it('is waited for longer each time, up to 5 s, until a byte comes', async () => {
    const nothing = Array.from({ length: 8 }, () => connection(reset).body)
    const some = connection('a', reset).body
    const { text, resumed } = await readToEnd([...nothing, some, connection('bcdef').body], { retries: 8 })
    expect(text).toBe('abcdef')
    const pauses = resumed.map(([, time], index) => time - (resumed[index - 1]?.[1] ?? 0))
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 100])
  })

  it('may have no stated length, and ends where the connection does', async () => {
    expect(await readToEnd([connection('ab').body], { size: undefined })).toMatchObject({ text: 'ab', resumed: [] })
  })

  it.each([
    [0, 'Reading the body failed after 2 of 6 bytes: read ECONNRESET'],
    [1, 'Reading the body failed after 2 of 6 bytes, in 2 tries: read ECONNRESET'],
  ])('is given up after %i tries more, and says so', async (retries, message) => {
    const { error, resumed } = await readToEnd([connection('ab', reset).body, reset, reset], { retries })
    expect(error).toMatchObject({
      code: 'OBJECT_UNREADABLE',
      message: expect.stringContaining(message),
      place: { key: 'a' },
      cause: reset,
    })
    expect(resumed).toHaveLength(retries)
  })

  it('counts its tries from the last byte that came', async () => {
    const pieces = [...'abcdef'].map((letter) => connection(letter, reset).body)
    expect(await readToEnd([connection(reset).body, ...pieces.slice(0, 5), connection('f').body])).toMatchObject({
      text: 'abcdef',
      error: undefined,
    })
  })

  it('that is too short says so', async () => {
    const { error, resumed } = await readToEnd([connection('ab').body], { retries: 0 })
    expect(error).toMatchObject({
      code: 'BODY_LENGTH',
      message: expect.stringContaining('2 bytes came, 6 were promised'),
    })
    expect(resumed).toEqual([])
  })

  it.each([
    ['breaks behind its last byte', connection('abcdef', reset).body, 'OBJECT_UNREADABLE', 'after 6 of 6 bytes'],
    ['has a wrong checksum', connection('ab', new Error('Checksum mismatch: x')).body, 'BODY_CHECKSUM', 'mismatch: x'],
  ])('is not asked for again where it %s', async (_, body, code, message) => {
    const { error, resumed } = await readToEnd([body], { retries: 5 })
    expect(error).toMatchObject({ code, message: expect.stringContaining(message), place: { key: 'a' } })
    expect(resumed).toEqual([])
  })

  it('may break with what is no error', async () => {
    const odd: Body = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject('odd') }) }
    const { error } = await readToEnd([odd], { retries: 0 })
    expect(error).toMatchObject({ code: 'OBJECT_UNREADABLE', message: expect.stringContaining('bytes: odd') })
  })

  it('ends at once with an error that no try mends', async () => {
    const gone = new FlowferryError('OBJECT_SUPERSEDED', 'Another')
    const { error, resumed } = await readToEnd([connection('ab', reset).body, gone], { retries: 5 })
    expect(error).toBe(gone)
    expect(resumed).toHaveLength(1)
  })

  it('has its checksum compared only where no other does: in several pieces, and where S3 keeps one', async () => {
    const right = crcOf(Buffer.from('abcdef'))
    const pieces = () => [connection('ab', reset).body, connection('cd', 'ef').body]
    expect(await readToEnd(pieces(), { crc32: right })).toMatchObject({ text: 'abcdef', error: undefined })
    expect(await readToEnd(pieces())).toMatchObject({ text: 'abcdef', error: undefined })
    expect((await readToEnd(pieces(), { crc32: 'AAAAAA==' })).error).toMatchObject({ code: 'BODY_CHECKSUM' })
    expect((await readToEnd([connection('abcdef').body], { crc32: 'AAAAAA==' })).error).toBeUndefined()
  })
})

describe('silence', () => {
  it('ends a connection, and another one goes on', async () => {
    const silent = connection('ab', silence)
    expect(await readToEnd([silent.body, connection('cdef').body])).toMatchObject({
      text: 'abcdef',
      resumed: [[2, 1100]],
    })
    expect(silent.state.destroyed).toBe(true)
  })

  it('that lasts is told', async () => {
    const { error } = await readToEnd([connection(silence).body, connection(silence).body])
    expect(error).toMatchObject({
      code: 'OBJECT_STALLED',
      message: expect.stringContaining('No byte of the body came for 1 s'),
    })
  })
})

describe('an abort', () => {
  const late = new FlowferryError('DEADLINE', 'Time is over')

  it.each([0, 5])('ends a body that is silent, at once, with %i tries left', async (retries) => {
    const stop = new AbortController()
    const { body, state } = connection('ab', silence)
    const result = reading([body], { signal: stop.signal, retries })
    await vi.advanceTimersByTimeAsync(500)
    stop.abort(late)
    await vi.advanceTimersByTimeAsync(0)
    expect(result).toMatchObject({ text: 'ab', ended: true, error: late, resumed: [] })
    expect(state.destroyed).toBe(true)
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
  })

  it('before the first byte reads none', async () => {
    const { body, state } = connection(silence)
    const result = reading([body], { signal: AbortSignal.abort(late) })
    await vi.advanceTimersByTimeAsync(0)
    expect(result).toMatchObject({ text: '', ended: true, error: late, resumed: [] })
    expect(state.destroyed).toBe(true)
  })

  it('ends a pause, and nothing is asked for', async () => {
    const stop = new AbortController()
    const result = reading([connection('ab', reset).body], { signal: stop.signal })
    await vi.advanceTimersByTimeAsync(50)
    stop.abort(late)
    await vi.advanceTimersByTimeAsync(0)
    expect(result).toMatchObject({ ended: true, error: late, resumed: [] })
  })

  it('ends a body that cannot be destroyed, and takes no byte more of it', async () => {
    const stop = new AbortController()
    async function* chunks() {
      yield Buffer.from('ab')
      stop.abort(late)
      yield Buffer.from('cd')
    }
    const result = reading([chunks()], { signal: stop.signal })
    await vi.advanceTimersByTimeAsync(0)
    expect(result).toMatchObject({ text: 'ab', ended: true, error: late, resumed: [] })
  })

  it('has no listener and no timer left once a body was read', async () => {
    const { signal } = new AbortController()
    const result = reading([connection('abcdef').body], { signal })
    await vi.advanceTimersByTimeAsync(0)
    expect(result).toMatchObject({ text: 'abcdef', ended: true })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
