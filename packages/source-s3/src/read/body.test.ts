import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { FlowferryError } from '@flowferry/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { crcOf, faultyS3 } from '../../test/faulty-s3.ts'
import { failure, read } from '../../test/read.ts'
import { type S3ObjectOptions, s3Object } from './object.ts'

const body = randomBytes(1_000_000)
const stored = { body, etag: 'first', crc32: crcOf(body) }
let server: Awaited<ReturnType<typeof faultyS3>>

beforeAll(async () => {
  server = await faultyS3({})
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
  server.objects['a.gz'] = stored
  server.onRequest(() => undefined)
})

const objectOf = (options: Partial<S3ObjectOptions> = {}, versionId?: string) =>
  s3Object(
    { bucket: 'logs', key: 'a.gz', ...(versionId && { versionId }) },
    { s3: server.s3, stallSeconds: 1, ...options },
  )

describe('a body that breaks off', () => {
  it.each([
    ['reset', (n: number) => ({ reset: n })],
    ['end', (n: number) => ({ end: n })],
    ['stall', (n: number) => ({ stall: n })],
  ])('by a %s goes on where it stopped, on the same bytes', async (_, fault) => {
    server.onRequest((_, count) => (count <= 3 ? fault(100_000 * count) : undefined))
    const { body: chunks, size } = await objectOf({}, 'v1').open()
    expect(size).toBe(body.length)
    expect((await read(chunks)).equals(body)).toBe(true)
    const { requests } = server
    expect(requests).toHaveLength(4)
    expect(requests[0]).toMatchObject({ range: undefined, ifMatch: undefined, versionId: 'v1' })
    for (const request of requests.slice(1))
      expect(request).toMatchObject({
        range: expect.stringMatching(/^bytes=\d+-999999$/),
        ifMatch: '"first"',
        versionId: 'v1',
      })
    // Each connection continues behind the last byte that arrived; bytes lost by a reset are requested again.
    const starts = requests.slice(1).map(({ range }) => Number(/\d+/.exec(range!)![0]))
    expect(
      starts.every((start, index) => start > (starts[index - 1] ?? 0) && start <= [100_000, 300_000, 600_000][index]!),
    ).toBe(true)
  })

  it.each([
    [{ start: 1000, end: 899_999 }, body.subarray(1000, 900_000)],
    [{ start: 500_000 }, body.subarray(500_000)],
    [{ last: 400_000 }, body.subarray(-400_000)],
  ])('goes on within the range %j', async (range, expected) => {
    server.onRequest((_, count) => (count <= 2 ? { reset: 150_000 } : undefined))
    const { body: chunks, size } = await objectOf().open(range)
    expect(size).toBe(expected.length)
    expect((await read(chunks)).equals(expected)).toBe(true)
    expect(server.requests).toHaveLength(3)
  })

  it('is given up after so many tries that brought nothing', async () => {
    server.onRequest((_, count) => (count === 1 ? { reset: 5000 } : { reset: 0 }))
    const error = await failure(read((await objectOf({ retries: 2 }).open()).body))
    expect(error).toMatchObject({ code: 'OBJECT_UNREADABLE', retryable: true, place: { bucket: 'logs', key: 'a.gz' } })
    expect(error.message).toContain('after 5000 of 1000000 bytes, in 3 tries')
    expect(server.requests).toHaveLength(3)
  })

  it('counts its tries from the last byte that came', async () => {
    server.onRequest((_, count) => (count <= 12 ? { reset: count % 2 ? 50_000 : 0 } : undefined))
    expect((await read((await objectOf({ retries: 2 }).open()).body)).equals(body)).toBe(true)
    expect(server.requests).toHaveLength(13)
  })

  it('tells of a body that is too short', async () => {
    server.onRequest(() => ({ end: 0 }))
    expect(await failure(read((await objectOf({ retries: 0 }).open()).body))).toMatchObject({ retryable: true })
  })

  it('goes on after S3 asked for patience', async () => {
    server.onRequest((_, count) =>
      count === 1 ? { reset: 5000 } : count < 4 ? { status: 503, code: 'SlowDown' } : undefined,
    )
    expect((await read((await objectOf().open()).body)).equals(body)).toBe(true)
  })

  it.each([
    [404, 'NoSuchKey', 'OBJECT_NOT_FOUND'],
    [403, 'AccessDenied', 'OBJECT_FORBIDDEN'],
    [416, 'InvalidRange', 'OBJECT_UNREADABLE'],
  ])('ends at once with %s %s', async (status, code, expected) => {
    server.onRequest((_, count) => (count === 1 ? { reset: 5000 } : { status, code }))
    expect(await failure(read((await objectOf().open()).body))).toMatchObject({ code: expected, retryable: false })
    expect(server.requests).toHaveLength(2)
  })
})

