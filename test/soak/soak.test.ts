import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { addsUp, type Report } from '@flowferry/core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type Supervised, supervise } from '../chaos/process.ts'
import { awsEnvironment, createStack, type Stack } from '../support/aws.ts'
import { engines, formats } from '../support/engines.ts'
import { type FaultProxy, faultProxy, type ProxyFault } from '../support/fault-proxy.ts'
import { cloudFrontFile, cloudTrailFile, flowFile, type LogFile } from '../support/log-files.ts'
import { random } from '../support/random.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

/** A day of 24 hours passes in so many minutes. */
const minutes = Number(process.env.FLOWFERRY_SOAK_MINUTES ?? 0.75)
const seed = Number(process.env.FLOWFERRY_SOAK_SEED ?? 1)
const hour = (minutes * 60_000) / 24
const drainMilliseconds = 3000
const megabyte = 1024 * 1024

const { test, urls } = onServers('aws', 'elasticsearch')
const [aws, node] = urls as [string, string]
const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

describe(`a day of 24 hours in ${minutes} minutes`, () => {
  const { setup } = engines[0]!
  const search = searchServer(node)
  const namespace = `soak${process.pid}`
  const streams = formats.map(({ dataset }) => `logs-${dataset}-${namespace}`)
  const chance = random(seed)
  const files = { put: 0, records: 0 }
  let folder: string
  let stack: Stack
  let proxies: FaultProxy[] = []
  let worker: Supervised
  /** Which requests break; at the end, all of the search server's wait. */
  let faults: 'some' | 'none' | 'slow' = 'some'
  let injected = 0

  beforeAll(async () => {
    if (!aws || !node) return
    folder = mkdtempSync(join(tmpdir(), 'flowferry-soak-'))
    await setup(node, { formats })
    stack = await createStack(aws, { visibilitySeconds: 30, maxReceiveCount: 20 })
    const now = (share: number, all: readonly ProxyFault[]) => {
      if (faults !== 'some' || !chance.chance(share)) return undefined
      injected++
      return chance.pick(all)
    }
    const s3AndSqs = await faultProxy(aws, ({ method }) =>
      now(0.03, [
        { does: 'reset' },
        { does: 'delay', milliseconds: 300 },
        method === 'GET' ? { does: 'reset answer', at: 0.5 } : { does: 'lose answer' },
      ]),
    )
    const bulk = await faultProxy(node, () => {
      if (faults === 'slow') return { does: 'delay', milliseconds: 60_000 }
      return now(0.15, [
        { does: 'answer', status: 503 },
        { does: 'answer', status: 429, headers: { 'retry-after': '1' } },
        { does: 'lose answer' },
        { does: 'reset' },
      ])
    })
    proxies = [s3AndSqs, bulk]
    const through = (url: string) => s3AndSqs.url + new URL(url).pathname
    worker = supervise(
      {
        ...awsEnvironment(s3AndSqs.url),
        CHAOS: JSON.stringify({
          engine: 'elasticsearch',
          mode: 'worker',
          namespace,
          reports: join(folder, 'reports.jsonl'),
          samples: join(folder, 'samples.jsonl'),
          node: bulk.url,
          queueUrl: through(stack.queueUrl),
          deadLetterQueueUrl: through(stack.deadLetterQueueUrl),
          bulk: { retryMilliseconds: 100, maxRetryMilliseconds: 2000 },
          worker: { waitSeconds: 1, retrySeconds: 1, visibilitySeconds: 6, drainMilliseconds },
        }),
      },
      false,
      '--expose-gc',
    )
  })

  afterAll(async () => {
    await worker?.end(5000)
    for (const proxy of proxies) await proxy.close()
    for (const stream of streams) if (node) await search.ask('DELETE', `/_data_stream/${stream}`)
    stack?.close()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  /** Puts a file of a few hundred records; all of its records become documents. */
  const put = async (records = 100 + chance.int(500)) => {
    const name = `${files.put++}_${seed}`
    const make = chance.pick<() => LogFile>([
      () => flowFile(chance, name, 'v2', { records }),
      () => flowFile(chance, name, 'custom', { records }),
      () => cloudFrontFile(chance, name, { records }),
      // Beyond that it would hold an element that is no record.
      () => cloudTrailFile(chance, name, { records: Math.min(records, 11) }),
    ])
    const { key, body } = make()
    await stack.put(key, body)
    files.records += key.includes('CloudTrail') ? Math.min(records, 11) : records
  }
  const queueIs = async (attribute: 'ApproximateNumberOfMessages' | 'ApproximateNumberOfMessagesNotVisible') => {
    const { Attributes } = await stack.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: stack.queueUrl, AttributeNames: [attribute] }),
    )
    return Number(Attributes![attribute])
  }
  const untilEmpty = () => expect.poll(() => stack.depth(stack.queueUrl), { timeout: 300_000, interval: 200 }).toBe(0)
  const documents = async () => {
    let sum = 0
    for (const stream of streams) sum += await search.count(stream)
    return sum
  }
  /** Some hours of the day: quiet until five and around noon; each of the others begins with a burst, as delivery does. */
  const pass = async (from: number, to: number) => {
    const begin = Date.now() - from * hour
    for (let n = from; n < to; n++) {
      const busy = n < 5 || n === 12 ? 0 : Math.round((6 + chance.int(8)) * Math.max(1, minutes))
      for (let file = 0; file < busy; file++) {
        await put()
        if (file > busy / 2) await wait(Math.max(0, (hour / busy) * chance.int(2)))
      }
      await wait(begin + (n + 1) * hour - Date.now())
    }
  }
  /** What the worker holds when it has nothing to do. */
  const atRest = async () => {
    await untilEmpty()
    await wait(4000)
    const last = lines<Sample>(join(folder, 'samples.jsonl')).slice(-4)
    const least = (of: (sample: Sample) => number) => Math.min(...last.map(of))
    return {
      heap: least(({ heapUsed }) => heapUsed),
      rss: least(({ rss }) => rss),
      handles: least(({ resources }) => resources.length),
    }
  }

  test('memory stays flat, and no handle is left', async () => {
    await pass(0, 12)
    // Everything has been in use; the pause at noon shows what stays of it.
    const noon = await atRest()
    await pass(12, 24)
    const night = await atRest()
    expect(await documents()).toBe(files.records)
    expect(await stack.depth(stack.deadLetterQueueUrl)).toBe(0)

    console.log(
      `${files.put} files, ${files.records} records, ${injected} faults in ${minutes} minutes; at noon and at the end: ` +
        `heap after gc ${mb(noon.heap)} and ${mb(night.heap)} MB, RSS ${mb(noon.rss)} and ${mb(night.rss)} MB, ` +
        `handles ${noon.handles} and ${night.handles}`,
    )
    expect(injected).toBeGreaterThan(0)
    expect(night.heap - noon.heap).toBeLessThan(12 * megabyte)
    expect(night.rss - noon.rss).toBeLessThan(50 * megabyte)
    expect(night.handles).toBeLessThanOrEqual(noon.handles + 2)
    // Sockets to three servers, a timer or two: not one for each of the files.
    expect(night.handles).toBeLessThan(30)
  })

  test('SIGTERM ends it within its limit, and what it had not finished comes again at once', async () => {
    faults = 'slow'
    for (let n = 0; n < 6; n++) await put(400)
    // The last one is put some time ago: what two batches can hold is in work now.
    await expect.poll(() => queueIs('ApproximateNumberOfMessagesNotVisible'), { timeout: 60_000 }).toBeGreaterThan(0)
    await wait(2000)
    const inWork = await queueIs('ApproximateNumberOfMessagesNotVisible')
    const asked = Date.now()
    expect(await worker.end(30_000)).toBe(0)
    // The handler has two seconds to return once its time is over; a long poll takes one.
    expect(Date.now() - asked).toBeLessThan(drainMilliseconds + 6000)
    const totals = JSON.parse(worker.output().at(-1)!)
    expect(totals).toMatchObject({ released: inWork, deadLettered: 0 })
    expect(totals.received).toBe(totals.deleted + totals.deadLettered + totals.failed + totals.released)
    expect(await queueIs('ApproximateNumberOfMessages')).toBe(6)

    faults = 'none'
    worker = worker.again()
    await untilEmpty()
    expect(await documents()).toBe(files.records)
    expect(await worker.end(10_000)).toBe(0)
    for (const report of lines<Report>(join(folder, 'reports.jsonl')))
      for (const { objects } of report.messages) for (const { counts } of objects) expect(addsUp(counts)).toBe(true)
  })
})

interface Sample {
  readonly time: number
  readonly rss: number
  readonly heapUsed: number
  readonly resources: readonly string[]
}

function lines<T>(file: string): T[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

const mb = (bytes: number) => Math.round(bytes / megabyte)
