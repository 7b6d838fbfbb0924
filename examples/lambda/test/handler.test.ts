import { EventEmitter, once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { redrive, type SqsEvent } from '@flowferry/source-s3'
import { afterAll, afterEach, beforeAll, describe, expect, vi } from 'vitest'
import { awsEnvironment, createStack, type Handler, invoke, type Stack } from '../../../test/support/aws.ts'
import { engines, formats } from '../../../test/support/engines.ts'
import { type FaultProxy, faultProxy } from '../../../test/support/fault-proxy.ts'
import { expectedSources, fixturesFor, sorted } from '../../../test/support/fixtures.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'

describe.each(engines)('the Lambda handler, into $name', (engine) => {
  const { test, urls } = onServers('aws', engine.name)
  const [aws, node] = urls as [string, string]
  let stack: Stack
  let handler: Handler
  let server: ReturnType<typeof searchServer>
  let proxy: FaultProxy
  /** So many bulk requests are answered, then none. */
  let answered = Number.POSITIVE_INFINITY
  /** `answered`: a bulk request has its answer; `held`: one gets none. */
  const bulks = new EventEmitter()

  beforeAll(async () => {
    if (!aws || !node) return
    stack = await createStack(aws, { visibilitySeconds: 2, maxReceiveCount: 3 })
    server = searchServer(node)
    await server.removeStreams()
    await engine.setup(node, { formats })
    proxy = await faultProxy(node, ({ url }) => {
      if (!url!.startsWith('/_bulk')) return undefined
      if (answered-- > 0) return { does: 'pass', outcome: () => void bulks.emit('answered') }
      bulks.emit('held')
      return { does: 'black hole' }
    })
    for (const [name, value] of Object.entries({
      ...awsEnvironment(aws),
      SEARCH_URL: proxy.url,
      DEAD_LETTER_QUEUE_URL: stack.deadLetterQueueUrl,
      MAX_ATTEMPTS: '2',
    }))
      vi.stubEnv(name, value)
    vi.resetModules()
    handler = (await import(`../src/${engine.name}.ts`)).handler
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })
  afterAll(async () => {
    stack?.close()
    await proxy?.close()
    vi.unstubAllEnvs()
  })

  test('fills the index with the documents that were written by hand', async () => {
    const logged = vi.spyOn(console, 'error')
    const fixtures = fixturesFor(formats)
    const events: SqsEvent[] = []
    let messages = 0
    // An event has ten messages at most, and one may be the s3:TestEvent of the notification's set-up.
    for (let from = 0; from < fixtures.length; from += 9) {
      for (const { key, body } of fixtures.slice(from, from + 9)) await stack.put(key, body)
      const invocation = await invoke(stack, handler)
      expect(invocation!.response).toEqual({ batchItemFailures: [] })
      events.push(invocation!.event)
      messages += invocation!.messages.length
    }
    expect(messages).toBeGreaterThanOrEqual(fixtures.length)
    const expectations = expectedSources(fixtures)
    for (const [stream, sources] of expectations) {
      const { hits } = await server.search(stream, {})
      expect(sorted(hits.map(({ _source }) => _source))).toEqual(sources)
    }
    const { hits } = await server.search('logs-aws.cloudtrail-default', {})
    const ids = fixtures.flatMap(({ expected }) => expected.flatMap(({ _id }) => _id ?? []))
    expect(hits.map(({ _id }) => _id).sort()).toEqual(ids.sort())

    for (const event of events)
      expect(await handler(event, { getRemainingTimeInMillis: () => 60_000 })).toEqual({ batchItemFailures: [] })
    for (const [stream, sources] of expectations) expect(await server.count(stream)).toBe(sources.length)
    expect(await stack.depth(stack.queueUrl)).toBe(0)
    expect(logged).not.toHaveBeenCalled()
  })

  test('tells of malformed lines, which fail nothing', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const lines = Array.from({ length: 20 }, (_, n) => `5 192.0.2.1 192.0.2.2 ${1790000000 + n}`)
    await stack.put(
      'AWSLogs/1/vpcflowlogs/malformed.log.gz',
      gzipSync(['version srcaddr dstaddr end', ...lines, 'no flow log'].join('\n')),
    )
    expect((await invoke(stack, handler))!.response).toEqual({ batchItemFailures: [] })
    expect(logged).toHaveBeenCalledOnce()
    expect(JSON.parse(logged.mock.calls[0]![0])).toMatchObject({ ok: true, counts: { written: 20, malformed: 1 } })
  })

  test('gives back exactly the unreadable one of ten, dead-letters it verbatim, and takes it after repair', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const before = await server.count('logs-aws.vpcflow-default')
    const good = gzipSync('version srcaddr dstaddr end\n5 10.0.0.1 10.0.0.2 1790000000\n')
    const keys = Array.from({ length: 10 }, (_, n) => `AWSLogs/1/vpcflowlogs/${n}.log.gz`)
    for (const key of keys) await stack.put(key, key === keys[4] ? good.subarray(0, -6) : good)

    const first = await invoke(stack, handler)
    const failedBodies = first!.messages
      .filter(({ MessageId }) => first!.failed.has(MessageId!))
      .map(({ Body }) => Body!)
    expect(failedBodies).toHaveLength(1)
    expect(failedBodies[0]).toContain('4.log.gz')
    expect(await server.count('logs-aws.vpcflow-default')).toBe(before + 9)

    await new Promise((resolve) => setTimeout(resolve, 2500))
    const last = await invoke(stack, handler)
    expect(last!.messages.map(({ Body }) => Body)).toEqual(failedBodies)
    expect(last!.response).toEqual({ batchItemFailures: [] })
    expect(await stack.depth(stack.queueUrl)).toBe(0)

    // The failure, and the giving up of a message that counts as done.
    const [failed, givenUp, ...others] = logged.mock.calls.map(([line]) => JSON.parse(line))
    expect(failed).toMatchObject({ ok: false, deadLettered: [] })
    expect(givenUp).toMatchObject({
      ok: true,
      deadLettered: [...first!.failed],
      messages: [
        {
          objects: [
            { key: keys[4], error: { code: 'COMPRESSION_CORRUPT', docs: expect.stringContaining('#compression_') } },
          ],
        },
      ],
    })
    expect(others).toEqual([])

    const { sqs, deadLetterQueueUrl: from, queueUrl: to } = stack
    const letters: unknown[] = []
    const look = await redrive({
      sqs,
      from,
      to,
      dryRun: true,
      filter: (letter) => {
        letters.push(letter)
        return true
      },
    })
    expect(look).toMatchObject({ seen: 1, byCause: { COMPRESSION_CORRUPT: 1 } })
    expect(letters).toMatchObject([
      { body: failedBodies[0], cause: { code: 'COMPRESSION_CORRUPT', attempts: 2, key: keys[4] } },
    ])

    // The repaired file is a new object with an event of its own; that event is taken away, so that the redrive does it.
    await stack.put(keys[4]!, good)
    await invoke(stack, async () => ({ batchItemFailures: [] }))
    expect(await redrive({ sqs, from, to })).toMatchObject({ redriven: 1, failures: [] })
    expect((await invoke(stack, handler))!.response).toEqual({ batchItemFailures: [] })
    expect(await server.count('logs-aws.vpcflow-default')).toBe(before + 10)
    expect([await stack.depth(to), await stack.depth(from)]).toEqual([0, 0])
  })

  test('finishes a file whose first invocation is too short for it', async () => {
    const stream = 'logs-aws.vpcflow-default'
    const before = await server.count(stream)
    const records = 100_000
    const lines = Array.from({ length: records }, (_, n) => `5 10.0.0.1 10.0.0.2 ${n} ${1790000000 + (n % 3600)}`)
    await stack.put(
      'AWSLogs/1/vpcflowlogs/big.log.gz',
      gzipSync(['version srcaddr dstaddr packets end', ...lines].join('\n')),
    )
    answered = 1
    // The time-out comes when the first request is answered and another is not, however long that takes: of all timers
    // those of the deadline alone are that late.
    const late: (() => void)[] = []
    const { setTimeout: timer } = globalThis
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, milliseconds: number, ...rest: []) => {
      if (!(milliseconds >= 900_000)) return timer(run, milliseconds, ...rest)
      late.push(run)
      return timer(() => {}, 0)
    }) as typeof setTimeout)
    const isShort = Promise.all([once(bulks, 'answered'), once(bulks, 'held')])
    const invocation = invoke(stack, handler, 1_000_000)
    await isShort
    // The client reads the answer in one of the next turns of this process.
    for (let turns = 0; turns < 100; turns++) await setImmediate()
    expect(late).toHaveLength(2)
    for (const run of late) {
      run()
      await setImmediate()
    }
    const first = await invocation
    expect(first!.response).toEqual({ batchItemFailures: [] })
    expect(await stack.depth(stack.queueUrl)).toBe(1)
    answered = Number.POSITIVE_INFINITY
    for (let invocations = 0; (await stack.depth(stack.queueUrl)) > 0 && invocations < 20; invocations++)
      await invoke(stack, handler, 20_000)
    expect(await server.count(stream)).toBe(before + records)
    const { aggregations } = (await server.ask('POST', `/${stream}/_search`, {
      size: 0,
      query: { range: { 'network.packets': { gte: 0 } } },
      aggs: { sum: { sum: { field: 'network.packets' } } },
    })) as { aggregations: { sum: { value: number } } }
    expect(aggregations.sum.value).toBeGreaterThanOrEqual((records * (records - 1)) / 2)
    expect(await stack.depth(stack.deadLetterQueueUrl)).toBe(0)
  })
})
