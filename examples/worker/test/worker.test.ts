import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect } from 'vitest'
import { awsEnvironment, createStack } from '../../../test/support/aws.ts'
import { engines, formats } from '../../../test/support/engines.ts'
import { expectedSources, fixtures, sorted, streams } from '../../../test/support/fixtures.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'

describe.each(engines)('the worker, into $name', (engine) => {
  const { test, urls } = onServers('aws', engine.name)
  const [aws, node] = urls as [string, string]

  test('fills the index, doubles nothing, dead-letters what cannot be read, and stops at SIGTERM', async () => {
    const stack = await createStack(aws, { visibilitySeconds: 5, maxReceiveCount: 3 })
    const server = searchServer(node)
    await server.removeStreams()
    await engine.setup(node, { formats })
    const worker = await startWorker(engine.name, {
      ...awsEnvironment(aws),
      SEARCH_URL: node,
      QUEUE_URL: stack.queueUrl,
      DEAD_LETTER_QUEUE_URL: stack.deadLetterQueueUrl,
      RETRY_DELAY: '1',
      WAIT_SECONDS: '1',
    })
    try {
      const cut = gzipSync('srcaddr dstaddr\n10.0.0.1 10.0.0.2\n').subarray(0, -4)
      // Each object twice: S3 and SQS deliver at least once.
      for (const { key, body } of [...fixtures, ...fixtures]) await stack.put(key, body)
      await stack.put('AWSLogs/1/vpcflowlogs/cut.log.gz', cut)
      await expect.poll(() => stack.depth(stack.queueUrl), { timeout: 60_000, interval: 500 }).toBe(0)
      expect(await stack.depth(stack.deadLetterQueueUrl)).toBe(1)
      for (const stream of streams) {
        const { hits } = await server.search(stream, {})
        expect(sorted(hits.map(({ _source }) => _source))).toEqual(expectedSources(stream))
      }
    } finally {
      worker.process.kill('SIGTERM')
    }
    const [code] = await worker.exit
    expect(code, worker.stderr()).toBe(0)
    const totals = JSON.parse(worker.stdout().trim().split('\n').at(-1)!)
    expect(totals).toMatchObject({ deadLettered: 1, failed: 1 })
    expect(totals.received).toBe(totals.deleted + totals.deadLettered + totals.failed + totals.released)
    expect(worker.stderr()).toContain('GZIP_CORRUPT')
    stack.close()
  })
})

/** The example as a process of its own, built as a user would, on the packages as they are built. */
async function startWorker(engine: string, environment: Record<string, string>) {
  const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  const outfile = source(`../dist/${engine}.mjs`)
  await build({
    entryPoints: [source(`../src/${engine}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
  const child = spawn(process.execPath, ['--no-warnings', outfile], { env: { ...process.env, ...environment } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  return { process: child, exit: once(child, 'exit'), stdout: () => stdout, stderr: () => stderr }
}
