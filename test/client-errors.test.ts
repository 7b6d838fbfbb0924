import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memorySlice } from '@flowferry/core/testing'
import { elasticsearch, setup as setupElasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch, setup as setupOpenSearch } from '@flowferry/sink-opensearch'
import { afterAll, describe, expect, test } from 'vitest'
import { engines, formats } from './support/engines.ts'

/** Milliseconds: longer than it takes, and much shorter than a client takes that looks at each byte of the request. */
const soon = 5000

describe.each(engines)('an error of the official client of $name', ({ sink }) => {
  const servers: ReturnType<typeof createServer>[] = []
  const serve = async (listener: RequestListener) => {
    const server = createServer(listener).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })
  // One request of some 3 MB.
  const slice = memorySlice({ records: 20_000 })

  test('costs no time, however large the request is', async () => {
    const node = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(503, { 'content-type': 'application/json' }).end('{}'))
    })
    const before = process.cpuUsage()
    expect(await sink(node, { maxRetries: 1, retryMilliseconds: 1, checkTarget: false }).write([slice])).toMatchObject({
      error: { code: 'TARGET_OVERLOADED' },
    })
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(soon)
  })

  test('comes at once when the write is stopped', async () => {
    const stop = new AbortController()
    const node = await serve((request) => {
      request.resume().on('end', () => stop.abort())
    })
    const writing = sink(node, {}).write([slice], stop.signal)
    await once(stop.signal, 'abort')
    const stopped = Date.now()
    expect(await writing).toMatchObject({ error: { code: 'ABORTED' }, slices: [{ unfinished: 20_000 }] })
    expect(Date.now() - stopped).toBeLessThan(soon)
  })
})

describe.each([
  ['elasticsearch', elasticsearch, setupElasticsearch],
  ['opensearch', opensearch, setupOpenSearch],
])('%s without its client', (library, sink, setup) => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['object', { node: 'http://127.0.0.1:1' }],
    ['string', 'http://elastic:s3cr3t@127.0.0.1:1'],
  ])('refuses %s, and does not take it for a store that is away', async (is, client) => {
    const refusal = expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(new RegExp(`client is ${is}; it takes a Client of @[\\w-]+/${library}`)),
    })
    expect(() => sink({ client: client as never })).toThrow(refusal)
    await expect(setup(client as never, { formats })).rejects.toEqual(refusal)
  })
})

test.each(engines)('setup of $name refuses what are no formats', async ({ setup }) => {
  for (const options of [{}, { formats: undefined }, { formats, indexPer: 'year' }])
    await expect(setup('http://127.0.0.1:1', options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})
