import { Readable } from 'node:stream'
import { FlowferryError } from '@flowferry/core'
import { describe, expect, it, vi } from 'vitest'
import { awsError } from '../../test/fake-sqs.ts'
import { failure, read } from '../../test/read.ts'
import { type S3, s3Object } from './object.ts'

type Input = Record<string, unknown>

/** An S3 client that resolves or rejects as `answer` does. */
function fakeS3(answer: (input: Input) => unknown) {
  const inputs: Input[] = []
  const send = async ({ input }: { input: Input }) => {
    inputs.push(input)
    return answer(input)
  }
  return { s3: { send } as unknown as S3, inputs }
}

const opened = (text: string, more: object = {}) => ({
  Body: Readable.from([Buffer.from(text)]),
  ETag: '"abc"',
  ContentLength: text.length,
  LastModified: new Date('2026-01-02T03:04:05Z'),
  ...more,
})

describe('s3Object', () => {
  const ref = { bucket: 'logs', key: 'a b+ü.gz', versionId: 'v1', etag: 'old', size: 3, region: 'eu-west-1' }

  it('opens the version that the event names', async () => {
    const { s3, inputs } = fakeS3(() => opened('hello'))
    const object = s3Object(ref, { s3 })
    expect(object).toMatchObject({ bucket: 'logs', key: 'a b+ü.gz', versionId: 'v1', etag: 'old', size: 3 })
    const { body, ...facts } = await object.open()
    expect(facts).toEqual({ etag: 'abc', size: 5, lastModified: new Date('2026-01-02T03:04:05Z') })
    expect((await read(body)).toString()).toBe('hello')
    expect(inputs).toEqual([{ Bucket: 'logs', Key: 'a b+ü.gz', VersionId: 'v1', ChecksumMode: 'ENABLED' }])
  })

  it.each([
    [{ start: 0, end: 9 }, 'bytes=0-9'],
    [{ start: 5 }, 'bytes=5-'],
    [{ last: 8 }, 'bytes=-8'],
  ])('asks for the range %o', async (range, header) => {
    const { s3, inputs } = fakeS3(() => opened('x'))
    await s3Object(ref, { s3 }).open(range)
    expect(inputs[0]).toMatchObject({ Range: header })
    expect(inputs[0]).not.toHaveProperty('IfMatch')
  })

  it('binds later ranges to the bytes that were opened first, not to what the event said', async () => {
    const { s3, inputs } = fakeS3(({ IfMatch }) => {
      if (IfMatch) throw awsError('PreconditionFailed', 412)
      return opened('x')
    })
    const object = s3Object(ref, { s3 })
    await object.open({ last: 8 })
    const error = await failure(object.open({ start: 0, end: 9 }))
    expect(inputs[1]).toMatchObject({ IfMatch: '"abc"', Range: 'bytes=0-9' })
    expect(error).toMatchObject({
      code: 'OBJECT_SUPERSEDED',
      place: { bucket: 'logs', key: 'a b+ü.gz', versionId: 'v1' },
    })
  })

  it('reads an empty object, of which no range exists', async () => {
    const { s3 } = fakeS3(({ Range }) => {
      if (Range) throw awsError('InvalidRange', 416)
      return opened('')
    })
    const { body, size } = await s3Object(ref, { s3 }).open({ last: 8 })
    expect(size).toBe(0)
    expect(await read(body)).toHaveLength(0)
    expect(await failure(s3Object(ref, { s3 }).open({ start: 5 }))).toMatchObject({ code: 'OBJECT_UNREADABLE' })
  })

  it('asks a function for the client, with bucket and region', async () => {
    const { s3 } = fakeS3(() => opened('x'))
    const choose = vi.fn((_bucket: string, _region?: string) => s3)
    await s3Object(ref, { s3: choose }).open()
    expect(choose).toHaveBeenCalledWith('logs', 'eu-west-1')
  })

  it.each([
    ['NoSuchKey', 404, 'OBJECT_NOT_FOUND', false],
    ['NoSuchVersion', 404, 'OBJECT_NOT_FOUND', false],
    ['NoSuchBucket', 404, 'BUCKET_NOT_FOUND', false],
    ['NotFound', 404, 'OBJECT_NOT_FOUND', false],
    ['InvalidObjectState', 403, 'OBJECT_ARCHIVED', false],
    ['AccessDenied', 403, 'OBJECT_FORBIDDEN', false],
    ['PreconditionFailed', 412, 'OBJECT_SUPERSEDED', false],
    ['SlowDown', 503, 'SOURCE_OVERLOADED', true],
    ['PermanentRedirect', 301, 'SOURCE_REGION', true],
    ['ExpiredToken', 400, 'SOURCE_CREDENTIALS', true],
    ['RequestTimeTooSkewed', 403, 'SOURCE_CLOCK', true],
    ['InternalError', 500, 'OBJECT_UNREADABLE', true],
  ])('%s is %s', async (name, status, code, retryable) => {
    const { s3 } = fakeS3(() => {
      throw awsError(name, status)
    })
    const error = await failure(s3Object({ bucket: 'logs', key: 'k' }, { s3 }).open())
    expect(error).toMatchObject({ code, retryable, place: { bucket: 'logs', key: 'k' } })
    expect(error.message).toContain(name)
  })

  it('calls a dead connection unreadable', async () => {
    const { s3 } = fakeS3(() => {
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    })
    expect(await failure(s3Object(ref, { s3 }).open())).toMatchObject({ code: 'OBJECT_UNREADABLE', retryable: true })
  })

  it('does not do without an ETag', async () => {
    const { s3 } = fakeS3(() => opened('x', { ETag: undefined }))
    expect((await failure(s3Object(ref, { s3 }).open())).message).toContain('ETag')
  })

  it('refuses what is no client', () => {
    expect(() => s3Object(ref, { s3: {} as S3 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('the body', () => {
  const open = async (Body: Readable, signal?: AbortSignal) => {
    const { s3 } = fakeS3(() => opened('', { Body }))
    return (await s3Object({ bucket: 'logs', key: 'k' }, { s3 }).open(undefined, signal)).body
  }

  it("turns the SDK's complaint into an error with its place", async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('ab')
        throw new Error('Checksum mismatch')
      })(),
    )
    const error = await failure(read(await open(broken)))
    expect(error).toMatchObject({
      code: 'BODY_CHECKSUM',
      place: { key: 'k' },
      cause: { message: 'Checksum mismatch' },
    })
  })

  it('ends a stalled read at once when the signal aborts', async () => {
    const stop = new AbortController()
    const stalled = new Readable({ read() {} })
    stalled.push(Buffer.from('ab'))
    const reading = failure(read(await open(stalled, stop.signal)))
    setTimeout(() => stop.abort(), 20)
    expect(await reading).toMatchObject({ code: 'ABORTED' })
    expect(stalled.destroyed).toBe(true)
  })

  it("gives the signal's own reason when that is an error of ours", async () => {
    const reason = new FlowferryError('DEADLINE', 'Time is over')
    expect(await failure(open(Readable.from([]), AbortSignal.abort(reason)))).toBe(reason)
  })

  it('gives the connection back when the reader leaves', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1024))
      },
    })
    for await (const _ of await open(endless)) break
    expect(endless.destroyed).toBe(true)
  })
})
