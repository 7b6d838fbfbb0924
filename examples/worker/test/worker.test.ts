import { gzipSync } from 'node:zlib'
import type { ConsumeTotals } from '@flowferry/source-s3'
import { describe, expect } from 'vitest'
import { awsEnvironment, createStack } from '../../../test/support/aws.ts'
import { engines, formats } from '../../../test/support/engines.ts'
import { expectedSources, fixturesFor, sorted } from '../../../test/support/fixtures.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import { startWorker } from './start.ts'

const ways = engines.flatMap((engine) => [
  { engine, way: engine.name, command: [engine.name] },
  { engine, way: `${engine.name}, a thread for each core`, command: ['worker-threads', engine.name] },
])

describe.each(ways)('the worker, into $way', ({ engine, command }) => {
  const { test, urls } = onServers('aws', engine.name)
  const [aws, node] = urls as [string, string]

  test('fills the index, doubles nothing, dead-letters what cannot be read, and stops at SIGTERM', async () => {
    const stack = await createStack(aws, { visibilitySeconds: 5, maxReceiveCount: 3 })
    const server = searchServer(node)
    await server.removeStreams()
    await engine.setup(node, { formats })
    const worker = await startWorker(command, {
      ...awsEnvironment(aws),
      SEARCH_URL: node,
      QUEUE_URL: stack.queueUrl,
      DEAD_LETTER_QUEUE_URL: stack.deadLetterQueueUrl,
      RETRY_SECONDS: '1',
      WAIT_SECONDS: '1',
    })
    try {
      const cut = gzipSync('srcaddr dstaddr\n10.0.0.1 10.0.0.2\n').subarray(0, -4)
      // Each object twice: S3 and SQS deliver at least once.
      const fixtures = fixturesFor(formats)
      for (const { key, body } of [...fixtures, ...fixtures]) await stack.put(key, body)
      await stack.put('AWSLogs/1/vpcflowlogs/cut.log.gz', cut)
      await expect.poll(() => stack.depth(stack.queueUrl), { timeout: 60_000, interval: 500 }).toBe(0)
      expect(await stack.depth(stack.deadLetterQueueUrl)).toBe(1)
      for (const [stream, sources] of expectedSources(fixtures)) {
        const { hits } = await server.search(stream, {})
        expect(sorted(hits.map(({ _source }) => _source))).toEqual(sources)
      }
    } finally {
      worker.process.kill('SIGTERM')
    }
    const [code] = await worker.exit
    expect(code, worker.stderr()).toBe(0)
    const totals = addedUp(worker.stdout())
    expect(totals).toMatchObject({ deadLettered: 1, failed: 1 })
    expect(totals.received).toBe(totals.deleted + totals.deadLettered + totals.failed + totals.released)
    expect(worker.stderr()).toContain('COMPRESSION_CORRUPT')
    stack.close()
  })
})

/** Each thread prints its totals. */
function addedUp(stdout: string): ConsumeTotals {
  const totals = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ConsumeTotals)
  const sum = (name: keyof ConsumeTotals) => totals.reduce((total, one) => total + one[name], 0)
  return {
    received: sum('received'),
    deleted: sum('deleted'),
    deadLettered: sum('deadLettered'),
    failed: sum('failed'),
    released: sum('released'),
    reports: sum('reports'),
  }
}
