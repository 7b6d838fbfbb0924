import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
import { truthOf } from '../support/truth.ts'

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
  const files = { put: 0, documents: 0 }
  let folder: string
  let stack: Stack
  let proxies: FaultProxy[] = []
  let worker: Supervised
  /** Which requests break; at the end, all of the search server's wait. */
  let faults: 'some' | 'none' | 'slow' = 'some'
  let injected = 0
  /** Requests that are to break: a receive waits a second for messages before its answer is lost. */
  let breaking = 0

  beforeAll(async () => {
    if (!aws || !node) return
    folder = mkdtempSync(join(tmpdir(), 'flowferry-soak-'))
    writeFileSync(join(folder, 'samples.jsonl'), '')
    await setup(node, { formats })
    stack = await createStack(aws, { visibilitySeconds: 30, maxReceiveCount: 20 })
    const now = (share: number, all: readonly ProxyFault[]) => {
      if (faults !== 'some' || !chance.chance(share)) return undefined
      injected++
      breaking++
      return { ...chance.pick(all), outcome: () => breaking-- }
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

  /** Puts a file of a few hundred records. */
  const put = async (records = 100 + chance.int(500)) => {
    const name = `${files.put++}_${seed}`
    const make = chance.pick<() => LogFile>([
      () => flowFile(chance, name, 'v2', { records }),
      () => flowFile(chance, name, 'custom', { records }),
      () => cloudFrontFile(chance, name, { records }),
      () => cloudTrailFile(chance, name, { records }),
    ])
    const file = make()
    await stack.put(file.key, file.body)
    files.documents += truthOf([{ ...file, bucket: stack.bucket, lastModified: new Date() }]).documents
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
  /** Kinds of which there is more than before. */
  const grown = (before: AtRest, after: AtRest) =>
    Object.entries(after.held).filter(([kind, count]) => count > (before.held[kind] ?? 0))
  const samples = () => lines<Sample>(join(folder, 'samples.jsonl'))
  /** The middle of the last samples' counts, since a poll of the queue comes and goes, and the least of the memory. */
  const over = (last: readonly Sample[]): AtRest => {
    const kinds = [...new Set(last.flatMap(({ held }) => Object.keys(held)))].sort()
    const middle = (kind: string) => last.map(({ held }) => held[kind] ?? 0).sort((a, b) => a - b)[last.length >> 1]!
    const held = kinds.map((kind) => [kind, middle(kind)] as const)
    return {
      heap: Math.min(...last.map(({ heapUsed }) => heapUsed)),
      rss: Math.min(...last.map(({ rss }) => rss)),
      held: Object.fromEntries(held.filter(([, count]) => count > 0)),
      warnings: Math.max(...last.map(({ warnings }) => warnings)),
    }
  }
  /** What the worker holds when it has nothing to do: the same over ten seconds, in which idle connections are closed. */
  const atRest = async () => {
    await untilEmpty()
    const from = samples().length
    const settled = () => {
      const all = samples().slice(from)
      const [before, last] = [all.slice(-20, -10), all.slice(-10)].map((part) => JSON.stringify(over(part).held))
      return all.length >= 20 && before === last
    }
    await expect.poll(settled, { timeout: 120_000, interval: 500 }).toBe(true)
    return over(samples().slice(-10))
  }

  test('memory stays flat, and no socket, timer, other handle or listener is left', async () => {
    const morning = await atRest()
    await pass(0, 12)
    // Everything has been in use; the pause at noon shows what stays of it.
    const noon = await atRest()
    await pass(12, 24)
    const night = await atRest()
    expect(await documents()).toBe(files.documents)
    expect(await stack.depth(stack.deadLetterQueueUrl)).toBe(0)

    console.log(
      `${files.put} files, ${files.documents} documents, ${injected} faults in ${minutes} minutes\n` +
        Object.entries({ 'at the begin': morning, 'at noon': noon, 'at the end': night })
          .map(
            ([when, { heap, rss, held }]) =>
              `${when}: heap after gc ${mb(heap)} MB, RSS ${mb(rss)} MB, ${JSON.stringify(held)}`,
          )
          .join('\n'),
    )
    expect(injected).toBeGreaterThan(0)
    expect(night.heap - noon.heap).toBeLessThan(12 * megabyte)
    expect(night.rss - noon.rss).toBeLessThan(50 * megabyte)
    expect(grown(morning, noon)).toEqual([])
    expect(grown(noon, night)).toEqual([])
    // One of `consume` to the user's signal, and at rest nothing else.
    expect(night.held['listeners to abort']).toBe(1)
    expect(night.warnings).toBe(0)
  })

  test('SIGTERM ends it within its limit, and what it had not finished comes again at once', async () => {
    faults = 'slow'
    // A receive whose answer is lost would hide a message that no worker has.
    await expect.poll(() => breaking, { timeout: 60_000 }).toBe(0)
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
    expect(await documents()).toBe(files.documents)
    expect(await worker.end(10_000)).toBe(0)
    for (const report of lines<Report>(join(folder, 'reports.jsonl')))
      for (const { objects } of report.messages) for (const { counts } of objects) expect(addsUp(counts)).toBe(true)
  })
})

interface AtRest {
  readonly heap: number
  readonly rss: number
  readonly held: Readonly<Record<string, number>>
  readonly warnings: number
}

interface Sample {
  readonly rss: number
  readonly heapUsed: number
  /** Handles by kind, and listeners to events of the process and to signals that live as long as the worker. */
  readonly held: Readonly<Record<string, number>>
  /** MaxListenersExceededWarnings so far. */
  readonly warnings: number
}

function lines<T>(file: string): T[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)
}

const mb = (bytes: number) => Math.round(bytes / megabyte)
