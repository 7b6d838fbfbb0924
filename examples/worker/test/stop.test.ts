import { EventEmitter, once } from 'node:events'
import type { ConsumeTotals } from '@flowferry/source-s3'
import { describe, expect } from 'vitest'
import { awsEnvironment, createStack, putAll } from '../../../test/support/aws.ts'
import { engines, formats } from '../../../test/support/engines.ts'
import { faultProxy } from '../../../test/support/fault-proxy.ts'
import { freePort } from '../../../test/support/free-port.ts'
import { flowFile } from '../../../test/support/log-files.ts'
import { random } from '../../../test/support/random.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import { startWorker } from './start.ts'

const files = 60
const records = 200

describe.each(engines)('a worker that is stopped in the middle of its work, into $name', (engine) => {
  const { test, urls } = onServers('aws', engine.name)
  const [aws, node] = urls as [string, string]

  test('tells so, finishes what it has, and leaves the rest to the next: everything arrives once', async () => {
    const stack = await createStack(aws, { visibilitySeconds: 60 })
    const server = searchServer(node)
    await engine.setup(node, { formats })
    const account = String(100_000_000_000 + Math.floor(Math.random() * 899_999_999_999))
    const stored = () => server.count('logs-aws.vpcflow-default', { term: { 'cloud.account.id': account } })
    await putAll(
      stack.s3,
      stack.bucket,
      Array.from({ length: files }, (_, n) => {
        const { key, body } = flowFile(random(n + 1), `stop-${n}`, 'v2', { records, packing: 'plain' })
        return { key, body: Buffer.from(body.toString().replaceAll('123456789012', account)) }
      }),
    )

    /** From the second bulk request on, the store answers once the test says so. */
    const gate = new EventEmitter().setMaxListeners(0)
    let bulks = 0
    let isOpen = false
    const proxy = await faultProxy(node, ({ url }) => {
      if (!url!.startsWith('/_bulk') || isOpen || ++bulks < 2) return undefined
      gate.emit('held')
      return { does: 'pass', before: () => isOpen || once(gate, 'open') }
    })
    const port = await freePort()
    const environment = {
      ...awsEnvironment(aws),
      SEARCH_URL: proxy.url,
      QUEUE_URL: stack.queueUrl,
      DEAD_LETTER_QUEUE_URL: stack.deadLetterQueueUrl,
      WAIT_SECONDS: '1',
      HTTP_PORT: String(port),
    }
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    const held = once(gate, 'held')
    const first = await startWorker([engine.name], environment)
    await held
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 200])
    expect(metricOf(await (await get('/metrics')).text(), 'flowferry_messages_in_work')).toBeGreaterThan(0)

    first.process.kill('SIGTERM')
    await expect.poll(async () => (await get('/healthz')).json()).toMatchObject({ stopping: true })
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 503])
    isOpen = true
    gate.emit('open')
    expect(await first.exit, first.stderr()).toEqual([0, null])
    await expect(get('/healthz')).rejects.toThrow('fetch failed')
    const before = JSON.parse(first.stdout()) as ConsumeTotals
    expect(first.stderr()).toBe('')
    // It drained what it had begun, and took no more.
    expect(before.deleted).toBeGreaterThan(0)
    expect(before.deleted).toBeLessThan(files)
    expect(before).toMatchObject({ failed: 0, deadLettered: 0 })
    expect(await stored()).toBeGreaterThanOrEqual((before.deleted - 1) * records)

    const second = await startWorker([engine.name], environment)
    await expect.poll(() => stack.depth(stack.queueUrl), { timeout: 60_000, interval: 300 }).toBe(0)
    const metrics = await (await get('/metrics')).text()
    second.process.kill('SIGTERM')
    expect(await second.exit, second.stderr()).toEqual([0, null])
    const after = JSON.parse(second.stdout()) as ConsumeTotals
    // The test event of the bucket is a message, too.
    expect(before.deleted + after.deleted).toBe(files + 1)
    expect(after).toMatchObject({ failed: 0, deadLettered: 0 })
    expect(await stored()).toBe(files * records)
    // What the first had stored, the second did not read again.
    expect(metrics).not.toContain('flowferry_fate="duplicate"')
    expect(await stack.depth(stack.deadLetterQueueUrl)).toBe(0)
    await proxy.close()
    stack.close()
  })
})

function metricOf(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)![1])
}