describe('an object that is overwritten while it is read', () => {
  it.each([[undefined], [{ ignoreIfMatch: true }] as const])('is superseded (%j)', async (fault) => {
    server.onRequest((_, count) => {
      if (count === 1) return { reset: 5000 }
      server.objects['a.gz'] = { body: randomBytes(1_000_000), etag: 'second' }
      return fault
    })
    const opened = await objectOf().open()
    expect(opened.etag).toBe('first')
    expect(await failure(read(opened.body))).toMatchObject({ code: 'OBJECT_SUPERSEDED', retryable: false })
    expect(server.requests).toHaveLength(2)
  })
})

describe('a server that is not S3', () => {
  it('and gives other bytes than those that were asked for, doubles none', async () => {
    server.onRequest((_, count) => (count === 1 ? { reset: 5000 } : { ignoreRange: true }))
    const error = await failure(read((await objectOf({ retries: 1 }).open()).body))
    expect(error.message).toContain('bytes from 5000')
  })
})

describe('silence', () => {
  it('instead of an answer is followed by another try', async () => {
    server.onRequest((_, count) => (count === 1 ? { silent: true } : undefined))
    expect((await read((await objectOf().open()).body)).equals(body)).toBe(true)
    expect(server.requests).toHaveLength(2)
  })

  it('for ever ends with an error, and leaves no connection', async () => {
    server.onRequest(() => ({ silent: true }))
    expect(await failure(objectOf({ retries: 1 }).open())).toMatchObject({ code: 'OBJECT_STALLED', retryable: true })
    expect(server.requests).toHaveLength(2)
    server.s3.destroy()
    await wait(50)
    expect(server.connections()).toBe(0)
  })

  it('in a body ends with an error, and leaves no connection', async () => {
    server.onRequest((_, count) => (count === 1 ? { stall: 5000 } : { stall: 0 }))
    expect(await failure(read((await objectOf({ retries: 1 }).open()).body))).toMatchObject({ code: 'OBJECT_STALLED' })
    await wait(50)
    expect(server.connections()).toBe(0)
  })

  it('of the reader is none of S3', async () => {
    const chunks = (await objectOf().open()).body
    let first = true
    const all: Uint8Array[] = []
    for await (const chunk of chunks) {
      if (first) await wait(1500)
      first = false
      all.push(chunk)
    }
    expect(Buffer.concat(all).equals(body)).toBe(true)
    expect(server.requests).toHaveLength(1)
  })

  it('ends at once when the signal aborts, in the answer, the body and a pause', async () => {
    for (const fault of [{ silent: true } as const, { stall: 5000 }, { reset: 0 }]) {
      server.onRequest(() => fault)
      const stop = new AbortController()
      const reason = new FlowferryError('DEADLINE', 'Time is over')
      setTimeout(() => stop.abort(reason), 150)
      const started = performance.now()
      const reading = objectOf({ stallSeconds: 30, retries: 100 }).open(undefined, stop.signal)
      expect(await failure(reading.then(({ body }) => read(body)))).toBe(reason)
      expect(performance.now() - started).toBeLessThan(1000)
    }
  })
})

describe('the checksum', () => {
  it('is compared by the SDK when the body came in one piece', async () => {
    server.onRequest(() => ({ flip: 10 }))
    expect(await failure(read((await objectOf({ stallSeconds: 30 }).open()).body))).toMatchObject({
      code: 'BODY_CHECKSUM',
      retryable: true,
    })
    expect(server.requests).toHaveLength(1)
  })

  it('is compared here when it came in pieces', async () => {
    server.onRequest((_, count) => (count === 1 ? { reset: 5000 } : { flip: 10 }))
    expect(await failure(read((await objectOf({ stallSeconds: 30 }).open()).body))).toMatchObject({
      code: 'BODY_CHECKSUM',
      retryable: true,
    })
    expect(server.requests).toHaveLength(2)
  })
})
