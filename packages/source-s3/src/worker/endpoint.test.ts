import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freePort } from '../../../../test/support/free-port.ts'
import { done, objectReport, report } from '../../test/reports.ts'
import { allDone, type Handler, worker } from '../../test/worker.ts'
import { type Endpoint, serveEndpoint, type WorkerState } from './endpoint.ts'

const onError = (error: Error) => expect.fail(error.message)

describe('the endpoint', () => {
  const open: Endpoint[] = []
  afterEach(async () => {
    vi.useRealTimers()
    await Promise.all(open.splice(0).map((endpoint) => endpoint.close()))
  })

  const totals = { received: 0, deleted: 0, deadLettered: 0, failed: 0, released: 0, reports: 0 }
  const idle = { totals, full: false, begunAt: [], paused: false, stopping: false }
  const serve = async (state: () => WorkerState, aliveSeconds?: number) => {
    const port = await freePort()
    const endpoint = await serveEndpoint({ port, ...(aliveSeconds !== undefined && { aliveSeconds }) }, state, onError)
    open.push(endpoint)
    const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
    return { endpoint, get, port }
  }
  const hour = 3_600_000

  it.each<[string, Partial<WorkerState>, number, number]>([
    ['has received', {}, 200, 200],
    ['was not answered yet', { receivedAt: undefined }, 200, 503],
    ['tries in vain', { receivedAt: -hour, turnedAt: -1000 }, 200, 503],
    ['does not even try', { receivedAt: -hour, turnedAt: -hour }, 503, 503],
    ['reads a large file', { receivedAt: -hour, turnedAt: -hour, full: true, begunAt: [-hour] }, 200, 200],
    ['has a batch that nobody waits for', { full: true, begunAt: [-13 * hour, -1] }, 503, 200],
    ['waits out an outage', { receivedAt: -hour, turnedAt: -hour, full: true, paused: true }, 200, 503],
    ['is stopped', { receivedAt: -hour, turnedAt: -hour, stopping: true }, 200, 503],
  ])('of a worker that %s', async (_, times, healthy, ready) => {
    const now = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now })
    const { receivedAt = 0, turnedAt = 0, begunAt = [], ...others } = times
    const state = {
      ...idle,
      ...others,
      receivedAt: 'receivedAt' in times && times.receivedAt === undefined ? undefined : now + receivedAt,
      turnedAt: now + turnedAt,
      begunAt: begunAt.map((time) => now + time),
    }
    const { get } = await serve(() => state)
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([healthy, ready])
  })

  it('takes `aliveSeconds` for the limit, to the second', async () => {
    const now = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now })
    const { get } = await serve(() => ({ ...idle, receivedAt: now, turnedAt: now }), 300)
    vi.setSystemTime(now + 300_000)
    expect(await (await get('/healthz')).json()).toEqual({
      ok: true,
      lastReceive: new Date(now).toISOString(),
      batches: 0,
      paused: false,
      stopping: false,
    })
    vi.setSystemTime(now + 300_001)
    expect((await get('/healthz')).status).toBe(503)
  })

  it('serves nothing else, and does nothing for anyone', async () => {
    const { get } = await serve(() => ({ ...idle, receivedAt: undefined, turnedAt: 0 }))
    expect((await get('/')).status).toBe(404)
    expect((await get('/metrics/', 'GET')).status).toBe(404)
    expect((await get('/healthz', 'POST')).status).toBe(405)
    const head = await get('/metrics?name=x', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  it('says where it cannot listen', async () => {
    const { port } = await serve(() => ({ ...idle, receivedAt: undefined, turnedAt: 0 }))
    await expect(serveEndpoint({ port }, () => expect.fail(), onError)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`port ${port} of 127.0.0.1`),
    })
  })
})

describe('consume with `http`', () => {
  it('tells what it does while it does it, drains, and then is gone', async () => {
    const { fill, start, stop } = worker()
    fill(3)
    const port = await freePort()
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    const turns = new EventEmitter()
    const begun = once(turns, 'begun')
    const finished = once(turns, 'finished')
    const object = objectReport({ kinds: ['vpcflow'], status: 'done', bytes: 10 })
    const running = start(
      async (messages) => {
        turns.emit('begun')
        await finished
        return report(messages.map(({ MessageId }) => ({ ...done(MessageId), objects: [object] })))
      },
      { waitSeconds: 1, http: { port } },
    )
    await begun
    expect((await get('/readyz')).status).toBe(200)
    const metrics = await (await get('/metrics')).text()
    expect(metrics).toContain('\nflowferry_messages_received_total 3\n')
    expect(metrics).toContain('\nflowferry_messages_in_work 3\n')

    stop.abort()
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 503])
    expect(await (await get('/healthz')).json()).toMatchObject({ ok: true, batches: 1, stopping: true })
    // The connections are kept open: they do not keep the worker.
    turns.emit('finished')
    expect(await running).toMatchObject({ received: 3, deleted: 3 })
    await expect(get('/healthz')).rejects.toThrow('fetch failed')
  })

  it('counts objects and messages', async () => {
    const { fill, start, stop, errors } = worker()
    fill(2)
    const port = await freePort()
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const object = objectReport({ kinds: ['vpcflow'], status: 'done', bytes: 10 })
    const handler: Handler = async ([first, second]) =>
      report([{ ...done(first!.MessageId), objects: [object, object] }, done(second!.MessageId)])
    const running = start(handler, { waitSeconds: 1, http: { port } })
    await vi.waitFor(
      async () => expect(await metrics()).toContain('flowferry_messages_total{flowferry_fate="deleted"} 2\n'),
      { timeout: 20_000 },
    )
    const text = await metrics()
    expect(text).toContain('flowferry_messages_in_work 0\n')
    expect(text).toContain('flowferry_objects_total{flowferry_kind="vpcflow"} 2\n')
    expect(text).toContain('flowferry_object_size_bytes_sum{flowferry_kind="vpcflow"} 20\n')
    // Each line is a comment, or a name, perhaps with labels, and a number.
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) \S+ \S.*|[a-z_]+(?:\{[^}]*\})? \d[\d.e+]*)$/)
    stop.abort()
    await running
    expect(errors).toEqual([])
  })

  it('is not begun where the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { start, count } = worker()
    await expect(start(allDone, { http: { port } })).rejects.toThrow(`\`http\` cannot listen on port ${port}`)
    expect(count('GetQueueAttributes')).toBe(0)
    for (const wrong of [{ port: 0 }, { port: 65_536 }, { port, host: '' }, { port, aliveSeconds: 0 }])
      await expect(start(allDone, { http: wrong })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    server.close()
  })
})
