import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GetObjectCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bounded, within } from './within.ts'

const never = () => new Promise<never>(() => {})

describe('within', () => {
  it('gives the answer, or what the request rejects with', async () => {
    expect(await within('S3', undefined, async () => 7)).toBe(7)
    await expect(within('S3', undefined, async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  it('ends a request that is not answered, and one that the user ends', async () => {
    const asked: AbortSignal[] = []
    const ask = (signal: AbortSignal) => {
      asked.push(signal)
      return never()
    }
    await expect(within('S3', undefined, ask, 5)).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: 'S3 gave no answer within 0.005 s',
    })
    const user = new AbortController()
    const sent = within('S3', user.signal, ask)
    user.abort()
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED' })
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, true])
    // Nothing is sent then.
    await expect(within('S3', user.signal, ask)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(asked).toHaveLength(2)
  })
})

describe('a bounded client', () => {
  let server: Server
  let s3: S3Client
  let closed: Promise<unknown>
  beforeEach(async () => {
    // Takes requests, and never answers but for objects, whose body does not end.
    server = createServer((request, response) => {
      closed = once(request.socket, 'close')
      if (request.url!.startsWith('/b/')) response.writeHead(200, { etag: '"e"' }).write('begun')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    s3 = new S3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
  })
  afterEach(() => {
    s3.destroy()
    server.closeAllConnections()
    server.close()
  })

  it('closes the connection of a request that gets no answer, and asks once', async () => {
    const user = new AbortController()
    bounded(s3, 'S3', user.signal)
    server.on('request', () => user.abort())
    await expect(s3.send(new ListBucketsCommand({}))).rejects.toMatchObject({ code: 'ABORTED' })
    await closed
  })

  it("hands on the caller's own signal, which ends a body, too", async () => {
    bounded(s3, 'S3', undefined)
    const own = new AbortController()
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }), { abortSignal: own.signal })
    own.abort()
    await expect(Body!.transformToString()).rejects.toThrow()
  })
})
