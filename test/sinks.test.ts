import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { memorySlice } from '@flowferry/core/testing'
import { elasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch } from '@flowferry/sink-opensearch'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { describe, expect, test } from 'vitest'
import { engines } from './support/engines.ts'

type Answer = (response: ServerResponse, body: Buffer, request: IncomingMessage) => void

/** A server that answers as told, for the faults that a real one does not have on demand. */
async function serving(answer: Answer, run: (url: string, sockets: Set<Socket>) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return
    }
    response.setHeader('x-elastic-product', 'Elasticsearch')
    response.setHeader('content-type', 'application/json')
    answer(response, Buffer.concat(chunks), request)
  })
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

const index = 'flows'
const fine = (body: Buffer) => {
  const items = Array(body.toString().split('\n').length >> 1).fill({ create: { result: 'created', status: 201 } })
  return JSON.stringify({ errors: false, items })
}
const slice = memorySlice({ records: 5 })

describe.each(engines)('the sink of $name', ({ name, sink }) => {
  test.each<[string, Answer]>([
    ['never answers', () => undefined],
    [
      'stops in the middle of its answer',
      (response, body) => {
        response.writeHead(200, { 'content-length': 1000 })
        response.write(fine(body))
      },
    ],
  ])('gives up on a server that %s', async (_, answer) => {
    await serving(answer, async (url) => {
      const started = performance.now()
      const black = sink(url, { index, requestTimeoutMilliseconds: 150, maxRetries: 1, retryMilliseconds: 1 })
      const outcome = await black.write([slice])
      expect(outcome).toMatchObject({ slices: [{ unfinished: 5 }], stop: true, error: { code: 'TARGET_UNREACHABLE' } })
      expect(outcome.error!.message).toContain('No answer within 150 ms')
      expect(performance.now() - started).toBeLessThan(5000)
    })
  })

  test('ends at once when it is aborted', async () => {
    await serving(
      () => undefined,
      async (url) => {
        const outcome = await sink(url, { index }).write([slice], AbortSignal.timeout(100))
        expect(outcome).toMatchObject({ slices: [{ unfinished: 5 }] })
        expect(outcome.stop).toBeUndefined()
      },
    )
  })

  test('holds no more bytes than it may while the server is slow, and keeps its connections', async () => {
    let held = 0
    let most = 0
    let requests = 0
    const slow: Answer = (response, body) => {
      held += body.length
      most = Math.max(most, held)
      requests++
      setTimeout(() => {
        held -= body.length
        response.end(fine(body))
      }, 20)
    }
    await serving(slow, async (url, sockets) => {
      const bounded = sink(url, { index, maxBodyBytes: 20_000, maxBytesInFlight: 60_000 })
      const many = memorySlice({ records: 200 })
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => bounded.write([many])))
      expect(outcomes.reduce((sum, { slices }) => sum + slices[0]!.written, 0)).toBe(4000)
      expect(requests).toBeGreaterThan(40)
      expect(most).toBeGreaterThan(20_000)
      expect(most).toBeLessThanOrEqual(60_000)
      // A connection is free a moment after its answer was read.
      expect(sockets.size).toBeLessThanOrEqual(6)
    })
  })

  test('a write that waits for its turn ends when it is aborted', async () => {
    await serving(
      () => undefined,
      async (url) => {
        const one = sink(url, { index, maxBodyBytes: 5000, maxBytesInFlight: 5000 })
        const until = AbortSignal.timeout(300)
        const [first, second] = await Promise.all([
          one.write([slice], until),
          one.write([slice], AbortSignal.timeout(50)),
        ])
        expect(first).toMatchObject({ slices: [{ unfinished: 5 }] })
        expect(second).toMatchObject({ slices: [{ unfinished: 5 }], error: { code: 'ABORTED' } })
      },
    )
  })

  test.each([false, true])(
    'gzips a body once for all tries, also where the client compresses (%s)',
    async (compress) => {
      const bodies: Buffer[] = []
      const busyOnce: Answer = (response, body, { headers }) => {
        expect(headers['content-encoding']).toBe('gzip')
        expect(Number(headers['content-length'])).toBe(body.length)
        bodies.push(body)
        response.statusCode = bodies.length === 1 ? 503 : 200
        response.end(bodies.length === 1 ? '' : fine(gunzipSync(body)))
      }
      await serving(busyOnce, async (node) => {
        const options = { index, gzip: true, retryMilliseconds: 1 }
        const one =
          name === 'elasticsearch'
            ? elasticsearch({ client: new Elasticsearch({ node, compression: compress }), ...options })
            : opensearch({ client: new OpenSearch({ node, ...(compress && { compression: 'gzip' }) }), ...options })
        expect((await one.write([slice])).slices[0]).toMatchObject({ written: 5 })
        expect(bodies).toHaveLength(2)
        expect(bodies[0]!.equals(bodies[1]!)).toBe(true)
        const lines = gunzipSync(bodies[0]!).toString().trimEnd().split('\n')
        expect(lines).toHaveLength(10)
        expect(JSON.parse(lines[1]!)).toEqual(slice.document(0))
      })
    },
  )

  test('reads an answer that somebody compressed, or cut into single bytes', async () => {
    const items = Array.from({ length: 5 }, (_, n) => ({ create: { status: n === 2 ? 409 : 201 } }))
    const answers: Answer[] = [
      (response) => {
        response.setHeader('content-encoding', 'gzip')
        response.end(gzipSync(JSON.stringify({ errors: true, items })))
      },
      async (response) => {
        for (const byte of JSON.stringify({ errors: true, items })) {
          response.write(byte)
          await new Promise(setImmediate)
        }
        response.end()
      },
    ]
    await serving(
      (...given) => answers.shift()!(...given),
      async (url) => {
        const one = sink(url, { index })
        for (let n = 0; n < 2; n++)
          expect(await one.write([slice])).toEqual({
            slices: [{ written: 4, duplicate: 1, rejected: [], unfinished: 0 }],
          })
      },
    )
  })

  test('tells a time series collection of OpenSearch Serverless from a bad document', async () => {
    const error = {
      type: 'illegal_argument_exception',
      reason: 'Document ID is not supported in create/index operation request',
    }
    const items = Array.from({ length: 5 }, () => ({ create: { status: 400, error } }))
    await serving(
      (response) => response.end(JSON.stringify({ errors: true, items })),
      async (url) => {
        const outcome = await sink(url, { index }).write([slice])
        expect(outcome).toMatchObject({ slices: [{ unfinished: 5 }], stop: true, error: { code: 'TARGET_MISMATCH' } })
        expect(outcome.error!.message).toContain('search collection')
      },
    )
  })
})
